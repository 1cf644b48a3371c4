-- flaron.cache: keeps answers in Spark, in front of beam.fetch or of a handler, as a shared cache of RFC 9111 does: what may be
-- kept, for how long and for whom is what the answers' own headers say.
--
-- What it does not do: it keeps nothing that sets a cookie, no part of an answer (206), and nothing at other edges; and it does
-- no work after an answer, since an invocation ends with it.
local argument = require "flaron.internal.argument"
local condition = require "flaron.internal.cache.condition"
local flaron = require "flaron"
local run_handler = require "flaron.internal.cache.handler"
local serving = require "flaron.internal.cache.serving"

--- Answers that are kept.
---@class flaron.cache
local cache = {}

---@class flaron.cache.Options
---@field name string names the cache in keys of Spark and in the header `Cache-Status`: a letter, then letters, digits, `_`, `-` and `.`
---@field ttl? integer seconds that an answer is fresh which does not say for how long; default: none, it is not kept
---@field stale_while_revalidate? integer for answers that do not say it: seconds for which a stale one is given while another invocation asks; default 0
---@field stale_if_error? integer for answers that do not say it: seconds for which a stale one is given when the origin fails; default 0
---@field keep? integer seconds that an answer with an `ETag` or `Last-Modified` is kept when it is stale, to be validated; default 3600
---@field max_bytes? integer the largest body that is kept; default 1048576
---@field query? "exact"|"sorted"|"none"|string[] what of the query counts: all as it is, all in the order of the names, nothing, or the fields of these names; default `"exact"`
---@field host? boolean whether scheme and host of the URL count; default `true`
---@field key? fun(url: string): string|false makes another key of the URL as it would be one; `false` for what is not kept
---@field obey_requests? boolean whether `Cache-Control` of requests counts; default `true`
---@field etag? boolean makes an `ETag` for answers of a handler that are kept and have none; default `true`
---@field status? boolean sets the header `Cache-Status` (RFC 9211) in answers of a handler; default `true`

---@alias flaron.cache.How
---| "hit" # it was kept, and fresh
---| "stale" # it was kept, and is stale
---| "revalidated" # it was kept, and the origin says that it holds
---| "miss" # the origin gave it
---| "bypass" # the origin gave it, and the cache had no part in that

--- A cache.
---@class flaron.cache.Store
---@field package options flaron.cache.Options
local store = {}
store.__index = store

local TYPES = {
  name = "string", ttl = "integer", stale_while_revalidate = "integer", stale_if_error = "integer", keep = "integer",
  max_bytes = "integer", query = "string|table", host = "boolean", key = "function", obey_requests = "boolean", etag = "boolean",
  status = "boolean",
}
local LONGEST, MOST = 64, 0x7fffffff
local QUERIES = { exact = true, sorted = true, none = true }

-- The option that is wrong and what is wrong with it; nil when nothing is.
local function fault_of(options)
  if options.name == nil then return "name", "missing" end
  if not options.name:find "^%a[%w_.-]*$" or #options.name > LONGEST then
    return "name", ("'%s' is not a letter and then letters, digits, _, - and ., up to %d"):format(options.name, LONGEST)
  end
  for _, name in ipairs { "ttl", "stale_while_revalidate", "stale_if_error", "keep", "max_bytes" } do
    local value = options[name]
    if value and (value < 0 or value > MOST) then return name, ("%d is not from 0 to %d"):format(value, MOST) end
  end
  local query = options.query or "exact"
  if type(query) == "string" and not QUERIES[query] then
    return "query", "\"exact\", \"sorted\", \"none\" or a list of names expected"
  end
  local fault = argument.strings(type(query) == "table" and query or nil)
  if fault then return "query", fault end
end

--- Makes a cache. It needs no host: do it at start-up. The manifest must have `writes_spark_kv`.
---
--- Raises: for an option that is unknown, missing or makes no sense.
---@param options flaron.cache.Options `name` must be there.
---@return flaron.cache.Store store to fetch with, or to put before a handler.
function cache.new(options)
  argument.check(options, 1, "cache.new", "table")
  argument.options(options, "cache.new", TYPES, fault_of)
  local all = { keep = 3600, max_bytes = 1 << 20 }
  for name, value in pairs(options) do all[name] = value end
  return setmetatable({ options = all }, store)
end

--- Fetches as `beam.fetch` does, through the cache. Headers that ask for what has changed (`If-None-Match`, `If-Modified-Since`) are answered by the cache, with 304.
---
--- Raises: for an option that is unknown or of a wrong type.
---@param url string as for `beam.fetch`.
---@param options? flaron.FetchOptions as for `beam.fetch`.
---@return flaron.FetchResponse|nil answer as of `beam.fetch`; the names of its headers are in lower case, those of one connection are not there, and `age` is, of one that was kept.
---@return flaron.cache.How|string how `"hit"`, `"stale"`, `"revalidated"`, `"miss"` or `"bypass"`; or why there is no answer, as `beam.fetch` says it.
function store:fetch(url, options)
  argument.self(self, "options", "store:fetch")
  argument.check(url, 1, "store:fetch", "string")
  argument.optional(options, 2, "store:fetch", "table")
  argument.options(options or {}, "store:fetch", { method = "string", headers = "table", body = "string" })
  options = options or {}
  local given = serving.plain_headers(options.headers)
  local asks = given["if-none-match"] or given["if-modified-since"]
  local answer, how = serving.answer(self.options, {
    kind = "fetch", method = options.method or "GET", url = url, has_body = options.body ~= nil and options.body ~= "",
    header = function(name) return given[name] end,
    known = function() return { cookie = given.cookie and true, authorization = given.authorization and true } end,
    pass = function() return flaron.beam.fetch(url, options) end,
    ask = function(validators)
      local headers = {}
      for name, value in pairs(options.headers or {}) do
        local lower = tostring(name):lower()
        if lower ~= "if-none-match" and lower ~= "if-modified-since" then headers[name] = value end
      end
      for name, value in pairs(validators or {}) do headers[name] = value end
      local found, message = flaron.beam.fetch(url, { method = options.method, headers = headers, body = options.body })
      if not found then return nil, message end
      found.headers = serving.plain_headers(found.headers)
      return found
    end,
  })
  if not answer then return nil, how end
  if how ~= "bypass" and options.method == "HEAD" then answer.body = "" end
  if how ~= "bypass" and asks and condition.is_met(function(name) return given[name] end, answer) then
    return condition.not_modified(answer), how
  end
  return answer, how
end

--- A handler with the cache in front of it. It is called for what is not kept; it says in `Cache-Control` of its answer what may be.
---@param handler flaron.RequestHandler what would answer without a cache.
---@return flaron.RequestHandler cached handle_request for the table that the main script returns, or to return itself.
function store:handler(handler)
  argument.self(self, "options", "store:handler")
  argument.check(handler, 1, "store:handler", "function")
  return function() return run_handler(self.options, handler) end
end

--- The same as middleware for `app:use` of flaron.router, or for one route. What is added before it is done for each request, what is added after it only for those that are not answered out of the cache.
---@return flaron.router.Middleware middleware that goes on for what is not kept.
function store:middleware()
  argument.self(self, "options", "store:middleware")
  return function(_, next) return run_handler(self.options, next) end
end

--- Forgets the answers for a URL at this edge, fetched ones and those of a handler, for all values of the headers that they depend on.
---@param url string a URL, or another with the same key.
---@return boolean dropped whether there were any.
function store:purge(url)
  argument.self(self, "options", "store:purge")
  argument.check(url, 1, "store:purge", "string")
  return serving.drop(self.options, url)
end

return cache
