-- flaron.router.request: the argument of a route's handler. Part of flaron.router; not for use on its own.
local argument = require "flaron.internal.argument"
local flaron = require "flaron"
local untrusted = require "flaron.internal.json"
local url = require "flaron.url"

--- The argument of a handler. Middleware may add its own fields for later functions.
---@class flaron.router.Request
---@field method string as the client sent it, `GET` and its like in upper case
---@field url string the full URL
---@field path string the path as it is written in the URL: neither decoded nor normalised
---@field params table<string, string> the parameters of the route, decoded
---@field query table<string, string> the fields of the query, decoded; of fields with the same name the first
---@field query_string string the query as it is written in the URL, without `?`
local req = {}

-- The query is parsed on first use.
local meta = {
  __index = function(self, key)
    if key ~= "query" then return req[key] end
    self.query = url.query(self.query_string)
    return self.query
  end,
}


--- The value of a request header; the name's case does not matter.
---@param name string the name of the header.
---@return string|nil value as `flaron.request.header` gives it.
function req:header(name)
  argument.self(self, "header", "req:header")
  if type(name) ~= "number" then argument.check(name, 1, "req:header", "string") end
  return flaron.request.header(name)
end

--- The body of the request.
---@return string body the bytes; `""` when there is none, and unless the manifest has `requires_body`.
function req:body()
  argument.self(self, "header", "req:body")
  return flaron.request.body()
end

--- The body as JSON. The content type is not looked at.
---@return flaron.Json|nil value what the body says; null is `flaron.json.null`.
---@return string? message `"not JSON"`.
function req:json()
  argument.self(self, "header", "req:json")
  local good, value = untrusted.decode(flaron.request.body())
  if good then return value end
  return nil, "not JSON"
end

--- The body as an HTML form (`application/x-www-form-urlencoded`). The content type is not looked at.
---@return table<string, string> fields from names to values, as `flaron.url.query` gives them.
function req:form()
  argument.self(self, "header", "req:form")
  return (url.query(flaron.request.body()))
end

-- Makes a request from its fields.
return function(fields)
  return setmetatable(fields, meta)
end
