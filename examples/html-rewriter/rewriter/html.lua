-- rewriter.html: changes tags of a page and leaves every other byte as it is.
--
-- It builds no tree: it goes from tag to tag, as a browser's tokenizer does, over comments, scripts and
-- attributes with ">" in them. What it does not understand it copies.
local html = {}

-- In these elements "<" begins no tag, until their own end.
local RAW = { script = true, style = true, textarea = true, title = true, xmp = true, iframe = true, noembed = true }

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

--- Text as it may stand in a page, and in an attribute between double quotes.
function html.escape(text)
  return (text:gsub('[&<>"]', ESCAPES))
end

-- ---- a tag ----

local tag = {}
tag.__index = tag

local function find_attribute(self, name)
  for _, attribute in ipairs(self.attributes) do
    if attribute.name == name then return attribute end
  end
end

--- The value of an attribute as it is written in the page; "" when it has none, nil when it is not there.
function tag:get(name)
  local attribute = find_attribute(self, name)
  return attribute and (attribute.value or "")
end

-- Sets an attribute to what is escaped already.
local function set_raw(self, name, value)
  local attribute = find_attribute(self, name)
  if not attribute then
    attribute = { name = name, written = name }
    self.attributes[#self.attributes + 1] = attribute
  end
  -- A value that stood between single quotes may have double ones in it.
  attribute.value = value:gsub('"', "&quot;")
  self.changed = true
end

--- Sets an attribute, or adds it.
function tag:set(name, value)
  set_raw(self, name, html.escape(value))
end

--- Whether a word is in an attribute that is a list of words, such as class.
function tag:has_word(name, word)
  for other in (self:get(name) or ""):gmatch "%S+" do
    if other:lower() == word then return true end
  end
  return false
end

--- Adds a word to such an attribute, unless it is there.
function tag:add_word(name, word)
  if self:has_word(name, word) then return end
  local before = self:get(name) or ""
  set_raw(self, name, before:find "%S" and before .. " " .. word or word)
end

--- Puts HTML behind the tag.
function tag:insert_after(source)
  self.after = source
end

--- Puts text in place of all that the element contains.
function tag:set_text(text)
  self.content = html.escape(text)
end

-- The tag as HTML, after changes.
local function write(self)
  local parts = { "<" .. self.written }
  for _, attribute in ipairs(self.attributes) do
    local value = attribute.value
    parts[#parts + 1] = value and ('%s="%s"'):format(attribute.written, value) or attribute.written
  end
  return table.concat(parts, " ") .. (self.closed and " />" or ">")
end

-- ---- the page ----

-- Reads the start tag at `at`. Returns it and where it ends; nil when the page ends in it.
local function read_tag(source, at)
  local written, next_at = source:match("^<(%a[^%s/>]*)()", at)
  local self = setmetatable({ written = written, name = written:lower(), attributes = {} }, tag)
  at = next_at
  while true do
    local between
    between, at = source:match("^([%s/]*)()", at)
    if at > #source then return nil end
    if source:find("^>", at) then
      self.closed = between:sub(-1) == "/"
      return self, at + 1
    end
    -- A name may begin with "=", but not go on with it.
    local name
    name, at = source:match("^([^%s/>][^%s/>=]*)()", at)
    local attribute = { name = name:lower(), written = name }
    local value_at = source:match("^%s*=%s*()", at)
    if value_at then
      local quote = source:match("^[\"']", value_at)
      if quote then
        local close = source:find(quote, value_at + 1, true)
        if not close then return nil end
        attribute.value, at = source:sub(value_at + 1, close - 1), close + 1
      else
        attribute.value, at = source:match("^([^%s>]*)()", value_at)
      end
      -- Written anew, it stands between double quotes.
      attribute.value = attribute.value:gsub('"', "&quot;")
    end
    -- Of two attributes with one name the first counts.
    if not find_attribute(self, attribute.name) then self.attributes[#self.attributes + 1] = attribute end
  end
end

-- Where the end tag of an element begins; nil when there is none. `lower` is the page in lower case.
local function find_end(lower, name, at)
  while true do
    at = lower:find("</" .. name, at, true)
    if not at then return nil end
    if lower:find("^[%s/>]", at + #name + 2) then return at end
    at = at + 1
  end
end

-- Where that ends which begins with "<!", "<?" or "</" at `at`.
local function find_end_of_other(source, at)
  local _, close
  if source:find("^<!%-%-", at) then
    _, close = source:find("-->", at + 2, true)
  else
    close = source:find(">", at, true)
  end
  return close and close + 1 or #source + 1
end

--- Calls `handlers[name]` with each start tag of that name, and returns the page with what they changed.
function html.rewrite(source, handlers)
  local lower = source:lower() -- byte by byte, so places in it are places in the source
  local parts, copied, at = {}, 1, 1

  -- Copies the source up to `till`, then adds `text` and goes on from `from`.
  local function replace(till, text, from)
    parts[#parts + 1] = source:sub(copied, till - 1)
    parts[#parts + 1] = text
    copied = from
  end

  while true do
    at = source:find("<", at, true)
    if not at then break end
    if source:find("^%a", at + 1) then
      local self, after = read_tag(source, at)
      if not self then break end
      local handler = handlers[self.name]
      if handler then handler(self) end
      if self.changed then replace(at, write(self), after) end
      at = after
      local close = (self.content or RAW[self.name]) and find_end(lower, self.name, after)
      if self.after then replace(after, self.after, after) end
      if self.content and close then replace(after, self.content, close) end
      if close then
        at = close
      elseif RAW[self.name] then
        break -- it has no end: the rest of the page belongs to it
      end
    elseif source:find("^[!?/]", at + 1) then
      at = find_end_of_other(source, at)
    else
      at = at + 1
    end
  end
  parts[#parts + 1] = source:sub(copied)
  return table.concat(parts)
end

return html
