-- flaron.internal.html.rewrite: one page, from its first byte to its last. Part of flaron.html; not for use by itself.
local element = require "flaron.internal.html.element"
local selector = require "flaron.internal.html.selector"
local tokens = require "flaron.internal.html.tokens"
local tree = require "flaron.internal.html.tree"

-- Copies the page up to `till`, then goes on from `from`; what is hidden is not copied.
local function copy(run, till, from)
  if not run.hidden and till > run.copied then run.out[#run.out + 1] = run.source:sub(run.copied, till - 1) end
  run.copied = from
end

local function put(run, text) if text and text ~= "" then run.out[#run.out + 1] = text end end

-- An element has ended; its end tag, if it has one, is from `from` to `to`.
local function closed(run, entry, from, to)
  local it = entry.it
  if run.hidden == entry then
    run.hidden, run.copied = nil, it.whole and to or from
  elseif run.hidden or not it then
    return
  end
  if not it.whole then
    if it.at_end then
      copy(run, from, from)
      put(run, it.at_end)
    end
    if it.unwrapped then copy(run, from, to) end
  end
  if it.at_back then
    copy(run, to, to)
    put(run, it.at_back)
  end
end

-- Writes what handlers made of a start tag. `entry` is the element's; nil if it has no content.
local function open(run, it, entry)
  if not (it.at_front or it.whole or it.changed or it.unwrapped or it.at_start or it.content or it.at_end or it.at_back) then return end
  if entry then entry.it, entry.mark = it, { #run.out, run.copied } end
  copy(run, it.from, it.from)
  put(run, it.at_front)
  if it.whole then
    put(run, it.whole)
    if entry then run.hidden = entry else run.copied = it.to end
  elseif it.unwrapped then
    run.copied = it.to
  elseif it.changed then
    put(run, element.tag(it))
    run.copied = it.to
  end
  if not it.whole and (it.at_start or it.content) then
    copy(run, it.to, it.to)
    put(run, it.at_start)
    put(run, it.content)
    if it.content then run.hidden = entry end
  end
  if not entry and it.at_back then
    copy(run, it.to, it.to)
    put(run, it.at_back)
  end
end

-- Steps all selectors: calls the handlers of the element, and returns the states for what is in it, and the handlers of its text.
local function match(run, it, above)
  local before, states, texts, k = above and above.states, {}, nil, 1
  for _, rule in ipairs(run.rules) do
    local found = false
    for _, chain in ipairs(rule.chains) do
      found = selector.step(chain, it.name, it.by_name, before, states, k) or found
      k = k + 2
    end
    if found and rule.element then rule.element(it) end
    if found and rule.text then
      texts = texts or {}
      texts[#texts + 1] = rule.text
    end
  end
  return states, texts
end

-- Hands text from `from` to `to` to the handlers of the element that it is in.
local function read_text(run, from, to)
  local top = run.tree:top()
  if from >= to or run.hidden or not top or not top.texts then return end
  local text = run.source:sub(from, to - 1)
  for _, handler in ipairs(top.texts) do
    local new = handler(text)
    if new ~= nil and type(new) ~= "string" then
      error(("a handler of rewriter:on_text returned a %s, not a string or nil"):format(type(new)), 0)
    end
    text = new or text
  end
  if text ~= run.source:sub(from, to - 1) then
    copy(run, from, to)
    put(run, text)
  end
end

-- Hands a comment, `<!--` and `-->` with it, to its handler.
local function read_comment(run, from, to)
  local handler = run.rewriter.comment
  if not handler or run.hidden or to - from < 7 or run.source:sub(to - 3, to - 1) ~= "-->" then return end
  local text = run.source:sub(from + 4, to - 4)
  local new = handler(text)
  if new == nil or new == text then return end
  if new and (type(new) ~= "string" or new:find "^%-?>" or new:find("--", 1, true) or new:find "%-$") then
    error("a handler of rewriter:on_comment returned what is not the text of a comment", 0)
  end
  copy(run, from, to)
  put(run, new and "<!--" .. new .. "-->")
end

-- A start tag at `at`, whose attributes begin at `behind`. Returns what is behind it, and behind the text of an element that has
-- nothing but text; nil when the page ends in it.
local function read_start(run, name, at, behind)
  local to, slash, list, by_name = tokens.attributes(run.source, behind)
  if not to then return nil end
  read_text(run, run.text_from, at)
  name = name:lower()
  local is_html = run.tree:before(name, at)
  local empty = is_html and tree.VOID[name] or not is_html and slash
  local entry, above = not empty and { name = name } or nil, run.tree:top()
  if not run.hidden then
    local it = element.new {
      name = name, source = run.source, from = at, to = to, attributes_at = behind, list = list, by_name = by_name, empty = empty,
    }
    local states, texts = match(run, it, above)
    if entry then entry.states, entry.texts = states, texts end
    open(run, it, entry)
  end
  if entry then run.tree:push(entry) end
  if not is_html or not tree.RAW[name] then return to end
  run.lower = run.lower or run.source:lower() -- byte by byte, so places in it are places in the page
  local stop = tokens.raw_end(run.lower, name, to) or #run.source + 1
  read_text(run, to, stop)
  return stop
end

-- What begins with "<" at `at`: returns what is behind it, `at` when it is text; nil when the page ends in it.
local function read_markup(run, at)
  local source = run.source
  local name, behind = source:match("^<(%a[^ \t\n\f\r/>]*)()", at)
  if name then return read_start(run, name, at, behind) end
  name, behind = source:match("^</(%a[^ \t\n\f\r/>]*)()", at)
  if name then
    local to = tokens.attributes(source, behind)
    if not to then return nil end
    read_text(run, run.text_from, at)
    run.tree:close(name:lower(), at, to)
    return to
  end
  if not source:find("^[!?/]", at + 1) then return at end
  local to, is_comment
  if source:find("^<!%[CDATA%[", at) and run.tree:is_foreign() then
    local _, last = source:find("]]>", at + 9, true)
    to = last and last + 1
  else
    to, is_comment = tokens.comment(source, at)
  end
  if not to then return nil end
  read_text(run, run.text_from, at)
  if is_comment then read_comment(run, at, to) end
  return to
end

--- Changes a page by the rules of a rewriter.
return function(rewriter, source)
  local run = { rewriter = rewriter, rules = rewriter.rules, source = source, out = {}, copied = 1, text_from = 1 }
  run.tree = tree.new(function(entry, from, to) closed(run, entry, from, to) end)
  local last, at = #source + 1, 1
  while true do
    at = source:find("<", at, true)
    if not at then
      read_text(run, run.text_from, last)
      break
    end
    local behind = read_markup(run, at)
    if not behind then -- the page ends in it, and it is nothing
      read_text(run, run.text_from, at)
      break
    end
    if behind == at then at = at + 1 else at, run.text_from = behind, behind end
  end
  if run.hidden then -- it never ended: back to where it began
    local entry = run.hidden
    for n = #run.out, entry.mark[1] + 1, -1 do run.out[n] = nil end
    run.copied, run.hidden, entry.it = entry.mark[2], nil, nil
  end
  run.tree:finish(last)
  copy(run, last, last)
  return table.concat(run.out)
end
