-- flaron.internal.html.tree: which elements are open where, as far as selectors need it: void elements, end tags that may be left
-- out, and SVG and MathML. Part of flaron.html; not for use by itself.
--
-- It does not move what browsers move: text out of tables, and formatting elements that are closed in the wrong order.
local tree = {}
tree.__index = tree

local function set_of(text)
  local set = {}
  for word in text:gmatch "%S+" do set[word] = true end
  return set
end

tree.VOID = set_of "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr"
--- Elements in which `<` begins no other tag than their own end tag.
tree.RAW = set_of "script style textarea title xmp iframe noembed noframes plaintext"

local FURTHEST = 64 -- open elements that are looked through for one whose end tag was left out

-- An end tag does not reach out of these; those of tables reach out of all but the second.
local SCOPE = set_of "applet caption html table td th marquee object template svg math foreignobject desc annotation-xml"
local TABLE_SCOPE = set_of "table template html"
local TABLE_PART = set_of "caption colgroup table tbody td tfoot th thead tr"
local FOREIGN = { svg = "svg", math = "math" }
-- What is HTML again within SVG and MathML, and what ends them, since it cannot be in them.
local HTML_IN = { svg = set_of "foreignobject desc title", math = set_of "mi mo mn ms mtext annotation-xml" }
local ENDS_FOREIGN = set_of [[b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing
  menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var]]

-- Which open elements end where an element begins, and in which they do not: the innermost of them, or `all` up to there.
local ENDS = {}
local function ends(names, closed, barriers, all)
  local rule = { closed = set_of(closed), barriers = set_of(barriers), all = all }
  for name in names:gmatch "%S+" do
    ENDS[name] = ENDS[name] or {}
    table.insert(ENDS[name], rule)
  end
end
ends([[address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer header hgroup main menu
  nav ol p search section summary ul h1 h2 h3 h4 h5 h6 pre listing form table hr xmp plaintext li dd dt]], "p",
  "button applet caption html table td th marquee object template")
ends("li", "li", "ul ol menu dir table td th caption template object marquee applet")
ends("dd dt", "dd dt", "dl table td th caption template object marquee applet")
ends("option optgroup hr", "option", "select optgroup datalist table td template")
ends("optgroup hr", "optgroup", "select table td template")
ends("rb rtc", "rb rt rtc rp", "ruby table td template")
ends("rt rp", "rb rt rp", "ruby rtc table td template")
ends("td th", "td th caption", "tr table template", true)
ends("tr", "td th tr caption colgroup", "tbody thead tfoot table template", true)
ends("tbody thead tfoot", "td th tr tbody thead tfoot caption colgroup", "table template", true)
ends("caption colgroup", "td th tr tbody thead tfoot caption colgroup", "table template", true)
ends("body", "head", "html template")

--- A tree. `closed` is called for each element that ends, with its entry and the place where its end tag begins and the one of
--- what is behind that, which are the same when it has none.
function tree.new(closed)
  return setmetatable({ n = 0, closed = closed, scope = { open = {} } }, tree)
end

-- Ends the innermost element.
local function pop(self, from, to)
  local entry = self[self.n]
  self[self.n], self.n = nil, self.n - 1
  if entry.scope then self.scope = entry.scope end
  self.scope.open[entry.name] = self.scope.open[entry.name] - 1
  self.closed(entry, from, to)
end

--- The innermost open element; nil if there is none.
function tree:top() return self[self.n] end

-- The language of what is in an element, nil for none: "svg", "math", or nil for HTML.
local function language_in(top)
  if not top or not top.language or HTML_IN[top.language][top.name] then return nil end
  return top.language
end

local function language_of(self) return language_in(self[self.n]) end

--- Whether what comes is in SVG or MathML.
function tree:is_foreign() return language_of(self) ~= nil end

--- Ends what a start tag at `at` ends. Returns whether the tag is HTML's, as those in SVG and MathML are not.
function tree:before(name, at)
  if language_of(self) then
    if not ENDS_FOREIGN[name] then return false end
    while language_of(self) do pop(self, at, at) end
  end
  for _, rule in ipairs(ENDS[name] or {}) do
    local found
    for n = self.n, math.max(1, self.n - FURTHEST), -1 do
      local open = self[n].name
      if rule.closed[open] then found = n end
      if rule.barriers[open] or found and not rule.all then break end
    end
    while found and self.n >= found do pop(self, at, at) end
  end
  return not FOREIGN[name]
end

--- Opens an element.
function tree:push(entry)
  local name = entry.name
  self.n = self.n + 1
  self[self.n] = entry
  entry.language = language_in(self[self.n - 1]) or FOREIGN[name]
  self.scope.open[name] = (self.scope.open[name] or 0) + 1
  if SCOPE[name] then
    entry.scope = self.scope
    self.scope = { open = {}, name = name, outer = self.scope }
  end
end

-- Whether an end tag has a start tag that it reaches.
local function reaches(self, name)
  local scope = self.scope
  for _ = 1, FURTHEST do
    if (scope.open[name] or 0) > 0 or scope.name == name then return true end
    if not scope.outer or not TABLE_PART[name] or TABLE_SCOPE[scope.name] then return false end
    scope = scope.outer
  end
  return false
end

--- Ends the element of an end tag from `from` to `to`, and those in it; nothing if it ends none.
function tree:close(name, from, to)
  if not reaches(self, name) then return end
  while self[self.n].name ~= name do pop(self, from, from) end
  pop(self, from, to)
end

--- Ends all that is open at the end of the page.
function tree:finish(at)
  while self.n > 0 do pop(self, at, at) end
end

return tree
