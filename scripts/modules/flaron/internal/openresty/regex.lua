-- flaron.internal.openresty.regex: ngx.re over PCRE2, which is the optional part `rex_pcre2`. The part is in a flare whose flare.lua
-- names it in `modules`: its name is not a constant here, so that who uses no regular expression does not carry it.
--
-- Options "j", "o" and "d" change nothing: there is no JIT, patterns are kept for the request, and matching is not DFA. With
-- "u" an empty match is followed by the next character, where nginx gives up. With "D" a name has only its first match.
local PART = "rex" .. "_pcre2"

local OPTIONS = {
  a = "ANCHORED", D = "DUPNAMES", i = "CASELESS", J = "ALT_BSUX", m = "MULTILINE", s = "DOTALL", u = "UTF", U = "UTF",
  x = "EXTENDED", j = "", o = "", d = "",
}

local rex, flags -- the part, and its numbers

local function open(level)
  local there, part = pcall(require, PART)
  if not there or type(part) ~= "table" then
    error(("ngx.re: add %q to `modules` in flare.lua"):format(PART), level + 1)
  end
  rex, flags = part, part.flags()
end

local compiled = {} -- by options, "/" and pattern

-- A compiled pattern; nil and why when it is none. Raises for an unknown option.
local function compile(name, pattern, options, level)
  if not rex then open(level + 1) end
  options = options or ""
  pattern = tostring(pattern)
  local key = options .. "/" .. pattern
  if compiled[key] then return compiled[key] end
  local bits = 0
  for option in options:gmatch "." do
    local flag = OPTIONS[option]
    if not flag then error(("bad argument #%d to '%s' (unknown flag \"%s\")"):format(name:find "sub" and 4 or 3, name, option),
      level + 1) end
    if flag ~= "" then bits = bits | (flags[flag] or 0) end
  end
  local good, made = pcall(rex.new, pattern, bits)
  if not good then return nil, ("pcre_compile() failed: %s in %q"):format(made, pattern) end
  compiled[key] = made
  return made
end

-- First and last byte of the first match from `from` on, and the table of lrexlib; nil if there is none, with why when the
-- limits of PCRE2 end the search.
local function search(regex, subject, from)
  local good, first, last, groups = pcall(regex.exec, regex, subject, from)
  if not good then return nil, nil, "pcre_exec() failed: " .. tostring(first) end
  return first, last, groups
end

-- Captures as ngx.re.match gives them, in `into` if there is one.
local function captures_of(subject, first, last, groups, into)
  local captures = into or {}
  if into then
    for key in pairs(into) do into[key] = nil end
  end
  captures[0] = subject:sub(first, last)
  for key, value in pairs(groups) do
    if type(key) == "string" then captures[key] = value end
  end
  for n = 1, #groups // 2 do
    local from = groups[2 * n - 1]
    captures[n] = from and subject:sub(from, groups[2 * n])
  end
  return captures
end

-- The place behind a match: an empty one ends one character before it.
local function after(subject, first, last, utf)
  if last >= first then return last + 1 end
  return utf and utf8.len(subject) and utf8.offset(subject, 2, first) or first + 1
end

local function is_utf(options) return options ~= nil and options:find "[uU]" ~= nil end

local function start_of(context) return context and context.pos or 1 end

local function match(subject, pattern, options, context, into)
  subject = tostring(subject)
  local regex, fault = compile("match", pattern, options, 2)
  if not regex then return nil, fault end
  if start_of(context) > #subject + 1 then return nil end
  local first, last, groups = search(regex, subject, start_of(context))
  if not first then
    if groups then return nil, groups end
    return nil
  end
  if context then context.pos = last + 1 end
  return captures_of(subject, first, last, groups, into)
end

local function find(subject, pattern, options, context, nth)
  subject = tostring(subject)
  local regex, fault = compile("find", pattern, options, 2)
  if not regex then return nil, nil, fault end
  if start_of(context) > #subject + 1 then return nil end
  local first, last, groups = search(regex, subject, start_of(context))
  if not first then
    if groups then return nil, nil, groups end
    return nil
  end
  if context then context.pos = last + 1 end
  nth = nth or 0
  if nth == 0 then return first, last end
  if nth * 2 > #groups or nth < 0 then return nil, nil, "nth out of bound" end
  if not groups[nth * 2] then return nil, nil end
  return groups[nth * 2 - 1], groups[nth * 2]
end

local function gmatch(subject, pattern, options)
  subject = tostring(subject)
  local regex, fault = compile("gmatch", pattern, options, 2)
  if not regex then return nil, fault end
  local at = 1
  return function()
    if not at or at > #subject + 1 then return nil end
    local first, last, groups = search(regex, subject, at)
    at = first and after(subject, first, last, is_utf(options))
    if not first then return nil, groups end
    return captures_of(subject, first, last, groups)
  end
end

-- A replacement as a function of captures; nil if the text is none.
local function template_of(text)
  local pieces, at = {}, 1
  while true do
    local dollar = text:find("$", at, true)
    pieces[#pieces + 1] = text:sub(at, (dollar or 0) - 1)
    if not dollar then break end
    local number, behind = text:match("^%$(%d+)()", dollar)
    if not number then number, behind = text:match("^%${(%d+)}()", dollar) end
    if number then
      pieces[#pieces + 1], at = tonumber(number), behind
    elseif text:find("^%$%$", dollar) then
      pieces[#pieces + 1], at = "$", dollar + 2
    else
      return nil
    end
  end
  return function(captures)
    local out = {}
    for n, piece in ipairs(pieces) do out[n] = type(piece) == "number" and (captures[piece] or "") or piece end
    return table.concat(out)
  end
end

-- Replaces at most `most` matches.
local function replace(name, subject, pattern, replacement, options, most)
  subject = tostring(subject)
  local regex, fault = compile(name, pattern, options, 3)
  if not regex then return nil, nil, fault end
  local make = replacement
  if type(replacement) ~= "function" then make = template_of(tostring(replacement)) end
  if not make then return nil, nil, "failed to compile the replacement template" end
  local out, count, copied, at = {}, 0, 1, 1
  while count < most and at <= #subject + 1 do
    local first, last, groups = search(regex, subject, at)
    if not first then
      if groups then return nil, nil, groups end
      break
    end
    out[#out + 1] = subject:sub(copied, first - 1)
    local value = make(captures_of(subject, first, last, groups))
    if type(value) ~= "string" and type(value) ~= "number" then
      error(("bad argument #3 to '%s' (string or number expected to be returned by the replace function, got %s)"):format(name,
        type(value)), 3)
    end
    out[#out + 1] = value
    count, copied, at = count + 1, last + 1, after(subject, first, last, is_utf(options))
  end
  if count == 0 then return subject, 0 end
  out[#out + 1] = subject:sub(copied)
  return table.concat(out), count
end

return {
  match = match, find = find, gmatch = gmatch,
  sub = function(subject, pattern, replacement, options) return replace("sub", subject, pattern, replacement, options, 1) end,
  gsub = function(subject, pattern, replacement, options)
    return replace("gsub", subject, pattern, replacement, options, math.huge)
  end,
}
