-- Functions of a flare within each other, as an engine's stack has them: Lua's 200 nested C calls stay below 1,900 frames, whatever
-- nests, since there are engines that allow 2,000. tests/engines/frames.mjs counts them; docs/internals/engines.md has the table.
-- So each engine of tests/engines that is here answers them as the local edge does.
local engines = require "engines"
local evaluate = require "evaluate"

local MOST = 1900

-- What can be within itself without end, by name; each is run in a pcall.
local kinds = {
  ["load in its reader"] = [[local function f() return load(f) end assert(f())]],
  ["load in its reader, in message handlers"] = [[local function h() load(h) end local function f() load(f) end xpcall(f, h)]],
  ["print by __tostring"] = [[local t = setmetatable({}, {})
    getmetatable(t).__tostring = function(x) print(x) return "" end
    print(t)]],
  ["print by __tostring, with a hook"] = [[local t = setmetatable({}, {})
    getmetatable(t).__tostring = function(x) print(x) return "" end
    debug.sethook(function() end, "cl")
    print(t)]],
  ["tostring in __tostring, in message handlers"] = [[local t = setmetatable({}, {})
    getmetatable(t).__tostring = function(x) return tostring(x) end
    xpcall(print, function() print(t) end, t)]],
  ["format in __tostring"] = [[local t = setmetatable({}, {})
    getmetatable(t).__tostring = function(x) return ("%s"):format(x) end
    tostring(t)]],
  ["coroutine.close in __close"] = [[local function f()
      local co = coroutine.create(function() local _ <close> = setmetatable({}, { __close = f }) coroutine.yield() end)
      coroutine.resume(co)
      assert(coroutine.close(co))
    end
    f()]],
  ["__close after an error in a coroutine"] = [[local mt = {}
    mt.__close = function() coroutine.wrap(function() local _ <close> = setmetatable({}, mt) error "x" end)() end
    local _ <close> = setmetatable({}, mt)]],
  ["__close after an error in pcall"] = [[local mt = {}
    mt.__close = function() pcall(function() local _ <close> = setmetatable({}, mt) error "x" end) end
    local _ <close> = setmetatable({}, mt)]],
  ["coroutine.wrap"] = [[local function f() return coroutine.wrap(f)() end f()]],
  ["coroutine.wrap of load"] = [[local function f() return coroutine.wrap(load)(f) end f()]],
  ["coroutines that go on"] = [[local function f() local co = coroutine.wrap(function() coroutine.yield() f() end) co() co() end f()]],
  ["coroutines that go on in a metamethod"] = [[local function f()
      local t = setmetatable({}, { __index = function() coroutine.yield() f() end })
      local co = coroutine.wrap(function() return t.x end)
      co() co()
    end
    f()]],
  ["sort in sort"] = [[local function f() table.sort({ 1, 2 }, f) end f()]],
  ["sort in the depth of sort"] = [[local t = {}
    for i = 1, 400 do t[i] = i * 37 % 401 end
    local function f()
      table.sort({ table.unpack(t) }, function(a, b) if a == 400 or b == 400 or a == 1 or b == 1 then f() end return a < b end)
    end
    f()]],
  ["sort in __lt"] = [[local mt = {}
    local function new() return setmetatable({}, mt) end
    mt.__lt = function() table.sort { new(), new() } return false end
    table.sort { new(), new() }]],
  ["gsub in gsub"] = [[local function f() return (("a"):gsub("a", f)) end f()]],
  ["gsub with a table in __index"] = [[local t = setmetatable({}, {})
    getmetatable(t).__index = function() return (("a"):gsub("a", t)) end
    print((("a"):gsub("a", t)))]],
  ["pcall"] = [[local function f() assert(pcall(f)) end f()]],
  ["xpcall"] = [[local function f() assert(xpcall(f, debug.traceback)) end f()]],
  ["wrong arguments in message handlers"] = [[local function h() table.insert() end xpcall(error, h)]],
  ["a function of the host as its own message handler"] = [[xpcall(flaron.secrets.get, flaron.secrets.get)]],
  ["error in message handlers"] = [[local function h(m) error(m) end xpcall(error, h, 1)]],
  ["__index"] = [[local t = setmetatable({}, {}) getmetatable(t).__index = function(x) return x.y end return t.x]],
  ["__add of a string"] = [[local t = setmetatable({}, {}) getmetatable(t).__add = function() return "1" + t end return "1" + t]],
  ["__le"] = [[local t = setmetatable({}, {}) getmetatable(t).__le = function(x) return x <= x end return t <= t]],
  ["table.insert in __len"] = [[local t = setmetatable({}, {})
    getmetatable(t).__len = function() table.insert(t, 1) return 1 end
    table.insert(t, 1)]],
  ["table.concat in __index"] = [[local t = setmetatable({}, {})
    getmetatable(t).__len = function() return 3 end
    getmetatable(t).__index = function() return table.concat(t) end
    table.concat(t)]],
  ["ipairs in __index"] = [[local t = setmetatable({}, {})
    getmetatable(t).__index = function() for _ in ipairs(t) do end end
    for _ in ipairs(t) do end]],
  ["require in __index of package.loaded"] = [[local i = 0
    setmetatable(package.loaded, { __index = function() i = i + 1 require("m" .. i) end })
    require "m0"]],
  ["the collector's __gc"] = [[local mt = {}
    local function f() setmetatable({}, mt) collectgarbage() end
    mt.__gc = f
    f()]],
  ["parentheses in source text, in gsub"] = [[local text = "return " .. ("("):rep(300) .. "1" .. (")"):rep(300)
    local function f() load(text) return (("a"):gsub("a", f)) end
    f()]],
  ["JSON of 900 levels within gsub"] = [[local json, t = flaron.json, {}
    for _ = 1, 900 do t = { t } end
    local text = json.encode(t)
    local function f() pcall(json.encode, t) pcall(json.decode, text) return (("a"):gsub("a", f)) end
    f()]],
  ["JSON of 900 levels in message handlers"] = [[local json, t = flaron.json, {}
    for _ = 1, 900 do t = { t } end
    local text = json.encode(t)
    local function h() json.decode(text) end
    local function f() json.decode(text) return (("a"):gsub("a", f)) end
    xpcall(f, h)]],
  ["functions as captures of lpeg"] = [[local lpeg = require "lpeg"
    local p
    p = lpeg.Cmt("a", function() p:match "a" end)
    p:match "a"]],
  ["a query within Cs of lpeg"] = [[local lpeg = require "lpeg"
    local p
    local t = setmetatable({}, { __index = function() p:match "a" end })
    p = lpeg.Cs(lpeg.Ct(lpeg.Cg(lpeg.P "a" / t, "a")))
    p:match "a"]],
  ["many captures of lpeg within each other"] = [[local lpeg = require "lpeg"
    local p = lpeg.P "a" / function() whole:match "a" end
    for _ = 1, 50 do p = lpeg.Ct(lpeg.Cs(p / "%1")) end
    whole = p
    p:match "a"]],
  ["rex_pcre2.gsub"] = [[local rex = require "rex_pcre2"
    local function f() return (rex.gsub("a", "a", f)) end
    f()]],
  ["patterns of rex_pcre2 within gsub"] = [[local rex = require "rex_pcre2"
    local text = ("(?<=a"):rep(240) .. (")"):rep(240)
    local function f() pcall(rex.new, text) return (("a"):gsub("a", f)) end
    f()]],
}

-- The most frames of `code` in a flare that has the parts.
local function frames(flare, code)
  local script = "local flaron = require 'flaron' pcall(function() " .. code .. " end) return 0"
  local response = assert(flare.flare:request { headers = { script = script } })
  for _, line in ipairs(response.logs) do
    local found = line.text:match "^(%d+) frames$"
    if found then return tonumber(found) end
  end
  error("no count of frames: " .. tostring(response.error))
end

describe("frames of the engine's stack", function()
  local flare

  setup(function()
    flare = evaluate.open({ engine = { "node", "--stack-size=900", "tests/engines/frames.mjs" } }, nil, { "lpeg", "rex_pcre2" })
  end)

  teardown(function() flare:close() end)

  local names = {}
  for name in pairs(kinds) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    it("are few: " .. name, function()
      local found = frames(flare, kinds[name])
      assert.is_true(found < MOST, found)
    end)
  end
end)

describe("what nests without end", function()
  -- What pcall caught of each kind, by name.
  local function caught(engine)
    local flare <close> = evaluate.open({ engine = engine, cpu_ms = 0 }, nil, { "lpeg", "rex_pcre2" })
    local all = {}
    for name, code in pairs(kinds) do
      all[name] = flare:value(("local _, caught = pcall(function() %s end) return tostring(caught)"):format(code))
    end
    return all
  end

  local here

  setup(function() here = caught() end)

  for _, name in ipairs(engines.names()) do
    it("is answered as the local edge does by " .. name, function()
      local words, why = engines.words(name)
      if not words then return pending(why) end
      assert.same(here, caught(words))
    end)
  end
end)

-- The functions that compile PCRE2's patterns have larger frames than Lua's.
for kilobytes, wanted in pairs { [300] = function(name) return not name:find "^patterns of rex" end, [400] = function() return true end } do
  it(("a stack of V8's of %d KB is enough for what nests"):format(kilobytes), function()
    local engine = { "node", "--stack-size=" .. kilobytes, "tests/engines/v8.mjs" }
    local small <close> = evaluate.open({ engine = engine }, nil, { "lpeg", "rex_pcre2" })
    for name, code in pairs(kinds) do
      if wanted(name) then assert.same({ n = 1, 1 }, small:run(("pcall(function() %s end) return 1"):format(code)), name) end
    end
  end)
end
