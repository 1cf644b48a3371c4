-- programs.lua - random Lua programs for programs_soak.c: `generate(seed)` is the source of one, `run(source)` runs one and
-- tells all it said.
--
-- A program ends by itself and shows nothing that native Lua and a flare may differ in (docs/stdlib.md): no order of
-- `pairs`, no address, no clock, no random number, no depth of calls, no amount of memory. Errors are part of what it
-- says, with their messages.
local programs = {}

---- What runs a program, on both sides.

programs.runner = [==[
local unpack, concat, format, mathtype = table.unpack, table.concat, string.format, math.type

local function show(value)
  local kind = mathtype(value)
  if kind == "integer" then return format("%d", value) end
  if kind == "float" then return value ~= value and "nan" or format("%.14g", value) end
  if type(value) == "string" then return format("%q", (value:gsub("0x%x+", "ADDRESS"))) end
  if type(value) == "nil" or type(value) == "boolean" then return tostring(value) end
  return type(value)
end

return function(source)
  local said = {}
  local function out(...)
    local line = { n = select("#", ...), ... }
    for i = 1, line.n do line[i] = show(line[i]) end
    said[#said + 1] = concat(line, " ", 1, line.n)
  end
  local program, message = load(source, "=p")
  if not program then return message end
  out(coroutine.wrap(pcall)(program, out)) -- a level of `error` beyond the program is none on either side
  return concat(said, "\n")
end
]==]

---- What makes one.

local random, names, depth, loops

local function chance(n) return random(n) == 1 end
local function pick(t) return t[random(#t)] end

local numbers = {
  "0", "1", "2", "3", "7", "-1", "10", "255", "1.5", "-0.0", "0.1", "1e15", "1e308", "2^53", "3.0", "-7", "-2.5", "0x7fffffff",
  "math.maxinteger", "math.mininteger", "math.huge", "-math.huge", "(0/0)", "1 << 31", "1 << 62", "0x1p-3", "1e-7", "100000",
}
local strings = {
  "''", "'a'", "'abc'", "'10'", "'0x10'", "' 7 '", "'1e2'", "'hello world'", "'a\\0b'", "'%d'", "'key'", "('x'):rep(39)",
  "('x'):rep(40)", "('x'):rep(41)", "'a,b,,c'", "'\\u{20AC}'", "'\\n'", "'nan'", "'name'",
}
local keys = { "a", "b", "key", "name", "n", "len" }
local binary = { "+", "-", "*", "/", "//", "%", "^", "&", "|", "~", "<<", ">>", "..", "==", "~=", "<", "<=", ">", ">=", "and", "or" }
local unary = { "-", "not ", "#", "~" }
local patterns = {
  "'%a+'", "'(%w)(%w*)'", "'.-b'", "'[^,]*'", "'%s*$'", "'^%d+'", "'()'", "'%f[%w]%w'", "'.'", "'%bab'", "'a*'", "'[%l_]+'", "'l+'",
}
local formats = {
  "'%d'", "'%5.2f'", "'%s|%10s'", "'%-5d|'", "'%x'", "'%q'", "'%g'", "'%.3s'", "'%c'", "'%i'", "'%05d'", "'%e'", "'%+.1f'", "'%%'", "'%u'",
}

local expression, block, call, scoped

local function name() return #names > 0 and pick(names) or "nil" end

local function list(n)
  local t = {}
  for i = 1, n do t[i] = expression() end
  return table.concat(t, ", ")
end

local function constructor()
  local t = {}
  for i = 1, random(0, 5) do
    local kind = random(4)
    t[i] = kind == 1 and pick(keys) .. " = " .. expression() or kind == 2 and "[" .. expression() .. "] = " .. expression()
      or expression()
  end
  return "{ " .. table.concat(t, ", ") .. " }"
end

-- A function's body may use what is around it.
local function function_body(parameters)
  local outer, outer_loops = #names, loops
  loops = 0
  for _, parameter in ipairs(parameters) do names[#names + 1] = parameter end
  local body = block(random(3)) .. " return " .. list(random(0, 2))
  while #names > outer do names[#names] = nil end
  loops = outer_loops
  return body
end

local metamethods = {
  __add = "a, b", __sub = "a, b", __mul = "a, b", __div = "a, b", __mod = "a, b", __idiv = "a, b", __concat = "a, b", __unm = "a",
  __len = "a", __eq = "a, b", __lt = "a, b", __le = "a, b", __index = "t, k", __newindex = "t, k, v", __call = "self, x",
  __tostring = "self", __band = "a, b", __shl = "a, b", __close = "c, e", __name = false,
}
local sorted_metamethods = {}
for method in pairs(metamethods) do sorted_metamethods[#sorted_metamethods + 1] = method end
table.sort(sorted_metamethods)

local function metatable()
  local t = {}
  for i = 1, random(3) do
    local method = pick(sorted_metamethods)
    local parameters = metamethods[method]
    if not parameters then
      t[i] = method .. " = 'Thing'"
    elseif method == "__index" and chance(2) then
      t[i] = "__index = " .. constructor()
    elseif method == "__newindex" then
      t[i] = "__newindex = function(t, k, v) rawset(t, k, v) end"
    elseif method == "__tostring" then
      t[i] = "__tostring = function() return " .. pick(strings) .. " end"
    else
      t[i] = ("%s = function(%s) return %s end"):format(method, parameters, pick { "1", "true", "'meta'", pick(numbers), "nil" })
    end
  end
  return "{ " .. table.concat(t, ", ") .. " }"
end

local calls = {
  function() return ("tostring(%s)"):format(pick { pick(numbers), pick(strings), "nil", "true" }) end,
  function() return ("tonumber(%s)"):format(list(1)) end,
  function() return ("tonumber(%s, %d)"):format(pick(strings), random(2, 36)) end,
  function() return ("math.type(%s)"):format(list(1)) end,
  function() return ("math.%s(%s)"):format(pick { "floor", "ceil", "abs", "tointeger", "sqrt", "max", "ult" }, list(2)) end,
  -- Which of two wrong arguments math.fmod names is up to the C compiler.
  function() return ("math.fmod(%s, %s)"):format(list(1), pick(numbers)) end,
  function() return ("string.%s(%s)"):format(pick { "upper", "lower", "len", "reverse", "byte" }, list(1)) end,
  function() return ("string.sub(%s, %s, %s)"):format(pick(strings), pick(numbers), pick(numbers)) end,
  function() return ("string.byte(%s, %d, %d)"):format(pick(strings), random(-3, 3), random(-3, 3)) end,
  function() return ("string.find(%s, %s)"):format(pick(strings), pick(patterns)) end,
  function() return ("string.find(%s, %s, %d, true)"):format(pick(strings), pick(strings), random(-3, 5)) end,
  function() return ("string.match(%s, %s)"):format(expression(), pick(patterns)) end,
  function()
    local replacement = pick { "'<%0>'", "'%1'", "string.upper", "{ a = 1 }", "''" }
    return ("string.gsub(%s, %s, %s)"):format(pick(strings), pick(patterns), replacement)
  end,
  function() return ("string.format(%s, %s)"):format(pick(formats), list(random(2))) end,
  function() return ("string.rep(%s, %d, %s)"):format(pick(strings), random(-1, 3), pick(strings)) end,
  function() return ("string.pack(%s, %s)"):format(pick { "'<i4'", "'>I2'", "'z'", "'s1'", "'b'", "'<j'" }, list(1)) end,
  function() return ("string.unpack('<I2', %s)"):format(pick(strings)) end,
  function() return ("utf8.%s(%s)"):format(pick { "len", "char", "codepoint" }, list(1)) end,
  function() return ("select(%s, %s)"):format(pick { "1", "2", "-1", "'#'", "0" }, list(2)) end,
  function() return ("table.concat(%s, %s)"):format(pick { constructor(), name() }, pick(strings)) end,
  function() return ("table.unpack(%s, %d, %d)"):format(constructor(), random(-1, 2), random(0, 5)) end,
  function() return ("table.pack(%s).n"):format(list(random(0, 3))) end,
  function() return ("table.remove(%s)"):format(name()) end,
  function() return ("table.insert(%s, %s)"):format(name(), list(random(2))) end,
  function() return ("table.move(%s, 1, %d, %d)"):format(name(), random(0, 4), random(0, 4)) end,
  function() return ("rawget(%s, %s)"):format(name(), list(1)) end,
  function() return ("rawequal(%s)"):format(list(2)) end,
  function() return ("rawlen(%s)"):format(list(1)) end,
  function() return ("next(%s)"):format(pick { "{}", "{ 1 }", name() .. ", 1" }) end,
  function() return ("setmetatable(%s, %s)"):format(pick { constructor(), name() }, metatable()) end,
  function() return ("getmetatable(%s) == nil"):format(list(1)) end,
  function() return ("pcall(%s)"):format(list(random(2))) end,
  function() return ("pcall(error, %s)"):format(list(random(2))) end,
  function() return ("select(2, pcall(error, %s, 2))"):format(list(1)) end,
  function() return ("xpcall(%s, function(e) return %s end)"):format(list(1), pick { "e", "type(e)", "'handled'", "error(e)" }) end,
  function() return ("(function(...) %s end)(%s)"):format(function_body {}, list(2)) end,
  function() return ("pcall(function() %s end)"):format(function_body {}) end,
  function() return ("load(%q)"):format(("return %s %s %s"):format(pick(numbers), pick(binary), pick(numbers))) .. "()" end,
  function()
    local body = function_body { "x", "y" }
    return ("coroutine.wrap(function(x) local y = coroutine.yield(%s) %s end)(%s)"):format(list(1), body, list(1))
  end,
  function()
    return ("(function() local co = coroutine.create(function(...) %s coroutine.yield(...) error(%s) end) "
      .. "local a = { coroutine.resume(co, %s) } local b = { coroutine.resume(co, 1) } "
      .. "return #a, b[1], b[2], coroutine.status(co), coroutine.close(co) end)()"):format(scoped(1), list(1), list(2))
  end,
  function() return ("(%s)(%s)"):format(name(), list(random(0, 2))) end,
  function() return ("(%s):%s(%s)"):format(name(), pick { "a", "upper", "rep", "key" }, pick { "2", "", "'x'" }) end,
}

function call() return pick(calls)() end

function expression()
  depth = depth + 1
  local kind = depth > 4 and random(3) or random(12)
  local text
  if kind == 1 then
    text = pick(numbers)
  elseif kind == 2 then
    text = pick(strings)
  elseif kind == 3 then
    text = pick { name(), name(), name(), "nil", "true", "false" }
  elseif kind == 4 or kind == 5 then
    text = ("(%s %s %s)"):format(expression(), pick(binary), expression())
  elseif kind == 6 then
    text = ("(%s%s)"):format(pick(unary), expression())
  elseif kind == 7 then
    text = constructor()
  elseif kind == 8 then
    text = ("function(%s) %s end"):format("p", function_body { "p" })
  elseif kind == 9 then
    text = ("(%s)[%s]"):format(expression(), expression())
  elseif kind == 10 then
    text = ("%s.%s"):format(#names > 0 and name() or "({})", pick(keys))
  else
    text = "(" .. call() .. ")"
  end
  depth = depth - 1
  return text
end

local counter

local function fresh()
  counter = counter + 1
  return "v" .. counter
end

function scoped(n)
  local outer = #names
  local text = block(n)
  while #names > outer do names[#names] = nil end
  return text
end

-- So that neither strings nor numbers of loops grow without bound.
local function assign(variable)
  return ("%s = %s if type(%s) == 'string' then %s = %s:sub(1, 60) end"):format(variable, expression(), variable, variable, variable)
end

local statements = {
  function()
    if #names > 40 then return "out(" .. name() .. ")" end
    local value, variable = expression(), fresh()
    names[#names + 1] = variable
    return ("local %s = %s if type(%s) == 'string' then %s = %s:sub(1, 60) end"):format(variable, value, variable, variable, variable)
  end,
  function() return #names > 0 and assign(name()) or "out(0)" end,
  function() return ("out(%s)"):format(list(random(3))) end,
  function() return ("out(%s)"):format(call()) end,
  function() return ("do local t = %s t[%s] = %s out(#t) end"):format(constructor(), expression(), expression()) end,
  function() return #names > 0 and ("pcall(function() %s.%s = %s end)"):format(name(), pick(keys), expression()) or "out(1)" end,
  function() return ("if %s then %s elseif %s then %s else %s end"):format(expression(), scoped(1), expression(), scoped(1), scoped(1)) end,
  function()
    if loops > 1 then return "out('deep')" end
    loops = loops + 1
    local variable = fresh()
    names[#names + 1] = variable
    local body = scoped(2)
    names[#names] = nil
    loops = loops - 1
    local range = pick { "1, 3", "3, 1, -1", "1.0, 2.0, 0.5", "math.maxinteger - 1, math.maxinteger", "1, 0" }
    return ("for %s = %s do %s end"):format(variable, range, body)
  end,
  function()
    if loops > 1 then return "out('deep')" end
    loops = loops + 1
    local text = ("for i, x in ipairs(%s) do out(i, x) %s if i > 5 then break end end"):format(constructor(), scoped(1))
    loops = loops - 1
    return text
  end,
  function()
    if loops > 1 then return "out('deep')" end
    loops = loops + 1
    local count = fresh()
    local text = ("do local %s = 0 while %s < 3 do %s = %s + 1 %s end end"):format(count, count, count, count, scoped(2))
    loops = loops - 1
    return text
  end,
  function()
    local label = fresh()
    return ("do local i = 0 ::%s:: i = i + 1 %s if i < 3 then goto %s end end"):format(label, loops < 2 and scoped(1) or "", label)
  end,
  function()
    return ("do local c <close> = setmetatable({}, { __close = function(_, e) out('closed', e) %s end }) %s end"):format(
      pick { "", "error('in close')" }, scoped(2))
  end,
  function() return ("do local k <const> = %s out(k) end"):format(expression()) end,
  function() return ("local function f%d(a, ...) %s end names = f%d"):format(counter, function_body { "a" }, counter) end,
  function() return ("out(pcall(function() %s end))"):format(scoped(3)) end,
  function() return ("do local t = %s table.sort(t, function(a, b) return tostring(a) < tostring(b) end) out(#t) end"):format(
    "{ " .. table.concat({ pick(numbers), pick(strings), pick(strings), "true" }, ", ") .. " }") end,
  function()
    return ("do local t, n = {}, 0 for i = 1, %d do t['k' .. i] = i "):format(random(100))
      .. "if i % 3 == 0 then t['k' .. i // 2] = nil end end "
      .. "for k, v in pairs(t) do n = n + v + #k end out(n) end"
  end,
  function() return pick { "collectgarbage()", "collectgarbage 'step'", "error(" .. pick(strings) .. ")" } end,
}

function block(n)
  depth = depth + 1
  local t = {}
  for i = 1, n do t[i] = depth > 6 and "out(" .. pick(numbers) .. ")" or pick(statements)() end
  depth = depth - 1
  return table.concat(t, " ")
end

--- The source of program number `seed`.
function programs.generate(seed)
  local state = seed
  function random(low, high)
    if not high then low, high = 1, low end
    state = state * 6364136223846793005 + 1442695040888963407
    return low + (state >> 33) % (high - low + 1)
  end
  names, depth, loops, counter = {}, 0, 0, 0
  local lines = { "local out = ... local names" }
  for i = 1, 12 do
    local outer = #names
    lines[i + 1] = "out(pcall(function() " .. block(random(4)) .. " end))"
    while #names > outer do names[#names] = nil end
    if chance(2) then
      local value, variable = expression(), fresh()
      lines[i + 1] = ("local _, %s = pcall(function() return %s end) "):format(variable, value) .. lines[i + 1]
      names[#names + 1] = variable
    end
  end
  return table.concat(lines, "\n")
end

return programs
