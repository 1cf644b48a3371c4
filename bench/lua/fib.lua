-- fib: calls of a function, and integers.
local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

return { n = 32, small = 12, run = fib }
