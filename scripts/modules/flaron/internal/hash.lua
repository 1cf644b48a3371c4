-- flaron.internal.hash: the SHA-256 of any bytes, for keys of the stores. Part of the ready-made modules; not for use by itself.
local flaron = require "flaron"

local function to_hex(c) return ("%%%02x"):format(c:byte()) end

-- The hash in hexadecimal. The host hashes text, so what is not a letter or a digit is encoded first.
return function(bytes)
  return assert(flaron.crypto.hash("sha256", (bytes:gsub("[^%w]", to_hex))))
end
