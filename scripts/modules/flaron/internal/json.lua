-- flaron.internal.json: JSON that came from outside. Part of flaron.router, flaron.session and flaron.jwt; not for use by itself.
local flaron = require "flaron"

local json = {}

--- The value that text stands for. Other errors than those about the text, such as "not enough memory", are raised: they
--- are not the sender's.
---@param text string
---@return boolean good whether it is JSON.
---@return any value
function json.decode(text)
  local good, value = pcall(flaron.json.decode, text)
  if good then return true, value end
  if value:find "^Expected " or value:find "^Found too many nested " or value:find "^JSON parser does not support " then
    return false
  end
  error(value, 0)
end

return json
