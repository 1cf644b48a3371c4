-- fast_spec.lua - what runtime/ljumptab.h, api.c, call.c, field.c, table.c, hash.c, collector.c, library_base.c and
-- library_table.c do in place of Lua's own, at the edges of what they take for common: each piece comes to what native
-- Lua makes of it.
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
    local held = {} -- an array that is black while new values come behind it
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
