-- flaron.internal.html.element: what handlers of flaron.html get, and the start tag that comes of it. Part of flaron.html, which
-- has the annotations of users; not for use by itself.
local argument = require "flaron.internal.argument"
local escape = require "flaron.internal.escape"
local tokens = require "flaron.internal.html.tokens"

--- An element whose start tag was read.
---@class flaron.html.Element
---@field name string its name in lower case
---@field package source string
local element = {}
element.__index = element

--- The value of an attribute, with character references decoded: by number, and `&amp;`, `&lt;`, `&gt;`, `&quot;`, `&apos;` and `&nbsp;`.
---@param name string its name; case does not matter.
---@return string|nil value `""` when it has none, `nil` when there is no such attribute.
function element:get(name)
  argument.self(self, "source", "element:get")
  argument.check(name, 1, "element:get", "string")
  local attribute = self.by_name[name:lower()]
  if not attribute or attribute.removed then return nil end
  return attribute.set or tokens.decode(attribute.value)
end

-- Sets an attribute whose name is good.
local function set(self, name, value)
  local attribute = self.by_name[name:lower()]
  if not attribute or attribute.removed then
    attribute = { name = name:lower(), written = name, new = true }
    self.list[#self.list + 1], self.by_name[attribute.name] = attribute, attribute
  end
  attribute.set, self.changed = value, true
end

--- Sets an attribute, or adds it.
---
--- Raises: for a name that an attribute cannot have.
---@param name string its name; case does not matter.
---@param value string its value, text.
function element:set(name, value)
  argument.self(self, "source", "element:set")
  argument.check(name, 1, "element:set", "string")
  argument.check(value, 2, "element:set", "string")
  if name == "" or name:find "[%c \"'>/=]" then argument.fail(1, "element:set", ("'%s' is not a name"):format(name)) end
  set(self, name, value)
end

--- Removes an attribute, if it is there.
---@param name string its name; case does not matter.
function element:unset(name)
  argument.self(self, "source", "element:unset")
  argument.check(name, 1, "element:unset", "string")
  name = name:lower()
  for _, attribute in ipairs(self.list) do
    if attribute.name == name then attribute.removed, self.changed = true, true end
  end
end

--- Whether a word is in an attribute that is a list of words, such as `class` or `rel`.
---@param name string the attribute.
---@param word string the word, as it is written.
---@return boolean has whether it is there.
function element:has_word(name, word)
  argument.self(self, "source", "element:has_word")
  argument.check(name, 1, "element:has_word", "string")
  argument.check(word, 2, "element:has_word", "string")
  for other in (self:get(name) or ""):gmatch "[^ \t\n\f\r]+" do
    if other == word then return true end
  end
  return false
end

--- Adds a word to such an attribute, unless it is there.
---@param name string the attribute.
---@param word string the word.
function element:add_word(name, word)
  argument.self(self, "source", "element:add_word")
  argument.check(name, 1, "element:add_word", "string")
  argument.check(word, 2, "element:add_word", "string")
  if self:has_word(name, word) then return end
  local before = self:get(name) or ""
  set(self, name, before:find "[^ \t\n\f\r]" and before .. " " .. word or word)
end

-- Adds HTML to what stands at a place.
local function add(self, place, html) self[place] = (self[place] or "") .. html end

-- Raises for an element that has no content, at the line of the caller's caller.
local function need_content(self, name)
  if self.empty then error(("%s: <%s> has no content"):format(name, self.name), 3) end
end

--- Puts HTML before the element.
---@param html string as it shall stand there; `html.escape` makes it of text.
function element:before(html)
  argument.self(self, "source", "element:before")
  argument.check(html, 1, "element:before", "string")
  add(self, "at_front", html)
end

--- Puts HTML behind the element.
---@param html string as for `element:before`.
function element:after(html)
  argument.self(self, "source", "element:after")
  argument.check(html, 1, "element:after", "string")
  add(self, "at_back", html)
end

--- Puts HTML into the element, before all that it contains.
---
--- Raises: for an element that contains nothing, such as `<img>`.
---@param html string as for `element:before`.
function element:prepend(html)
  argument.self(self, "source", "element:prepend")
  argument.check(html, 1, "element:prepend", "string")
  need_content(self, "element:prepend")
  add(self, "at_start", html)
end

--- Puts HTML into the element, behind all that it contains.
---
--- Raises: for an element that contains nothing.
---@param html string as for `element:before`.
function element:append(html)
  argument.self(self, "source", "element:append")
  argument.check(html, 1, "element:append", "string")
  need_content(self, "element:append")
  add(self, "at_end", html)
end

--- Puts HTML in place of all that the element contains.
---
--- Raises: for an element that contains nothing.
---@param html string as for `element:before`.
function element:set_content(html)
  argument.self(self, "source", "element:set_content")
  argument.check(html, 1, "element:set_content", "string")
  need_content(self, "element:set_content")
  self.content = html
end

--- Puts HTML in place of the element and all that it contains.
---@param html string as for `element:before`.
function element:replace(html)
  argument.self(self, "source", "element:replace")
  argument.check(html, 1, "element:replace", "string")
  self.whole = html
end

--- Removes the element and all that it contains.
function element:remove()
  argument.self(self, "source", "element:remove")
  self.whole = ""
end

--- Removes the tags of the element, and leaves what it contains.
function element:unwrap()
  argument.self(self, "source", "element:unwrap")
  self.unwrapped = true
end

local written = {} -- functions of an element that are no methods of users

-- One attribute as it is written now, in the tag that is written anew.
local function text_of(self, attribute)
  if attribute.set then
    local name = attribute.written or self.source:match("^.[^ \t\n\f\r/>=]*", attribute.from)
    return ('%s="%s"'):format(name, escape(attribute.set))
  end
  -- What would follow an equals sign alone would be its value.
  return self.source:sub(attribute.from, attribute.to - 1) .. (attribute.bare == "equals" and '""' or "")
end

-- The start tag after changes: what was not changed is as it was.
function written.tag(self)
  local out, at, gap = {}, self.attributes_at, "" -- what stands before the next attribute
  out[1] = self.source:sub(self.from, at - 1)
  for _, attribute in ipairs(self.list) do
    if attribute.new and not attribute.removed then
      out[#out + 1] = " " .. text_of(self, attribute)
    elseif not attribute.new then
      gap = gap .. self.source:sub(at, attribute.from - 1)
      at = attribute.to
      if attribute.removed then
        if self.source:find("^[ \t\n\f\r/>]", at) then gap = "" end
      else
        out[#out + 1] = (gap == "" and " " or gap) .. text_of(self, attribute)
        gap = ""
      end
    end
  end
  out[#out + 1] = self.source:sub(at, self.to - 1)
  return table.concat(out)
end

-- An element of a tag: `from`, `to`, the places of it and of what is behind it, `attributes_at`, behind its name, `list` and `by_name`,
-- its attributes, `empty`, whether it has no content.
function written.new(fields) return setmetatable(fields, element) end

written.methods = element

return written
