-- guestbook: a form with a file, in the visitor's language, and what was sent as JSON for other sites.
--
--   GET  /             the page, with a token in its form
--   POST /             a new entry: five a minute at this edge
--   GET  /entries.json the entries, for pages of any site; kept for ten seconds
local cache = require "flaron.cache"
local cors = require "flaron.cors"
local csrf = require "flaron.csrf"
local flaron = require "flaron"
local i18n = require "flaron.i18n"
local multipart = require "flaron.multipart"
local ratelimit = require "flaron.ratelimit"
local router = require "flaron.router"
local security_headers = require "flaron.security_headers"
local template = require "flaron.template"
local json, spark = flaron.json, flaron.spark

local PREFIX = "entry:"
local LONGEST = 1000 -- bytes of a text

local texts = i18n.new { languages = { "en", "pl" }, folder = "texts" }

local page = template.compile [[
<!DOCTYPE html>
<html lang="{{ language }}"><meta charset="utf-8"><title>{{ t "title" }}</title>
<h1>{{ t "title" }}</h1>
<p>{{ t("entries", { count = #entries }) }}</p>
<form method="post" enctype="multipart/form-data">
<input type="hidden" name="csrf_token" value="{{ token }}">
<textarea name="text"></textarea> <input type="file" name="picture"> <button>{{ t "send" }}</button>
</form>
{% for _, entry in ipairs(entries) do %}<p>{{ entry.text }}{% if entry.file then %} ({{ t("file", entry.file) }}){% end %}</p>
{% end %}</html>
]]

-- The form is read once, for its token and for what it says.
local form

local guard = csrf.new {
  secret = "FORM_KEY",
  token = function()
    form = form or multipart.form { part_bytes = 1 << 20 }
    return form and form.fields.csrf_token
  end,
}

-- A page of ours is the same for all that ask, so they share one limit.
local limit = ratelimit.spark { name = "entries", limit = 5, window = 60, key = function() return "all" end }

-- The entries, the newest first: the ids are ULIDs, which begin with the time.
local function read_entries()
  local keys, list = {}, {}
  for _, key in ipairs(spark.list() or {}) do
    if key:sub(1, #PREFIX) == PREFIX then keys[#keys + 1] = key end
  end
  table.sort(keys, function(a, b) return a > b end)
  for _, key in ipairs(keys) do
    local value = spark.get(key)
    if value then list[#list + 1] = json.decode(value) end
  end
  return list
end

-- A page says what was wrong, in the visitor's language.
local function refuse(status, key)
  return {
    status = status, headers = { ["content-type"] = "text/plain; charset=utf-8", ["cache-control"] = "no-store" },
    body = texts:text(texts:language(), key) .. "\n",
  }
end

local app = router.new()
app:use(security_headers.new():middleware())

app:get("/", function()
  local language = texts:language()
  return {
    headers = {
      ["content-type"] = "text/html; charset=utf-8", ["content-language"] = language,
      ["cache-control"] = "no-store", -- it has a token in it
    },
    body = page:render {
      language = language, token = assert(guard:token()), entries = read_entries(),
      t = function(key, values) return texts:text(language, key, values) end,
    },
  }
end)

app:post("/", limit:middleware(), function()
  local good, reason = guard:check()
  if not good then
    flaron.logging.warn("refused:", reason)
    return refuse(403, "refused.token")
  end
  local text, picture = form.fields.text or "", form.files.picture
  if not text:find "%S" or #text > LONGEST or not utf8.len(text) then return refuse(400, "refused.text") end
  local entry = { text = text }
  if picture and picture.filename ~= "" then entry.file = { name = picture.filename, count = #picture.body } end
  local done, why = spark.set(PREFIX .. flaron.id.ulid(), json.encode(entry))
  if not done then error("the entry is not kept: " .. why) end
  return { status = 303, headers = { location = "/" } }
end)

-- Who may read is said before the cache, for each request; the entries themselves are kept.
local entries = cache.new { name = "entries", host = false, query = "none" }
app:get("/entries.json", cors.new({ origins = "*" }):middleware(), entries:middleware(), function()
  local list = read_entries()
  return { headers = { ["cache-control"] = "max-age=10" }, json = #list > 0 and list or json.empty_array }
end)

return app:handler()
