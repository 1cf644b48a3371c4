-- check_rights_spec.lua - what `flaron-lua check` knows of the rights that ready-made modules need, and that each of
-- their functions is in its table.
local support = require "support"

-- Makes a project of files, with an empty flare.lua unless there is one. Its folder.
local function project(files)
  local folder = support.folder()
  files[".luacheckrc"], files["flare.lua"] = "ignore = { '...' }\n", files["flare.lua"] or "return {}"
  for path, content in pairs(files) do
    local parent = (folder .. "/" .. path):match "^(.*)/"
    assert.equal(0, (support.run("mkdir -p " .. support.quote(parent))))
    support.write(folder .. "/" .. path, content)
  end
  return folder
end

-- The errors that a project is found to have, with files and lines, as a sorted list.
local function found(files)
  if type(files) == "string" then files = { ["main.lua"] = files } end
  local folder = project(files)
  local _, output, errors = support.cli("check", folder)
  assert.equal("", errors)
  local list = {}
  for line in output:gmatch "[^\n]+" do
    local place, rest = line:sub(#folder + 2):match "^([^:]+:%d+):%d+: error: (.*)$"
    if place then list[#list + 1] = place .. " " .. rest:gsub(" in flare.lua$", "") end
  end
  table.sort(list)
  return list
end

describe("flaron-lua check, of ready-made modules,", function()
  local RAW, BODY = " needs requires_raw_auth = true", " needs requires_body = true"

  it("sees cookie.get, however it is reached", function()
    for _, code in ipairs { "local c = require 'flaron.cookie' return function() return { body = c.get 'a' } end",
      "local get = require('flaron.cookie').get return function() return { body = get 'a' } end",
      "local c = require 'flaron.cookie' return function() return { body = select(2, pcall(c.get, 'a')) } end" } do
      assert.same({ "main.lua:1 cookie.get" .. RAW }, found(code))
    end
    assert.same({}, found "local c = require 'flaron.cookie' return function() c.set('a', 'b') end")
  end)

  it("sees the secrets of sessions, and reading them", function()
    assert.same({
      "main.lua:2 session.new: the secret 'K' is not in allowed_secrets of flare.lua",
      "main.lua:2 session.new: the secret 'O1' is not in allowed_secrets of flare.lua",
      "main.lua:2 session.new: the secret 'O2' is not in allowed_secrets of flare.lua",
      "main.lua:4 sessions:read" .. RAW,
    }, found [[
local session = require "flaron.session"
local NAME, s = "K", require("flaron.session").new { secret = "K", old_secrets = { "O1", "O2" } }
return function()
  return { body = s:read() and "x" or "y" }
end]])
    assert.same({
      "main.lua:2 session.new: the secret 'A_B' is not in allowed_secrets of flare.lua",
    }, found [[
local options = {
  secret = "A" .. "_B" }
local any = require("flaron.session").new(options)
return function() any:write { a = 1 } end]])
  end)

  it("sees the secret and the cookie of flaron.csrf", function()
    assert.same({
      "main.lua:1 csrf.new: the secret 'K' is not in allowed_secrets of flare.lua",
      "main.lua:2 guard:middleware" .. RAW,
    }, found [[
local guard = require("flaron.csrf").new { secret = "K" }
local app = require("flaron.router").new() app:use(guard:middleware())
return app:handler()]])
  end)

  it("sees the secret and the body of flaron.webhook", function()
    assert.same({
      "main.lua:1 webhook.new: the secret 'K' is not in allowed_secrets of flare.lua",
      "main.lua:2 receiver:check" .. BODY,
    }, found [[
local hook = require("flaron.webhook").new { from = "github", secret = "K" }
return function() return { body = hook:check() or "no" } end]])
  end)

  it("sees the secrets of flaron.sigv4", function()
    assert.same({
      "main.lua:1 sigv4.new: the secret 'K' is not in allowed_secrets of flare.lua",
      "main.lua:1 sigv4.new: the secret 'T' is not in allowed_secrets of flare.lua",
    }, found [[
local s3 = require("flaron.sigv4").new { region = "r", service = "s3", access_key = "a", secret = "K", session_token = "T" }
return function() return { body = s3:presign("https://b.example/a") or "no" } end]])
  end)

  it("sees the URL of a key set", function()
    assert.same({
      "main.lua:1 jwt.keys needs writes_spark_kv = true",
      "main.lua:1 jwt.keys: 'https://a.example/keys' is not in allowed_fetch_urls of flare.lua",
    }, found [[
local jwt = require "flaron.jwt" local set = jwt.keys { url = "https://a.example/keys" }
local tokens = jwt.new { key = set }
return function() return { body = tokens:verify("a") and "" } end]])
  end)

  it("sees the secrets, the cookie and the provider of flaron.oidc", function()
    local code = [[
local sessions = require("flaron.session").new { secret = "K" }
local issuer, oidc = "https://id.example/", require "flaron.oidc"
local client = oidc.new {
  issuer = issuer, client_id = "a", redirect_uri = "https://b.example/c", sessions = sessions, client_secret = "C", encrypt_with = "E",
MORE}
return function() return { body = client:user() and "" or client:logout().body } end]]
    local always = { "main.lua:1 session.new: the secret 'K' is not in allowed_secrets of flare.lua",
      "main.lua:3 oidc.new needs writes_spark_kv = true", "main.lua:7 client:logout" .. RAW, "main.lua:7 client:user" .. RAW,
      "main.lua:4 oidc.new: the secret 'C' is not in allowed_secrets of flare.lua",
      "main.lua:4 oidc.new: the secret 'E' is not in allowed_secrets of flare.lua" }
    local function expect(more, ...)
      local list = { ... }
      for n, url in ipairs(list) do list[n] = url:gsub(" ", " oidc.new: '") .. "' is not in allowed_fetch_urls of flare.lua" end
      table.move(always, 1, #always, #list + 1, list)
      table.sort(list)
      assert.same(list, found((code:gsub("MORE", more))))
    end
    expect("\n", "main.lua:4 https://id.example/.well-known/openid-configuration")
    expect('authorization_endpoint = "https://x.example/a", token_endpoint = "https://x.example/t", jwks_uri = "https://x.example/k"\n',
      "main.lua:5 https://x.example/t", "main.lua:5 https://x.example/k")
    assert.same({
      "main.lua:1 oidc.keys needs writes_spark_kv = true",
      "main.lua:1 oidc.keys: 'https://id.example/.well-known/openid-configuration' is not in allowed_fetch_urls of flare.lua",
    }, found [[
local keys = require("flaron.oidc").keys { issuer = "https://id.example" }
return function() return { body = keys and "" } end]])
  end)

  it("sees which store flaron.ratelimit writes", function()
    assert.same({
      "main.lua:2 ratelimit.spark needs writes_spark_kv = true",
      "main.lua:3 ratelimit.plasma needs writes_plasma_kv = true",
    }, found [[
local ratelimit = require "flaron.ratelimit"
local one = ratelimit.spark { name = "a", limit = 1, window = 1 }
local two = ratelimit.plasma { name = "a", limit = 1, window = 1 }
return function() one:count "x" two:count "x" end]])
  end)

  it("sees what flaron.cache writes and fetches", function()
    assert.same({
      "main.lua:2 cache.new needs writes_spark_kv = true",
      "main.lua:3 store:fetch: 'https://a.example/x' is not in allowed_fetch_urls of flare.lua",
    }, found [[
local cache = require "flaron.cache"
local users = cache.new { name = "users" }
return function() users:fetch "https://a.example/x" end]])
  end)

  it("sees what ngx of flaron.openresty needs, in the scripts of phases, too", function()
    local WRITE = " needs writes_spark_kv = true"
    assert.same({
      "app/content.lua:2 ngx.req.read_body" .. BODY, "app/content.lua:3 ngx.var.cookie_group" .. RAW,
      "app/content.lua:4 ngx.var.http_authorization" .. RAW, "app/content.lua:5 ngx.req.get_headers().Cookie" .. RAW,
      "app/content.lua:7 ngx.shared.visits:incr" .. WRITE,
    }, found { ["main.lua"] = "return require('flaron.openresty').handler { content = 'app.content' }",
      ["flare.lua"] = "return { modules = { 'app.content' } }",
      ["app/content.lua"] = [=[
local ngx = require "flaron.openresty"
ngx.req.read_body()
local group = ngx.var.cookie_group
local key = ngx.var.http_authorization
local headers = ngx.req.get_headers() local cookie = headers["Cookie"]
local visits = ngx.shared.visits
visits:incr("n", 1, 0)
ngx.say(visits:get "n", group, key, cookie, headers["Accept"], ngx.var.http_accept)]=] })
  end)

  it("sees sessions that another module keeps or returns", function()
    local secret = "session.new: the secret 'K' is not in allowed_secrets of flare.lua"
    assert.same({ "lib/visits.lua:1 " .. secret, "main.lua:2 sessions:read" .. RAW }, found {
      ["lib/visits.lua"] = "return require('flaron.session').new { secret = 'K' }",
      ["main.lua"] = "local v = require 'lib.visits'\nreturn function() v:read() end" })
    assert.same({ "lib/app.lua:1 " .. secret, "main.lua:2 sessions:read" .. RAW }, found {
      ["lib/app.lua"] = "return { visits = require('flaron.session').new { secret = 'K' } }",
      ["main.lua"] = "local app = require 'lib.app'\nreturn function() app.visits:read() end" })
  end)

  it("sees what a router's handler asks of its request, whatever it is called", function()
    assert.same({
      "main.lua:2 req:body" .. BODY,
      "main.lua:3 req:json" .. BODY,
      "main.lua:4 req:form" .. BODY,
      'main.lua:5 req:header "Cookie"' .. RAW,
      'main.lua:6 req:header "authorization"' .. RAW,
      'main.lua:8 req:header "x-flaron-site"' .. RAW,
      "main.lua:9 req:body" .. BODY,
    }, found [[
local app = require("flaron.router").new()
app:get("/1", function(r) return { body = r:body() } end)
app:post("/2", function(q) return { json = q:json() } end)
local function third(asked) return { json = asked:form() } end
app:use(function(c, next) if c:header "Cookie" then return next() end end)
app:group("/g", function(x, next) local same = x if same:header("authorization") then return next() end end)
app:get("/3", third)
app:get("/4", function(y) return { body = y:header("x-" .. "flaron-site") } end)
app:get("/5", function(y) return { body = y.body(y) } end)
app:get("/6", function(y) return { body = y:header "accept" } end)
return app:handler()]])
  end)

  it("sees handlers in other modules, and helpers that get the request", function()
    assert.same({ "handlers/form.lua:1 req:form" .. BODY, "main.lua:2 req:json" .. BODY }, found {
      ["handlers/form.lua"] = "return function(asked) return { json = asked:form() } end",
      ["main.lua"] = [[
local app = require("flaron.router").new()
local function read(kind, req) return kind and req:json() end
app:get("/", require "handlers.form")
app:get("/x", function(r) return { json = read("x", r) } end)
return app:handler()]] })
  end)

  it("takes nothing else for a request: a method's own object, a flare without a router, what is assigned anew", function()
    assert.same({}, found [[
local app = require("flaron.router").new()
local Page = {}
function Page:body() return "x" end
function Page:all() return self:body() end
app:get("/", function(r) r = setmetatable({}, { __index = Page }) return { body = r:body() } end)
return app:handler()]])
    assert.same({}, found "local function f(x) return x:body() end\nreturn function() return { body = f {} } end")
  end)

  it("sees methods that are taken as values, and called through pcall", function()
    assert.same({
      'main.lua:3 req:header "Cookie"' .. RAW,
      "main.lua:4 req:json" .. BODY,
      "main.lua:5 req:body" .. BODY,
      "main.lua:6 req:form" .. BODY,
      "main.lua:7 sessions:read" .. RAW,
      "main.lua:9 sessions:read" .. RAW,
    }, found {
      ["flare.lua"] = "return { allowed_secrets = { 'K' } }",
      ["main.lua"] = [[
local app, s = require("flaron.router").new(), require("flaron.session").new { secret = "K" }
local read = s.read
app:get("/1", function(r) local h = r.header h(r, "Accept") return { body = h(r, "Cookie") } end)
app:get("/2", function(r) local json = r["json"] return { json = json(r) } end)
app:get("/3", function(r) return { body = select(2, pcall(r.body, r)) } end)
app:get("/4", function(r) local form = r and r.form return { json = form(r) } end)
app:get("/5", function() return { json = read(s) } end)
app:get("/6", function(r) local unused, json = r.params, s.write json(s, {}) return unused end)
app:get("/7", function() local ways = { read = s.read } return { json = ways.read(s) } end)
return app:handler()]] })
  end)

  it("sees what functions ask of the request that they get, wherever it comes in", function()
    assert.same({
      "lib/pages.lua:3 req:json" .. BODY,
      'lib/pages.lua:5 req:header "Authorization"' .. RAW,
      "main.lua:3 req:form" .. BODY,
      "main.lua:6 req:body" .. BODY,
      "main.lua:8 sessions:read" .. RAW,
    }, found {
      ["flare.lua"] = "return { allowed_secrets = { 'K' } }",
      ["lib/pages.lua"] = [[
local Pages = {}
Pages.__index = Pages
function Pages:show(kind, asked) return kind and asked:json() end
function Pages.new(asked) return setmetatable({ asked = asked }, Pages) end
function Pages:user() return self.asked:header "Authorization" end
return Pages]],
      ["main.lua"] = [[
local app, pages = require("flaron.router").new(), require "lib.pages"
local handlers = {}
local function form(kind, asked) return kind and asked:form() end
function handlers.first(r) return { json = { pages:show("a", r), pages.new(r):user(), form(1, r) } } end
handlers.second = function(r)
  return { json = { pcall(function(_, asked) return asked:body() end, 1, r) } }
end
local function user(_, store) return store:read() end
app:get("/1", handlers.first) app:get("/2", handlers.second)
app:get("/3", function() return { json = user(1, require("flaron.session").new { secret = "K" }) } end)
return app:handler()]] })
  end)

  it("says once where it loses a request", function()
    local function notes(code)
      local folder = project { ["main.lua"] = code }
      local status, output = support.cli("check", folder, "--strict")
      assert.equal(0, status, output)
      local list = {}
      for place in output:gmatch "main%.lua:(%d+:%d+): note: what is asked of a request or a session that goes here is not seen" do
        list[#list + 1] = place
      end
      return list
    end
    local head = "local app = require('flaron.router').new()\nlocal pages = {}\n"
    assert.same({ "3:33" }, notes(head .. [[
app:get("/", function(r) return pages[r.params.page](pages, r) end)
app:get("/x", function(r) return pages[r.params.page](pages, r) end)
return app:handler()]]))
    assert.same({ "4:33" }, notes(head .. [[
function pages:any(name, ...) return self[name](self, ...) end
app:get("/", function(r) return pages:any("x", r) end)
return app:handler()]]))
    assert.same({}, notes(head .. [[
function pages:any(name, r) return name and r end
app:get("/", function(r) print(1, r) return pages:any("x", r) end)
return app:handler()]]))
  end)

  it("sees modules that are got through pcall", function()
    for _, code in ipairs { "local ok, c = pcall(require, 'flaron.cookie') return function() return ok and { body = c.get 'a' } end",
      "local ok, c = pcall(require, 'flaron.cookie') if not ok then c = nil end return function() return { body = c.get 'a' } end",
      "local ok, m = pcall(require, 'flaron.cookie') local c = ok and m or nil return function() return { body = c.get 'a' } end",
      "local c = select(2, pcall(require, 'flaron.cookie')) return function() return { body = c.get 'a' } end",
      "local ok, c = xpcall(require, print, 'flaron.cookie') return function() return ok and { body = c.get 'a' } end" } do
      assert.same({ "main.lua:1 cookie.get" .. RAW }, found(code), code)
    end
  end)

  it("is content with what is granted, and grants it by --fix", function()
    local main = [[
local cookie, session = require "flaron.cookie", require "flaron.session"
local app, s = require("flaron.router").new(), session.new { secret = "K", old_secrets = { "O" } }
app:post("/", function(r) return { json = { r:form(), cookie.get "a", s:read() } } end)
return app:handler()]]
    local folder = project { ["main.lua"] = main }
    assert.equal(0, (support.cli("check", folder, "--fix")))
    local manifest = support.read(folder .. "/flare.lua")
    for _, part in ipairs { "requires_body = true", "requires_raw_auth = true", 'allowed_secrets = { "K", "O" }' } do
      assert.truthy(manifest:find(part, 1, true), part)
    end
    local code, output = support.cli("check", folder, "--strict")
    assert.equal(0, code, output)
    assert.matches("\n0 errors, 0 warnings\n$", output)
    assert.same({}, found { ["main.lua"] = main, ["flare.lua"] = manifest })
  end)
end)

describe("scripts/check/rights.lua", function()
  local rights
  setup(function()
    local environment = {}
    assert(loadfile("scripts/check/rights.lua", "t", environment))()
    rights = environment.rights
  end)

  it("has a row for each function of the ready-made modules, and no other", function()
    local rows, names = {}, {}
    for module, functions in pairs(rights.functions) do
      for name in pairs(functions) do rows[#rows + 1] = module:match "[^.]*$" .. "." .. name end
    end
    for kind, methods in pairs(rights.methods) do
      for name in pairs(methods) do rows[#rows + 1] = kind .. ":" .. name end
    end
    local _, files = support.run "find scripts/modules/flaron -name '*.lua'"
    for path in files:gmatch "[^\n]+" do
      local source = support.read(path)
      -- Not what only the modules themselves require.
      if not path:find "/flaron/internal/" and not path:find "/tree%.lua$" and not path:find "/answer%.lua$" then
        for object, sign, name in ("\n" .. source):gmatch "\nfunction ([%a_][%w_]*)([.:])([%w_]+)" do
          names[#names + 1] = object .. sign .. name
        end
      end
      for name in source:gmatch "\n%-%-%-@field (%a+) fun%(self: flaron%.router%.App," do
        names[#names + 1] = "app:" .. name
      end
    end
    table.sort(rows)
    table.sort(names)
    assert.same(names, rows)
  end)
end)
