-- lpeg: a JSON grammar of LPeg on 1 MiB, values built. (Natively the package lua-lpeg.)
local lpeg = require "lpeg"
local P, R, S, V = lpeg.P, lpeg.R, lpeg.S, lpeg.V

local space = S " \n\r\t" ^ 0
local function token(pattern) return pattern * space end

local plain = (1 - S '"\\') ^ 0
local string = P '"' * lpeg.Cs(plain * (P "\\" * 1 * plain) ^ 0) * '"'
local number = lpeg.C(P "-" ^ -1 * R "09" ^ 1 * (P "." * R "09" ^ 1) ^ -1 * (S "eE" * S "+-" ^ -1 * R "09" ^ 1) ^ -1) / tonumber
local function set(object, key, value)
  object[key] = value
  return object
end

local document = space * P {
  "value",
  value = token(V "object" + V "list" + string + number + P "true" * lpeg.Cc(true) + P "false" * lpeg.Cc(false)),
  list = token(P "[") * lpeg.Ct((V "value" * (token(P ",") * V "value") ^ 0) ^ -1) * "]",
  pair = lpeg.Cg(token(string) * token(P ":") * V "value"),
  object = token(P "{") * lpeg.Cf(lpeg.Ct "" * (V "pair" * (token(P ",") * V "pair") ^ 0) ^ -1, set) * "}",
} * -1

local function text_of(size)
  local out, at, n = { "[" }, 1, 0
  while at < size do
    n = n + 1
    local item = ('{"id": %d, "name": "item \\"%d\\"", "price": %.2f, "tags": ["a", "bb", "ccc"], "more": {"ok": true, "no": [1, 2, 3]}}')
      :format(n, n, n / 7)
    out[#out + 1] = item
    out[#out + 1] = ",\n"
    at = at + #item + 2
  end
  out[#out] = "]"
  return table.concat(out)
end

local function run(size)
  local list = document:match(text_of(size))
  local sum = 0
  for _, item in ipairs(list) do sum = sum + item.price + #item.name + #item.tags + item.more.no[3] end
  return ("%d %.3f"):format(#list, sum)
end

return { run = run, n = 1048576, small = 2000 }
