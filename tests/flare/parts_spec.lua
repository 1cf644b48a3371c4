-- parts_spec.lua - modules of optional parts (runtime/parts): which requires find them, and what a flare without them says.
local support = require "support"

local function answer(files)
  local flare <close> = support.load(files)
  return flare:request({ url = "https://x.test/" }).body
end

describe("a module of a part", function()
  it("is found at start-up and late, once", function()
    assert.equal("hello true", answer { ["main.lua"] = [[
      local early = require "lpeg"
      return function()
        local late = require "lpeg"
        return { body = late.match(late.C(late.R "az" ^ 1) * -1, "hello") .. " " .. tostring(early == late) }
      end]] })
  end)

  it("is found late only", function()
    assert.equal("4", answer { ["main.lua"] = [[
      return function() return { body = tostring(require "lpeg".P "abc":match "abcd") } end]] })
  end)

  it("is found by a name that start-up makes", function()
    assert.equal("function", answer { ["main.lua"] = [[
      local made = require("lp" .. "eg")
      return function() return { body = type(made.match) } end]] })
  end)

  it("is found by a name that flare.lua has, whatever the handler makes of it", function()
    local main = [[return function() return { body = type(require(table.concat { "lp", "eg" }).match) } end]]
    assert.equal("function", answer { ["main.lua"] = main, ["flare.lua"] = "return { modules = { 'lpeg' } }" })
  end)

  it("is missing, with what to do, from a flare that did not name it", function()
    local said = answer { ["main.lua"] = [[
      return function() return { body = select(2, pcall(require, table.concat { "lp", "eg" })) } end]] }
    assert.matches("module 'lpeg' not found", said, 1, true)
    assert.matches("name it under 'modules' in flare.lua", said, 1, true)
  end)

  it("gives way to a file of the project", function()
    assert.equal("mine", answer { ["main.lua"] = "return function() return { body = require 'lpeg' } end",
      ["lpeg.lua"] = "return 'mine'" })
  end)
end)

-- ---- what is packed ----


-- The names of parts and, for each, of its modules.
local parts, modules_of = {}, {}
for part, module in support.read "runtime/parts/parts.def":gmatch '\nFLARON_PART%((%w+), "([^"]+)"' do
  if not modules_of[part] then
    modules_of[part] = {}
    parts[#parts + 1] = part
  end
  table.insert(modules_of[part], module)
end

-- A flare.lua that names the modules of parts.
local function manifest(names)
  local modules = {}
  for _, name in ipairs(names) do
    for _, module in ipairs(modules_of[name]) do modules[#modules + 1] = ("%q"):format(module) end
  end
  return "return { modules = { " .. table.concat(modules, ", ") .. " } }"
end

describe("a flare", function()
  local HELLO = "return function() return { body = 'hello' } end"
  local FULL = "local d = debug return function() return { body = d.traceback 'hello':sub(1, 5) } end"
  -- Calls all functions of all modules without arguments and with wrong ones; none may trap, and a second request must work.
  local ALL = [[
    return function(request)
      local n = 0
      for _, name in ipairs(require "names") do
        for _, f in pairs(require(name)) do
          if type(f) == "function" then
            pcall(f)
            pcall(f, "x", "y", "z")
            pcall(f, {}, 1, 2)
            n = n + 1
          end
        end
      end
      return { body = n > 0 and "called" or "none" }
    end]]

  for set = 0, (1 << #parts) - 1 do
    local names = {}
    for n, name in ipairs(parts) do
      if set >> (n - 1) & 1 == 1 then names[#names + 1] = name end
    end
    local title = #names > 0 and table.concat(names, ", ") or "no part"

    it("with " .. title .. " is valid, has no other part, and works", function()
      for _, main in ipairs(#names <= 1 and { HELLO, FULL } or { HELLO }) do
        local folder = support.project { ["main.lua"] = main, ["flare.lua"] = manifest(names) }
        local found = {}
        local about = support.inspect(folder)
        for i, part in ipairs(about.parts) do
          found[i] = part.name
          assert.is_true(part.bytes > 1000)
        end
        assert.same(names, found)
        assert.is_true(about.runs_here)
        local packed = support.folder() .. "/out.wasm"
        assert.equal(0, (support.cli("pack", folder, "-o", packed)))
        local code, output = support.run("wasm-validate " .. support.quote(packed) .. " 2>&1")
        assert.same({ 0, "" }, { code, output })
        local flare <close> = support.load(packed)
        assert.equal("hello", flare:request({ url = "https://x.test/" }).body)
      end
    end)

    if #names == 1 then
      it("with only " .. title .. " never traps for want of another", function()
        local list = {}
        for i, module in ipairs(modules_of[names[1]]) do list[i] = ("%q"):format(module) end
        local files = { ["main.lua"] = ALL, ["flare.lua"] = manifest(names),
          ["names.lua"] = "return { " .. table.concat(list, ", ") .. " }" }
        local flare <close> = support.load(files)
        for _ = 1, 2 do assert.equal("called", flare:request({ url = "https://x.test/" }).body) end
      end)
    end
  end

  it("is as large as without parts, but for what the linker makes different", function()
    local with = support.inspect(support.project { ["main.lua"] = HELLO, ["flare.lua"] = manifest(parts) })
    local without = support.inspect(support.project { ["main.lua"] = HELLO })
    local bytes = 0
    for _, part in ipairs(with.parts) do bytes = bytes + part.bytes end
    assert.is_true(without.bytes < with.bytes - bytes * 0.95)
  end)

  it("that says it has a part that it has not does not run here", function()
    local packed = support.folder() .. "/out.wasm"
    assert.equal(0, (support.cli("pack", support.project { ["main.lua"] = "local l = require 'lpeg' " .. HELLO }, "-o", packed)))
    local bytes, n = support.read(packed):gsub('"parts":%["lpeg"%]', '"parts":["nopt"]')
    assert.equal(1, n)
    support.write(packed, bytes)
    assert.is_false(support.inspect(packed).runs_here)
  end)
end)
