-- answers.lua - what handlers answer, where it is written there, against what bindings/response.c takes: part of check.lua, which
-- gives it the means to read a tree. What is made elsewhere is not looked at: no finding is a guess.
-- luacheck: globals look_at_answers

local FIELDS = { status = true, headers = true, body = true }
local ROUTE_FIELDS = { status = true, headers = true, body = true, json = true } -- what flaron.router takes besides
local TYPES = { String = "string", Number = "number", True = "boolean", False = "boolean", Table = "table", Function = "function" }
local LONGEST = 10 -- calls of local functions, one in the other

-- Looks at what a function returns. `tools` has value_of and constant of check.lua, and report(node, message, name, names) for what
-- is wrong; the last two are for a name that there is not. `answer` is what messages call it: "the answer of GET /users".
-- `routed`: flaron.router takes it. `seen` has the functions that were looked at.
function look_at_answers(tools, fn, answer, routed, seen)
  local fields = routed and ROUTE_FIELDS or FIELDS
  local report = tools.report

  -- What an expression always stands for, as far as it is known.
  local function follow(node) return node.tag == "Id" and tools.value_of(node) or node end

  local function check_header(key, value)
    local name = key and tools.constant(key)
    local kind = TYPES[follow(value).tag]
    if not name and (not key or TYPES[key.tag]) then
      report(key or value, ("a key in field 'headers' of %s is a %s, not a string"):format(answer, key and TYPES[key.tag] or "number"))
    elseif kind and kind ~= "string" and kind ~= "number" then
      report(value, ("header '%s' of %s is a %s, not a string"):format(name or "?", answer, kind))
    end
  end

  local checks = {}

  function checks.status(value, kind)
    local status = kind == "string" and tonumber(value[1]) or kind == "number" and tonumber(value[1])
    if kind and not (status and status % 1 == 0 and status >= 100 and status <= 599) then
      local shown = (kind == "string" or kind == "number") and value[1] or "a " .. kind
      report(value, ("field 'status' of %s is %s, not an integer from 100 to 599"):format(answer, shown))
    end
  end

  function checks.body(value, kind)
    if kind and kind ~= "string" and kind ~= "number" then
      report(value, ("field 'body' of %s is a %s, not a string"):format(answer, kind))
    end
  end

  function checks.headers(value, kind)
    if kind and kind ~= "table" then return report(value, ("field 'headers' of %s is a %s, not a table"):format(answer, kind)) end
    for _, item in ipairs(kind and value or {}) do
      if item.tag == "Pair" then check_header(item[1], item[2]) elseif TYPES[item.tag] then check_header(nil, item) end
    end
  end

  function checks.json() end

  -- A table as a whole.
  local function check_table(node)
    local has = {}
    for _, item in ipairs(node) do
      local key = item.tag == "Pair" and item[1]
      local name = key and tools.constant(key)
      if item.tag == "Pair" and name and fields[name] then
        local value = follow(item[2])
        has[name] = item
        checks[name](value, TYPES[value.tag])
      elseif name then
        local plain = name:lower():gsub("_?code$", "") -- statusCode, status_code and Body are other frameworks' names
        report(key, ("%s has an unknown field '%s'"):format(answer, name), plain, fields)
      elseif TYPES[follow(key or item).tag] then
        report(key or item, ("%s has an item without a name: status, headers and body are known"):format(answer))
      end
    end
    if has.json and has.body then report(has.json, answer .. " has both json and body") end
  end

  local look

  -- What is returned as the answer.
  local function check(node, depth)
    if not node or depth > LONGEST then return end
    if node.tag == "Op" and (node[1] == "or" or node[1] == "and") then
      if node[1] == "or" then check(node[2], depth + 1) end -- of `a and b` only b, since a may be what is false
      return check(node[3], depth + 1)
    end
    node = follow(node)
    if node.tag == "Table" then return check_table(node) end
    if node.tag == "Call" and node[1].tag == "Id" then return look(tools.value_of(node[1]), depth + 1) end
    local kind = TYPES[node.tag]
    if kind and not (kind == "number" and tonumber(node[1]) < 100) then -- actions are small
      local shown = kind == "number" and node[1] or "a " .. kind
      report(node, ("%s is %s: an action of flaron, a table or nothing is expected"):format(answer, shown))
    end
  end

  local function visit(node, depth)
    if node.tag == "Return" then return check(node[1], depth) end
    for _, child in ipairs(node) do
      if type(child) == "table" and child.tag ~= "Function" then visit(child, depth) end
    end
  end

  function look(node, depth)
    if not node or node.tag ~= "Function" or seen[node] then return end
    seen[node] = true
    visit(node[2], depth)
  end

  look(fn, 0)
end
