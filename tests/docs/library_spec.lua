-- library_spec.lua - docs/api.md, the annotations in scripts/types and the runtime name the same things in
-- the same words: functions and their arguments, keys of flare.lua, options, fields, Lua's own libraries. So do the
-- pages of ready-made Lua and the annotations in scripts/flaron.
local edge = require "flaron.edge"
local support = require "support"

local document = assert(support.read "docs/api.md")
local flaron_library = assert(support.read "scripts/types/flaron.lua")
local edge_library = assert(support.read "scripts/types/flaron/edge.lua")

local function sorted(set)
  local list = {}
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return list
end

-- The text between a heading and the next of its level or above, in docs/api.md or another page.
local function section(heading, page)
  page = page or document
  local level = heading:match "^#+"
  local _, from = page:find("\n" .. heading .. "\n", 1, true)
  assert(from, heading .. " is not in the document")
  local to = #page
  for n = 1, #level do
    local at = page:find("\n" .. ("#"):rep(n) .. " ", from, true)
    if at and at < to then to = at end
  end
  return page:sub(from, to)
end

-- The names in the first column of a section's tables.
local function first_column(text, pattern)
  local names = {}
  for line in text:gmatch "[^\n]+" do
    local name = line:match(pattern or "^| `([%w_]+)` |")
    if name then names[name] = true end
  end
  return names
end

-- The fields of a class in a library.
local function fields_of(library, class)
  local fields, inside = {}, false
  for line in library:gmatch "([^\n]*)\n" do
    if line == "---@class " .. class then inside = true
    elseif inside and line:find "^%-%-%-@field " then fields[line:match "^%-%-%-@field ([%w_]+)"] = true
    else inside = false
    end
  end
  return fields
end

local function squeeze(text)
  return (text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

-- Adds what stands in `lines` of the document below a function's heading to `about`.
local function describe_function(about, text)
  text = text:gsub("```.-```", "")
  about.summary = squeeze(text:match "^%s*(.-)\n\n" or text)
  local item
  local function add()
    if not item then return end
    item = squeeze(item)
    local returned, words = item:match "^returns `([%w_]+)` %b(): (.*)"
    local param, param_words = item:match "^`([%w_.]+)` %b(): (.*)"
    if returned then
      about[#about + 1] = ("return %s: %s"):format(returned, words)
    elseif param then
      about[#about + 1] = ("param %s: %s"):format(param, param_words)
    else
      local kind, note = item:match "^(%l+): (.*)"
      about[#about + 1] = ("%s: %s"):format(kind:gsub("^%l", string.upper), note)
    end
    item = nil
  end
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    if line:find "^%- " then
      add()
      item = line:sub(3)
    elseif line:find "^  %S" and item then
      item = item .. line
    else
      add()
    end
  end
  table.sort(about)
end

-- What docs/api.md or another page says: full name -> {arguments=, summary=, and a sorted list of what it says of it}.
local function documented(page)
  page = page or document
  local functions = {}
  for heading in page:gmatch "\n(### [^\n]*%([^\n]*)" do
    for name, arguments in heading:gmatch "([%a][%w_]*[.:][%w_]+)(%b())" do
      local about = { arguments = arguments:gsub("[%[%]]", "") }
      describe_function(about, section(heading, page))
      functions[name] = about
    end
  end
  return functions
end

-- What a library declares, in the same form.
local function declared(library)
  local functions, comment = {}, {}
  for line in library:gmatch "([^\n]*)\n" do
    local name, arguments = line:match "^function ([%w_.:]+)(%b())"
    if name then
      local about, paragraphs = { arguments = arguments }, { "" }
      for _, said in ipairs(comment) do
        local param, words = said:match "^@param ([%w_.]+)%??%s(.*)"
        local returned = said:match "^@return (.*)"
        if param then
          about[#about + 1] = { "param " .. param, words }
        elseif returned then
          about[#about + 1] = { "return", returned }
        elseif said == "" then
          paragraphs[#paragraphs + 1] = ""
        else
          paragraphs[#paragraphs] = squeeze(paragraphs[#paragraphs] .. said)
        end
      end
      about.summary = table.remove(paragraphs, 1)
      for _, paragraph in ipairs(paragraphs) do about[#about + 1] = paragraph end
      functions[name] = about
      comment = {}
    elseif line:find "^%-%-%-" then
      comment[#comment + 1] = line:sub(4)
    else
      comment = {}
    end
  end
  return functions
end

-- Whether an annotation says what the document does; types stand before the words and are not compared.
local function says(annotation, words)
  if type(annotation) == "string" then return annotation == words end
  local kind, text = table.unpack(annotation)
  local head, rest = words:match "^(.-): (.*)"
  if kind == "return" then
    local name = head:match "^return ([%w_]+)"
    return name ~= nil and text:sub(-#rest - #name - 2) == (" %s %s"):format(name, rest)
  end
  return head == kind and text:sub(-#rest - 1) == " " .. rest
end

-- What the runtime has: full names of functions, and names of constants.
local function running()
  local response = support.answer [[
    local names = {}
    for name, value in pairs(flaron) do
      if type(value) == "table" then
        for field, inner in pairs(value) do names[#names + 1] = ("%s %s.%s"):format(type(inner), name, field) end
      else
        names[#names + 1] = ("%s flaron.%s"):format(type(value), name)
      end
    end
    return { body = table.concat(names, "\n") }]]
  local functions, values = {}, {}
  for kind, name in response.body:gmatch "(%l+) (%S+)" do
    (kind == "function" and functions or values)[name] = true
  end
  for name in pairs(edge) do
    (type(edge[name]) == "function" and functions or values)["edge." .. name] = true
  end
  local flare <close> = support.load "return function() end"
  for name in pairs(getmetatable(flare).__index) do functions["flare:" .. name] = true end
  local cluster <close> = assert(edge.cluster(2, { ["main.lua"] = "return function() end" }))
  for object, one in pairs { cluster = cluster, websocket = flare:websocket(), client = flare:client() } do
    for name, method in pairs(getmetatable(one)) do
      if type(method) == "function" and not name:find "^__" then functions[object .. ":" .. name] = true end
    end
  end
  return functions, values
end

local function all_declared()
  local all = declared(flaron_library)
  for name, about in pairs(declared(edge_library)) do all[name] = about end
  return all
end

describe("every function", function()
  local functions, values = running()

  it("of the runtime has a heading in docs/api.md, and no other has", function()
    assert.same(sorted(functions), sorted(documented()))
  end)

  it("of the runtime is declared in scripts/types, and no other is", function()
    assert.same(sorted(functions), sorted(all_declared()))
  end)

  local docs, library = documented(), all_declared()
  for _, name in ipairs(sorted(docs)) do
    it(name .. " is declared with the words of its heading", function()
      local about, annotation = docs[name], library[name]
      assert.truthy(annotation, "not declared")
      assert.equal(about.arguments, annotation.arguments)
      assert.equal(about.summary, annotation.summary)
      for _, words in ipairs(about) do
        local found = false
        for _, one in ipairs(annotation) do found = found or says(one, words) end
        assert.truthy(found, "the library does not say: " .. words)
      end
      assert.equal(#about, #annotation)
    end)
  end

  it("that is no function is a documented value", function()
    local known = { ["json._NAME"] = true, ["json._VERSION"] = true }
    for _, name in ipairs(sorted(values)) do
      assert.truthy(known[name] or document:find("`" .. name .. "`", 1, true), name .. " is not in docs/api.md")
      local class, field = name:match "(.*)%.(.*)"
      local fields = class == "edge" and fields_of(edge_library, "flaron.edge")
        or fields_of(flaron_library, class == "flaron" and class or "flaron." .. class)
      assert.truthy(fields[field], name .. " is not declared")
    end
  end)

  it("of a module is reached by require of its name", function()
    for name in pairs(functions) do
      local module = name:match "^(%w+)%."
      if module and module ~= "flaron" and module ~= "edge" then
        local body = ("return { body = tostring(require 'flaron.%s' == flaron.%s) }"):format(module, module)
        assert.equal("true", support.answer(body).body)
      end
    end
  end)
end)

-- Ready-made modules: the files with their annotations, and in a flare the tables with methods.
local ready_made = {
  cache = { files = { "cache.lua" }, methods = [[store = getmetatable(it.new { name = "n" }).__index]] },
  cookie = { files = { "cookie.lua" }, methods = "" },
  cors = { files = { "cors.lua" }, methods = [[policy = getmetatable(it.new { origins = "*" }).__index]] },
  csrf = { files = { "csrf.lua" }, methods = [[guard = getmetatable(it.new { secret = "s" }).__index]] },
  date = { files = { "date.lua" }, methods = "" },
  html = {
    files = { "html.lua", "internal/html/element.lua" },
    methods = [[rewriter = getmetatable(it.new()).__index, element = require "flaron.internal.html.element".methods]],
  },
  i18n = {
    files = { "i18n.lua" }, methods = [[texts = getmetatable(it.new { languages = { "en" }, messages = {} }).__index]],
  },
  inspect = { files = { "inspect.lua" }, methods = "" },
  jwt = { files = { "jwt.lua", "jwt/keys.lua", "jwt/sign.lua" }, methods = [[tokens = getmetatable(it.new { secret = "s" }).__index]] },
  multipart = { files = { "multipart.lua" }, methods = "" },
  oidc = { files = { "oidc.lua", "oidc/client.lua" }, methods = [[client = require "flaron.oidc.client"]] },
  openresty = { files = { "openresty.lua" }, methods = "" },
  ratelimit = {
    files = { "ratelimit.lua" },
    methods = [[limiter = getmetatable(it.spark { name = "n", limit = 1, window = 1 }).__index]],
  },
  router = {
    files = { "router.lua", "router/request.lua" },
    methods = [[app = getmetatable(it.new()).__index, req = require "flaron.router.request" {}]],
  },
  security_headers = { files = { "security_headers.lua" }, methods = [[shield = getmetatable(it.new()).__index]] },
  session = { files = { "session.lua" }, methods = [[sessions = getmetatable(it.new { secret = "s" }).__index]] },
  sigv4 = {
    files = { "sigv4.lua" },
    methods = [[signer = getmetatable(it.new { region = "r", service = "s", access_key = "a", secret = "s" }).__index]],
  },
  template = { files = { "template.lua" }, methods = [[page = getmetatable(it.compile "").__index]] },
  url = { files = { "url.lua" }, methods = "" },
  webhook = {
    files = { "webhook.lua" },
    methods = [[receiver = getmetatable(it.new { from = "slack", secret = "s" }).__index]],
  },
}

-- The functions of a ready-made module at the edge: "cookie.parse", "app:get".
local function running_ready_made(name)
  local functions = {}
  local response = support.answer(([[
    local it, names = require "flaron.%s", {}
    for field in pairs(it) do names[#names + 1] = "%s." .. field end
    local methods = { %s }
    if methods.req then methods.req = { header = methods.req.header, body = methods.req.body, json = methods.req.json,
      form = methods.req.form } end
    for class, fields in pairs(methods) do
      for field, value in pairs(fields) do
        if type(value) == "function" then names[#names + 1] = class .. ":" .. field end
      end
    end
    return { body = table.concat(names, "\n") }]]):format(name, name, ready_made[name].methods))
  for field in response.body:gmatch "[^\n]+" do functions[field] = true end
  return functions
end

-- What the annotations of a ready-made module declare. What is a field of type `fun` shares the words of another method.
local function declared_ready_made(name)
  local functions = {}
  for _, file in ipairs(ready_made[name].files) do
    local library = assert(support.read("scripts/modules/flaron/" .. file))
    for full, about in pairs(declared(library)) do
      if about.summary ~= "" then functions[full] = about end
    end
    for field in library:gmatch "\n%-%-%-@field (%l+) fun%(self: flaron%.router%.App, pattern: string, %.%.%.: function%)" do
      functions["app:" .. field] = functions["app:get"]
    end
  end
  return functions
end

describe("ready-made Lua", function()
  it("has a page in docs/ and is listed here", function()
    local _, output = support.run "ls scripts/modules/flaron/*.lua"
    local names = {}
    for name in output:gmatch "([%w_]+)%.lua\n" do
      names[name] = true
      assert.truthy(support.read(("docs/%s.md"):format(name)), name)
    end
    assert.same(sorted(ready_made), sorted(names))
  end)

  it("is under 250 lines a file", function()
    local _, output = support.run "find scripts/modules/flaron -name '*.lua'"
    for path in output:gmatch "[^\n]+" do
      local lines = select(2, assert(support.read(path)):gsub("\n", ""))
      assert.is_true(lines < 250, ("%s: %d lines"):format(path, lines))
    end
  end)

  for _, name in ipairs(sorted(ready_made)) do
    it(name .. " has the functions of its page and of its annotations, in the same words", function()
      local page = assert(support.read(("docs/%s.md"):format(name)))
      local docs, library, functions = documented(page), declared_ready_made(name), running_ready_made(name)
      assert.same(sorted(functions), sorted(docs))
      assert.same(sorted(functions), sorted(library))
      for full, about in pairs(docs) do
        local annotation = library[full]
        assert.equal(about.arguments, annotation.arguments, full)
        assert.equal(about.summary, annotation.summary)
        for _, words in ipairs(about) do
          local found = false
          for _, one in ipairs(annotation) do found = found or says(one, words) end
          assert.truthy(found, ("%s: the annotations do not say: %s"):format(full, words))
        end
        assert.equal(#about, #annotation, full)
      end
    end)
  end

  it("has the options that the pages of modules with a heading for them name", function()
    for _, name in ipairs {
      "cache", "cookie", "cors", "csrf", "i18n", "inspect", "jwt", "multipart", "oidc", "openresty", "ratelimit", "security_headers",
      "session", "sigv4", "webhook",
    } do
      local class = ("flaron.%s.Options"):format(name)
      local known = fields_of(assert(support.read(("scripts/modules/flaron/%s.lua"):format(name))), class)
      assert.truthy(next(known), name)
      local text = section("## Options", assert(support.read(("docs/%s.md"):format(name))))
      for field in pairs(known) do assert.truthy(text:find("`" .. field .. "`", 1, true), field) end
    end
  end)
end)

describe("flare.lua", function()
  it("has the keys that docs/api.md and the library name", function()
    local _, message = support.try_load { ["main.lua"] = "return print", ["flare.lua"] = "return { unknown_key = 1 }" }
    local known = {}
    for key in message:match("known are (.*)"):gmatch "[%w_]+" do known[key] = true end
    assert.same(sorted(known), sorted(first_column(section "## flare.lua")))
    assert.same(sorted(known), sorted(fields_of(flaron_library, "flaron.Manifest")))
  end)
end)

describe("flaron.edge", function()
  it("has the options that docs/api.md and the library name", function()
    local source = assert(support.read "edge/lua/lua_options.c")
    local known = {}
    for name in source:match("} fields%[%] = {(.-)\n};"):gmatch "FIELD%(([%w_]+)," do known[name] = true end
    for name, set_by in assert(support.read "edge/host/limits.def"):gmatch "FLARON_LIMIT%(([%w_]+), [^\n]-, (%u+)%)" do
      if set_by ~= "HERE" then known[name] = true end
    end
    for name in source:match("others%[%] = {(.-)};"):gmatch '"([%w_]+)"' do known[name] = true end
    assert.truthy(known.secrets and known.requires_body, "edge/lua/lua_options.c no longer lists them as is read here")
    local load_heading = document:match "\n(### edge%.load[^\n]*)"
    assert.same(sorted(known), sorted(first_column(section(load_heading), "^| `([%w_]+)` | [^|]* | [^|]* | ")))
    assert.same(sorted(known), sorted(fields_of(edge_library, "flaron.edge.Options")))
  end)

  it("gives responses with the fields that docs/api.md and the library name", function()
    local flare <close> = support.load "return { ws_open = function() local why = 'no' error(why) end }"
    local response = assert(flare:event "open")
    local request_heading = document:match "\n(### flare:request[^\n]*)"
    local asked, answered = section(request_heading):match "^(.*)(\n| field of a response .*)$"
    assert.same(sorted(response), sorted(first_column(answered)))
    assert.same(sorted(fields_of(edge_library, "flaron.edge.Request")), sorted(first_column(asked)))
    assert.same(sorted(response), sorted(fields_of(edge_library, "flaron.edge.Response")))
  end)
end)

describe("the error codes", function()
  -- The rows of a module's table: {code, message}.
  local function rows(module)
    local list = {}
    for code, message in section("## " .. module):gmatch "\n| (%d+) | `([^`]+)` |" do
      list[#list + 1] = { tonumber(code), message }
    end
    return list
  end

  -- A call for each import that has codes.
  local calls = {
    spark = { { "spark_set", "spark.set('a', 'b')" } },
    plasma = { { "plasma_set", "plasma.set('a', 'b')" }, { "plasma_delete", "plasma.delete 'a'" } },
    ws = { { "ws_send", "ws.send 'a'" } },
  }
  for _, module in ipairs { "spark", "plasma", "ws" } do
    it("of " .. module .. " have the messages that docs/api.md and the library name", function()
      local list = rows(module)
      assert.truthy(#list > 0)
      local class = module:gsub("^%l", string.upper)
      for _, row in ipairs(list) do
        for _, call in ipairs(calls[module]) do
          local flare <close> = support.load(([[
            local flaron = require "flaron"
            return function() return { body = flaron.json.encode { flaron.%s } } end]]):format(call[2]))
          flare:fail(call[1], row[1])
          assert.equal(('[null,"%s",%d]'):format(row[2], row[1]), flare:request().body)
        end
        local codes = flaron_library:match("@alias flaron." .. class .. "Code\n(.-)\n\n")
        assert.truthy(codes:find(("| %d # %s"):format(row[1], row[2]), 1, true))
        local messages = flaron_library:match("@alias flaron." .. class .. "Message\n(.-)\n\n")
        assert.truthy(messages:find(('| "%s" '):format(row[2]), 1, true))
      end
      local flare <close> = support.load(([[
        local flaron = require "flaron"
        return function() return { body = flaron.json.encode { flaron.%s } } end]]):format(calls[module][1][2]))
      flare:fail(calls[module][1][1], #list + 1)
      assert.equal(('[null,"unknown error",%d]'):format(#list + 1), flare:request().body)
    end)
  end
end)
