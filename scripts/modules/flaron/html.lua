-- flaron.html: changes a page on its way, by handlers of what selectors mean, and leaves every other byte as it is. It goes
-- through the page once, by the rules of HTML's tokenizer, and takes a time that grows as the page does.
--
-- What it does not do: it builds no tree and mends no page, knows no selectors that look ahead or at siblings, and decodes of
-- the named character references only those that XML has, and `&nbsp;`.
local argument = require "flaron.internal.argument"
local escape = require "flaron.internal.escape"
local rewrite = require "flaron.internal.html.rewrite"
local selector = require "flaron.internal.html.selector"

--- Pages that are changed on their way.
---@class flaron.html
local html = {}

--- What is changed.
---@class flaron.html.Rewriter
---@field package rules table[]
---@field package comment? function
local rewriter = {}
rewriter.__index = rewriter

--- Text as it may stand in a page, and in an attribute between quotes: with `&`, `<`, `>`, `"` and `'` encoded.
---@param text string the text.
---@return string html what stands for it.
function html.escape(text)
  argument.check(text, 1, "html.escape", "string")
  return escape(text)
end

-- Adds a rule of a selector.
local function add(self, text, kind, handler, name)
  local chains, fault = selector.read(text)
  if not chains then error(("bad argument #1 to '%s' (the selector '%s': %s)"):format(name, text, fault), 3) end
  self.rules[#self.rules + 1] = { chains = chains, [kind] = handler }
end

--- A rewriter. It needs no host: do it at start-up.
---
--- Raises: for a selector that `rewriter:on` does not know.
---@param handlers? table<string, fun(element: flaron.html.Element)> what `rewriter:on` takes, by selector, added in the order of the selectors' bytes; default: none.
---@return flaron.html.Rewriter rewriter to add handlers to.
function html.new(handlers)
  argument.optional(handlers, 1, "html.new", "table")
  local self, selectors = setmetatable({ rules = {} }, rewriter), {}
  for css, handler in pairs(handlers or {}) do
    if type(css) ~= "string" or type(handler) ~= "function" then
      argument.fail(1, "html.new", ("functions by selectors expected, found a %s by a %s"):format(type(handler), type(css)))
    end
    selectors[#selectors + 1] = css
  end
  table.sort(selectors)
  for _, css in ipairs(selectors) do add(self, css, "element", handlers[css], "html.new") end
  return self
end

--- Calls a handler for each element that a selector means, when its start tag was read; handlers are called in the order in which they were added. `a`, `*`, `#id`, `.class`, `[name]`, `[name=value]` and `~=`, `|=`, `^=`, `$=`, `*=`, `[name=value i]` for any case, all of these together; `a b` for a `b` in an `a`, `a > b` for a child, `a, b` for either.
---
--- Raises: for a selector that is not one of these.
---@param css string the selector.
---@param handler fun(element: flaron.html.Element) changes the element.
---@return flaron.html.Rewriter rewriter the same, to go on with.
function rewriter:on(css, handler)
  argument.self(self, "rules", "rewriter:on")
  argument.check(css, 1, "rewriter:on", "string")
  argument.check(handler, 2, "rewriter:on", "function")
  add(self, css, "element", handler, "rewriter:on")
  return self
end

--- Calls a handler for each piece of text that stands in an element which a selector means, not deeper in it: between two tags, comments or ends.
---
--- Raises: as `rewriter:on` does.
---@param css string the selector.
---@param handler fun(text: string): string|nil gets the text as it is written in the page, returns HTML in place of it, or nil.
---@return flaron.html.Rewriter rewriter the same, to go on with.
function rewriter:on_text(css, handler)
  argument.self(self, "rules", "rewriter:on_text")
  argument.check(css, 1, "rewriter:on_text", "string")
  argument.check(handler, 2, "rewriter:on_text", "function")
  add(self, css, "text", handler, "rewriter:on_text")
  return self
end

--- Calls a handler for each comment. It takes the place of the one before.
---@param handler fun(text: string): string|false|nil gets what is between `<!--` and `-->`; returns another text, `false` for no comment, or nil.
---@return flaron.html.Rewriter rewriter the same, to go on with.
function rewriter:on_comment(handler)
  argument.self(self, "rules", "rewriter:on_comment")
  argument.check(handler, 1, "rewriter:on_comment", "function")
  self.comment = handler
  return self
end

--- Changes a page. May be called as often as you like; handlers that count must begin anew by themselves.
---
--- Raises: what handlers raise, and for what they return when it makes no sense.
---@param page string the page, in an encoding that has ASCII as it is, such as UTF-8.
---@return string changed the page with what the handlers changed; an element that is to be removed or filled and never ends stays.
function rewriter:rewrite(page)
  argument.self(self, "rules", "rewriter:rewrite")
  argument.check(page, 1, "rewriter:rewrite", "string")
  return rewrite(self, page)
end

return html
