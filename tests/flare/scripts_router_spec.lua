-- scripts_router_spec.lua - flaron.router: which route a path finds, middleware, answers, and mistakes at start-up.
local support = require "support"

-- A flare of routes; `app`, `router` and `flaron` are there, and `show`, a handler that tells a name and the params.
local function load(routes, options)
  return support.load(([[
    local flaron, router = require "flaron", require "flaron.router"
    local function show(name)
      return function(req)
        local list = {}
        for key, value in pairs(req.params) do list[#list + 1] = key .. "=" .. value end
        table.sort(list)
        return { body = name .. (#list > 0 and " " or "") .. table.concat(list, " ") }
      end
    end
    local app = router.new(%s)
    %s
    return app:handler()]]):format(options or "", routes))
end

local function ask(flare, path, method, request)
  local all = { url = "https://example.com" .. path, method = method }
  for key, value in pairs(request or {}) do all[key] = value end
  local answer = assert(flare:request(all))
  if answer.status == 500 then error(support.log(answer, "error"), 0) end
  return answer
end

-- The bodies that paths come to, each "PATH" or "METHOD PATH".
local function expect(flare, expected)
  for what, body in pairs(expected) do
    local method, path = what:match "^([%u-]+) (.*)$"
    assert.equal(body, ask(flare, path or what, method).body, what)
  end
end

-- What is wrong with routes, said at start-up.
local function fault(routes)
  local flare, message = support.try_load(([[
local router = require "flaron.router"
local app = router.new()
%s
return app:handler()]]):format(routes))
  assert.is_nil(flare)
  return message:match "^[^\n]*"
end

describe("flaron.router finds", function()
  it("paths as they are", function()
    local flare <close> = load [[
      app:get("/", show "home")
      app:get("/about", show "about")
      app:get("/a/b.c-d_~/e", show "deep")
      app:get("/käse", show "cheese")
      app:get("/100%", show "all")
      app:get("/a b", show "blank")]]
    expect(flare, {
      [""] = "home", ["/"] = "home", ["?x=/about"] = "home", ["#/about"] = "home", ["/about"] = "about", ["/about/"] = "about",
      ["/about?"] = "about", ["/about?a=/b#c"] = "about", ["/%61bout"] = "about", ["/a/b.c-d_~/e"] = "deep",
      ["/a%2fb.c-d_~/e"] = "Not Found\n",
      ["/k%C3%A4se"] = "cheese", ["/käse"] = "cheese", ["/k%c3%a4se/"] = "cheese", ["/100%"] = "all", ["/100%25"] = "all",
      ["/a%20b"] = "blank", ["/a+b"] = "Not Found\n", ["/About"] = "Not Found\n", ["/about//"] = "Not Found\n", ["//about"] = "Not Found\n",
      ["//"] = "Not Found\n", ["/about/x"] = "Not Found\n", ["/abou"] = "Not Found\n",
      ["/./about"] = "Not Found\n", ["/x/../about"] = "Not Found\n",
    })
  end)

  it("parameters, decoded after the path was taken apart", function()
    local flare <close> = load [[
      app:get("/users/:id", show "user")
      app:get("/users/:id/posts/:post", show "post")
      app:get("/:a/:b/:c/:d", show "four")]]
    expect(flare, {
      ["/users/7"] = "user id=7", ["/users/7/"] = "user id=7", ["/users/a%2Fb"] = "user id=a/b", ["/users/%zz%"] = "user id=%zz%",
      ["/users/%00%ff"] = "user id=\0\255", ["/users/.."] = "user id=..", ["/users/a+b"] = "user id=a+b", ["/users/:id"] = "user id=:id",
      ["/users/%2525"] = "user id=%25", ["/users"] = "Not Found\n", ["/users/"] = "Not Found\n", ["/users//"] = "Not Found\n",
      ["/users/7/posts/8"] = "post id=7 post=8", ["/users/7/posts"] = "Not Found\n", ["/users/7/pasts/8"] = "four a=users b=7 c=pasts d=8",
      ["/1/2/3/4"] = "four a=1 b=2 c=3 d=4", ["/1//3/4"] = "Not Found\n",
    })
  end)

  it("the rest of a path", function()
    local flare <close> = load [[
      app:get("/files/*path", show "file")
      app:get("/:user/raw/*_", show "raw")]]
    expect(flare, {
      ["/files"] = "file path=", ["/files/"] = "file path=", ["/files/a"] = "file path=a", ["/files/a/b/"] = "file path=a/b/",
      ["/files//a"] = "file path=/a", ["/files/a%2Fb%20c"] = "file path=a/b c", ["/files/../x"] = "file path=../x",
      ["/filesx"] = "Not Found\n", ["/ada/raw/x/y"] = "raw _=x/y user=ada", ["/ada/raw"] = "raw _= user=ada",
    })
  end)

  it("what is said more exactly first, and goes back when that leads nowhere", function()
    local flare <close> = load [[
      app:get("/*all", show "all")
      app:get("/:one/:two", show "two")
      app:get("/users/:id", show "user")
      app:get("/users/new", show "new")
      app:get("/users/new/draft", show "draft")
      app:get("/users/:id/*rest", show "rest")
      app:get("/users/:name/edit", show "edit")]]
    expect(flare, {
      ["/users/new"] = "new", ["/users/7"] = "user id=7", ["/users/new/draft"] = "draft", ["/users/new/edit"] = "edit name=new",
      ["/users/new/draft/x"] = "rest id=new rest=draft/x", ["/users/7/edit"] = "edit name=7", ["/users/7/edit/"] = "edit name=7",
      ["/users/7/x"] = "rest id=7 rest=x", ["/users"] = "all all=users", ["/"] = "all all=", ["/x/y"] = "two one=x two=y",
      ["/x/y/z"] = "all all=x/y/z", ["/users/"] = "all all=users/",
    })
  end)

  it("the method, also on a route that is said less exactly", function()
    local flare <close> = load [[
      for _, m in ipairs { "get", "post", "put", "patch", "delete", "head", "options" } do app[m](app, "/m", show(m)) end
      app:any("/any/:x", show "any")
      app:post("/any/:x", show "post")
      app:get("/users/new", show "new")
      app:delete("/users/:id", show "delete")
      app:route({ "PURGE", "m-search" }, "/cache", show "special")]]
    expect(flare, {
      ["GET /m"] = "get", ["POST /m"] = "post", ["PUT /m"] = "put", ["PATCH /m"] = "patch", ["DELETE /m"] = "delete", ["HEAD /m"] = "head",
      ["OPTIONS /m"] = "options", ["GET /any/1"] = "any x=1", ["POST /any/1"] = "post x=1", ["OPTIONS /any/1"] = "any x=1",
      ["HEAD /any/1"] = "any x=1", ["GET /users/new"] = "new", ["DELETE /users/new"] = "delete id=new", ["PURGE /cache"] = "special",
      ["M-SEARCH /cache"] = "special",
    })
  end)

  it("nothing: 404, or 405 with the methods of all routes of the path", function()
    local flare <close> = load [[
      app:get("/users/new", show "new")
      app:put("/users/:id", show "put")
      app:delete("/users/*rest", show "delete")
      app:post("/login", show "login")]]
    local function allowed(path, method)
      local answer = ask(flare, path, method)
      assert.equal(405, answer.status)
      assert.equal("Method Not Allowed\n", answer.body)
      assert.equal("text/plain; charset=utf-8", answer.headers["content-type"])
      return answer.headers.allow
    end
    assert.equal("DELETE, GET, HEAD, OPTIONS, PUT", allowed("/users/new", "POST"))
    assert.equal("DELETE, OPTIONS, PUT", allowed("/users/7", "GET"))
    assert.equal("DELETE, OPTIONS", allowed("/users", "HEAD"))
    assert.equal("OPTIONS, POST", allowed("/login", "BREW"))
    local answer = ask(flare, "/nowhere", "OPTIONS")
    assert.equal(404, answer.status)
    assert.is_nil(answer.headers.allow)
    answer = ask(flare, "/login/", "OPTIONS")
    assert.equal(204, answer.status)
    assert.equal("OPTIONS, POST", answer.headers.allow)
    assert.equal("", answer.body)
  end)

  it("with GET what HEAD asks for, and an own route for it first", function()
    local flare <close> = load [[
      app:get("/a", show "get")
      app:get("/b", show "get")
      app:head("/b", function() return { headers = { ["x-own"] = "yes" } } end)]]
    assert.equal(200, ask(flare, "/a", "HEAD").status)
    assert.equal("yes", ask(flare, "/b", "HEAD").headers["x-own"])
  end)

  it("nothing when there are no routes", function()
    local flare <close> = load ""
    assert.equal(404, ask(flare, "/").status)
  end)

  it("its way in a path of 100,000 segments, and among routes that all nearly fit", function()
    local flare <close> = load [[
      app:get("/*rest", function(req) return { body = tostring(#req.params.rest) } end)
      local function add(path, depth)
        if depth == 10 then return app:get(path .. "/end", show "end") end
        add(path .. "/a", depth + 1)
        add(path .. "/:p" .. depth, depth + 1)
      end
      add("", 0)]]
    assert.equal("199999", ask(flare, ("/a"):rep(100000)).body)
    local path = ("/a"):rep(10)
    assert.equal("end", ask(flare, path .. "/end").body)
    assert.equal(tostring(#path - 1 + #"/no"), ask(flare, path .. "/no").body)
  end)
end)

describe("a request of flaron.router", function()
  it("has what was asked", function()
    local flare <close> = load [[
      app:post("/a/:b", function(req)
        return { json = { req.method, req.url, req.path, req.query_string, req.query.x, req.query.y or "-", req.params.b,
          req:header "X-Y", req:body() } }
      end)]]
    local answer = ask(flare, "/a/%62?x=1+2&x=3", "POST", { headers = { ["x-y"] = "z" }, body = "\0body" })
    assert.equal([==[["POST","https:\/\/example.com\/a\/%62?x=1+2&x=3","\/a\/%62","x=1+2&x=3","1 2","-","b","z","\u0000body"]]==],
      answer.body)
  end)

  it("reads JSON and forms, and says when there is none", function()
    local flare <close> = load [[
      app:post("/json", function(req)
        local value, message = req:json()
        return { body = message or type(value) .. (value == flaron.json.null and " null" or "") }
      end)
      app:post("/form", function(req) return { json = req:form() } end)]]
    for body, expected in pairs { ["{}"] = "table", ["\xEF\xBB\xBF{}"] = "table",
      ["1"] = "number", ["null"] = "userdata null", [""] = "not JSON", ["{"] = "not JSON",
      [("["):rep(5000)] = "not JSON" } do
      assert.equal(expected, ask(flare, "/json", "POST", { body = body }).body)
    end
    assert.equal('{"a":"b c"}', ask(flare, "/form", "POST", { body = "a=b+c&a=d" }).body)
    assert.equal("{}", ask(flare, "/form", "POST").body)
  end)

  it("lets plain paths alone go on to a guard", function()
    local flare <close> = load [[
      app:use(router.plain_paths)
      app:any("/*rest", function(req) return { body = req.path:find "^/admin" and "guarded" or "open" } end)]]
    for path, body in pairs {
      ["/"] = "open", [""] = "open", ["/admin"] = "guarded", ["/admin/x/"] = "guarded", ["/a/.b/..c/d..e/..."] = "open",
      ["/K%C3%A4se%20%25%7E%3F%23"] = "open", ["/~a/b:c@d!$&'()*+,="] = "open", ["/x?a=//../%61;\\"] = "open", ["/100%25/%2B"] = "open",
      ["/ü"] = "open",
    } do
      assert.same({ 200, body }, { ask(flare, path).status, ask(flare, path).body }, path)
    end
    for _, path in ipairs {
      "//admin", "/x//admin", "/%61dmin", "/admi%6E", "/x/../admin", "/x/..", "/..", "/.", "/./admin", "/x/%2e%2E/admin",
      "/x/.%2e/admin", "/%2fadmin", "/x%2F..%2fadmin", "/x%5c..%5Cadmin", "/\\admin", "/x\\..\\admin", "/admin;x", "/x;/../admin",
      "/x%3b/y", "/%2561dmin", "/%252e%252e/admin", "/x%00", "/x%0a", "/x%7f", "/x%", "/x%6", "/x%zz", "/%c0%ae%c0%ae/admin", "/%ff",
      "/a%2db", "/a%5Fb", "/%30",
    } do
      assert.equal(400, ask(flare, path).status, path)
    end
  end)

  it("is new each time", function()
    local flare <close> = load [[
      app:any("/:a", function(req)
        local before = req.mark
        req.mark, req.params.more = "x", "y"
        return { body = tostring(before) .. tostring(req.query.z) }
      end)]]
    for _ = 1, 2 do assert.equal("nilnil", ask(flare, "/1").body) end
  end)

  -- Memory is filled up, and a little of it given back, more each time.
  it("lets an error of memory through: the body is JSON all the same", function()
    local asked <close> = require "evaluate".open({}, {
      ["flare.lua"] = "return { modules = { 'flaron.router.request' }, requires_body = true }" })
    local found = asked:run([=[
      local req = require "flaron.router.request" {}
      local function ask() return req:json() end
      local found, ballast = {}, {}
      local function fill()
        local size = 1 << 18
        while size >= 64 do
          if not pcall(function() ballast[#ballast + 1] = ("x"):rep(size) end) then size = size // 2 end
        end
      end
      for give = 1, 60 do
        fill()
        for _ = 1, give do ballast[#ballast] = nil end
        collectgarbage()
        local good, value, reason = pcall(ask)
        local text = tostring(not good and value or reason or "good"):match "not enough memory" or reason or "good"
        found[text] = (found[text] or 0) + 1
      end
      ballast = nil
      return found]=], { method = "POST", body = '{"list":[' .. ("1,"):rep(500) .. '{}], "s":"' .. ("y"):rep(1500) .. '"}' })[1]
    assert.is_true((found["not enough memory"] or 0) > 0 and (found.good or 0) > 0)
    found["not enough memory"], found.good = nil, nil
    assert.same({}, found)
  end)
end)

describe("an answer of flaron.router", function()
  it("is what handle_request may answer", function()
    local flare <close> = load [[
      app:get("/nothing", function() flaron.response.set_status(202) flaron.response.set_body "set" end)
      app:get("/respond", function() flaron.response.set_body "set" return flaron.RESPOND end)
      app:get("/pass", function() return flaron.PASS_THROUGH end)
      app:get("/transform", function() return flaron.TRANSFORM end)
      app:get("/table", function() return { status = 418, headers = { ["X-A"] = "b" }, body = "pot" } end)]]
    local answer = ask(flare, "/nothing")
    assert.same({ 202, "set", "respond" }, { answer.status, answer.body, answer.action })
    assert.equal("set", ask(flare, "/respond").body)
    assert.equal("pass_through", ask(flare, "/pass").action)
    assert.equal("transform", ask(flare, "/transform").action)
    answer = ask(flare, "/table")
    assert.same({ 418, "pot", "b" }, { answer.status, answer.body, answer.headers["X-A"] })
  end)

  it("may be JSON, with another content type", function()
    local flare <close> = load [[
      local fixed = { json = { 1 }, status = 201, headers = { ["Content-Type"] = "application/problem+json", ["x-a"] = "b" } }
      app:get("/fixed", function() return fixed end)
      app:get("/false", function() return { json = false } end)
      app:get("/null", function() return { json = flaron.json.null } end)
      app:get("/empty", function() return { json = flaron.json.empty_array } end)]]
    local answer = ask(flare, "/fixed")
    assert.same({ 201, "[1]", "application/problem+json", "b" },
      { answer.status, answer.body, answer.headers["content-type"], answer.headers["x-a"] })
    expect(flare, { ["/false"] = "false", ["/null"] = "null", ["/empty"] = "[]" })
    assert.equal("application/json", ask(flare, "/null").headers["content-type"])
  end)

  it("that makes no sense is a 500 that says why", function()
    local flare <close> = load [[
      app:get("/both", function() return { json = {}, body = "x" } end)
      app:get("/unknown", function() return { json = {}, stats = 1 } end)
      app:get("/function", function() return { json = print } end)
      app:get("/headers", function() return { json = {}, headers = "x" } end)
      app:get("/string", function() return "x" end)
      app:get("/error", function() error "the shelf is empty" end)]]
    for path, words in pairs {
      ["/both"] = "the answer has both json and body", ["/unknown"] = "unknown field 'stats'", ["/function"] = "Cannot serialise function",
      ["/headers"] = "field 'headers' of the answer is a string, not a table", ["/string"] = "string",
      ["/error"] = "main.lua:%d+: the shelf is empty",
    } do
      local answer = assert(flare:request { url = "https://example.com" .. path })
      assert.equal(500, answer.status)
      assert.equal("Internal Server Error", answer.body)
      assert.matches(words, support.log(answer, "error"))
    end
  end)

  it("may be one's own for 404 and 405", function()
    local flare <close> = load([[app:get("/a", show "a")]], [[{
      not_found = function(req) return { status = 404, json = { path = req.path } } end,
      method_not_allowed = function(req) return { status = 405, headers = { ["x-method"] = req.method }, body = "no" } end,
    }]])
    local answer = ask(flare, "/b", "PUT")
    assert.same({ 404, '{"path":"\\/b"}' }, { answer.status, answer.body })
    answer = ask(flare, "/a", "PUT")
    assert.same({ 405, "no", "PUT", "GET, HEAD, OPTIONS" },
      { answer.status, answer.body, answer.headers["x-method"], answer.headers.allow })
  end)
end)

describe("middleware of flaron.router", function()
  local noting = [[
    local function note(name)
      return function(req, next)
        req.notes = (req.notes or "") .. name
        local answer = next()
        if type(answer) == "table" then answer.body = (answer.body or "") .. "/" .. name end
        return answer
      end
    end
    local function notes(req) return { body = req.notes or "" } end
  ]]

  it("is around routes from outside in, wherever it was added", function()
    local flare <close> = load(noting .. [[
      app:get("/early", notes)
      app:use(note "1", note "2")
      local group = app:group("/g", note "3")
      group:get("/x", note "5", note "6", notes)
      group:use(note "4")
      group:group("/h/", note "7"):get("/y", notes)
      app:get("/late", notes)
      app:use(note "8")]])
    expect(flare, {
      ["/early"] = "128/8/2/1", ["/late"] = "128/8/2/1", ["/g/x"] = "1283456/6/5/4/3/8/2/1", ["/g/h/y"] = "128347/7/4/3/8/2/1",
      ["/nowhere"] = "Not Found\n/8/2/1", ["/g/nowhere"] = "Not Found\n/8/2/1", ["PUT /g/x"] = "Method Not Allowed\n/8/2/1",
    })
    assert.equal("GET, HEAD, OPTIONS", ask(flare, "/g/x", "OPTIONS").headers.allow)
  end)

  it("may answer itself, answer otherwise, catch errors and set headers", function()
    local flare <close> = load [[
      app:use(function(_, next)
        flaron.response.set_header("x-all", "yes")
        local good, answer = pcall(next)
        if good then return answer end
        return { status = 503, body = "caught" }
      end)
      app:get("/stop", function() return { status = 401 } end, function() error "never reached" end)
      app:get("/other", function(_, next) next() return { body = "other" } end, function() return { status = 404 } end)
      app:get("/error", function() error "x" end)
      app:get("/pass", function(_, next) return next() end, function() return flaron.PASS_THROUGH end)
      app:get("/json", function(_, next) local answer = next() answer.json.more = 1 return answer end, function() return { json = {} } end)
      app:get("/lost", function(_, next) next() end, function() return { body = "lost" } end)
      app:get("/twice", function(_, next) next() return next() end,
        function(req) req.n = (req.n or 0) + 1 return { body = req.n .. "" } end)]]
    assert.equal(401, ask(flare, "/stop").status)
    assert.same({ 200, "other" }, { ask(flare, "/other").status, ask(flare, "/other").body })
    assert.same({ 503, "caught" }, { ask(flare, "/error").status, ask(flare, "/error").body })
    assert.equal("pass_through", ask(flare, "/pass").action)
    expect(flare, { ["/json"] = '{"more":1}', ["/lost"] = "", ["/twice"] = "2" })
    for _, path in ipairs { "/stop", "/error", "/json", "/nowhere" } do assert.equal("yes", ask(flare, path).headers["x-all"]) end
  end)

  it("of a group may use parameters of its prefix", function()
    local flare <close> = load [[
      local shop = app:group("/shops/:shop", function(req, next)
        if req.params.shop ~= "a" then return { status = 403, body = "no" } end
        return next()
      end)
      shop:get("/", show "shop")
      shop:get("/items/:item", show "item")]]
    expect(flare, { ["/shops/a"] = "shop shop=a", ["/shops/a/items/7"] = "item item=7 shop=a", ["/shops/b/items/7"] = "no",
      ["/shops"] = "Not Found\n" })
  end)
end)

describe("flaron.router refuses at start-up, naming the line,", function()
  it("patterns that make no sense", function()
    for pattern, words in pairs {
      ["users"] = "a pattern must begin with '/'", [""] = "a pattern must begin with '/'", ["/a//b"] = "/a//b: a segment is empty",
      ["/:"] = "/:: '' is no name", ["/:a-b"] = "/:a-b: 'a-b' is no name", ["/:1"] = "/:1: '1' is no name", ["/*"] = "/*: '' is no name",
      ["/u/{id}"] = "/u/{id}: a parameter is written ':id', not '{id}'", ["/<a>/b"] = "/<a>/b: a parameter is written ':a', not '<a>'",
      ["/*a/b"] = "/*a/b: a wildcard must be last", ["/:a/:a"] = "/:a/:a: 'a' is there twice", ["/:a/*a"] = "/:a/*a: 'a' is there twice",
    } do
      assert.equal("main.lua:3: " .. words, fault(("app:get(%q, print)"):format(pattern)))
    end
    assert.equal("main.lua:3: bad argument #1 to 'app:get' (string expected, got number)", fault "app:get(7, print)")
    assert.equal("main.lua:3: a prefix must begin with '/'", fault "app:group 'x'")
  end)

  it("handlers that are none", function()
    assert.equal("main.lua:3: /: there is no handler", fault "app:get '/'")
    assert.equal("main.lua:3: bad argument #3 to 'app:post' (function expected, got string)", fault "app:post('/', print, 'x')")
    assert.equal("main.lua:3: bad argument #1 to 'app:use' (function expected, got table)", fault "app:use {}")
    assert.equal("main.lua:3: bad argument #2 to 'app:group' (function expected, got number)", fault "app:group('/', 7)")
    assert.equal("main.lua:3: unknown option 'notfound' of router.new: did you mean 'not_found'?", fault "router.new { notfound = print }")
  end)

  it("the same route twice, and what is no method", function()
    assert.equal("main.lua:4: GET /a/:y is there already", fault "app:get('/a/:x', print)\napp:get('/a/:y', print)")
    assert.equal("main.lua:3: GET /a/ is there already", fault "app:get('/a', print) app:group('/a'):get('/', print)")
    assert.equal("main.lua:3: PUT /a is there already", fault "app:route({ 'PUT', 'put' }, '/a', print)")
    assert.equal("main.lua:3: 'A B' is no method", fault "app:route('A B', '/', print)")
    assert.equal("main.lua:3: '' is no method", fault "app:route({ 'GET', '' }, '/', print)")
  end)

  it("what comes too late", function()
    assert.equal("main.lua:3: a route is added after app:handler()", fault "app:handler() app:get('/', print)")
    assert.equal("main.lua:3: middleware is added after app:handler()", fault "app:group '/x':handler() app:use(print)")
  end)
end)

describe("an answer of a wrong shape", function()
  local source = [[
    local router = require "flaron.router"
    local app = router.new()
    app:get("/users/:id", function()
      return { staus = 200 }
    end)
    app:post("/both", print, function() return { json = {}, body = "" } end)
    app:any("/text", function() return "text" end)
    app:get("/number", function() return 404 end)
    app:get("/function", function() return { json = print } end)
    local group = app:group "/api"
    group:get("/header", function() return { json = {}, headers = { x = {} } } end)
    local handle = app:handler()
    return function()
      local flaron = require "flaron"
      if flaron.request.url():find "plain" then
        pcall(handle)
        return { bdoy = "" }
      end
      return handle()
    end]]

  it("names the field, the right one, the route and its handler's line", function()
    local flare <close> = support.load((source:gsub("print, ", "function(_, next) return next() end, ")))
    local function said(request) return (support.log(flare:request(request), "error"):match "^[^\n]*") end
    assert.equal("the answer has an unknown field 'staus': status, headers and body are known: did you mean 'status'? "
      .. "(GET /users/:id, main.lua:3)", said { path = "/users/7" })
    assert.equal("the answer has both json and body (POST /both, main.lua:6)", said { path = "/both", method = "POST" })
    assert.matches("^handle_request answered a string: .* %(any /text, main%.lua:7%)$", said { path = "/text", method = "PUT" })
    assert.matches("^handle_request answered 404: .* %(GET /number, main%.lua:8%)$", said { path = "/number" })
    assert.equal("field 'json' of the answer of GET /function: Cannot serialise function: type not supported",
      said { path = "/function" })
    assert.equal("header 'x' of the answer is a table, not a string (GET /api/header, main.lua:11)", said { path = "/api/header" })
    assert.equal("the answer has an unknown field 'bdoy': status, headers and body are known: did you mean 'body'? (main.lua:13)",
      said { path = "/plain" })
    assert.matches("%(main%.lua:13%)$", said { path = "/users/plain" })
  end)
end)
