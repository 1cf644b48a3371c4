-- objects: closures, upvalues, methods, metamethods, varargs.
local Vector = {}
Vector.__index = Vector

local function vector(x, y) return setmetatable({ x = x, y = y }, Vector) end

function Vector.__add(a, b) return vector(a.x + b.x, a.y + b.y) end

function Vector.__eq(a, b) return a.x == b.x and a.y == b.y end

function Vector:scaled(by) return vector(self.x * by, self.y * by) end

local function counter()
  local count = 0
  return function(...)
    count = count + select("#", ...)
    return count
  end
end

local function run(n)
  local position, step, count = vector(0, 0), vector(1, 2), counter()
  local defaults = setmetatable({}, { __index = function(_, key) return key * 2 end })
  local sum = 0
  for i = 1, n do
    position = position + step:scaled(i % 3)
    if position == step then sum = sum + 1 end
    sum = sum + count(i, position, step) + defaults[i]
    local last = function() return sum + i end
    sum = last() % 1000000007
  end
  return sum + position.x + position.y
end

return { n = 250000, small = 300, run = run }
