-- coroutines: switches between two, and new ones.
local function generate(n)
  return coroutine.wrap(function()
    for i = 1, n do coroutine.yield(i) end
  end)
end

local function run(n)
  local sum = 0
  for value in generate(n) do sum = (sum + value) % 1000003 end
  for _ = 1, n // 20 do
    for value in generate(5) do sum = sum + value end
  end
  return sum
end

return { n = 400000, small = 200, run = run }
