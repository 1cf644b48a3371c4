-- log-intake: takes the access logs of other servers, gzipped, and searches them. Addresses and tokens of people are
-- masked before anything is kept.
--
--   POST /logs                            lines in the combined log format, packed by gzip
--   GET  /logs?status=404&match=PATTERN   those of a status, or whose path matches a regular expression
--
-- Both want the header X-Log-Key.
local digest = require "flaron.digest"
local flaron = require "flaron"
local lpeg = require "lpeg"
local regex = require "rex_pcre2"
local router = require "flaron.router"
local zlib = require "zlib"
local request, secrets, spark = flaron.request, flaron.secrets, flaron.spark

local PREFIX = "logs:"
local KEPT = 7 * 24 * 3600 -- seconds
local LARGEST = 1 << 20    -- bytes of a log, unpacked
local LONGEST = 200        -- bytes of a pattern

-- A line as a table: `addr user [time] "METHOD path HTTP/1.1" status bytes ...`. Made at start-up, so it is packed.
local line_of
do
  local P, Cg = lpeg.P, lpeg.Cg
  local word, digit = (1 - P " ") ^ 1, lpeg.R "09"
  local escaped = P "\\" * 1
  local quoted = '"' * (escaped + (1 - P '"')) ^ 0 * '"'
  local path = (escaped + (1 - lpeg.S ' "')) ^ 1
  local call = '"' * lpeg.R "AZ" ^ 1 * " " * Cg(path, "path") * " HTTP/" * (digit + ".") ^ 1 * '"'
  local status = Cg(digit * digit * digit / tonumber, "status")
  line_of = lpeg.Ct(word * " " * word * " " * word * " [" * (1 - P "]") ^ 1 * "] " * call * " " * status * " "
    * (digit ^ 1 + "-") * (" " * quoted) ^ 0 * -1)
end

-- What stands for a person, and what stands in its place.
local MASKS = {
  { regex.new [[^\S+ (\S+) \S+]], "- %1 -" },                                -- the address and the user
  { regex.new([[[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+]], "i"), "EMAIL" },
  { regex.new([[([?&](?:token|key|code)=)[^&\s"]*]], "i"), "%1SECRET" },
}

local function mask(line)
  for _, rule in ipairs(MASKS) do line = regex.gsub(line, rule[1], rule[2]) end
  return line
end

local function refuse(status, message)
  return { status = status, headers = { ["cache-control"] = "no-store" }, json = { error = message } }
end

local app = router.new()

-- Hashes are compared, so that neither the length nor the beginning of the key shows in the time.
app:use(function(req, next)
  local key = secrets.get "LOG_KEY"
  if not key then return refuse(503, "LOG_KEY is not set") end
  if not digest.equal(digest.sha256(req:header "x-log-key" or ""), digest.sha256(key)) then return refuse(401, "wrong key") end
  return next()
end)

app:post("/logs", function(req)
  if req:header "content-encoding" ~= "gzip" then return refuse(415, "send it with content-encoding: gzip") end
  local text, message = zlib.gunzip(req:body(), LARGEST) -- a bomb is not unpacked beyond that
  if not text then return refuse(message == "too large" and 413 or 400, message) end
  local lines, refused = {}, 0
  for line in text:gmatch "[^\r\n]+" do
    if line_of:match(line) then lines[#lines + 1] = mask(line) else refused = refused + 1 end
  end
  if #lines > 0 then
    local packed = zlib.gzip(table.concat(lines, "\n"), 9)
    local done, why = spark.set(PREFIX .. flaron.id.ulid(), packed, KEPT)
    if not done then return refuse(why == "too large" and 413 or 503, why) end
  end
  return { status = 202, json = { taken = #lines, refused = refused } }
end)

-- The lines that are asked for, oldest first: the keys are ULIDs, which begin with the time.
local function search(status, pattern)
  local keys, found = {}, {}
  for _, key in ipairs(spark.list() or {}) do
    if key:sub(1, #PREFIX) == PREFIX then keys[#keys + 1] = key end
  end
  table.sort(keys)
  for _, key in ipairs(keys) do
    local packed = spark.get(key)
    for line in (packed and assert(zlib.gunzip(packed, LARGEST)) or ""):gmatch "[^\n]+" do
      local parsed = line_of:match(line)
      if (not status or parsed.status == status) and (not pattern or pattern:find(parsed.path)) then found[#found + 1] = line .. "\n" end
    end
  end
  return table.concat(found)
end

app:get("/logs", function(req)
  local pattern, good, text
  local status = tonumber(req.query.status)
  if req.query.status and not status then return refuse(400, "the status is no number") end
  if req.query.match then
    if #req.query.match > LONGEST then return refuse(400, "the pattern is too long") end
    good, pattern = pcall(regex.new, req.query.match)
    if not good then return refuse(400, "the pattern makes no sense") end
  end
  -- A pattern that backtracks without end is an error after a tenth of a second.
  good, text = pcall(search, status, pattern)
  if not good then
    flaron.logging.warn("search:", text)
    return refuse(400, "the search takes too long")
  end
  local tag = 'W/"' .. digest.sha256(text, "base64url") .. '"' -- weak: the same for both encodings
  local headers = { etag = tag, vary = "accept-encoding", ["cache-control"] = "private, no-cache" }
  if (request.header "if-none-match" or ""):find(tag, 1, true) then return { status = 304, headers = headers } end
  headers["content-type"] = "text/plain; charset=utf-8"
  if (req:header "accept-encoding" or ""):find "gzip" then
    headers["content-encoding"] = "gzip"
    text = zlib.gzip(text)
  end
  return { headers = headers, body = text }
end)

return app:handler()
