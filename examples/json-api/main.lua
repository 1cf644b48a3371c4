-- json-api: notes over HTTP, kept in Spark, with a limit on how often a client may ask.
--
--   GET    /notes        all notes, oldest first; ?limit=20 at once, ?after=ID for the next ones
--   POST   /notes        a new note
--   GET    /notes/:id    one note
--   PUT    /notes/:id    other content for a note
--   DELETE /notes/:id    removes it
--
-- This file only puts the parts together. All of it runs once, when the flare is packed: on the edge the
-- routes are there already, and an invocation begins in handle_request.
local flaron = require "flaron"
local http = require "api.http"
local limiter = require "api.limiter"
local notes = require "api.notes"
local router = require "api.router"

local routes = router.new()
routes:add("GET", "/notes", notes.list)
routes:add("POST", "/notes", notes.create)
routes:add("GET", "/notes/:id", notes.get)
routes:add("PUT", "/notes/:id", notes.replace)
routes:add("DELETE", "/notes/:id", notes.delete)

local limit = limiter.new {
  window = 60,    -- seconds
  with_key = 100, -- requests in a window for each X-Api-Key
  anonymous = 10, -- and for all who send none, together
}

local function handle_request()
  local request = http.read_request()
  local allowed, headers = limit:check(flaron.request.header "x-api-key")
  local answer = allowed and routes:answer(request) or http.fail(429, "too many requests: see retry-after")
  for name, value in pairs(headers) do answer.headers[name] = value end
  return answer
end

return { handle_request = handle_request }
