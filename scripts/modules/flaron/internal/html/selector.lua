-- flaron.internal.html.selector: reads selectors of CSS and matches them while elements are opened, without looking back: each
-- open element has the states that are left for what is in it. Part of flaron.html; not for use by itself.
local tokens = require "flaron.internal.html.tokens"

local selector = {}

local MOST = 60 -- compounds of a selector: each is a bit

-- An identifier at `at`, with escapes such as `\:`, and what is behind it.
local function read_name(text, at)
  local out = {}
  while true do
    local plain, behind = text:match("^([%w_\128-\255-]+)()", at)
    if not plain then plain, behind = text:match("^\\([^\n])()", at) end
    if not plain then break end
    out[#out + 1], at = plain, behind
  end
  if #out == 0 then return nil, at end
  return table.concat(out), at
end

-- How values of attributes are compared.
local OPERATORS = {
  ["="] = function(value, wanted) return value == wanted end,
  ["~="] = function(value, wanted)
    for word in value:gmatch "[^ \t\n\f\r]+" do
      if word == wanted then return true end
    end
    return false
  end,
  ["|="] = function(value, wanted) return value == wanted or value:sub(1, #wanted + 1) == wanted .. "-" end,
  ["^="] = function(value, wanted) return wanted ~= "" and value:sub(1, #wanted) == wanted end,
  ["$="] = function(value, wanted) return wanted ~= "" and value:sub(-#wanted) == wanted end,
  ["*="] = function(value, wanted) return wanted ~= "" and value:find(wanted, 1, true) ~= nil end,
}

-- What stands between brackets, from behind the first on: a test, and what is behind the last; nil and what is wrong.
local function read_attribute(text, at)
  local name
  name, at = read_name(text, text:match("^%s*()", at))
  if not name then return nil, "an attribute has no name" end
  local operator, behind = text:match("^%s*([~|^$*]?=)%s*()", at)
  local test = { attribute = name:lower(), compare = operator and OPERATORS[operator] }
  if operator then
    local quote = text:match("^[\"']", behind)
    local value
    if quote then
      local close = text:find(quote, behind + 1, true)
      if not close then return nil, "quotes do not end" end
      value, at = text:sub(behind + 1, close - 1), close + 1
    else
      value, at = read_name(text, behind)
      if not value then return nil, ("the attribute %s has no value"):format(name) end
    end
    local flag, after = text:match("^%s+([iIsS])()", at)
    if not flag and quote then flag, after = text:match("^([iIsS])()", at) end
    test.any_case = flag ~= nil and flag:lower() == "i"
    test.value, at = test.any_case and value:lower() or value, after or at
  end
  at = text:match("^%s*%]()", at)
  if not at then return nil, "a bracket does not end" end
  return test, at
end

-- A compound such as `a.b[c]`: its tests, and what is behind it; nil and what is wrong.
local function read_compound(text, at)
  local compound, from = { tests = {} }, at
  local name, behind = read_name(text, at)
  if name then compound.name, at = name:lower(), behind elseif text:sub(at, at) == "*" then at = at + 1 end
  while true do
    local sign = text:match("^[#.%[]", at)
    if not sign then break end
    local test
    if sign == "[" then
      test, at = read_attribute(text, at + 1)
      if not test then return nil, at end
    else
      name, at = read_name(text, at + 1)
      if not name then return nil, ("there is no name behind '%s'"):format(sign) end
      test = { attribute = sign == "#" and "id" or "class", compare = OPERATORS[sign == "#" and "=" or "~="], value = name }
    end
    compound.tests[#compound.tests + 1] = test
  end
  if at == from then return nil, ("'%s' is not known here"):format(text:sub(at, at + 9)) end
  return compound, at
end

--- Reads a selector: a list of chains of compounds, of which each but the last has `child`, whether the next must be a child of
--- it; nil and what is wrong.
function selector.read(text)
  local chains, chain, at = {}, {}, text:match "^%s*()"
  while true do
    local compound
    compound, at = read_compound(text, at)
    if not compound then return nil, at end
    chain[#chain + 1] = compound
    if #chain > MOST then return nil, ("it has more than %d parts"):format(MOST) end
    local sign, behind = text:match("^%s*([>,])%s*()", at)
    if at > #text or text:find("^%s*$", at) then
      chains[#chains + 1] = chain
      return chains
    elseif sign == "," then
      chains[#chains + 1], chain, at = chain, {}, behind
    elseif sign then
      compound.child, at = true, behind
    else
      behind = text:match("^%s+()", at)
      if not behind then return nil, ("'%s' is not known here"):format(text:sub(at, at + 9)) end
      at = behind
    end
  end
end

-- Whether an element is one of a compound.
local function fits(compound, name, by_name)
  if compound.name and compound.name ~= name then return false end
  for _, test in ipairs(compound.tests) do
    local attribute = by_name[test.attribute]
    if not attribute then return false end
    if test.compare then
      if not attribute.decoded then attribute.decoded = tokens.decode(attribute.value) end
      local value = test.any_case and attribute.decoded:lower() or attribute.decoded
      if not test.compare(value, test.value) then return false end
    end
  end
  return true
end

--- Whether an element is one that a chain means. `states` gets, at `k` and behind it, the sets of the states for its children and
--- for all in it; `above` has those of what it is in, nil for none. Of a chain of one compound there are no states.
function selector.step(chain, name, by_name, above, states, k)
  if #chain == 1 then return fits(chain[1], name, by_name) end
  local all = above and above[k + 1] or 0
  local candidates, found, next_children, next_all = (above and above[k] or 0) | all | 1, false, 0, all
  for n, compound in ipairs(chain) do
    if candidates & (1 << n - 1) ~= 0 and fits(compound, name, by_name) then
      if n == #chain then
        found = true
      elseif compound.child then
        next_children = next_children | 1 << n
      else
        next_all = next_all | 1 << n
      end
    end
  end
  states[k], states[k + 1] = next_children, next_all
  return found
end

return selector
