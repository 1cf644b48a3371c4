-- flaron.template: text with Lua in it, compiled to a function once, at start-up. Inserted values are escaped for HTML.
--
--   {{ expression }}    inserted, escaped      {% code %}   Lua: loops, conditions, locals
--   {{{ expression }}}  inserted unescaped     {# note #}   comment
--
-- It trusts a template's author as much as a script's: it is not a sandbox. It does not consider where in the page a
-- value is: the escaping is right for text and for quoted attributes.

local argument = require "flaron.internal.argument"
local escape_html = require "flaron.internal.escape"

--- Text with Lua in it.
---@class flaron.template
local template = {}

--- A compiled template.
---@class flaron.template.Page
---@field package name string
---@field package run function
---@field package partials table<string, flaron.template.Page>
local page = {}
page.__index = page

-- The names that code in a template sees besides the values. They are few, so that missing values are nil.
local GLOBALS = {
  ipairs = ipairs, math = math, os = os, pairs = pairs, string = string, table = table, tonumber = tonumber,
  tostring = tostring, utf8 = utf8,
}

--- Text as it may stand in HTML, also in an attribute between quotes.
---@param value any `tostring` converts it; `nil` is `""`.
---@return string html with `&`, `<`, `>`, `"` and `'` escaped.
function template.escape(value)
  if value == template then error("call it template.escape(...), with a dot", 2) end
  if value == nil then return "" end
  return escape_html(tostring(value))
end

local function plain(value)
  return value == nil and "" or tostring(value)
end

-- The tags: how they open and close, and how their content becomes Lua. The longest first.
local TAGS = {
  { open = "{{{", close = "}}}", format = " __n=__n+1;__out[__n]=__plain(%s);", is_expression = true },
  { open = "{{", close = "}}", format = " __n=__n+1;__out[__n]=__escape(%s);", is_expression = true },
  { open = "{%", close = "%}", format = " %s " },
  { open = "{#", close = "#}" },
}

-- The position of the next tag from `at` on, and the tag.
local function find_tag(source, at)
  local open = source:find("{", at, true)
  while open do
    for _, tag in ipairs(TAGS) do
      if source:sub(open, open + #tag.open - 1) == tag.open then return open, tag end
    end
    open = source:find("{", open + 1, true)
  end
end

local function count_lines(text)
  return select(2, text:gsub("\n", ""))
end

-- Raises an error with a template's name and line.
local function fail(name, line, format, ...)
  error(("%s:%d: %s"):format(name, line, format:format(...)), 0)
end

-- The position after the comment or string that begins at `at`, or after the character there; nil if it does not end.
local function pass(code, at)
  local comment, quote = code:match("^%-%-()", at), code:match("^[\"']", at)
  local level = code:match("^%[(=*)%[", comment or at)
  local close = level and "]" .. level .. "]" or comment and "\n"
  if close then
    local _, last = code:find(close, at, true)
    return last and last + 1
  end
  if not quote then return at + 1 end
  repeat
    at = code:find("[\\" .. quote .. "]", at + 1)
    local escape = at and code:sub(at, at) == "\\"
    if escape then at = at + 1 end
  until not escape
  return at and at + 1
end

-- Whether code ends within a comment, of which text appended to the code would become a part.
local function ends_in_comment(code)
  local at = code:find "[-%[\"']"
  while at do
    local behind = pass(code, at)
    if not behind then return code:sub(at, at + 1) == "--" end
    at = code:find("[-%[\"']", behind)
  end
  return false
end

-- Checks the content of a tag, so that an error has its line and not a later one.
local function check(name, line, tag, inside)
  if ends_in_comment(inside) then
    fail(name, line + count_lines(inside), "a comment runs to the end of the tag: use {# #}")
  end
  if not tag.is_expression then return end
  local chunk, message = load(("\n"):rep(line - 1) .. "return (" .. inside .. ")", "@" .. name, "t")
  if not chunk then error(message, 0) end
end

-- The Lua code of a template, with all its line feeds in place, so that line numbers are the same.
local function translate(source, name)
  local out = { "local __out,__escape,__plain,_ENV=...;local __n=0;" }
  local at, line = 1, 1
  while at <= #source do
    local open, tag = find_tag(source, at)
    local text = source:sub(at, open and open - 1)
    if text ~= "" then out[#out + 1] = (" __n=__n+1;__out[__n]=%q;"):format(text) end
    line = line + count_lines(text)
    if not tag then break end
    local close = source:find(tag.close, open + #tag.open, true)
    if not close then fail(name, line, "'%s' is not closed", tag.open) end
    local inside = source:sub(open + #tag.open, close - 1)
    if tag.format then
      check(name, line, tag, inside)
      out[#out + 1] = tag.format:format(inside)
    else
      out[#out + 1] = ("\n"):rep(count_lines(inside))
    end
    line = line + count_lines(inside)
    at = close + #tag.close
  end
  return table.concat(out)
end

--- Makes a template of its text. It needs no host: do it at start-up, outside of the handlers.
---
--- Raises: for a mistake in the template, with its name and line: `page:3: unexpected symbol near '}'`.
---@param source string the text.
---@param name? string what messages call it; `"template"` when absent.
---@param partials? table<string, flaron.template.Page> templates that this one may `include`, by name.
---@return flaron.template.Page page to render.
function template.compile(source, name, partials)
  argument.check(source, 1, "template.compile", "string")
  argument.optional(name, 2, "template.compile", "string")
  argument.optional(partials, 3, "template.compile", "table")
  name = name or "template"
  local run, message = load(translate(source, name), "@" .. name, "t")
  if not run then error(message:gsub("near '__n'$", "near the end of a tag"), 0) end
  return setmetatable({ name = name, run = run, partials = partials or {} }, page)
end

--- Fills the template in.
---
--- Raises: what the code in it raises, with the template's name and line.
---@param values? table what the names in the template mean; a name that is in neither this table nor `template`'s list of names is `nil`.
---@return string text the whole text.
function page:render(values)
  argument.self(self, "run", "page:render")
  argument.optional(values, 1, "page:render", "table")
  values = values or {}
  local names = setmetatable({}, {
    __index = function(_, key)
      local value = values[key]
      if value == nil then value = GLOBALS[key] end
      return value
    end,
  })
  function names.include(partial, other)
    local found = self.partials[partial]
    if not found then error(("%s: there is no partial '%s'"):format(self.name, tostring(partial)), 2) end
    return found:render(other or values)
  end
  local out = {}
  self.run(out, template.escape, plain, names)
  return table.concat(out)
end

return template
