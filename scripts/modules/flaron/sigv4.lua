-- flaron.sigv4: signs requests with AWS Signature Version 4, for beam.fetch, and presigns URLs.
--
-- What it does not do: it signs no bodies in pieces (chunked uploads), nothing with Signature Version 4A, fetches no temporary
-- credentials, and does not put dots and empty segments of a path in order, as S3 does not: a path with those is signed as it is.
local argument = require "flaron.internal.argument"
local digest = require "flaron.digest"
local flaron = require "flaron"
local percent = require "flaron.url"
local secrets, time = flaron.secrets, flaron.time
local decode, encode = percent.decode, percent.encode -- of all but the unreserved characters, as AWS wants it

--- AWS Signature Version 4.
---@class flaron.sigv4
local sigv4 = {}

---@class flaron.sigv4.Options
---@field region string such as `"eu-central-1"`
---@field service string such as `"s3"`
---@field access_key string the id of the key; it is no secret
---@field secret string the name of the secret access key's secret; the manifest must allow it
---@field session_token? string the name of the secret that has the token of temporary credentials
---@field encode_path? boolean the path of the URL is encoded once more; default `true`, for the service `"s3"` `false`

---@class flaron.sigv4.Request
---@field method? string default `"GET"`
---@field headers? table<string, string> all of them are signed
---@field body? string default `""`
---@field unsigned_body? boolean the body is not signed, which S3 allows over https; default `false`

--- What signs requests to a service.
---@class flaron.sigv4.Signer
---@field package options flaron.sigv4.Options
local signer = {}
signer.__index = signer

local TYPES = {
  region = "string", service = "string", access_key = "string", secret = "string", session_token = "string",
  encode_path = "boolean",
}
local REQUEST = { method = "string", headers = "table", body = "string", unsigned_body = "boolean" }
local NAME, UNSIGNED, LONGEST = "AWS4-HMAC-SHA256", "UNSIGNED-PAYLOAD", 604800

-- The option that is wrong and what is wrong with it; nil when nothing is.
local function fault_of(options)
  for _, name in ipairs { "region", "service", "access_key", "secret" } do
    if not options[name] then return name, "missing" end
    if name ~= "secret" and not options[name]:find "^[%w._-]+$" then return name, "not of letters, digits, dots, _ and -" end
  end
end

--- Says for what is signed and by which key. It needs no host: do it at start-up.
---
--- Raises: for an option that is unknown, missing or makes no sense.
---@param options flaron.sigv4.Options all but `session_token` and `encode_path` must be there.
---@return flaron.sigv4.Signer signer to sign with.
function sigv4.new(options)
  argument.check(options, 1, "sigv4.new", "table")
  argument.options(options, "sigv4.new", TYPES, fault_of)
  local own = { encode_path = options.service ~= "s3" }
  for name, value in pairs(options) do own[name] = value end
  return setmetatable({ options = own }, signer)
end

-- The host and the port as the Host header has them, the path and the query of a URL; nil when it is no http URL.
local function split(url)
  local scheme, host, rest = url:gsub("#.*$", ""):match "^([Hh][Tt][Tt][Pp][Ss]?)://([^/?@%s]+)([^%s]*)$"
  if not scheme or not rest:find "^[/?]" and rest ~= "" then return nil end
  local path, query = rest:match "^([^?]*)%??(.*)$"
  host = host:lower():gsub(scheme:lower() == "https" and ":443$" or ":80$", "")
  return host, path == "" and "/" or path, query
end

-- The query in its canonical form: sorted by name, then by value, both encoded.
local function canonical_query(query)
  local items = {}
  for item in query:gmatch "[^&]+" do
    local name, value = item:match "^([^=]*)=?(.*)$"
    items[#items + 1] = { encode(decode(name)), encode(decode(value)) }
  end
  table.sort(items, function(a, b)
    if a[1] ~= b[1] then return a[1] < b[1] end
    return a[2] < b[2]
  end)
  for n, item in ipairs(items) do items[n] = item[1] .. "=" .. item[2] end
  return table.concat(items, "&")
end

-- The headers in their canonical form, and their names: sorted, in lower case, with single blanks.
local function canonical_headers(headers)
  local names, lines = {}, {}
  for name in pairs(headers) do names[#names + 1] = name end
  table.sort(names)
  for n, name in ipairs(names) do
    lines[n] = name .. ":" .. headers[name]:gsub("^%s+", ""):gsub("%s+$", ""):gsub(" +", " ") .. "\n"
  end
  return table.concat(lines), table.concat(names, ";")
end

-- The signature of a request: what is canonical of it, the date as `20150830T123600Z`, and the scope.
local function sign(self, key, canonical, date, scope)
  local text = table.concat({ NAME, date, scope, digest.sha256(canonical, "hex") }, "\n")
  key = digest.hmac("sha256", "AWS4" .. key, date:sub(1, 8))
  for _, part in ipairs { self.options.region, self.options.service, "aws4_request" } do key = digest.hmac("sha256", key, part) end
  return digest.hmac("sha256", key, text, "hex")
end

-- The date of now and the scope; the secret key and the token of temporary credentials. nil and a message without a secret.
local function begin(self)
  local options = self.options
  local key = secrets.get(options.secret)
  local token = options.session_token and secrets.get(options.session_token)
  if not key or options.session_token and not token then return nil, "no such secret" end
  local date = os.date("!%Y%m%dT%H%M%SZ", (assert(time.now())))
  return date, ("%s/%s/%s/aws4_request"):format(date:sub(1, 8), options.region, options.service), key, token
end

-- The canonical path. A slash stays.
local function path_of(self, path)
  return (encode(self.options.encode_path and path or decode(path)):gsub("%%2F", "/"))
end

--- Signs a request: `beam.fetch(url, assert(signer:sign(url, request)))`.
---
--- Raises: for a URL that is none, a field that is unknown or of a wrong type, and a header whose value is no string.
---@param url string the URL, with its query, encoded as it is sent.
---@param request? flaron.sigv4.Request the rest of it.
---@return flaron.FetchOptions|nil options for `beam.fetch`: `method`, `headers` with the signature, and `body`.
---@return string? message `"no such secret"`.
function signer:sign(url, request)
  argument.self(self, "options", "signer:sign")
  argument.check(url, 1, "signer:sign", "string")
  argument.optional(request, 2, "signer:sign", "table")
  request = request or {}
  argument.options(request, "signer:sign", REQUEST)
  local host, path, query = split(url)
  if not host then argument.fail(1, "signer:sign", "not an http or https URL") end
  local date, scope, key, token = begin(self)
  if not date then return nil, scope end
  local signed, sent = { host = host, ["x-amz-date"] = date, ["x-amz-security-token"] = token or nil }, {}
  local hash = request.unsigned_body and UNSIGNED or digest.sha256(request.body or "", "hex")
  if self.options.service == "s3" then signed["x-amz-content-sha256"] = hash end
  for name, value in pairs(request.headers or {}) do
    if type(name) ~= "string" or type(value) ~= "string" then error("headers: names and values are strings", 2) end
    if not signed[name:lower()] then signed[name:lower()] = value end
  end
  signed.authorization = nil
  local method = request.method or "GET"
  local lines, names = canonical_headers(signed)
  local canonical = table.concat({ method, path_of(self, path), canonical_query(query), lines, names, hash }, "\n")
  for name, value in pairs(signed) do sent[name] = value end
  sent.host = nil -- the host of the edge sends it itself
  sent.authorization = ("%s Credential=%s/%s, SignedHeaders=%s, Signature=%s"):format(NAME, self.options.access_key, scope, names,
    sign(self, key, canonical, date, scope))
  return { method = method, headers = sent, body = request.body }
end

--- Makes a URL that is good for a time, for whoever has it. Its body is not signed.
---
--- Raises: for a URL that is none, and a time out of range.
---@param url string the URL, with its query, encoded as it is sent.
---@param seconds? integer how long it is good, from 1 to 604800, a week; default 900.
---@param method? string the method that it is good for; default `"GET"`.
---@return string|nil url with the signature in its query.
---@return string? message `"no such secret"`.
function signer:presign(url, seconds, method)
  argument.self(self, "options", "signer:presign")
  argument.check(url, 1, "signer:presign", "string")
  argument.range(seconds, 2, "signer:presign", 1, LONGEST)
  argument.optional(method, 3, "signer:presign", "string")
  local host, path, query = split(url)
  if not host then argument.fail(1, "signer:presign", "not an http or https URL") end
  local date, scope, key, token = begin(self)
  if not date then return nil, scope end
  local added = ("X-Amz-Algorithm=%s&X-Amz-Credential=%s&X-Amz-Date=%s&X-Amz-Expires=%d&X-Amz-SignedHeaders=host"):format(NAME,
    encode(self.options.access_key .. "/" .. scope), date, seconds or 900)
  if token then added = added .. "&X-Amz-Security-Token=" .. encode(token) end
  query = canonical_query(query == "" and added or query .. "&" .. added)
  local hash = self.options.service == "s3" and UNSIGNED or digest.sha256("", "hex")
  local canonical = table.concat({ method or "GET", path_of(self, path), query, "host:" .. host .. "\n", "host", hash }, "\n")
  local base = url:gsub("#.*$", ""):gsub("%?.*$", "")
  if not base:find("^%a+://[^/]+/") then base = base .. "/" end
  return ("%s?%s&X-Amz-Signature=%s"):format(base, query, sign(self, key, canonical, date, scope))
end

return sigv4
