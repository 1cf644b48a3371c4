-- trees: small tables made and dropped, so the allocator and the collector.
local function make(depth)
  if depth == 0 then return {} end
  return { make(depth - 1), make(depth - 1) }
end

local function count(tree)
  if not tree[1] then return 1 end
  return 1 + count(tree[1]) + count(tree[2])
end

local function run(n)
  local kept, sum = make(n), 0
  for depth = 4, n, 2 do
    for _ = 1, 1 << (n - depth + 4) do sum = sum + count(make(depth)) end
  end
  return sum + count(kept)
end

return { n = 12, small = 6, run = run }
