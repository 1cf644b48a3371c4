-- hello as a flare.
local flaron = require "flaron"

return function()
  flaron.response.set_header("content-type", "text/plain; charset=utf-8")
  flaron.response.set_body(("hello from %s %s\n"):format(flaron.request.method(), flaron.request.url()))
  return flaron.RESPOND
end
