-- A body of 100 KB as a flare.
local flaron = require "flaron"
local page = require "page"

return function()
  flaron.response.set_body(page)
  return flaron.RESPOND
end
