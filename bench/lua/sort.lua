-- sort: table.sort with and without a comparison, insert and remove.
local function numbers(n, seed)
  local list = {}
  for i = 1, n do
    seed = (seed * 1103515245 + 12345) & 0x7fffffff
    list[i] = seed & 0xffffff -- sums stay below 2^31
  end
  return list
end

local function run(n)
  local sum = 0
  for round = 1, 4 do
    local list = numbers(n, round)
    table.sort(list)
    sum = sum + list[1] + list[n // 2]
    table.sort(list, function(x, y) return x > y end)
    sum = sum + list[1]
    for _ = 1, 200 do table.insert(list, 1, table.remove(list)) end
    sum = sum + list[200]
  end
  return sum
end

return { n = 14000, small = 300, run = run }
