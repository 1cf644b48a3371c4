-- stdlib.lua - Lua 5.4's standard library in a flare, name by name. The one source of docs/stdlib.md, which
-- tools/stdlib.lua generates, and of tests/flare/stdlib_table_spec.lua, which checks each line on both engines.
--
-- works(name, check[, note])     check, the body of a function, gives the same in native Lua 5.4 and in a flare
-- differs(name, check, note, same)  it does not; `same`, where there is one, still does
-- starts(name, check, note)      it gives the same, but at start-up, where there is no host, it is an error
-- logs(name, check, line, note)  it writes this line of the log
-- ends(name, check, message, note)  it ends the handler by an error that has this message
--
-- Checks give numbers, strings, booleans and nil; of other values only the type is compared.
local sections = {}

local function section(title)
  sections[#sections + 1] = { title = title }
end

local function add(status, name, check, note, line, same)
  table.insert(sections[#sections], {
    name = name, status = status, check = check, note = note, line = line, same = same,
  })
end

local function works(name, check, note) add("works", name, check, note) end
local function differs(name, check, note, same) add("differs", name, check, note, nil, same) end
local function starts(name, check, note) add("starts", name, check, note) end
local function logs(name, check, line, note) add("logs", name, check, note, line) end
local function ends(name, check, message, note) add("ends", name, check, note, message) end

section "Basic functions"
works("_G", "return _G._G == _G, _ENV == _G")
works("_VERSION", "return _VERSION")
works("assert", "return assert(1, 'x'), pcall(assert, false, 'no'), pcall(assert, nil)")
works("collectgarbage", [[return collectgarbage(), collectgarbage 'isrunning', collectgarbage 'count' > 0,
  collectgarbage 'incremental' ~= nil, collectgarbage 'generational', pcall(collectgarbage, 'no')]],
  "always incremental, whatever mode is asked for; the collector first works when the heap is ten times what start-up left")
works("dofile", "return pcall(dofile, 'no such file'), select('#', dofile())",
  "of an [asset](api.md#files); without a name standard input, which is empty")
works("error", "return pcall(error, 'x', 0), pcall(error), pcall(error, { 1 })")
works("getmetatable", "return getmetatable('').__index == string, getmetatable(setmetatable({}, { __metatable = 7 }))")
works("ipairs", "local n = 0 for i, v in ipairs { 1, 2, nil, 4 } do n = n + i * v end return n")
differs("load", "return load(string.dump(function() end))",
  "the mode is `\"t\"` unless it is given; `\"b\"` and `\"bt\"` take bytecode when flare.lua has " ..
  "[`bytecode = true`](api.md#flarelua)",
  "return load('return 1 + 1')(), load('x ='), load('return x', 'c', 't', { x = 5 })(), load('', 'c', 'b'), load('', 'c', 'x')")
works("loadfile", "return loadfile 'no such file'", "of an [asset](api.md#files); takes what `load` takes")
works("next", "return next {}, next({ 7 }), pcall(next, {}, 1)")
works("pairs", "local n = 0 for k, v in pairs { 1, 2, x = 3 } do n = n + v + #tostring(k) end return n",
  "the order is another in each flare, as in Lua")
works("pcall", "return pcall(error, 'x'), pcall(function(...) return select('#', ...) end, 1, nil)")
logs("print", "print('a', 1, nil)", "info: a\t1\tnil", "writes an info line of the log; not at start-up")
works("rawequal", "return rawequal('a', 'a'), rawequal({}, {})")
works("rawget", "return rawget(setmetatable({}, { __index = function() return 1 end }), 'x')")
works("rawlen", "return rawlen { 1, 2 }, rawlen 'abc', pcall(rawlen, 7)")
works("rawset", "return rawset(setmetatable({}, { __newindex = error }), 'x', 7).x")
differs("require", "return (pcall(require, 'flaron'))",
  "finds what was packed and the modules of flaron: [modules and rocks](api.md#modules-and-rocks)")
works("select", "return select('#', nil, nil), select(-1, 1, 2), pcall(select, 0)")
works("setmetatable", "return setmetatable({}, { __call = function(_, x) return x end })(7), pcall(setmetatable, 1, {})")
works("tonumber", "return tonumber '0x1p4', tonumber('zz', 36), tonumber ' 10 ', tonumber '1e', tonumber(nil == 1 and 1 or '')")
works("tostring", "return tostring(1e15), tostring(-0.0), tostring(2^63), tostring(nil)",
  "NaN is `nan`, never `-nan`, whatever machine, engine or computation it comes from; so it is in all that writes numbers")
works("type", "return type(nil), type(print), pcall(type)")
logs("warn", "warn('a', 'b')", "warn: ab", "writes a warning line of the log; always on")
works("xpcall", "return xpcall(error, function(m) return m .. '!' end, 'x')")

section "coroutine"
works("coroutine.close", "local co = coroutine.create(coroutine.yield) coroutine.resume(co) return coroutine.close(co)")
works("coroutine.create", "return coroutine.create(print)")
works("coroutine.isyieldable", "return coroutine.wrap(function() return coroutine.isyieldable() end)()",
  "a handler itself is no coroutine: it cannot yield to the host")
works("coroutine.resume", "return coroutine.resume(coroutine.create(function(...) return select('#', ...) end), 1, nil)")
works("coroutine.running", "return coroutine.wrap(function() return select(2, coroutine.running()) end)()")
works("coroutine.status", "local co = coroutine.create(print) return coroutine.status(co)")
works("coroutine.wrap", "local f = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) error(b) end) return f(1), pcall(f, 'x')")
works("coroutine.yield", "return coroutine.wrap(function() return pcall(coroutine.yield, 1, 2) end)()")

section "debug"
differs("debug.debug", "return pcall(debug.debug)", "an error: a flare has no terminal")
works("debug.gethook", "debug.sethook(type, 'c', 7) local f, m, n = debug.gethook() debug.sethook() return f == type, m, n")
works("debug.getinfo", "local i = debug.getinfo(print) return i.what, i.currentline, debug.getinfo(1, 'l').currentline")
works("debug.getlocal", "local x = 5 return debug.getlocal(1, 1), debug.getlocal(function(a, b) end, 2), pcall(debug.getlocal, 99, 1)")
works("debug.getmetatable", "return debug.getmetatable(setmetatable({}, { __metatable = 7 })).__metatable, debug.getmetatable(5)")
works("debug.getregistry", "return debug.getregistry()[2] == _G", "what a script does to it ends with the invocation")
works("debug.getupvalue", "local x = 5 return debug.getupvalue(function() return x end, 1)")
works("debug.getuservalue", "return debug.getuservalue(5), pcall(debug.getuservalue)")
works("debug.setcstacklimit", "return debug.setcstacklimit(300)", "changes nothing, as in all of Lua 5.4 since 5.4.3")
works("debug.sethook", "local n = 0 debug.sethook(function() n = n + 1 end, '', 10) for _ = 1, 100 do end debug.sethook() return n > 9",
  "the CPU time limit, coverage and profiles go on beside a script's hook")
works("debug.setlocal", "local x = 5 return debug.setlocal(1, 1, 6), x")
works("debug.setmetatable", "debug.setmetatable(5, { __index = { x = 7 } }) local x = (5).x debug.setmetatable(5, nil) return x")
works("debug.setupvalue", "local x = 5 return debug.setupvalue(function() return x end, 1, 6), x, debug.setupvalue(print, 1, 1)")
works("debug.setuservalue", "return pcall(debug.setuservalue, 5, 1)")
works("debug.traceback", "return debug.traceback('told'):match '^told\\nstack traceback:', type(debug.traceback {})")
works("debug.upvalueid", [[local x, y local function f() return x, y end local function g() return y end
  return debug.upvalueid(f, 2) == debug.upvalueid(g, 1), debug.upvalueid(f, 1) == debug.upvalueid(g, 1)]])
works("debug.upvaluejoin", [[local x, y = 5, 6 local function f() return x end debug.upvaluejoin(f, 1, function() return y end, 1)
  return f()]])

section "io"
works("io.close", "return io.close(io.stdin)")
works("io.flush", "return io.flush()", "a line goes to the log when it is whole, or the handler ends")
works("io.input", "return io.input() == io.stdin, pcall(io.input, 'no such file')")
works("io.lines", "return pcall(io.lines, 'no such file')", "of an [asset](api.md#files)")
local refused = "`nil`, a message and 30, as on a file system that cannot be written"
differs("io.open", "return io.type(io.open 'README.md')",
  "opens [assets](api.md#files); for what would write " .. refused, "return io.open 'no such file', pcall(io.open, 'x', 'y')")
differs("io.output", "local old = io.output() return pcall(io.output, '/dev/null'), io.output(old) == old",
  "takes a file that is open; a name is an error, since nothing can be written", "return io.output() == io.stdout")
differs("io.popen", "return (io.popen 'true') ~= nil", refused)
works("io.read", "return io.read(), io.read 'a', io.read(0)", "standard input is empty")
logs("io.stderr", "io.stderr:write('a', 1, '\\n')", "warn: a1", "writes warning lines of the log")
works("io.stdin", "return io.stdin:read(), io.stdin:read 'a'", "empty")
logs("io.stdout", "io.stdout:write('a', 1, '\\n')", "info: a1", "writes info lines of the log; not at start-up")
differs("io.tmpfile", "return (io.tmpfile()) ~= nil", refused)
works("io.type", "return io.type(io.stdin), io.type(7)")
logs("io.write", "io.write('a', 1, '\\n')", "info: a1", "writes info lines of the log; not at start-up")

section "math"
works("math.abs", "return math.abs(-3), math.abs(-0.5), math.abs(math.mininteger)")
works("math.acos", "return math.acos(0.3)")
works("math.asin", "return math.asin(0.3)")
works("math.atan", "return math.atan(1, -2), math.atan(7)")
works("math.ceil", "return math.ceil(1.5), math.ceil(-1.5), math.ceil(1e300)")
works("math.cos", "return math.cos(1), math.cos(1e22)")
works("math.deg", "return math.deg(1)")
local exact = "off by less than 0.75 units in the last place, so the last digit may be another than elsewhere"
works("math.exp", "return math.exp(1), math.exp(-800)", exact)
works("math.floor", "return math.floor(-1.5), math.floor(2^70)")
works("math.fmod", "return math.fmod(-7, 3), math.fmod(7.5, -2), pcall(math.fmod, 1, 0)")
works("math.huge", "return math.huge == 1 / 0, -math.huge")
works("math.log", "return math.log(10), math.log(8, 2), math.log(1000, 10), math.log(7, 3)", exact)
works("math.max", "return math.max(1, 2.5), pcall(math.max)")
works("math.maxinteger", "return math.maxinteger")
works("math.min", "return math.min(1, -2.5)")
works("math.mininteger", "return math.mininteger")
works("math.modf", "return math.modf(-3.7), math.modf(1 / 0)")
works("math.pi", "return math.pi")
works("math.rad", "return math.rad(180)")
starts("math.random", "math.randomseed(42) return math.random(1000), math.random(), math.random(-5, 5), math.random(0)",
  "seeded by the host, once an invocation, when first used. At start-up it is an error, unless the script has called " ..
  "`math.randomseed` with a number: then every invocation gives the same numbers")
works("math.randomseed", "return select('#', math.randomseed()), math.randomseed(42), math.randomseed(-1, 7)",
  "without arguments the host seeds; returns the two seeds")
works("math.sin", "return math.sin(1), math.sin(1e22)")
works("math.sqrt", "return math.sqrt(2)")
works("math.tan", "return math.tan(1)")
works("math.tointeger", "return math.tointeger(3.0), math.tointeger(3.5), math.tointeger '8'")
works("math.type", "return math.type(1), math.type(1.0), math.type '1'")
works("math.ult", "return math.ult(1, -1)")
local compatible = "of Lua 5.2; every lua5.4 that was built as its Makefile says has it (`LUA_COMPAT_5_3`)"
works("math.atan2", "return math.atan2(1, -2), math.atan2(7)", compatible)
local rounded = compatible .. "; off by less than 3 units in the last place"
for name in ("cosh sinh tanh"):gmatch "%S+" do
  works("math." .. name, ("return ('%.14g'):format(math.%s(1)), math.%s(0), math.%s(-1e3), pcall(math.%s)"):gsub("%%s", name),
    rounded)
end
works("math.frexp", "return math.frexp(-12.5), math.frexp(0), math.frexp(5e-324), math.frexp(-math.huge)", compatible)
works("math.ldexp", "return math.ldexp(0.75, 4), math.ldexp(1, -1074), math.ldexp(1, 5000), pcall(math.ldexp, 1, 0.5)", compatible)
works("math.log10", "return math.log10(1000), math.log10(2), math.log10(0)", compatible)
works("math.pow", "return math.pow(2, 10), math.pow(2, 0.5), math.pow(-8, 3), pcall(math.pow, 2)", compatible)

section "os"
differs("os.clock", "return os.clock()",
  "seconds, by the host's clock, since it was first called in this invocation; 0 at start-up")
differs("os.date", "return os.date '%Y-%m-%d'",
  "the host's clock, and UTC for local time; with a time given it works at start-up, too",
  "return os.date('!%A %d %B %Y %H:%M:%S', 951782400), os.date('!*t', 0).year")
works("os.difftime", "return os.difftime(90, 30)")
differs("os.execute", "return os.execute()", "there is no shell; for a command " .. refused)
ends("os.exit", "pcall(os.exit, 7) print 'never'", "os.exit ends the handler",
  "ends the handler by an error that nothing catches: status 500, a line of the log")
differs("os.getenv", "return os.getenv 'PATH'", "what flare.lua says in `vars`", "return os.getenv 'NO_SUCH_NAME'")
differs("os.remove", "return os.remove 'no such file'", refused)
differs("os.rename", "return os.rename('no such file', 'x')", refused)
works("os.setlocale", "return os.setlocale(), os.setlocale 'C', os.setlocale 'xx_XX'", "the locale is C")
differs("os.time", "return os.time()", "the host's clock; with a table, which is taken for UTC, it works at start-up, too")
differs("os.tmpname", "local name = os.tmpname() return name ~= nil and os.remove(name)", "`nil`, a message and 30")

section "package"
works("package.config", "return package.config")
differs("package.cpath", "return package.cpath == ''", "empty: a flare cannot load C code")
works("package.loaded", "return package.loaded.string == string, package.loaded._G == _G")
differs("package.loadlib", "return select(3, package.loadlib('a', 'b'))",
  "a flare cannot load C code: it fails as on a machine without dynamic libraries")
differs("package.path", "return package.path",
  "names the places where the packer looked; in a flare it has no effect: `paths` in flare.lua adds places")
works("package.preload", "local name = 'mine' package.preload[name] = function(...) return ... end return require(name)")
differs("package.searchers", "return #package.searchers",
  "two: one for `package.preload`, one for what was packed; those that a script adds are called",
  "return package.searchers[1]('no.such')")
works("package.searchpath", "return package.searchpath('no.such', './?.x;?/y', '.', '_')",
  "finds assets and packed modules, the only files there are")

section "string"
works("string.byte", "return ('aä'):byte(1, -1)")
works("string.char", "return string.char(0, 97, 255), pcall(string.char, 256)")
works("string.dump", "return type(string.dump(function() end))", "`load` takes what it gives where flare.lua has `bytecode = true`")
works("string.find", "return ('THE (quick) fox'):find '%((%a+)%)', ('a.b'):find('.', 2, true)")
works("string.format", "return ('%5.2f|%-5d|%05d|%x|%q|%s|%a|%g|%i|%c'):format(1 / 3, 7, 42, 255, 'a\\n\\0', nil, 0.5, 1e20, 3, 65)",
  "NaN has no sign: `%f`, `%g`, `%e`, `%a` write `nan`, `%G` and its like `NAN`")
works("string.gmatch", "local n = 0 for k, v in ('a=1, b=2'):gmatch '(%w+)=(%w+)' do n = n + v + #k end return n")
works("string.gsub", "return ('hello world'):gsub('o', { o = '0' }), ('abc'):gsub('%w', '%0%0', 2), ('x'):gsub('', '-')")
works("string.len", "return ('a\\0b'):len()")
works("string.lower", "return ('ABCÄ'):lower()", "letters of ASCII alone")
works("string.match", "return ('key = value'):match '^(%w+)%s*=%s*(%w+)$', ('f(a(b))'):match '%b()', ('x'):match '()'")
local long = "`l`, `L`, `T` and a plain `s` have sizes of 4 bytes, not 8, since Wasm has 32 bits; a NaN is always " ..
  "packed as 7ff8000000000000, or 7fc00000 for `f`; all else is the same"
differs("string.pack", "return string.pack('<l', 1)", long,
  "return string.pack('<i4 >I2 z s1 d j', -2, 258, 'abc', 'de', 0.1, 7)")
differs("string.packsize", "return string.packsize 'T'", "as `string.pack`", "return string.packsize '!8 b i8', string.packsize 'h i j n'")
works("string.rep", "return ('x'):rep(3, ','), ('x'):rep(-1)")
works("string.reverse", "return ('abc'):reverse()")
works("string.sub", "return ('hello'):sub(2, -2), ('hello'):sub(-100, 100)")
differs("string.unpack", "return (string.unpack('<l', ('\\1'):rep(8)))", "as `string.pack`",
  "return string.unpack('<i8', '\\255\\255\\255\\255\\255\\255\\255\\127'), string.unpack('z', 'a\\0')")
works("string.upper", "return ('abcä'):upper()", "letters of ASCII alone")

section "table"
works("table.concat", "return table.concat({ 1, 2.5, 'x' }, '-'), pcall(table.concat, { {} })")
works("table.insert", "local t = { 1, 3 } table.insert(t, 2, 2) table.insert(t, 4) return table.concat(t), pcall(table.insert, t, 9, 0)")
works("table.move", "return table.concat(table.move({ 1, 2, 3 }, 2, 3, 1))")
works("table.pack", "return table.pack(1, nil, 3).n")
works("table.remove", "local t = { 1, 2, 3 } return table.remove(t, 1), table.remove(t), #t, table.remove {}")
works("table.sort", [[local t = {} for i = 1, 200 do t[i] = i * 7919 % 211 end table.sort(t, function(a, b) return a > b end)
  return table.concat(t, ' ')]])
works("table.unpack", "return table.unpack({ 1, nil, 3 }, 1, 3)")

section "utf8"
works("utf8.char", "return utf8.char(72, 228, 8364, 128512, 0x7FFFFFFF)")
works("utf8.charpattern", "return utf8.charpattern")
works("utf8.codepoint", "return utf8.codepoint('€uro', 1, -1)")
works("utf8.codes", [[local n = 0 for p, c in utf8.codes 'aä€' do n = n + p * c end
  return n, pcall(function() for _ in utf8.codes '\xff' do end end)]])
works("utf8.len", "return utf8.len 'häß€', utf8.len '\\xff', utf8.len('\\u{D800}', 1, -1, true)")
works("utf8.offset", "return utf8.offset('aä€', 3), utf8.offset('aä€', -1)")

return sections
