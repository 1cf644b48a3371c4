-- penlight_spec.lua - Penlight as Debian has it, in flares: what its manual shows of the modules that need no file system.
local libraries = require "libraries"
local describe = libraries.describe(describe, pending, "debian")

-- Those that say "rocks" are run from lua_modules, the others from beside main.lua.
local body = [=[
local class = require "pl.class"
local pretty, stringx, tablex, List = require "pl.pretty", require "pl.stringx", require "pl.tablex", require "pl.List"
local template, comprehension, data, func = require "pl.template", require "pl.comprehension", require "pl.data", require "pl.func"
local compat, utils, types, sip, lexer = require "pl.compat", require "pl.utils", require "pl.types", require "pl.sip", require "pl.lexer"
local stringio = require "pl.stringio"

class.Animal()
function Animal:_init(name) self.name = name end
function Animal:__tostring() return self.name .. ": " .. self:speak() end
class.Dog(Animal)
function Dog:speak() return "bark" end
class.Cat(Animal)
function Cat:_init(name, breed) self:super(name) self.breed = breed end
function Cat:speak() return "meow" end

function cases.class()
  local fido, felix = Dog "Fido", Cat("Felix", "Tabby")
  return fido, felix, Cat:class_of(felix), Dog:class_of(felix), felix:is_a(Animal), felix.breed
end

function cases.pretty()
  local t = pretty.read "{ 1, 2, name = 'x', nested = { true } }"
  return pretty.write(t, ""), pretty.read "{ os.exit() }", (select(2, pretty.read "{ 1, "))
end

function cases.load()
  local env = {}
  local t = pretty.load("x = 1 + 1 y = { x }", env)
  return t.x, t.y[1]
end

function cases.comprehension()
  local C = comprehension.new(_G)
  return List(C "x^2 for x=1,4" ()), List(C "x for x=1,10 if x % 3 == 0" ()), C "sum(x for x)" { 3, 4 },
    List(C "{k, v} for k, v in pairs(_1) if v" { a = 1 }):len()
end

function cases.setfenv()
  local function f() return answer end
  compat.setfenv(f, { answer = 42 })
  return f(), compat.getfenv(f).answer, compat.getfenv(cases.class) == _G
end

function cases.list()
  local l = List { 10, 20, 30 }
  return l:append(40):slice(2, 3), l:map("+", 1), l:reduce "+", List.range(1, 5):filter(function(x) return x % 2 == 1 end)
end

function cases.stringx()
  stringx.import()
  return ("a,b"):split "," :concat ";", ("  x "):strip(), ("abc"):startswith "ab", ("x"):center(5, "-"), ("one two"):title()
end

function cases.tablex()
  local t = tablex.deepcopy { a = { 1, 2 } }
  return tablex.deepcompare(t, { a = { 1, 2 } }), tablex.find({ 5, 6 }, 6), List(tablex.keys { x = 1 }),
    tablex.size(tablex.union({ a = 1 }, { b = 2 }))
end

function cases.template()
  return (template.substitute("# for i, name in ipairs(names) do\n$(i). $(name:upper())\n# end\n", { names = { "a", "b" },
    ipairs = ipairs }))
end

function cases.data()
  local d = data.read(stringio.open "x,y\n1,2\n3,4\n")
  return List(d:column_by_name "y"), d.fieldnames
end

function cases.func()
  local _1, _2 = func._1, func._2
  return List(tablex.map(_1 * 2 + 1, { 1, 2, 3 })), List(tablex.map2(_1 .. _2, { "a" }, { "b" }))
end

function cases.sip()
  local res = {}
  return sip.match("$v{name} = $d{value}", "size = 12", res), res.name, res.value
end

function cases.lexer()
  local out = {}
  for kind, value in lexer.lua "for x = 1 do" do out[#out + 1] = kind .. ":" .. value end
  return table.concat(out, " ")
end

function cases.utils()
  return (utils.readfile "not-there.txt"), utils.string_lambda "|x| x + 1" (2), types.is_callable(print), utils.choose(true, 1, 2)
end
]=]

local expected = {
  class = "Fido: bark, Felix: meow, true, false, true, Tabby",
  list = "{20,30}, {11,21,31,41}, 100, {1,3,5}",
  stringx = "a;b, x, true, --x--, One Two",
  load = "2, 2",
  comprehension = "{1.0,4.0,9.0,16.0}, {3,6,9}, 7, 1",
  setfenv = "42, 42, true",
  tablex = "true, 2, {x}, 2",
  template = "1. A\n2. B\n",
  data = "{2,4}, {x,y}",
  func = "{3,5,7}, {ab}",
  sip = "true, size, 12",
  lexer = "keyword:for iden:x =:= number:1 keyword:do",
}

for place, rocks in pairs { ["beside main.lua"] = false, ["as a rock"] = true } do
  describe("Penlight " .. place, function()
    local says, flare
    setup(function() says, flare = libraries.flare({ "pl" }, body, nil, rocks) end)
    teardown(function() flare:close() end)

    for case, text in pairs(expected) do
      it("has " .. case, function() assert.equal(text, (says(case))) end)
    end

    it("reads tables with pretty, and no calls", function()
      assert.matches("^{1,2,.*nested={true}.*}, nil, .*unexpected", (says "pretty"))
    end)

    it("finds no file where there is none", function()
      assert.equal("nil, 3, true, 1", (says "utils"))
    end)
  end)
end

describe("Penlight's strict", function()
  for how, strip in pairs { ["whole"] = false, ["stripped"] = true } do
    it("finds globals that were not declared, when the flare is " .. how, function()
      local says, flare = libraries.flare({ "pl" }, [[
        require "pl.strict"
        LIMIT = 10 -- a main chunk declares
        function cases.read() return LIMIT, pcall(function() return LIMTI end) end
        function cases.write() return pcall(function() other = 1 end) end
      ]], { strip = strip })
      assert.matches("^10, false, .*variable 'LIMTI' is not declared$", (says "read"))
      assert.matches("^false, .*assign to undeclared global 'other'$", (says "write"))
      flare:close()
    end)
  end
end)
