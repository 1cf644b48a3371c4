-- arguments_spec.lua - wrong arguments of the ready-made modules, a dot for a colon and a colon for a dot: what is said, and
-- that it is said of the line in the flare's own script. A function that is added must be in `functions` below.
local support = require "support"

-- Each public function: how it is called, and of each argument what it takes. "any" takes all, "-" ends the types and says
-- that the argument may be nil.
local functions = {
  ["cache.new"] = { "table" }, ["store:fetch"] = { "string", "table -" }, ["store:handler"] = { "function" },
  ["store:middleware"] = {}, ["store:purge"] = { "string" },
  ["cookie.parse"] = { "string -" }, ["cookie.get"] = { "string" },
  ["cookie.serialize"] = { "string", "string", "table -" }, ["cookie.set"] = { "string", "string", "table -" },
  ["cookie.delete"] = { "string", "table -" },
  ["cors.new"] = { "table" }, ["policy:apply"] = {}, ["policy:middleware"] = {},
  ["csrf.new"] = { "table" }, ["guard:token"] = {}, ["guard:verify"] = { "string -" }, ["guard:check"] = {}, ["guard:middleware"] = {},
  ["date.http"] = { "number" }, ["date.parse_http"] = { "string", "number -" }, ["date.iso"] = { "number", "number -", "number -" },
  ["date.parse_iso"] = { "string", "number -" },
  ["html.escape"] = { "string" }, ["html.new"] = { "table -" }, ["rewriter:on"] = { "string", "function" },
  ["rewriter:on_text"] = { "string", "function" }, ["rewriter:on_comment"] = { "function" }, ["rewriter:rewrite"] = { "string" },
  ["element:get"] = { "string" }, ["element:set"] = { "string", "string" }, ["element:unset"] = { "string" },
  ["element:has_word"] = { "string", "string" }, ["element:add_word"] = { "string", "string" }, ["element:before"] = { "string" },
  ["element:after"] = { "string" }, ["element:prepend"] = { "string" }, ["element:append"] = { "string" },
  ["element:set_content"] = { "string" }, ["element:replace"] = { "string" }, ["element:remove"] = {}, ["element:unwrap"] = {},
  ["i18n.negotiate"] = { "string -", "table" }, ["i18n.plural"] = { "string", "string number", "boolean -" }, ["i18n.new"] = { "table" },
  ["texts:language"] = {}, ["texts:text"] = { "string", "string", "table -" },
  ["inspect.text"] = { "any", "table -" },
  ["jwt.new"] = { "table" }, ["jwt.keys"] = { "table" }, ["jwt.sign"] = { "table", "string table", "table -" },
  ["tokens:verify"] = { "string -" },
  ["multipart.parse"] = { "string", "string -", "table -" }, ["multipart.form"] = { "table -" },
  ["oidc.new"] = { "table" }, ["oidc.keys"] = { "table" }, ["client:login"] = { "string -", "table -" }, ["client:callback"] = {},
  ["client:user"] = {}, ["client:access_token"] = {}, ["client:refresh"] = {}, ["client:userinfo"] = {}, ["client:logout"] = {},
  ["client:middleware"] = {},
  ["openresty.handler"] = { "table" },
  ["ratelimit.spark"] = { "table" }, ["ratelimit.plasma"] = { "table" }, ["limiter:count"] = { "string" },
  ["limiter:apply"] = { "table" }, ["limiter:middleware"] = {},
  ["security_headers.new"] = { "table -" }, ["shield:nonce"] = {}, ["shield:apply"] = {}, ["shield:middleware"] = {},
  ["url.decode"] = { "string" }, ["url.encode"] = { "string number" }, ["url.query"] = { "string -" },
  ["url.parse"] = { "string" }, ["url.build"] = { "table" },
  ["sigv4.new"] = { "table" }, ["signer:sign"] = { "string", "table -" },
  ["signer:presign"] = { "string", "number -", "string -" },
  ["webhook.new"] = { "table" }, ["receiver:verify"] = { "string", "table" }, ["receiver:check"] = {},
  ["template.escape"] = { "any" }, ["template.compile"] = { "string", "string -", "table -" }, ["page:render"] = { "table -" },
  ["session.new"] = { "table" }, ["session.equal"] = { "string", "string" },
  ["sessions:sign"] = { "table", "number -" }, ["sessions:verify"] = { "string -" }, ["sessions:write"] = { "table" },
  ["sessions:read"] = {}, ["sessions:clear"] = {},
  ["router.plain_paths"] = { "table", "function" },
  ["router.new"] = { "table -" }, ["app:handler"] = {}, ["app:use"] = { "function -" },
  ["app:group"] = { "string", "function -" }, ["app:route"] = { "string table", "string", "function -" },
  ["req:header"] = { "string number" }, ["req:body"] = {}, ["req:json"] = {}, ["req:form"] = {},
}
for _, method in ipairs { "get", "post", "put", "patch", "delete", "head", "options", "any" } do
  functions["app:" .. method] = { "string", "function" }
end

local good = { string = "'/a'", table = "{}", ["function"] = "print", number = "1", any = "'a'" }
local values = { ["nil"] = "nil", boolean = "true", number = "5", table = "{}", string = "'/a'", ["function"] = "print" }

-- A flare that has all modules and an object of each kind, and runs what the header asks for.
local main = [[
local flaron = require "flaron"
local modules = {
  cache = require "flaron.cache", html = require "flaron.html", i18n = require "flaron.i18n",
  cookie = require "flaron.cookie", url = require "flaron.url", template = require "flaron.template",
  session = require "flaron.session", router = require "flaron.router", date = require "flaron.date",
  cors = require "flaron.cors", csrf = require "flaron.csrf", ratelimit = require "flaron.ratelimit", inspect = require "flaron.inspect",
  multipart = require "flaron.multipart", openresty = require "flaron.openresty",
  webhook = require "flaron.webhook",
  sigv4 = require "flaron.sigv4",
  jwt = require "flaron.jwt",
  security_headers = require "flaron.security_headers",
  oidc = require "flaron.oidc",
}
local outer = modules.router.new()
local id = "https://id.example"
local objects = {
  store = modules.cache.new { name = "n" }, rewriter = modules.html.new(),
  texts = modules.i18n.new { languages = { "en" }, messages = {} },
  element = require "flaron.internal.html.element".new { name = "p", source = "<p>", list = {}, by_name = {} },
  page = modules.template.compile "x", sessions = modules.session.new { secret = "KEY" }, app = outer,
  policy = modules.cors.new { origins = "*" }, shield = modules.security_headers.new(),
  limiter = modules.ratelimit.spark { name = "n", limit = 1, window = 1 },
  tokens = modules.jwt.new { secret = "KEY" },
  guard = modules.csrf.new { secret = "KEY" },
  signer = modules.sigv4.new { region = "r", service = "s", access_key = "a", secret = "KEY" },
  client = modules.oidc.new { issuer = id, client_id = "a", redirect_uri = id, sessions = modules.session.new { secret = "KEY" } },
  receiver = modules.webhook.new { from = "slack", secret = "KEY" },
}
outer:any("/*rest", function(req)
  local names = { req = req, print = print }
  for name, module in pairs(modules) do names[name] = module end
  for name, object in pairs(objects) do names[name] = object end
  names.app = modules.router.new() -- outer takes no more routes
  local ask = assert(load("\n" .. flaron.request.header "script", "=main.lua", "t", names))
  local good, message = pcall(ask)
  return { body = good and "" or tostring(message) }
end)
return {
  handle_request = function()
    if flaron.request.header "script" ~= "names" then return outer:handler()() end
    local names = {}
    for name, object in pairs(modules) do
      for field, value in pairs(object) do
        if type(value) == "function" then names[#names + 1] = name .. "." .. field end
      end
    end
    for name, object in pairs(objects) do
      for field, value in pairs(getmetatable(object).__index) do
        if type(value) == "function" and not field:find "^__" then names[#names + 1] = name .. ":" .. field end
      end
    end
    return { body = table.concat(names, "\n") }
  end,
}]]

describe("the ready-made modules", function()
  local flare = support.load(main, { requires_body = true, secrets = { KEY = "k" } })

  local function say(script)
    local answer = assert(flare:request { headers = { script = script } })
    assert.equal(200, answer.status, answer.error)
    return answer.body
  end

  local function call(name, arguments) return name .. "(" .. table.concat(arguments, ", ") .. ")" end

  it("are all in this spec", function()
    local there = {}
    for name in say("names"):gmatch "[^\n]+" do there[name] = true end
    for name in pairs(there) do assert.truthy(functions[name], name) end
    for name in pairs(functions) do assert.truthy(there[name] or name:find "^req:", name) end
  end)

  for name, arguments in pairs(functions) do
    it(name .. " names a wrong argument, its number and its type", function()
      for n, types in ipairs(arguments) do
        for kind, value in pairs(values) do
          if types ~= "any" and not types:find(kind, 1, true) and not (kind == "nil" and types:find("-", 1, true)) then
            local given = {}
            for i = 1, n - 1 do given[i] = good[arguments[i]:match "^%l+"] end
            given[n] = value
            local message = say(call(name, given))
            local expected = types:match "^%l+"
            assert.equal(("main.lua:2: bad argument #%d to '%s' (%s expected, got %s)"):format(n, name, expected, kind), message)
          end
        end
      end
    end)
  end

  it("say when a dot stands for a colon", function()
    for name in pairs(functions) do
      local object, method = name:match "^(%l+):(%l+)$"
      if object then
        for _, given in ipairs { "", "'/a'", "'/a', print", "{}", "5", "print" } do
          assert.equal(("main.lua:2: call it %s(...), with a colon"):format(name), say(("%s.%s(%s)"):format(object, method, given)))
        end
      end
    end
  end)

  it("say when a colon stands for a dot", function()
    for name in pairs(functions) do
      local module, field = name:match "^([%l%d_]+)%.([%l_]+)$"
      if module then
        for _, given in ipairs { "", "'/a'", "{}" } do
          assert.equal(("main.lua:2: call it %s(...), with a dot"):format(name), say(("%s:%s(%s)"):format(module, field, given)))
        end
      end
    end
  end)
end)
