-- flaron.internal.address: IPv4 and IPv6 addresses in URLs. Part of flaron.url; not for use on its own.
local address = {}

--- The four bytes of an IPv4 address without leading zeros; nothing for any other text.
function address.read_ipv4(text)
  local bytes = { text:match "^(%d+)%.(%d+)%.(%d+)%.(%d+)$" }
  for n, digits in ipairs(bytes) do
    if #digits > 3 or digits:find "^0%d" or tonumber(digits) > 255 then return nil end
    bytes[n] = math.tointeger(tonumber(digits))
  end
  return table.unpack(bytes)
end

-- Adds the numbers between the colons of `text` to a list; nil if one is not valid.
local function add_pieces(list, text)
  for piece in (text == "" and "" or text .. ":"):gmatch "([^:]*):" do
    if not piece:find "^%x%x?%x?%x?$" then return nil end
    list[#list + 1] = tonumber(piece, 16)
  end
  return list
end

--- An IPv6 address in the canonical form of RFC 5952, 4, with brackets; nil if it is not valid.
function address.read_ipv6(text)
  local front, last = text:match "^(.*:)([^:]*%.[^:]*)$"
  if front then
    local a, b, c, d = address.read_ipv4(last)
    if not a then return nil end
    text = ("%s%x:%x"):format(front, a << 8 | b, c << 8 | d)
  end
  local before, behind = text:match "^(.-)::(.*)$"
  local pieces = add_pieces({}, before or text)
  local rest = pieces and add_pieces({}, behind or "")
  local missing = rest and 8 - #pieces - #rest
  if not missing or (before and missing < 1) or (not before and missing ~= 0) then return nil end
  for _ = 1, missing do pieces[#pieces + 1] = 0 end
  table.move(rest, 1, #rest, #pieces + 1, pieces)
  for n, piece in ipairs(pieces) do pieces[n] = ("%x"):format(piece) end
  local whole = ":" .. table.concat(pieces, ":") .. ":"
  for n = 8, 2, -1 do
    local first, last_zero = whole:find(":" .. ("0:"):rep(n), 1, true)
    if first then return "[" .. whole:sub(2, first - 1) .. "::" .. whole:sub(last_zero + 1, -2) .. "]" end
  end
  return "[" .. whole:sub(2, -2) .. "]"
end

return address
