-- flaron.internal.parameters: headers with parameters, such as Content-Type and Content-Disposition, as browsers write them.
-- Part of the ready-made modules; not for use by itself.
local parameters = {}

local TOKEN = "[%w!#$%%&'*+.^_`|~-]"

-- A quoted string that begins at `at`, with `\"` and `\\` decoded; another backslash is one, as in the path that old browsers
-- send. Returns it and where it ends, or nothing when it does not end.
local function read_quoted(text, at)
  local out, from = {}, at + 1
  while true do
    local stop = text:find('["\\]', from)
    if not stop then return nil end
    out[#out + 1] = text:sub(from, stop - 1)
    if text:sub(stop, stop) == '"' then return table.concat(out), stop + 1 end
    local escaped = text:match('^["\\]', stop + 1)
    out[#out + 1] = escaped or "\\"
    from = stop + (escaped and 2 or 1)
  end
end

--- The value of a header with parameters: what stands in front, in lower case, and the parameters, their names in lower
--- case. nil and what is wrong.
function parameters.header(text)
  local front, at = text:match "^([^;]*)()"
  local found = {}
  while true do
    at = text:match("^[ \t;]*()", at)
    if at > #text then return front:match("^[ \t]*([^ \t]*)"):lower(), found end
    local name, next_at = text:match("^(" .. TOKEN .. "+)=()", at)
    if not name then return nil, ("a parameter is not of the form name=value: '%s'"):format(text:sub(at, at + 20)) end
    local value
    if text:sub(next_at, next_at) == '"' then
      value, at = read_quoted(text, next_at)
      if not value then return nil, ("the quotes of %s do not end"):format(name:lower()) end
    else
      value, at = text:match("^([^; \t]*)()", next_at)
    end
    name = name:lower()
    if found[name] then return nil, ("%s is there twice"):format(name) end
    found[name] = value
    if not text:find("^[ \t]*;", at) and not text:find("^[ \t]*$", at) then
      return nil, ("text stands behind the value of %s"):format(name)
    end
  end
end

local function to_byte(hex) return string.char(tonumber(hex, 16)) end

--- The value of a parameter such as filename* (RFC 8187); nil when it is not of that form.
function parameters.extended(text)
  local charset, encoded = text:match "^([%w-]+)'[%w-]*'([^']*)$"
  charset = charset and charset:lower()
  if charset ~= "utf-8" and charset ~= "iso-8859-1" then return nil end
  if encoded:gsub("%%%x%x", ""):find "[^%w!#$&+.^_`|~-]" then return nil end
  local bytes = encoded:gsub("%%(%x%x)", to_byte)
  if charset == "utf-8" then return utf8.len(bytes) and bytes or nil end
  return (bytes:gsub("[\x80-\xFF]", function(c) return utf8.char(c:byte()) end))
end

return parameters
