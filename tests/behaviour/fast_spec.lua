-- fast_spec.lua - what runtime/ljumptab.h, api.c, call.c, field.c, library_table.c, pattern.c, slice.c, hash.c and
-- collector.c do in place of Lua's own, at the edges of what they take for common: each piece comes to what native Lua makes of it.
local support = require "support"

local pieces = {
  ["arithmetic on floats, integers and both"] = [=[
    local out = {}
    local values = { 0, 1, -1, 7, -7, 2.5, -2.5, 0.0, -0.0, 1e308, math.huge, -math.huge, 2^53, math.maxinteger,
      math.mininteger, "10", "0x10", " 3.5 " }
    for _, a in ipairs(values) do
      for _, b in ipairs(values) do
        local function note(f) local good, v = pcall(f) out[#out + 1] = good and ("%q"):format(v) or "error" end
        note(function() return a + b end) note(function() return a - b end) note(function() return a * b end)
        note(function() return a / b end) note(function() return a % b end) note(function() return a // b end)
        note(function() return a ^ b end) note(function() return a + 1 end) note(function() return a - 2.5 end)
        note(function() return a * 3 end) note(function() return a % 3 end) note(function() return a // 2 end)
        note(function() return a < b end) note(function() return a <= b end) note(function() return a == b end)
        note(function() return a & b end) note(function() return a << b end) note(function() return a >> 3 end)
      end
    end
    return table.concat(out, " ")]=],
  ["equality of each type with each"] = [=[
    local t, f, co = {}, function() end, coroutine.create(print)
    local same = setmetatable({}, { __eq = function() return true end })
    local long = ("x"):rep(50)
    local values = { 0, 0.0, 1, 1.0, "1", "", "a", long, ("x"):rep(25) .. ("x"):rep(25), true, false, t, {}, same, f,
      co, print, 2^63, math.mininteger }
    local out = {}
    for i = 1, #values + 1 do
      for j = 1, #values + 1 do
        out[#out + 1] = (values[i] == values[j] and "1" or "0") .. (values[i] ~= values[j] and "1" or "0")
      end
      local v = values[i]
      out[#out + 1] = tostring(v == nil) .. tostring(v == true) .. tostring(v == "a") .. tostring(v == 1) .. tostring(v == 1.5)
        .. tostring(v == 0)
    end
    return table.concat(out)]=],
  ["fields that share a place in their table"] = [=[
    local out = {}
    for size = 1, 70 do
      local t, keys = {}, {}
      for i = 1, size do keys[i] = "k" .. i * 7 t[keys[i]] = i end
      for i = 1, size, 3 do t[keys[i]] = nil end
      local sum = 0
      for i = 1, size do sum = sum * 3 + (t[keys[i]] or -1) end
      t.field, t.other = size, (t.field or 0) + 1
      out[#out + 1] = sum + t.field + t.other + (t.missing == nil and 1 or 0)
    end
    return table.concat(out, " ")]=],
  ["fields through __index and __newindex"] = [=[
    local out = {}
    local base = { x = 1 }
    local middle = setmetatable({}, { __index = base })
    local t = setmetatable({}, { __index = middle, __newindex = function(t, k, v) rawset(t, k, v .. "!") end })
    out[#out + 1] = t.x t.y = "why" out[#out + 1] = t.y t.y = "again" out[#out + 1] = t.y
    out[#out + 1] = tostring(t.z) out[#out + 1] = ("abc"):upper() out[#out + 1] = tostring(pcall(function() return (1).x end))
    return table.concat(out, " ")]=],
  ["methods of strings and of objects behind objects"] = [=[
    local out = {}
    local function note(...) for i = 1, select("#", ...) do out[#out + 1] = tostring((select(i, ...))) end end
    local text = "text"
    note(text:upper(), text.len == string.len, text.absent, text[1], (" x "):rep(2), #text:rep(3, ","))
    note(pcall(function() return text:absent() end)) note(pcall(function() return text.absent.more end))
    local chain = { last = "found" }
    for i = 1, 50 do chain = setmetatable({ ["at" .. i] = i }, { __index = chain }) end
    note(chain.at50, chain.at31, chain.at30, chain.at1, chain.last, chain.none)
    local called = setmetatable({}, { __index = setmetatable({}, { __index = function(_, k) return k .. "?" end }) })
    note(called.field, called[1], called[("long"):rep(20)])
    local loop = setmetatable({}, {}) getmetatable(loop).__index = loop
    note(pcall(function() return loop.field end))
    local odd = setmetatable({}, { __index = 5 }) note(pcall(function() return odd.field end))
    local of_string = setmetatable({}, { __index = "text" }) note(of_string.upper == string.upper, of_string.absent)
    local object = setmetatable({}, { __index = { [false] = "no", [1] = "one", [2.5] = "half", field = false } })
    note(object[false], object[1], object[2.5], object.field, object[nil])
    note(pcall(function() local n = 5 return n.field end)) note(pcall(function() local n return n.field end))
    note(pcall(function() return (print).field end)) note(pcall(function() return undefined.field end))
    local meta = getmetatable ""
    local index = meta.__index
    meta.__index = function(s, k) return s .. "." .. tostring(k) end note(text.field, text[5])
    meta.__index = nil note(pcall(function() return text.upper end))
    meta.__index = index note(text.upper == string.upper)
    return table.concat(out, " ")]=],
  ["calls with too few, too many and no arguments, and results"] = [=[
    local function f(a, b, c) return a, b, c end
    local function none() end
    local function many(...) return select("#", ...), ... end
    local called = setmetatable({}, { __call = function(self, a, b) return type(self), a, b end })
    local out = {}
    local function note(...)
      out[#out + 1] = select("#", ...)
      for i = 1, select("#", ...) do out[#out + 1] = tostring((select(i, ...))) end
    end
    note(f()) note(f(1)) note(f(1, 2, 3, 4)) note((f(1, 2))) note(none()) note((none())) note(many()) note(many(nil, nil))
    note(called(1)) note(called()) note((called(1, 2))) note(pcall(f)) note(pcall(none)) note(select(2, "a", "b"))
    note(string.byte("", 1)) note((string.byte("", 1))) note(string.byte("abc", 1, -1)) note(math.type(1), math.type("x"))
    local a, b, c = string.find("hello", "l") note(a, b, c)
    note(#table.pack(table.unpack({}, 1, 100)), select("#", table.unpack({}, 1, 100)))
    return table.concat(out, " ")]=],
  ["deep calls that make the stack grow, and too deep ones"] = [=[
    local function down(n, ...) if n == 0 then return select("#", ...) end return (down(n - 1, n, ...)) end
    local function sum(n) if n == 0 then return 0 end return n + sum(n - 1) end
    local good, message = pcall(function() local function f() return 1 + f() end return f() end)
    return down(100) .. " " .. sum(10000) .. " " .. tostring(good) .. " " .. tostring(message):match("stack overflow")]=],
  ["C functions that call back, fail and yield"] = [=[
    local out = {}
    out[1] = ("abc"):gsub(".", function(c) return c:upper():rep(2) end)
    out[2] = tostring(pcall(string.rep)) .. tostring(select(2, pcall(string.rep)))
    local co = coroutine.wrap(function(a)
      local t = {}
      for i = 1, 3 do t[i] = coroutine.yield(a + i) end
      return pcall(function() return coroutine.yield("in pcall") .. "!" end)
    end)
    out[3] = co(10) out[4] = co(1) out[5] = co(2) out[6] = co(3) out[7] = select(2, co("end"))
    local t = { 5, 2, 8, 1 }
    table.sort(t, function(a, b) return a > b end)
    out[8] = table.concat(t, ",")
    out[9] = tostring(pcall(table.sort, { 3, 2, 1, 4, 5 }, function() error("no") end))
    do local closed <close> = setmetatable({}, { __close = function() out[10] = "closed" end }) end
    return table.concat(out, " ")]=],
  ["metamethods and to-be-closed variables that yield, in calls for none, one and all results"] = [=[
    local out = {}
    local function yields(name) return function(...) return coroutine.yield(name, select("#", ...)) end end
    local y = {}
    for name in ("add sub eq lt le index newindex call concat len unm close"):gmatch "%a+" do y["__" .. name] = yields(name) end
    local function new() return setmetatable({}, y) end
    local bodies = {
      function() return new() + 1, 2 - new(), -new(), #new() end,
      function() return new() == new(), new() < new(), new() <= 1, new() ~= new() end,
      function() local t = new() t.x = t.y return t.z, t[1], t .. "a" .. t end,
      function() local t = new() t() return (t(1, 2)), t(3, nil) end,
      function() local t <close> = new() do local u <close> = new() end return table.unpack({ 1, 2, 3 }) end,
      function() local t <close> = new() error("thrown", 0) end,
      function() return pcall(function(...) local t <close> = new() return select(2, ...), t() end, 1, 2, 3) end,
      function() for i in new() do return i, (select("#", table.unpack({}, 1, 60))) end end,
      function() return select("#", coroutine.yield()), (coroutine.yield()), coroutine.yield() end,
      function() return pcall(pcall, pcall, error, new()) end,
      function() local t = new() local function down(n) if n == 0 then return t(n) end return n, down(n - 1) end return down(90) end,
    }
    for _, body in ipairs(bodies) do
      local co = coroutine.create(body)
      local r = table.pack(coroutine.resume(co))
      for turn = 1, 20 do
        for i = 1, r.n do out[#out + 1] = type(r[i]) == "table" and "t" or tostring(r[i]) end
        out[#out + 1] = coroutine.status(co)
        if coroutine.status(co) == "dead" then break end
        r = table.pack(coroutine.resume(co, turn, "more", nil))
      end
    end
    return table.concat(out, " ")]=],
  ["table functions on arrays, holes and proxies"] = [=[
    local out, log = {}, {}
    local proxy = setmetatable({}, {
      __index = function(_, k) log[#log + 1] = "get" .. k return k <= 3 and k * 10 or nil end,
      __newindex = function(_, k, v) log[#log + 1] = "set" .. k .. tostring(v) end,
      __len = function() return 3 end,
    })
    table.insert(proxy, 40) table.insert(proxy, 1, 0) out[1] = tostring(table.remove(proxy)) table.move(proxy, 1, 3, 2)
    out[2] = table.concat(proxy, ",") out[3] = select("#", table.unpack(proxy))
    local t = {} for i = 1, 10 do t[i] = i end t[5] = nil
    out[4] = tostring(pcall(table.sort, t)) table.insert(t, 1, "a") out[5] = tostring(t[6]) .. tostring(t[7])
    local grown = {} for i = 20, 1, -1 do table.insert(grown, 1, i) end out[6] = table.concat(grown, ",")
    for _ = 1, 20 do table.remove(grown, 1) end out[7] = #grown
    return table.concat(out, " ") .. " " .. table.concat(log, " ")]=],
  ["for with iterators of all kinds"] = [=[
    local out = {}
    local function note(...) for i = 1, select("#", ...) do out[#out + 1] = tostring((select(i, ...))) end end
    local list = { "a", "b", nil, "d", [7] = "g" }
    for i in ipairs(list) do note(i) end
    for i, v in ipairs(list) do note(i, v) end
    for i, v, third, fourth in ipairs(list) do note(i, v, third, fourth) end
    for i, v in ipairs(list) do if i < 5 then list[i + 1] = "new" .. i end note(v) end
    for i, v in ipairs { 1, 2, 3, false, 5 } do note(i, v) end
    for i, v in ipairs(setmetatable({ "raw" }, { __index = function(_, k) if k < 4 then return k * 2 end end })) do note(i, v) end
    for i, c in ipairs(setmetatable({}, { __index = { "x", "y" } })) do note(i, c) end
    note(pcall(function() for _ in ipairs() do note "never" end end))
    local step, t = ipairs(list)
    for i, v in step, t, 2 do note(i, v) end
    for i, v in step, t, -2 do note(i, v) end
    note(pcall(function() for i in step, t, "x" do note(i) end end))
    note(pcall(function() for i in step, t, 1.5 do note(i) end end))
    note((pcall(function() for i in step, nil, 0 do note(i) end end)))
    for i in step, t, "1" do note(i) if i > 3 then break end end
    local sum, keys = 0, 0
    for k, v in pairs { 1, 2, 3, x = 4, y = 5 } do sum = sum + v keys = keys + #tostring(k) end
    note(sum, keys)
    for k in next, { only = 1 } do note(k) end
    note(pcall(function() for k in next, {}, "absent" do note(k) end end))
    for a, b, c in ("k=v, l=w"):gmatch "(%a)=(%a)" do note(a, b, c) end
    for a in setmetatable({}, { __call = function(_, s, c) if c < s then return c + 1 end end }), 3, 0 do note(a) end
    for a, b in function(s, c) if c < s then return c + 1, s end end, 3, 0 do note(a, b) end
    for a in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) do note(a) end
    note((pcall(function() for _ in 5 do note "never" end end)))
    do
      local function closing() return next, { 1 }, nil, setmetatable({}, { __close = function() note "closed" end }) end
      for k, v in closing() do note(k, v) end
    end
    return table.concat(out, " ")]=],
  ["table.insert and table.remove, at random"] = [=[
    local seed, sum = 42, 0
    local function random(n) seed = (seed * 1103515245 + 12345) % 2147483648 return seed // 8 % n + 1 end
    for round = 1, 60 do
      local t = {}
      for i = random(9), 1, -1 do if round % 3 > 0 then t[i] = i end end -- in the table's hash part
      for step = 1, 120 do
        local op, size = random(10), #t
        if op <= 4 then table.insert(t, random(size + 1), step)
        elseif op == 5 then table.insert(t, step)
        elseif op == 6 then t[#t + 1] = step
        elseif op == 7 and size > 0 then sum = sum + table.remove(t, random(size))
        elseif op == 8 then sum = sum + (table.remove(t) or 0)
        elseif op == 9 then sum = sum + (table.remove(t, size + 1) or 0)
        elseif random(4) == 1 then for _ = 1, random(30) do table.insert(t, 1, { step }) end
          while type(t[1]) == "table" do sum = sum + table.remove(t, 1)[1] end
        end
        if step % 7 == 0 then collectgarbage "step" end
      end
      for i = 1, #t do sum = (sum * 31 + t[i]) % 1000000007 end
      sum = sum + (next(t) and 1 or 0)
    end
    return tostring(sum)]=],
  ["table.insert and table.remove, misused"] = [=[
    local out = {}
    local function note(...) for i = 1, select("#", ...) do out[#out + 1] = tostring((select(i, ...))) end end
    for _, t in ipairs { {}, { 1 }, { 1, 2, 3 }, { [3] = 3 }, { nil, 2 }, setmetatable({ 1, 2 }, {}) } do
      for _, at in ipairs { 0, 1, 2, 3, 4, 5, -1, 2.0, 2.5, "2", "x", {}, math.mininteger, math.maxinteger } do
        local good, message = pcall(table.insert, t, at, "new")
        note(good, message) note(#t, t[1], t[2]) note((pcall(table.remove, t, at))) note(#t)
      end
      note(pcall(table.insert, t)) note(pcall(table.insert, t, 1, 2, 3)) note(pcall(table.insert, t, nil, 3))
      note(pcall(table.insert, t, nil)) note(#t) note(pcall(table.insert, t, 1, nil)) note(#t) note(pcall(table.remove, t, nil))
      note(pcall(table.remove, t, 1, 2)) note(#t)
    end
    note(pcall(table.insert)) note(pcall(table.insert, 5, 1)) note(pcall(table.remove)) note(pcall(table.remove, "text"))
    return (table.concat(out, " "):gsub("table: 0x%x+", "table"))]=],
  ["table.concat of strings, numbers and what cannot be"] = [=[
    local out = {}
    local function note(...) for i = 1, select("#", ...) do out[#out + 1] = ("%q"):format((select(i, ...))) end end
    local long = ("long "):rep(30)
    local lists = { {}, { "a" }, { "a", "b" }, { "", "" }, { "a", 1, 2.5 }, { 1, 2 }, { "a\0b", "\0" }, { long, "x", long },
      { "a", nil, "c" }, { "a", {} }, { true }, setmetatable({ "m", "n" }, { __len = function() return 1 end }),
      setmetatable({}, { __index = { "p", "q" }, __len = function() return 2 end }), { [2] = "b", [1] = "a" } }
    for _, list in ipairs(lists) do
      for _, separator in ipairs { "", ",", ", and then ", long, 7, 1.5 } do
        note(select(2, pcall(table.concat, list, separator)))
        note(select(2, pcall(table.concat, list, separator, 2))) note(select(2, pcall(table.concat, list, separator, 1, 1)))
      end
      note(select(2, pcall(table.concat, list))) note(select(2, pcall(table.concat, list, nil)))
    end
    note(select(2, pcall(table.concat))) note(select(2, pcall(table.concat, "text"))) note(select(2, pcall(table.concat, { "a" }, {})))
    for size = 1, 60 do
      local parts = {}
      for i = 1, size do parts[i] = ("x"):rep(i % 4) end
      local joined = table.concat(parts, "-")
      note(#joined, joined == table.concat(parts, "-"), ({ [joined] = size })[table.concat(parts, "-", 1, size)])
    end
    return (table.concat(out, " "):gsub("table: 0x%x+", "table"))]=],
  ["elements that only a table holds survive the collector, whatever moves them"] = [=[
    local t, dead = {}, 0
    local function thing(i) return setmetatable({ i }, { __gc = function() dead = dead + 1 end }) end
    for i = 1, 3000 do
      table.insert(t, i % 5 == 0 and 1 or #t + 1, thing(i))
      if i % 3 == 0 then collectgarbage "step" end
      if i % 4 == 0 then table.remove(t, #t // 2 + 1) end
    end
    collectgarbage() collectgarbage()
    local sum = 0
    for _, one in ipairs(t) do sum = sum + one[1] end
    return #t .. " " .. sum .. " " .. dead]=],
  ["tostring and format of strings and numbers, with and without __tostring"] = [=[
    local out = {}
    local function note()
      for _, v in ipairs { "s", "", 1, -0.0, 1e100, 2^53, 0/0 ~= 0/0 } do
        out[#out + 1] = tostring(v) .. ("%s|%5s|"):format(v, v)
      end
    end
    note()
    getmetatable("").__tostring = function(s) return "<" .. s .. ">" end
    note()
    getmetatable("").__tostring = nil
    note()
    out[#out + 1] = tostring(setmetatable({}, { __tostring = function() return "mine" end }))
    out[#out + 1] = select(2, pcall(tostring, setmetatable({}, { __tostring = function() return 1 end })))
    out[#out + 1] = tostring(setmetatable({}, { __name = "named" })):match("^named: ")
    out[#out + 1] = select(2, pcall(tostring)) .. tostring(nil) .. tostring(true)
    return table.concat(out, " ")]=],
  ["numbers where integers are asked for, and defaults"] = [=[
    local out = {}
    local function note(f, ...) local r = table.pack(pcall(f, ...)) out[#out + 1] = tostring(r[2]) end
    note(string.rep, "a", 3) note(string.rep, "a", 3.0) note(string.rep, "a", "3") note(string.rep, "a", 3.5)
    note(string.rep, "a", {}) note(string.rep, "a", nil) note(string.sub, "hello", 2) note(string.sub, "hello", 2, nil)
    note(string.sub, "hello", "2", "3") note(string.sub, "hello", -3, -2) note(string.byte, "a", nil) note(string.byte, "abc", 2.0)
    note(string.byte, "abc", "x") note(string.find, "abcabc", "b", 3) note(string.find, "abcabc", "b", -2) note(utf8.char, 228, 8364)
    note(select, -1, 1, 2) note(select, 0) note(math.tointeger, 3.0) note(table.concat, { 1, 2, 3 }, "-", 2) note(string.upper, "aBzÄ09{`")
    note(string.lower, "AbZ[@Ä") note(string.gsub, "Hello World", "%u", "%0%0") note(string.gsub, "Hello", "%L", "-")
    return table.concat(out, " ")]=],
  ["positions beyond 32 bits"] = [=[
    local out = {}
    local function note(...) for i = 1, select("#", ...) do out[#out + 1] = tostring((select(i, ...))) end out[#out + 1] = ";" end
    for _, at in ipairs { 2^32, 2^32 + 1, 2^32 + 2, 2^53, math.maxinteger, -2^32, -2^32 + 1, math.mininteger } do
      local i = math.tointeger(at)
      note(("hello"):sub(i)) note(("hello"):sub(2, i)) note(("hello"):byte(i)) note(("hello"):byte(i, 0)) note(("hello"):find("l", i))
      note(("hello"):find("l", i, true)) note(("hello"):match("l", i)) note((pcall(string.unpack, "b", "hello", i)))
      note(("hello"):gmatch("l", i)()) note((pcall(select, i, 1, 2))) note((pcall(utf8.codepoint, "hello", i)))
      note((pcall(utf8.offset, "hello", 1, i))) note(({ 1, 2 })[i]) note(#table.move({ 1, 2 }, i, i, 1)) note(("x"):rep(-i & ~0x7fffffffff))
      note((pcall(table.concat, { "a" }, "", i, i)))
    end
    return table.concat(out, " ")]=],
  ["many strings, equal and unequal, of all lengths"] = [=[
    local seen, count = {}, 0
    for length = 0, 80 do
      for i = 0, 20 do
        local s = ("%d,"):format(i):rep(length):sub(1, length)
        if not seen[s] then count = count + 1 seen[s] = count end
      end
    end
    local sum = 0
    for length = 0, 80 do sum = (sum * 31 + (seen[("7,"):rep(length):sub(1, length)] or -1)) % 1000003 end
    return count .. " " .. sum]=],
  ["the collector, whatever it is called and told"] = [=[
    collectgarbage "incremental"
    local out, dead = {}, 0
    for _, mode in ipairs { "incremental", "generational", "incremental" } do
      out[#out + 1] = collectgarbage(mode)
      for i = 1, 200 do setmetatable({ i }, { __gc = function() dead = dead + 1 end }) end
      collectgarbage() collectgarbage()
      out[#out + 1] = dead
    end
    local weak = setmetatable({}, { __mode = "k" })
    for i = 1, 50 do weak[{}] = i end
    collectgarbage()
    out[#out + 1] = tostring(next(weak))
    return table.concat(out, " ")]=],
  ["patterns of each kind with texts of each kind"] = [=[
    local out, n = {}, 0
    local function note(...)
      n = n + 1
      local list = table.pack(...)
      for i = 1, list.n do list[i] = ("%s"):format(list[i]) end
      out[n] = table.concat(list, ",")
    end
    local texts = { "", "a", "aab", "key=value", " 12.5, -3\n", "a.b-c]d[e", "((a)(b))c)", "\0a\0\xff\xe4b", "THE (quick) fox",
      ("x"):rep(70) .. "y", "ab ab abab", "%d$^" }
    local patterns = { "", "a", "a*", "a+", "a-", "a?", "a-b", ".-b", ".*b", ".+", "^", "$", "^$", "^a", "b$", "$a", "a^", "(a*)(b?)",
      "()", "()a()", "(a)(b)", "((a)(b*))", "(a*)b%1", "(.)%1", "(%a+) (%1)", "%a+", "%A+", "(%w+)=(%w+)", "%d+%.?%d*", "%s", "%S+$",
      "[a-c]+", "[^a-c]+", "[]]", "[^]]+", "[a%-]+", "[%a_][%w_]*", "[a-]", "[%]%[]", "[^%s]*$", "[\0-\x1f]", "%z", "[\xe0-\xff]", "%c",
      "%b()", "%b()$", "(%b())", "%f[%a]%a+", "%f[%A]", "%f[%z]", "%u%l*", "%x%X", "%p+", "%g+", "%e", "%.", "%-%d", ".-,", "(.-)%s",
      "x*y", "x-y", "x?y$", "(x+)(x)y", "[xy]*y", "%w*b", "(%w-)b", ".?.?.?$", "^(.-)$", "%%d", "%$^", "a\0", "[%z]a" }
    local broken = { "%", "[", "[a", "[^", "[]", "[%", "[a%", "(", ")", "(a", "a)", "(()", "%b", "%ba", "%f", "%fa", "%0", "%1", "(%1)",
      "(a)%2", "a%", ("(a)"):rep(33), ("()"):rep(33), "%f[", "(a*%1)" }
    for _, p in ipairs(broken) do patterns[#patterns + 1] = p patterns[#patterns + 1] = "^" .. p patterns[#patterns + 1] = "a*" .. p end
    for _, text in ipairs(texts) do
      for _, p in ipairs(patterns) do
        note(pcall(string.find, text, p)) note(pcall(string.match, text, p, 2)) note(pcall(string.find, text, p, -2))
        note(pcall(string.gsub, text, p, "<%0>")) note(pcall(string.gsub, text, p, "%1.", 2))
        note(pcall(function() local all = "" for a, b in text:gmatch(p) do all = all .. a .. ":" .. tostring(b) .. ";" end return all end))
      end
    end
    return table.concat(out, "\n")]=],
  ["patterns as deep as they may be, and deeper"] = [=[
    local out = {}
    local function note(...) out[#out + 1] = ("%s %s"):format(...) end
    local text = ("a"):rep(300)
    for _, piece in ipairs { "a?", "()", "(a)", "a", ".-", "[a]-", "a*", "a?()", "(a?", "%f[a]" } do
      for _, size in ipairs { 1, 31, 32, 33, 66, 98, 99, 100, 101, 198, 199, 200, 201, 250 } do
        local p = piece:rep(size)
        for _, last in ipairs { "", "a-", "a*", "(a-)", "$", "()", "a-)" } do
          if last ~= "$" or not piece:find "[*?-]" then note(pcall(string.find, text, "^" .. p .. last)) end
        end
        note(pcall(string.match, "b", p)) note(pcall(string.match, "", p))
      end
    end
    return table.concat(out, "\n")]=],
  ["gsub with replacements of each type, and where to begin"] = [=[
    local out = {}
    local function note(...)
      local list = table.pack(...)
      for i = 1, list.n do
        local v = tostring(list[i]):gsub("0x%x+", "")
        list[i] = #v > 200 and #v .. v:sub(1, 50) .. v:sub(-50) or v
      end
      out[#out + 1] = table.concat(list, ",")
    end
    local text = "one two  three"
    local replacements = { "", "x", "%0%0", "%%", "%1-%1", "%2", "%", "%a", 7, 2.5, {}, { one = 1, two = false, three = "3" },
      setmetatable({}, { __index = function(_, k) return #k end }), function() end, function(a, b) return a .. tostring(b) end,
      function() return {} end, function() return print end, function() error("inside", 0) end, ("long "):rep(300), true, print }
    for _, r in ipairs(replacements) do
      for _, p in ipairs { "%a+", "(%a)(%a*)", "", "%s*", "()%a", "^%a+", "t", "none", "[aeo]" } do
        if r ~= print then note(pcall(string.gsub, text, p, r)) note(pcall(string.gsub, text:rep(80), p, r)) end
        note(pcall(string.gsub, text, p, r ~= print and r or nil, 2)) note(pcall(string.gsub, text, p, r ~= print and r or nil, 0))
      end
    end
    note(("abc"):gsub("%w", "%0%0", 1.0)) note(pcall(string.gsub, "abc", "%w", "x", 1.5)) note(pcall(string.gsub, "abc", "%w"))
    note(pcall(string.gsub, 123, 2, 5)) note(pcall(string.gsub, {}, "", "")) note(pcall(string.find)) note(pcall(string.match, "a"))
    note(pcall(string.gmatch, "a", {})) note(pcall(string.find, "a", "a", "x")) note(pcall(string.find, 1234, 23))
    for _, at in ipairs { 0, 1, 2, 4, 5, 6, -1, -4, -5, 2^31, 2^32, 2^32 + 1, -2^31, math.maxinteger, math.mininteger, "2", 2.0 } do
      for _, p in ipairs { "", "b", "bc", "c$", "^b", "()", "a", "abcde", "%" } do
        note(pcall(string.find, "abcd", p, at)) note(pcall(string.find, "abcd", p, at, true)) note(pcall(string.match, "abcd", p, at))
        note(pcall(function() local all = "" for m in ("abcd"):gmatch(p, at) do all = all .. m .. ";" end return all end))
      end
    end
    note(("a\0b\0c"):find("\0c")) note(("a\0b.c"):find(".c", 1, true)) note(("a+a+b"):find("a+b", 1, true))
    note(("aaab"):find("aab", 1, true))
    note(("x]y"):find("]")) note(("x)y"):find(")", 1, true)) note(("12345678a12345678b"):find("12345678b", 1, true))
    return table.concat(out, "\n")]=],
  ["an iterator of gmatch that fails, ends, and is asked again"] = [=[
    local out = {}
    local function note(...) out[#out + 1] = ("%s %s %s"):format(..., select(2, ...), (select(3, ...))) end
    local step = ("a1b2"):gmatch "(%a)(%d)"
    for _ = 1, 4 do local a, b = step() note(a, b, 0) end
    local broken = ("ab"):gmatch "(a)(b"
    for _ = 1, 3 do note(pcall(broken)) end
    local empty = ("abc"):gmatch "x*"
    for _ = 1, 6 do note(tostring((empty())), 0, 0) end
    local anchor = ("^a^a"):gmatch "^a"
    for _ = 1, 3 do note(tostring((anchor())), 0, 0) end
    local numbers = string.gmatch(1234, 2)
    note(tostring((numbers())), tostring((numbers())), 0)
    local texts = {}
    for i = 1, 50 do texts[i] = ("k%d=v%d,"):format(i, i):rep(20):gmatch "(%w+)=(%w+)" end
    for _ = 1, 3 do collectgarbage() for i = 1, 50 do note(texts[i](), "", "") end end
    return table.concat(out, "\n")]=],
  ["bytes and parts of strings"] = [=[
    local out = {}
    local function note(...) out[#out + 1] = select("#", ...) .. ":" .. table.concat({ ... }, ",") end
    local places = { 0, 1, 2, 3, 4, 5, 6, -1, -3, -4, -5, -6, 2^31, 2^32, 2^32 + 1, -2^32, math.maxinteger, math.mininteger, 2.0, "3" }
    for _, text in ipairs { "", "a", "ab\0\xff", ("long "):rep(20), 12345 } do
      note(string.byte(text)) note(pcall(string.sub, text) and "fine" or "error")
      for _, i in ipairs(places) do
        note(string.byte(text, i)) note(string.sub(text, i)) note(string.byte(text, i, nil))
        for _, j in ipairs(places) do note(string.byte(text, i, j)) note(string.sub(text, i, j)) end
      end
    end
    local function wrong(...) out[#out + 1] = select(2, pcall(...)) end
    wrong(string.byte) wrong(string.byte, {}) wrong(string.byte, "a", {}) wrong(string.byte, "a", 1.5) wrong(string.byte, "a", 1, "x")
    wrong(string.sub) wrong(string.sub, "a") wrong(string.sub, "a", 1.5) wrong(string.sub, "a", 1, {}) wrong(string.sub, nil, 1)
    wrong(string.byte, ("x"):rep(1000000), 1, -1)
    out[#out + 1] = #{ ("x"):rep(5000):byte(1, -1) }
    return table.concat(out, "\n")]=],
  ["integers as text"] = [=[
    local out = {}
    local n = 1
    for _ = 1, 64 do
      for _, i in ipairs { n, -n, n - 1, n + 1, ~n } do out[#out + 1] = i out[#out + 1] = tostring(i) out[#out + 1] = i .. "" end
      n = n * 2
    end
    n = 1
    for _ = 1, 19 do out[#out + 1] = n .. " " .. -n .. " " .. n - 1 .. " " .. n * 9 n = n * 10 end
    out[#out + 1] = math.mininteger .. "" .. math.maxinteger .. 0 .. -0 .. 4294967295 .. 4294967296 .. 4294967297
    return table.concat(out, " ")]=],
  ["strings that differ late"] = [=[
    local out = {}
    for size = 0, 40 do
      local text = ("abcdefgh"):rep(5):sub(1, size)
      for at = 1, size do
        local other = text:sub(1, at - 1) .. "\xff" .. text:sub(at + 1)
        out[#out + 1] = tostring(text < other) .. tostring(other <= text) .. tostring(text == other)
          .. tostring((text .. other):find(other, 1, true)) .. tostring((text .. text):match("^(" .. text .. ")%1$") == text)
      end
    end
    return table.concat(out, " ")]=],
}

describe("what is done in place comes to what native Lua does:", function()
  for name, code in pairs(pieces) do
    it(name, function()
      local flare <close> = support.load(("return function() return { body = (function()\n%s\nend)() } end"):format(code))
      local answer = assert(flare:request())
      assert.equal(200, answer.status)
      assert.equal(assert(load("\n" .. code, "=main.lua"))(), answer.body)
    end)
  end
end)
