-- errors: pcall that succeeds, pcall that fails at some depth, error objects.
local function fail_at(depth)
  if depth == 0 then error({ code = 42 }) end
  return fail_at(depth - 1) + 1
end

local function run(n)
  local sum = 0
  for i = 1, n do
    local ok, value = pcall(math.max, i, 3)
    if ok then sum = sum + value end
    ok, value = pcall(fail_at, i % 8)
    if not ok then sum = sum + value.code end
    ok, value = pcall(error, "text")
    if not ok then sum = sum + #value end
    ok = pcall(function() return nil + i end)
    if not ok then sum = sum + 1 end
  end
  return sum
end

return { n = 60000, small = 40, run = run }
