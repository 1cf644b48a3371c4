-- beam-fetch: asks another server and hands on its status, its type and its body.
local flaron = require "flaron"
local beam, logging, request = flaron.beam, flaron.logging, flaron.request

local UPSTREAM = "https://example.com/" -- must be in allowed_fetch_urls of flare.lua

local function handle_request()
  -- Options may be left out; they are there to show them. There is none for a time-out: the host has its own.
  local answer, message = beam.fetch(UPSTREAM, {
    method = "GET",
    headers = { accept = request.header "accept" or "*/*" },
  })

  -- nil means that there is no answer at all: refused, no such host, out of time, not allowed. An answer
  -- with status 404 or 500 is an answer.
  if not answer then
    logging.error(("fetch %s: %s"):format(UPSTREAM, message))
    return {
      status = 502,
      headers = { ["content-type"] = "text/plain; charset=utf-8" },
      body = "no answer from upstream\n",
    }
  end
  return {
    status = answer.status,
    -- answer.headers finds a name in any case. Only the type is handed on: length and encoding, say, are
    -- those of a message that has ended here.
    headers = { ["content-type"] = answer.headers["Content-Type"] or "application/octet-stream" },
    body = answer.body,
  }
end

return { handle_request = handle_request }
