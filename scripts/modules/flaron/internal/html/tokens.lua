-- flaron.internal.html.tokens: where tags, comments and raw text begin and end, as HTML's tokenizer has it (WHATWG, 13.2.5). Part of
-- flaron.html; not for use by itself.
--
-- A function that finds no end answers nil: what it looked for goes on to the end of the page.
local tokens = {}

local SPACE = "[ \t\n\f\r]"

--- Reads the attributes of a tag from `at`, behind its name, on. Returns where the tag ends, whether it has a slash at its
--- end, the attributes in order and by name; nil when the page ends in it. An attribute has `name` in lower case, `from` and `to`,
--- the places of it and of what is behind it, `value` as it is written, and `bare` when it has none or an equals sign alone.
function tokens.attributes(source, at)
  local list, by_name = {}, {}
  while true do
    at = source:match("^[ \t\n\f\r/]*()", at)
    if at > #source then return nil end
    if source:byte(at) == 62 then -- >
      local slash = source:byte(at - 1) == 47 and (not list[#list] or list[#list].to < at)
      return at + 1, slash, list, by_name
    end
    -- A name may begin with "=", but not go on with it.
    local name, behind = source:match("^(.[^ \t\n\f\r/>=]*)()", at)
    local attribute = { name = name:lower(), from = at, to = behind, value = "", bare = "none" }
    local value_at = source:match("^" .. SPACE .. "*=" .. SPACE .. "*()", behind)
    at = behind
    if value_at then
      local quote = source:match("^[\"']", value_at)
      if quote then
        local close = source:find(quote, value_at + 1, true)
        if not close then return nil end
        attribute.value, attribute.bare, at = source:sub(value_at + 1, close - 1), nil, close + 1
      else
        attribute.value, at = source:match("^([^ \t\n\f\r>]*)()", value_at)
        attribute.bare = at == value_at and "equals" or nil
      end
    end
    attribute.to = at
    list[#list + 1] = attribute
    if not by_name[attribute.name] then by_name[attribute.name] = attribute end -- of two the first counts
  end
end

--- Where a comment that begins at `at` ends, and whether it is a real one: `<!-- -->`.
function tokens.comment(source, at)
  local _, last
  if source:find("^<!%-%-", at) then
    _, last = source:find("^%-?>", at + 4)
    if not last then _, last = source:find("%-%-!?>", at + 4) end
    return last and last + 1, true
  end
  _, last = source:find(">", at, true)
  return last and last + 1, false
end

-- Where the end tag of a raw element begins. `lower` is the page in lower case.
local function raw_end(lower, name, at)
  while true do
    local first, last = lower:find("</" .. name, at, true)
    if not first then return nil end
    if lower:find("^[ \t\n\f\r/>]", last + 1) then return first end
    at = last + 1
  end
end

-- The same of a script, in which `<!--` hides an end tag behind a start tag.
local function script_end(lower, at)
  local escaped, twice = false, false
  while true do
    if escaped then at = lower:find("[<-]", at) else at = lower:find("<", at, true) end
    if not at then return nil end
    if escaped and lower:find("^%-%->", at) then
      escaped, twice, at = false, false, at + 3
    elseif lower:find("^</script[ \t\n\f\r/>]", at) then
      if not twice then return at end
      twice, at = false, at + 9
    elseif not escaped and lower:find("^<!%-%-", at) then
      escaped, at = true, at + 2 -- its dashes may be those of -->
    else
      if escaped and lower:find("^<script[ \t\n\f\r/>]", at) then twice = true end
      at = at + 1
    end
  end
end

--- Where the end tag of an element without elements in it begins; nil when it has none.
function tokens.raw_end(lower, name, at)
  if name == "plaintext" then return nil end
  if name == "script" then return script_end(lower, at) end
  return raw_end(lower, name, at)
end

local NAMED = { amp = "&", lt = "<", gt = ">", quot = '"', apos = "'", nbsp = "\u{A0}" }

local function decode_one(text)
  local number = text:match "^#(%d+)$" or text:match "^#[xX](%x+)$"
  if not number then return NAMED[text] end
  local code = #number < 9 and tonumber(number, text:find "^#%d" and 10 or 16)
  if not code or code == 0 or code > 0x10FFFF or code >= 0xD800 and code <= 0xDFFF then return "\u{FFFD}" end
  return utf8.char(code)
end

--- Text without character references: by number, and amp, lt, gt, quot, apos and nbsp. Others stay as they are.
function tokens.decode(text) return (text:gsub("&([#%w]+);", decode_one)) end

return tokens
