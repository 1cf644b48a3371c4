-- flaron.router: finds the handler for a method and a path, with middleware around it.
--
-- The tree of routes (router/tree.lua) and the chain of functions of each route are built at start-up. A request only
-- looks up its path and calls the chain. Routes do not depend on the host name.
local argument = require "flaron.internal.argument"
local flaron = require "flaron"
local new_request = require "flaron.router.request"
local finish = require "flaron.router.answer".finish
local is_plain = require "flaron.router.paths"
local tree = require "flaron.router.tree"

--- Routes by method and path.
---@class flaron.router
local router = {}

--- What a handler of a route may answer: what `handle_request` may, and `json`.
---@class flaron.router.Answer: flaron.Answer
---@field json? flaron.Json is sent as the body, with the content type `application/json`

---@alias flaron.router.Handler fun(req: flaron.router.Request): flaron.Action|flaron.router.Answer|nil
---@alias flaron.router.Middleware fun(req: flaron.router.Request, next: fun(): any): any

---@class flaron.router.Options
---@field not_found? flaron.router.Handler answers a path that no route has; default: 404, `Not Found`
---@field method_not_allowed? flaron.router.Handler answers a path that has no route for the method; default: 405, `Method Not Allowed`

-- ---- routes ----

--- An app, or a group of its routes.
---@class flaron.router.App
---@field post fun(self: flaron.router.App, pattern: string, ...: function)
---@field put fun(self: flaron.router.App, pattern: string, ...: function)
---@field patch fun(self: flaron.router.App, pattern: string, ...: function)
---@field delete fun(self: flaron.router.App, pattern: string, ...: function)
---@field head fun(self: flaron.router.App, pattern: string, ...: function)
---@field options fun(self: flaron.router.App, pattern: string, ...: function)
---@field any fun(self: flaron.router.App, pattern: string, ...: function)
local app = {}
app.__index = app

local function text_answer(status, text)
  return function()
    return { status = status, headers = { ["content-type"] = "text/plain; charset=utf-8" }, body = text .. "\n" }
  end
end

local defaults = {
  not_found = text_answer(404, "Not Found"),
  method_not_allowed = text_answer(405, "Method Not Allowed"),
}

--- Makes an app without routes.
---
--- Raises: for an unknown option.
---@param options? flaron.router.Options `not_found` and `method_not_allowed`, handlers that answer with 404 and 405.
---@return flaron.router.App app to add routes to.
function router.new(options)
  argument.optional(options, 1, "router.new", "table")
  local self = setmetatable({ prefix = "", chain = {}, all = {}, answers = {} }, app)
  argument.options(options or {}, "router.new", { not_found = "function", method_not_allowed = "function" })
  for name, answer in pairs(defaults) do self.answers[name] = options and options[name] or answer end
  self.root = self -- for a group, the app that it belongs to
  return self
end

--- Middleware that answers 400 to paths which an origin may take for another: with `//`, `.` and `..` as segments, `;`, `\`, control characters, what is not UTF-8, and `%XX` for what needs none (`/%61dmin`), for a slash, or encoded twice.
---@param req flaron.router.Request the request.
---@param next fun(): any goes on inwards.
---@return any answer what `next` returns, or the 400.
function router.plain_paths(req, next)
  argument.check(req, 1, "router.plain_paths", "table")
  argument.check(next, 2, "router.plain_paths", "function")
  if type(req.path) ~= "string" then argument.fail(1, "router.plain_paths", "request expected: give it to app:use") end
  if is_plain(req.path) then return next() end
  return { status = 400, headers = { ["content-type"] = "text/plain; charset=utf-8" }, body = "Bad Request\n" }
end

-- The segments of a pattern, with `:` and `*` for parameters, and the parameters' names in order.
local function read_pattern(pattern)
  local segments, names = {}, {}
  if pattern:find("//", 1, true) then error(pattern .. ": a segment is empty", 4) end
  for text in pattern:gmatch "[^/]+" do
    local kind, name = text:match "^([:*])(.*)$"
    local braced = text:match "^[{<](.-)[}>]$"
    if braced then error(("%s: a parameter is written ':%s', not '%s'"):format(pattern, braced, text), 4) end
    if segments[#segments] == "*" then error(pattern .. ": a wildcard must be last", 4) end
    if kind and not name:find "^[%a_][%w_]*$" then error(("%s: '%s' is no name"):format(pattern, name), 4) end
    for _, other in ipairs(names) do
      if kind and other == name then error(("%s: '%s' is there twice"):format(pattern, name), 4) end
    end
    segments[#segments + 1] = kind or "/" .. text
    if kind then names[#names + 1] = name end
  end
  return segments, names
end

-- Adds a route. Errors have the line of the caller's caller.
local function add(self, method, pattern, functions)
  local root = self.root
  if root.sealed then error("a route is added after app:handler()", 3) end
  if pattern:sub(1, 1) ~= "/" then error("a pattern must begin with '/'", 3) end
  if #functions == 0 then error(pattern .. ": there is no handler", 3) end
  pattern = self.prefix .. pattern
  local segments, names = read_pattern(pattern)
  local key = method .. table.concat(segments, " ")
  if root.all[key] then error(("%s %s is there already"):format(method, pattern), 3) end
  root.all[key] = true
  root.all[#root.all + 1] = { method = method, pattern = pattern, segments = segments, names = names, group = self,
    functions = functions }
end

--- Adds a route for the method of that name, or for any.
---
--- Raises: for a pattern or function that makes no sense, and for a route that is there already.
---@param pattern string the path: segments as they are, `:name` for any segment and, as the last, `*name` for the rest.
---@param ... flaron.router.Middleware|flaron.router.Handler middleware for this route alone, and last its handler.
function app:get(pattern, ...)
  local functions = table.pack(...)
  argument.self(self, "root", "app:get")
  argument.check(pattern, 1, "app:get", "string")
  argument.functions(functions, 2, "app:get")
  add(self, "GET", pattern, functions)
end

for _, method in ipairs { "post", "put", "patch", "delete", "head", "options", "any" } do
  local name, word = "app:" .. method, method == "any" and "*" or method:upper()
  app[method] = function(self, pattern, ...)
    local functions = table.pack(...)
    argument.self(self, "root", name)
    argument.check(pattern, 1, name, "string")
    argument.functions(functions, 2, name)
    add(self, word, pattern, functions)
  end
end

--- Adds a route for other methods, or for several.
---
--- Raises: as `app:get` does, and for what is not a method.
---@param methods string|string[] a method such as `"PURGE"`, or a list.
---@param pattern string as for `app:get`.
---@param ... flaron.router.Middleware|flaron.router.Handler as for `app:get`.
function app:route(methods, pattern, ...)
  local functions = table.pack(...)
  argument.self(self, "root", "app:route")
  if type(methods) ~= "table" then argument.check(methods, 1, "app:route", "string") end
  argument.check(pattern, 2, "app:route", "string")
  argument.functions(functions, 3, "app:route")
  local list = type(methods) == "table" and methods or { methods }
  if #list == 0 then argument.fail(1, "app:route", "there is no method") end
  for n, method in ipairs(list) do
    if type(method) ~= "string" then
      argument.fail(1, "app:route", ("method %d: string expected, got %s"):format(n, type(method)))
    end
    if not method:find "^[%w!#$%%&'*+.^_`|~-]+$" then error(("'%s' is no method"):format(method), 2) end
    add(self, method:upper(), pattern, functions)
  end
end

--- Adds middleware around all routes of the app or group, also those that were added before.
---
--- Raises: for what is not a function.
---@param ... flaron.router.Middleware functions of `req` and `next`. `next()` calls what is inside and returns its answer; what the middleware returns is the answer.
function app:use(...)
  argument.self(self, "root", "app:use")
  if self.root.sealed then error("middleware is added after app:handler()", 2) end
  argument.functions(table.pack(...), 1, "app:use")
  for _, middleware in ipairs { ... } do self.chain[#self.chain + 1] = middleware end
end

--- Makes a group: routes whose paths begin the same, with middleware of their own.
---
--- Raises: for a prefix that does not begin with `/`.
---@param prefix string stands before all patterns of the group; may have parameters.
---@param ... flaron.router.Middleware as `app:use` takes them.
---@return flaron.router.App group to add routes to; what it adds belongs to the app.
function app:group(prefix, ...)
  argument.self(self, "root", "app:group")
  argument.check(prefix, 1, "app:group", "string")
  if prefix:sub(1, 1) ~= "/" then error("a prefix must begin with '/'", 2) end
  argument.functions(table.pack(...), 2, "app:group")
  local full = self.prefix .. prefix:gsub("/$", "")
  return setmetatable({ root = self.root, parent = self, prefix = full, chain = { ... } }, app)
end

-- ---- from routes to a handler ----

-- Wraps one function of a chain around the next.
local function wrap(middleware, inner)
  return function(req)
    return middleware(req, function() return inner(req) end)
  end
end

-- A handler wrapped in the middleware of its group and of the enclosing groups.
local function compose(group, handler)
  while group do
    for i = #group.chain, 1, -1 do handler = wrap(group.chain[i], handler) end
    group = group.parent
  end
  return handler
end

local function compose_route(route)
  local handler = route.functions[#route.functions]
  for i = #route.functions - 1, 1, -1 do handler = wrap(route.functions[i], handler) end
  return compose(route.group, handler)
end

--- Makes the handler of the app. Afterwards nothing can be added.
---@return flaron.RequestHandler handle_request for the table that the main script returns, or to return itself.
function app:handler()
  argument.self(self, "root", "app:handler")
  local root = self.root
  root.sealed = true
  for _, route in ipairs(root.all) do route.call = compose_route(route) end
  local routes = tree.plant(root.all)
  local not_found = compose(root, root.answers.not_found)
  local not_allowed = compose(root, root.answers.method_not_allowed)
  local options = compose(root, function() return { status = 204 } end)

  return function()
    local method, full = assert(flaron.request.method()), assert(flaron.request.url())
    local path, query = full:match "^%a[%w+.-]*://[^/?#]*([^?#]*)%??([^#]*)"
    if not path or path == "" then path = "/" end
    local route, params, ends = tree.find(routes, method, path)
    local req = new_request { method = method, url = full, path = path, params = params, query_string = query or "" }
    local call = route and route.call
    if ends and #ends > 0 then
      flaron.response.set_header("allow", tree.allow(ends))
      call = method == "OPTIONS" and options or not_allowed
    end
    return finish((call or not_found)(req), route)
  end
end

return router
