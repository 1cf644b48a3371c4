-- api.validate: checks a table that came from outside against a description of its fields.
--
--   local faults = validate(note, {
--     title = { type = "string", required = true, longest = 120 },
--     tags = { type = "list", of = { type = "string" }, longest = 8 },
--   })
local check -- a list is checked item by item, with the same function

local kinds = {}

function kinds.string(value, rule)
  -- utf8.len counts characters, and answers nil for bytes that are no UTF-8.
  local length = type(value) == "string" and utf8.len(value)
  if not length then return "must be a string" end
  if rule.shortest and length < rule.shortest then return ("must have at least %d characters"):format(rule.shortest) end
  if rule.longest and length > rule.longest then return ("must have at most %d characters"):format(rule.longest) end
  if rule.pattern and not value:find(rule.pattern) then return "must match " .. rule.pattern end
end

function kinds.boolean(value)
  if type(value) ~= "boolean" then return "must be true or false" end
end

function kinds.list(value, rule)
  if type(value) ~= "table" then return "must be a list" end
  local count = 0
  for key in pairs(value) do
    if math.type(key) ~= "integer" then return "must be a list" end
    count = count + 1
  end
  if rule.longest and count > rule.longest then return ("must have at most %d items"):format(rule.longest) end
  for i, item in ipairs(value) do
    local fault = check(item, rule.of)
    if fault then return ("item %d %s"):format(i, fault) end
  end
end

function check(value, rule)
  return kinds[rule.type](value, rule)
end

--- The faults of `value` by field, or nil when there are none.
return function(value, fields)
  local faults = {}
  for name in pairs(value) do
    if not fields[name] then faults[tostring(name)] = "is unknown" end
  end
  for name, rule in pairs(fields) do
    local field = value[name]
    if field ~= nil then
      faults[name] = check(field, rule)
    elseif rule.required then
      faults[name] = "is missing"
    end
  end
  return next(faults) and faults
end
