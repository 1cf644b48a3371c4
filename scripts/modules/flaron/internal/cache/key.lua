-- flaron.internal.cache.key: one way to write a URL, so that what is the same page has one key. Part of flaron.cache; not for use by
-- itself.
local PORTS = { http = ":80", https = ":443" }

-- `%XX` as RFC 3986, 6.2.2 has it: a character that needs no encoding is itself, of others the digits are in upper case.
local function to_plain(hex)
  local c = string.char(tonumber(hex, 16))
  return c:find "[%w._~-]" and c or "%" .. hex:upper()
end

local function plain(text) return (text:gsub("%%(%x%x)", to_plain)) end

-- A query as the option says: "exact", "sorted", "none" or a list of the names that count.
local function read_query(query, option)
  if query == "" or option == "none" then return "" end
  if option == "exact" then return "?" .. plain(query) end
  local wanted, pairs_of = nil, {}
  if type(option) == "table" then
    wanted = {}
    for _, name in ipairs(option) do wanted[name] = true end
  end
  for pair in query:gmatch "[^&]+" do
    pair = plain(pair)
    if not wanted or wanted[pair:match "^[^=]*"] then pairs_of[#pairs_of + 1] = { pair, pair:match "^[^=]*", #pairs_of } end
  end
  table.sort(pairs_of, function(a, b) -- those of the same name stay in their order
    if a[2] ~= b[2] then return a[2] < b[2] end
    return a[3] < b[3]
  end)
  for n, one in ipairs(pairs_of) do pairs_of[n] = one[1] end
  return #pairs_of > 0 and "?" .. table.concat(pairs_of, "&") or ""
end

-- The URL as it is written in keys, for options of flaron.cache: scheme and host in lower case, no port that is the scheme's
-- own, no fragment.
return function(url, options)
  local scheme, authority, rest = url:match "^(%a[%w+.-]*)://([^/?#]*)([^#]*)"
  if not scheme then return url:match "^[^#]*" end
  scheme, authority = scheme:lower(), authority:lower():gsub("^[^@]*@", "")
  if authority:sub(-#(PORTS[scheme] or "\0")) == PORTS[scheme] then authority = authority:sub(1, -#PORTS[scheme] - 1) end
  local path, query = rest:match "^([^?]*)%??(.*)$"
  local front = options.host == false and "" or scheme .. "://" .. authority
  return front .. (path == "" and "/" or plain(path)) .. read_query(query, options.query or "exact")
end
