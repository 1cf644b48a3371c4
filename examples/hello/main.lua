-- hello: answers with the method and the URL it was asked.
local flaron = require "flaron"
local request, response = flaron.request, flaron.response

local function handle_request()
  response.set_status(200)
  response.set_header("content-type", "text/plain; charset=utf-8")
  response.set_body(("hello from %s %s\n"):format(request.method(), request.url()))
  return flaron.RESPOND
end

return { handle_request = handle_request }
