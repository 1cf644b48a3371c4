-- show.lua - results as texts that can be compared: the same text wherever hosts do the same. It asks no host.
local show = {}

-- Bytes that can be read: what is not printable ASCII is \xNN. Long ones are cut, with their size.
function show.bytes(bytes)
  local shown = bytes:sub(1, 400):gsub("[^\x20-\x7e]", function(c) return ("\\x%02x"):format(c:byte()) end)
  return #bytes > 400 and ("%s... (%d bytes)"):format(shown, #bytes) or shown
end

-- What a function of the SDK returned: nil, message, code; or values.
function show.result(...)
  local value, message, code = ...
  if value == nil and message then return ("nothing: %s%s"):format(message, code and (" (code %d)"):format(code) or "") end
  if value == nil then return "nothing" end
  return type(value) == "string" and show.bytes(value) or tostring(value)
end

-- The form of an id or a time: each run of characters of one kind, with its length.
function show.form(text)
  if text == nil then return "nothing" end
  text = tostring(text)
  local kinds = { { "%d", "digit" }, { "%l", "lower" }, { "%u", "upper" } }
  local parts, last, n = {}, nil, 0
  local function close()
    if last then parts[#parts + 1] = n > 1 and last .. "*" .. n or last end
  end
  for c in text:gmatch "." do
    local kind = "'" .. show.bytes(c) .. "'"
    for _, k in ipairs(kinds) do
      if c:find(k[1]) then kind = k[2] end
    end
    if kind ~= last then
      close()
      last, n = kind, 0
    end
    n = n + 1
  end
  close()
  return table.concat(parts, " ")
end

-- How many characters there are, and whether all are in `set`, a class of Lua's patterns that is called `name`.
function show.all(text, set, name)
  if type(text) ~= "string" then return show.result(text) end
  return ("%d characters, %s"):format(#text, text:find("^" .. set .. "+$") and "all " .. name or "not all " .. name)
end

-- Ends a probe that cannot be made, and says why.
function show.skip(why)
  error({ skipped = why }, 0)
end

return show
