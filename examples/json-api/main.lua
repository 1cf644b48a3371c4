-- json-api: notes over HTTP, kept in Spark, with a limit on how often a client may ask.
--
--   GET    /notes        all notes, oldest first; ?limit=20 at once, ?after=ID for the next ones
--   POST   /notes        a new note
--   GET    /notes/:id    one note
--   PUT    /notes/:id    other content for a note
--   DELETE /notes/:id    removes it
--
-- This file only puts the parts together. All of it runs once, when the flare is packed: on the edge the
-- routes are there already.
local flaron = require "flaron"
local http = require "api.http"
local limiter = require "api.limiter"
local notes = require "api.notes"
local router = require "flaron.router"

local limit = limiter.new {
  window = 60,    -- seconds
  with_key = 100, -- requests in a window for each X-Api-Key
  anonymous = 10, -- and for all who send none, together
}

local app = router.new {
  not_found = function() return http.fail(404, "there is nothing here") end,
  method_not_allowed = function(req) return http.fail(405, req.method .. " is not allowed here") end,
}

-- Around everything, so that a client who asks for what is not there is counted, too.
app:use(function(req, next)
  local allowed, headers = limit:check(req:header "x-api-key")
  for name, value in pairs(headers) do flaron.response.set_header(name, value) end
  if not allowed then return http.fail(429, "too many requests: see retry-after") end
  return next()
end)

app:get("/notes", notes.list)
app:post("/notes", notes.create)
app:get("/notes/:id", notes.get)
app:put("/notes/:id", notes.replace)
app:delete("/notes/:id", notes.delete)

return { handle_request = app:handler() }
