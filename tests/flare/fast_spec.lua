-- fast_spec.lua - what the functions of ours in runtime/lua (the table in its README.md) do in place of Lua's own, at the
-- edges of what they take for common: each piece comes to what native Lua makes of it.
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
  ["string.rep"] = [=[
    local out = {}
    for _, s in ipairs { "", "a", "ab", "abc", ("x"):rep(40), ("xy"):rep(500) } do
      for _, separator in ipairs { "", ",", ", ", ("-"):rep(33) } do
        for _, n in ipairs { -1, 0, 1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 65 } do
          local text, sum = s:rep(n, separator), 0
          for i = 1, #text do sum = (sum * 31 + text:byte(i)) % 1000003 end
          out[#out + 1] = #text .. ":" .. sum
        end
      end
    end
    out[#out + 1] = ("a\0b"):rep(3, "\0") .. tostring(pcall(string.rep, "x", -math.maxinteger))
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
  ["constructors of all sizes, and fields that are new"] = [=[
    local out = {}
    local function keys_of(t)
      local keys = {}
      for k, v in next, t do keys[#keys + 1] = tostring(k) .. "=" .. tostring(v) end
      table.sort(keys)
      return table.concat(keys, ",") .. "#" .. #t
    end
    for size = 0, 40 do
      for _, items in ipairs { 0, 1, 2, 5, 49, 50, 51, 1024, 1025 } do
        local parts = {}
        for i = 1, size do parts[i] = ("k%d = %d"):format(i * 13, i) end
        for i = 1, items do parts[size + i] = tostring(i) end
        local t = assert(load("return {" .. table.concat(parts, ",") .. "}"))()
        if items < 6 then
          t.one, t.two, t.three = 1, nil, 3
          t.one, t.four = nil, 4
          t.five = 5
        end
        out[#out + 1] = size < 12 and items < 6 and keys_of(t) or #t .. " " .. (t.k13 or 0)
      end
    end
    local log = {}
    local watched = setmetatable({ a = 1 }, { __newindex = function(t, k, v) log[#log + 1] = k rawset(t, k, v) end })
    watched.a, watched.b, watched.a = 2, 3, nil
    watched.a, watched.c, watched.b = 4, nil, 5
    local plain = { __index = { inherited = 7 } }
    local t = setmetatable({}, plain)
    t.x, t.inherited, t.y = 1, t.inherited + 1, 2
    plain.__newindex = function(_, k) log[#log + 1] = "late " .. k end
    t.z, t.x = 1, 9
    plain.__newindex = nil
    t.z, t[1], t[2.0], t[2.5] = 2, "one", "two", "half"
    out[#out + 1] = keys_of(t)
    out[#out + 1] = table.concat(log, " ") .. keys_of(watched)
    local meta = setmetatable({}, { __index = plain }) -- metamethods that come to a table that had none
    local odd = setmetatable({}, meta)
    odd.before = 1
    meta.__newindex = function(_, k) log[#log + 1] = "came " .. k end
    odd.after = 1
    meta.__index = function(_, k) return k .. "?" end
    out[#out + 1] = odd.unknown .. keys_of(odd) .. log[#log]
    for _, body in ipairs { "local t = nil t.x = 1", "local t = 5 t.x = 1", "('x').y = 1", "local t = {} t[nil] = 1",
      "local t = {} t[0/0] = 1", "local t = setmetatable({}, { __newindex = 5 }) t.x = 1" } do
      out[#out + 1] = select(2, pcall(assert(load(body, "=c"))))
    end
    return table.concat(out, " ")]=],
  ["arrays that grow, with holes and without"] = [=[
    local out = {}
    local function note(t) -- the order of `next` tells what is in the array and what in the hash part
      local keys = {}
      for k, v in next, t do keys[#keys + 1] = math.type(k) .. k .. "=" .. tostring(v) end
      out[#out + 1] = #t .. ":" .. table.concat(keys, ",")
    end
    for size = 0, 40 do
      for hole = 0, 3 do
        local t = {}
        for i = 1, size do t[i] = i end
        if hole > 0 and size > 0 then t[size * hole // 4 + 1] = nil end
        if hole == 3 then t[size] = nil end
        t[size + 1] = "next" note(t)
        t[#t + 1] = "more" t[#t + 1] = nil t[#t + 1] = false note(t)
        t[size + 4] = "far" t[-1] = "before" t[0] = "zero" note(t)
        t[size + 5.0] = "float" t[2^40] = "beyond" note(t)
      end
    end
    local made = { 1, 2, 3 } made[4] = 4 made[5] = 5 note(made)
    made = { 1, 2, nil } made[3] = 3 made[4] = 4 note(made)
    made = { nil, nil, 3, 4 } made[5] = 5 note(made)
    made = { n = 0 } for i = 1, 9 do made[i] = i end out[#out + 1] = #made .. " " .. made.n
    made = {} for i = 9, 1, -1 do made[i] = i end note(made)
    made = {} made[1] = nil made[1] = 1 made[2] = nil made[3] = 3 note(made)
    local log = {}
    made = setmetatable({}, { __newindex = function(t, k, v) log[#log + 1] = k rawset(t, k, v) end })
    for i = 1, 5 do made[i] = i end made[2] = nil made[2] = 2 made[6] = nil note(made)
    made = setmetatable({}, { __index = function(_, k) return k end })
    for i = 1, 9 do made[i] = made[i] + 1 end note(made)
    local packed = {}
    for size = 0, 20 do
      local p = table.pack(table.unpack(made, 1, size)) p.n, p[#p + 1] = nil, p.n
      packed[#packed + 1] = #p .. " " .. tostring(p[size])
    end
    note(packed)
    local one = table.pack(nil) out[#out + 1] = one.n .. " " .. #one one = table.pack(nil, 2, nil) note { one.n, one[2] }
    local held = {} -- an array that is black while new values come after it
    for i = 1, 4000 do
      held[#held + 1] = { i } held[{}] = nil
      if i % 9 == 0 then collectgarbage "step" end
      if #held == 700 then held = {} end
    end
    local sum = 0
    for i = 1, #held do sum = sum + held[i][1] end
    out[#out + 1] = sum .. table.concat(log, " ")
    return table.concat(out, " ")]=],
  ["setmetatable, and what it refuses"] = [=[
    local out = {}
    local function note(...)
      for i = 1, select("#", ...) do out[#out + 1] = tostring((select(i, ...))):gsub("table: 0x%x+", "table") end
    end
    local meta = { __index = { a = 1 } }
    local t = setmetatable({}, meta)
    note(t.a, getmetatable(t) == meta, setmetatable(t, nil) == t, getmetatable(t), t.a, setmetatable(t, meta).a)
    note(select("#", setmetatable({}, meta, 1, 2, 3)), (setmetatable({}, meta, 5)).a)
    note(pcall(setmetatable)) note(pcall(setmetatable, {})) note(pcall(setmetatable, {}, 5)) note(pcall(setmetatable, 5, {}))
    note(pcall(setmetatable, nil, nil)) note(pcall(setmetatable, "text", meta)) note(pcall(setmetatable, {}, nil, 1))
    local guarded = setmetatable({}, { __metatable = "locked" })
    note(pcall(setmetatable, guarded, {})) note(pcall(setmetatable, guarded, nil)) note(getmetatable(guarded))
    note(pcall(setmetatable, setmetatable({}, { __metatable = false }), {}))
    do
      local dead = 0
      for _ = 1, 5 do setmetatable({}, { __gc = function() dead = dead + 1 end }) end
      local late = setmetatable({}, {}) -- not marked for finalization: its metatable gets the field afterwards
      getmetatable(late).__gc = function() dead = dead + 100 end
      late = nil
      collectgarbage() collectgarbage()
      note(dead, late)
    end
    do
      local held = {} -- a black table that gets a white metatable, step by step
      for i = 1, 3000 do
        held[i % 50 + 1] = setmetatable({ i }, { __index = { value = { i } } })
        if i % 5 == 0 then collectgarbage "step" end
      end
      collectgarbage()
      local sum = 0
      for i = 1, 50 do sum = sum + held[i].value[1] - held[i][1] end
      note(sum)
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
  ["a hundred thousand errors caught in one coroutine"] = [=[
    return tostring(coroutine.wrap(function()
      local sum = 0
      for i = 1, 100000 do sum = sum + select(2, pcall(error, i)) end
      return sum
    end)())]=],
  ["table.remove of what was never there"] = [=[
    local t = {}
    t[1], t[2] = 1, 2
    t[4] = 4
    local removed = table.remove(t, 3)
    return tostring(removed == nil) .. tostring(rawequal(removed, nil)) .. type(removed) .. #t .. t[3]]=],
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
  ["pcall and xpcall: results, errors and handlers, in the main state and in a coroutine"] = [=[
    local out = {}
    local function show(v)
      if type(v) == "string" or type(v) == "number" then return ("%q"):format(v) end
      return type(v) == "table" and "table " .. tostring(v.code) or tostring(v)
    end
    local function note(...)
      local n = select("#", ...)
      out[#out + 1] = n .. ":"
      for i = 1, n do if i < 8 or i > n - 2 then out[#out + 1] = show((select(i, ...))) end end
    end
    local callable = setmetatable({}, { __call = function(_, ...) return "called", ... end })
    local function nothing() end
    local function pass(...) return ... end
    local function fail(object, level) error(object, level) end
    local function deep(n, object) if n == 0 then error(object) end local a = deep(n - 1, object) return a end
    local function all()
      for _, f in ipairs { nothing, pass, callable, math.max, select, tostring, 5, {}, false, error, pcall, coroutine.yield and next } do
        note(pcall(f)) note(pcall(f, 1)) note(pcall(f, "a", 2)) note(pcall(f, nil, nil, 3))
        note(xpcall(f, pass)) note(xpcall(f, pass, 1)) note(xpcall(f, function(m) return { code = m } end, "a", 2))
        note((pcall(f, 1, 2))) local a, b, c, d = pcall(f, 1) note(a, b, c, d)
        note(select("#", pcall(f, 1)), pcall(f, 2))
      end
      note(pcall(pass, table.unpack({}, 1, 300))) note(pcall(pcall)) note(pcall(pcall, pcall, pcall, error)) note(pcall(xpcall))
      note(pcall(xpcall, pass)) note(pcall(xpcall, pass, 1)) note(pcall(xpcall, nil, pass)) note(xpcall(nil, pass))
      note(pcall(xpcall, pass, callable))
      for _, object in ipairs { "text", "not enough memory", "", 5, 2.5, true, { code = 7 }, ("long"):rep(100) } do
        for level = 0, 3 do note(pcall(fail, object, level)) note(pcall(error, object, level)) end
        note(pcall(error, object)) note(pcall(deep, 20, object)) note(xpcall(deep, pass, 3, object))
        note(pcall(error, object, 1, "more")) note(pcall(load("error((...))", "=other"), object))
        note(pcall(function() return error(object) end)) note(select(2, pcall(error)), pcall(error, nil), pcall(error, nil, 2))
      end
      note(xpcall(error, error, "x")) note(xpcall(error, function() local x = nil + 1 end, "x"))
      note(xpcall(error, function(m) return m, m end, "x")) note(xpcall(deep, function(m) return pcall(error, m) end, 2, "x"))
      note(xpcall(error, function(m) return select(2, pcall(coroutine.yield, m)) end, "x"))
      note(xpcall(fail, function(m) return debug.traceback(m, 1):match "^[^\n]*\n[^\n]*\n[^\n]*" end, "x"))
      note(xpcall(function() return pcall(fail, "inner") end, nothing))
      note(xpcall(function() pcall(fail, "inner") fail("outer") end, pass))
      local f
      note(pcall(function() local n = 1 f = function() n = n + 1 return n end fail({ code = 1 }) end)) note(f(), f())
      local order = {}
      local function tbc(name, again)
        return setmetatable({}, { __close = function(_, e) order[#order + 1] = name .. "<" .. show(e) .. ">"
        if again then error(again, 0) end end })
      end
      note(pcall(function() local a <close> = tbc "a" local b <close> = tbc("b", "from b")
      local c <close> = tbc "c" fail({ code = 3 }) end))
      note(pcall(function() local a <close> = tbc "d" return 1, 2, 3 end)) note(pcall(function() local a <close> = tbc("e", "from e")
      return 1, 2 end))
      note(xpcall(function() local a <close> = tbc("g", "from g") fail "x" end, function(m) return "handled " .. m end))
      note(table.concat(order, " "))
      for ok, v in pcall, function() return #out end do note(ok, v ~= nil) break end
    end
    all()
    coroutine.wrap(all)()
    note(coroutine.wrap(pcall)(fail, "x")) note(coroutine.wrap(xpcall)(fail, pass, "x")) note(pcall(coroutine.wrap(error), "x"))
    note(pcall(coroutine.wrap(error), { code = 9 })) note(coroutine.resume(coroutine.create(pcall), error, "y"))
    return table.concat(out, " ")]=],
  ["yields across pcall, xpcall, metamethods and what closes"] = [=[
    local out = {}
    local function note(...) for i = 1, select("#", ...) do out[#out + 1] = tostring((select(i, ...))) end out[#out + 1] = ";" end
    local yield = coroutine.yield
    local function run(f, ...)
      local co = coroutine.create(f)
      local function step(good, ...)
        note(good, ...)
        if coroutine.status(co) == "suspended" then return true, "r" .. #out, ... end
      end
      local more, a, b = step(coroutine.resume(co, ...))
      while more do more, a, b = step(coroutine.resume(co, a, b, nil)) end
      note(coroutine.status(co), coroutine.close(co))
    end
    local function body(...) local a = yield("in", ...) local b, c = yield(a) if c == nil then yield() end return b, "end", ... end
    local function bad(...) yield("before") error("bad " .. tostring((...))) end
    run(function(...) note(pcall(body, ...)) note(pcall(bad, ...)) note(pcall(pcall, bad, 1)) return pcall(body) end, 1, 2)
    run(function(...) note(xpcall(body, debug.traceback, ...)) note(xpcall(bad, function(m) return "<" .. m .. ">" end, 5))
    return xpcall(body, print) end, 7)
    run(function() note(xpcall(bad, function() yield("no") end)) note(pcall(xpcall, bad, error)) end)
    run(pcall, body, 3) run(pcall, bad, 4) run(xpcall, bad, function(m)
    return m .. "!" end, 5) run(yield, 1, 2, 3) run(coroutine.wrap(body), 6)
    run(function() for i = 1, 3 do local ok, e = pcall(bad, i) note(ok, e) ok, e = pcall(error, i) note(ok, e) end end)
    run(function()
      local t <close> = setmetatable({}, { __close = function(_, e) note("close", e, yield("closing")) end })
      note(pcall(function() local u <close> = setmetatable({}, { __close = function(_, e)
      note(yield("inner", e)) error("second") end }) bad("x") end))
      return pcall(bad, "y")
    end)
    local m = {}
    for _, name in ipairs { "add", "sub", "mul", "div", "mod", "pow", "unm", "idiv", "band", "bor", "bxor", "shl", "shr", "bnot", "concat",
      "len", "eq", "lt", "le", "index", "newindex", "call" } do
      m["__" .. name] = function(...) local a = yield(name, select("#", ...)) return a, name end
    end
    run(function()
      local a, b = setmetatable({}, m), setmetatable({}, m)
      note(a + 1, 2 - a, a * b, a / 2, 3 % a, a ^ b, -a, a // 1, a & 1, 1 | a, a ~ b, a << 1, 1 >> a, ~a, a .. "x" .. b, "y" .. a, #a)
      note(a == b, a ~= b, a < b, a <= b, a > 1, 1 >= a, a.field, a[1], a[b], a("x"), (a("y")))
      a.x = 1 a[1] = 2 a[b] = 3 rawset(a, "n", 1) a.n = a(1, 2)
      if a < b then note "less" end if not (a == b) then note "other" end
      for k in a do note(k) break end
      for i, v in (function(_, i) i = i + 1 if i < 4 then return i, yield("step", i), 3 end end), nil, 0 do note(i, v) end
      return a(yield(a(1)))
    end)
    run(function() note(pcall(table.sort, { 3, 2, 1 }, function(x, y) yield() return x < y end))
    note(pcall(string.gsub, "x", "x", yield)) note(pcall(load, yield)) end)
    return table.concat(out, " ")]=],
  ["switches: arguments and results of all counts, and what cannot be resumed"] = [=[
    local out = {}
    local function note(...) for i = 1, select("#", ...) do out[#out + 1] = tostring((select(i, ...))) end out[#out + 1] = ";" end
    local function sum(...) local s, n = 0, select("#", ...) for i = 1, n do s = s + (select(i, ...) or 0) * i end return n .. "/" .. s end
    local echo = coroutine.wrap(function(...) local s = sum(...) while true do s = sum(coroutine.yield(s, ...)) end end)
    local through = coroutine.create(function(...) local function loop(...) return loop(coroutine.yield(...)) end return loop(...) end)
    for _, n in ipairs { 0, 1, 2, 3, 19, 20, 21, 22, 39, 40, 41, 60, 100, 241, 3, 1, 0 } do
      local t = {}
      for i = 1, n do t[i] = i end
      note((echo(table.unpack(t, 1, n)))) note(sum(select(2, coroutine.resume(through, table.unpack(t, 1, n)))))
      local a, b, c = echo(table.unpack(t, 1, n)) note(a, b, c) a, b, c = coroutine.resume(through, table.unpack(t, 1, n)) note(a, b, c)
      note(sum(coroutine.wrap(function(...) return ... end)(table.unpack(t, 1, n))))
      note(sum(coroutine.wrap(coroutine.yield)(table.unpack(t, 1, n))))
    end
    for a, b, c, d in coroutine.wrap(function() for i = 1, 4 do coroutine.yield(i, i > 1 and i or nil, nil, i > 2) end end) do note(a, b,
      c, d) end
    for a in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i, 2, 3, 4, 5) end end) do note(a) end
    note(pcall(function() for a in coroutine.wrap(function() coroutine.yield(1) error("in it") end) do note(a) end end))
    note(pcall(function() for a in coroutine.wrap(function() coroutine.yield(1) error({}) end) do note(a) end end) == false)
    local w = coroutine.wrap(function() error("first") end)
    note(pcall(w)) note(pcall(w)) note(pcall(coroutine.wrap(function() return 1 end))) note(pcall(coroutine.wrap(function() error() end)))
    w = coroutine.wrap(function() return pcall(w) end) note(w()) note(pcall(w))
    for _, object in ipairs { 5, true, "not enough memory", "" } do note(pcall(coroutine.wrap(error), object))
    note(pcall(coroutine.wrap(function() error(object, 0) end))) end
    note(pcall(coroutine.wrap(function() local x <close> = setmetatable({}, { __close = function(_, e) error("closed " .. tostring(e), 0)
      end }) error("open") end)))
    note(coroutine.resume(coroutine.running())) note(pcall(coroutine.yield, 1)) note(coroutine.isyieldable())
    note((select(2, coroutine.running())))
    local self self = coroutine.create(function() note(coroutine.resume(self)) note(coroutine.status(self), coroutine.isyieldable(self))
    note(pcall(coroutine.close, self)) return coroutine.isyieldable() end)
    note(coroutine.resume(self)) note(coroutine.resume(self, 1, 2)) note(coroutine.status(self)) note(coroutine.close(self))
    local outer outer = coroutine.wrap(function() local inner = coroutine.wrap(function() return pcall(outer) end) return inner() end)
    note(outer())
    local suspended = coroutine.create(function() coroutine.yield() end) coroutine.resume(suspended)
    note(coroutine.status(suspended), coroutine.close(suspended), coroutine.status(suspended))
    for _, f in ipairs { "resume", "status", "close", "isyieldable", "wrap", "create" } do
      note(pcall(coroutine[f], 1)) note(pcall(coroutine[f], {})) note(pcall(coroutine[f], nil))
      note(f ~= "isyieldable" and pcall(coroutine[f]))
    end
    note(pcall(coroutine.resume, coroutine.create(function(...) return select("#", ...) end), table.unpack({}, 1, 200)))
    note(pcall(string.rep)) note(pcall(coroutine.wrap(string.rep))) note(pcall(coroutine.wrap(function()
    return coroutine.yield() + nil end)))
    local co = coroutine.create(function() local t = {} for i = 1, 50 do t[i] = function() i = i + 1 return i end end coroutine.yield(t)
      error(t) end)
    local _, t = coroutine.resume(co) note(t[3](), t[3](), t[50]()) coroutine.resume(co) note(t[3](), t[50]()) coroutine.close(co)
    note(t[3]())
    return table.concat(out, " ")]=],
  ["how deep calls of C functions go, beside each other"] = [=[
    local function pcalls(n) local good, v = pcall(pcalls, n + 1) return good and v or n end
    local function within(levels, f) if levels == 0 then return f() end return select(2, pcall(within, levels - 1, f)) end
    local function deepest(f) local most = 0 f(function(n) most = math.max(most, n) end) return most end
    local kinds = {
      function(tell) local function f(n) tell(n) pcall(f, n + 1) end f(0) end,
      function(tell) local function f(n) tell(n) xpcall(f, function(m) return m end, n + 1) end f(0) end,
      function(tell) local function f(n) tell(n) coroutine.wrap(f)(n + 1) end pcall(f, 0) end,
      function(tell) local function f(n) tell(n) return coroutine.resume(coroutine.create(f), n + 1) end f(0) end,
      function(tell) local function f(n) tell(n) for _ in coroutine.wrap(f), n + 1 do end end pcall(f, 0) end,
      function(tell) local function f(n) tell(n) for _ in coroutine.wrap(function() f(n + 1) end) do end end pcall(f, 0) end,
      function(tell) local function f(n) tell(n) for _ in ("x"):gmatch("x") do ("x"):gsub("x", function() f(n + 1) end) end end pcall(f,
        0) end,
      function(tell) local function f(n) tell(n) local t = setmetatable({}, { __index = function() f(n + 1) end })
      return t.x end pcall(f, 0) end,
      function(tell) local function f(n) tell(n) table.sort({ 1, 2 }, function() f(n + 1) end) end pcall(f, 0) end,
      function(tell) local function f(n) tell(n) error(setmetatable({}, { __tostring = f })) end pcall(f, 0) end,
    }
    local total = pcalls(0)
    local out = { tostring(total > 120) }
    for i, kind in ipairs(kinds) do
      out[#out + 1] = i .. "=" .. within(total - 100, function() return deepest(kind) end)
      out[#out + 1] = within(total - 100, coroutine.wrap(function() return deepest(kind) end))
    end
    local function errors(f) for _ = 1, 3 do out[#out + 1] = tostring(select(2, f())) end end
    errors(function() return within(total - 3, function() return pcall(pcall, pcall, pcall, pcall, pcall) end) end)
    local wrap = coroutine.wrap
    errors(function() return within(total - 3, function() return pcall(wrap(function() wrap(function() wrap(print)() end)() end)) end) end)
    local function endless(n) return n + endless(n + 1) end
    errors(function() local good, m = pcall(endless, 1) return good, (m:gsub("\n.*", "")) end)
    errors(function() return xpcall(endless, function(m) return #m > 0 and select(2, pcall(endless, 1)):match("^[^\n(]*") end, 1) end)
    return table.concat(out, " ")]=],
  ["messages of all sizes, and what they name"] = [=[
    local out = {}
    local function note(f, ...) local good, m = pcall(f, ...) out[#out + 1] = tostring(good) .. " " .. tostring(m) end
    for _, size in ipairs { 1, 2, 30, 39, 40, 41, 100, 180, 190, 199, 200, 201, 220, 230, 240, 250, 255, 256, 257, 258, 300, 1000, 5000 } do
      local name = ("n"):rep(size)
      note(load(("local t = {} return t.%s.x"):format(name), "=here")) note(load(("return %s + 1"):format(name), "=" .. name))
      note(load(("%s()"):format(name), "@" .. name)) note(load(("local %s = nil return #%s"):format(name, name), name))
      note(load("error(...)", "@file"), name) note(load("error(...)", "=" .. name), "m") note(load("error(...)", "x = 1\n" .. name), "m\0n")
      note(load("return 1 .. {}", name)) note(error, name .. "\0" .. name) note(load("error(...)", "@f"), "\0" .. name)
      out[#out + 1] = tostring(select(2, load("x = = " .. name, "=" .. name)))
      out[#out + 1] = tostring(select(2, load("goto " .. name, "@" .. name)))
      out[#out + 1] = tostring(select(2, load("x = '" .. name, name))) out[#out + 1] = tostring(select(2, load(name .. " " .. name, "=z")))
      note(string.format, "%" .. name, 1) note(string.rep, {}, name) note(setmetatable, {}, name)
      note(require and function() string.rep(name, {}) end)
    end
    for _, code in ipairs { "\1", "x = \200", "x = '\\400'", "x = '\\u{110000000}'", "x = 0x", "x = 1e", "goto", "break", "x = }", "for",
      "::a:: ::a::", "local x <const> = 1 x = 2", "\127=" } do
      out[#out + 1] = tostring(select(2, load(code, "=code")))
    end
    for _, n in ipairs { 0, 1, -1, 9, 10, 11, 99, 100, 101, -9, -10, 2^31 | 0, -(2^31 | 0), (2^53 | 0), math.maxinteger, math.mininteger,
      math.maxinteger - 1, 1e15 | 0, 123456789012345678 } do
      out[#out + 1] = tostring(n) .. n .. -n .. n // 7 out[#out + 1] = table.concat({ n, n / 1 }, ",")
      out[#out + 1] = ("%d %s %i"):format(n, n, n)
      note(error, n) note(string.rep, "x", n > 0 and -n or n) note(math.floor, {}, n) note(utf8.char, n) out[#out + 1] = #tostring(n)
      out[#out + 1] = tostring(({ [tostring(n)] = n })[n .. ""])
      note(string.char, n) note(select, -n // 3) note(table.unpack, {}, 1, n) note(load(("return {} < %s"):format(n), "=l"))
    end
    for _, n in ipairs { 0.0, -0.0, 1.5, 1e15, 1e16, 1e100, -1e-7, math.huge, -math.huge, 2^63, 2^53 } do out[#out + 1] = tostring(n) ..
      n note(string.rep, "x", n) note(load("return ... | 1"), n) end
    for _, c in ipairs { 0, 65, 127, 128, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff, 0x7fffffff } do out[#out + 1] = utf8.char(c, c, 66) end
    for _, v in ipairs { {}, print, coroutine.create(print), 1 } do out[#out + 1] = tostring((tostring(v):gsub("0x%x+", "address")))
    out[#out + 1] = tostring(("%p"):format(v) == (tostring(v):match("0x%x+") or "(null)")) end
    local named = setmetatable({}, { __name = ("N"):rep(300) }) note(string.rep, named) note(function() return named + 1 end)
    out[#out + 1] = tostring((tostring(named):gsub("0x%x+", "")))
    return table.concat(out, "\n")]=],
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
  ["gsub within gsub down to the last C call, with garbage, and across a yield"] = [=[
    local out, deepest, found = {}, 0, 0
    local text, pattern, subject = ("x"):rep(197), ("x?"):rep(197) .. "$", ("y"):rep(2000) .. "x"
    local function nest(n)
      deepest = n
      if text:find(pattern) == 1 and text:match("^" .. pattern) == text then found = n end
      return (subject:gsub("(.)", function(c) return c == "y" and "yy" or nest(n + 1) end))
    end
    local good, m = pcall(nest, 1)
    out[1] = ("%s %s %s %s"):format(good, m:match "C stack overflow", deepest > 150, deepest - found < 2)
    local co = coroutine.create(function() return ("abc"):gsub("b", coroutine.yield) end)
    out[2] = tostring(select(2, coroutine.resume(co))) .. coroutine.status(co)
    local function collect(c) -- nothing but the call of gsub holds its strings
      collectgarbage() collectgarbage()
      return (table.concat { c, "a", c }:gsub(table.concat { "(", "z", ")" }, { z = ("made"):rep(20) }))
    end
    out[3] = table.concat({ "ab", "cd" }, ("z"):rep(60)):gsub(table.concat { "(", "z", ")" }, collect)
    out[4] = table.concat({ "a1", "b2" }, ("z"):rep(60)):gsub("%a%d", setmetatable({}, { __index = function(_, c) return collect(c) end }))
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
