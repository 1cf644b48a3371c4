-- flaron.internal.argument: checks arguments of the ready-made modules; errors have the line of their caller. Not for
-- use on its own. Call each function directly from the public function, since the line is found by level.
local argument = {}

-- Whether a value is the module of a public function such as "cookie.get", that is, has that function. False for a
-- method.
local function is_module_of(value, name)
  local field = name:match "^[%l%d_]+%.(.+)$"
  return field and type(value) == "table" and type(rawget(value, field)) == "function"
end

local function fail(n, name, message) error(("bad argument #%d to '%s' (%s)"):format(n, name, message), 4) end

-- The message about a value of a wrong type; nil if the type is right.
local function fault_of(value, kind)
  local got = type(value)
  if kind == "integer" and got == "number" then
    return math.type(value) ~= "integer" and "number has no integer representation" or nil
  end
  if got ~= kind then return ("%s expected, got %s"):format(kind == "integer" and "number" or kind, got) end
end

-- Raises if the first argument is the module: then the function was called with a colon.
local function check_dot(value, n, name)
  if n == 1 and is_module_of(value, name) then
    error(("call it %s(...), with a dot"):format(name), 4)
  end
end

--- Checks a required argument.
---@param value any
---@param n integer its number, without `self`.
---@param name string the function, as users write it: "cookie.get", "app:get".
---@param kind string what `type` says of it, or "integer".
function argument.check(value, n, name, kind)
  check_dot(value, n, name)
  local fault = fault_of(value, kind)
  if fault then fail(n, name, fault) end
end

--- The same for an argument that may be nil.
function argument.optional(value, n, name, kind)
  check_dot(value, n, name)
  local fault = value ~= nil and fault_of(value, kind)
  if fault then fail(n, name, fault) end
end

--- Checks an optional integer and its range.
function argument.range(value, n, name, low, high)
  local fault = value ~= nil and fault_of(value, "integer")
  if not fault and value and (value < low or value > high) then fault = ("%d is not from %d to %d"):format(value, low, high) end
  if fault then fail(n, name, fault) end
end

--- Checks that all items of a list are functions; the first is argument `n`.
function argument.functions(list, n, name)
  for i = 1, list.n do
    local fault = fault_of(list[i], "function")
    if fault then fail(n + i - 1, name, fault) end
  end
end

--- What is wrong with a list of strings, for a message; nil when nothing is. nil counts as an empty list.
function argument.strings(list)
  for n, item in ipairs(list or {}) do
    if type(item) ~= "string" then return ("item %d: string expected, got %s"):format(n, type(item)) end
  end
end

--- Raises an error about an argument of the right type.
function argument.fail(n, name, message) fail(n, name, message) end

--- Checks that a method was called on its object, which has a field `mark`, and not with a dot.
function argument.self(self, mark, name)
  if type(self) ~= "table" or self[mark] == nil then error(("call it %s(...), with a colon"):format(name), 3) end
end

--- The hint for a message about an unknown name: the nearest key of `names`, if it is only as many edits away as a
--- typing error.
function argument.nearest(name, names)
  if type(name) ~= "string" or #name < 3 or #name > 32 then return "" end
  local best, least
  for candidate in pairs(names) do
    local row = {}
    for j = 0, #candidate do row[j] = j end
    for i = 1, #name do
      local before = row[0]
      row[0] = i
      for j = 1, #candidate do
        local above = row[j]
        row[j] = math.min(row[j] + 1, row[j - 1] + 1, before + (name:byte(i) == candidate:byte(j) and 0 or 1))
        before = above
      end
    end
    local edits = row[#candidate]
    if edits <= (#name < 5 and 1 or 2) and (not least or edits < least or edits == least and candidate < best) then
      best, least = candidate, edits
    end
  end
  return best and (": did you mean '%s'?"):format(best) or ""
end

-- "a, b or c" of "a|b|c".
local function words(types) return (types:gsub("|([^|]*)$", " or %1"):gsub("|", ", ")) end

--- Checks a table of options: each must be known and of the right type.
---@param options table
---@param name string the function, as users write it: "date.iso".
---@param types table<string, string> of each option its types, such as "string|table|false".
---@param find_fault? fun(options: table): string?, string? what is wrong with options of the right types: which, and why.
function argument.options(options, name, types, find_fault)
  for option, value in pairs(options) do
    local expected = types[option]
    if not expected then
      error(("unknown option '%s' of %s%s"):format(tostring(option), name, argument.nearest(option, types)), 3)
    end
    local known = "|" .. expected .. "|"
    local kind = value == false and known:find("|false|", 1, true) and "false" or math.type(value) or type(value)
    local fits = known:find("|" .. kind .. "|", 1, true) or math.type(value) and known:find("|number|", 1, true)
    if not fits then
      local got = known:find("|integer|", 1, true) and kind or type(value)
      error(("option '%s' of %s: %s expected, got %s"):format(option, name, words(expected), got), 3)
    end
  end
  local option, fault = (find_fault or function() end)(options)
  if option then error(("option '%s' of %s: %s"):format(option, name, fault), 3) end
end

return argument
