-- agent.lua - the debugger's part inside of a flare that stands still: it reads and sets variables and shows values. What it needs of
-- frame.lua, which loads it, comes in `core`.

local lua, core = ...
local next, rawget, rawlen, rawset = lua.next, lua.rawget, lua.rawlen, lua.rawset
local type, select, tonumber, raise = lua.type, lua.select, lua.tonumber, lua.error
local create, resume, status = lua.create, lua.resume, lua.status
local byte, sub, find, format, gsub, len = lua.byte, lua.sub, lua.find, lua.format, lua.gsub, lua.len
local concat, sort, number_kind, utf8_length = lua.concat, lua.sort, lua.mathtype, lua.utflen
local getinfo, setlocal = lua.getinfo, lua.setlocal
local getupvalue, setupvalue, getmetatable = lua.getupvalue, lua.setupvalue, lua.getmetatable
local requests, put, clean, real, run = core.requests, core.put, core.clean, core.real, core.run
local frame_at, frame_info, names_of, environment = core.frame_at, core.frame_info, core.names_of, core.environment
local each_local, varargs_of, globals = core.each_local, core.varargs_of, core.globals

local main = rawget(lua.getregistry(), 1)
local LONG, PREVIEW, MOST, SORTED, FRAMES = 1000, 60, 10000, 20000, 1000

-- ---- how values are shown ----

local escapes = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }

local function quote(text, most)
  local size = len(text)
  local part = size > most and sub(text, 1, most) or text
  -- A character that the cut has split is not a reason to escape all others.
  local is_text = utf8_length(part)
  for cut = 2, size > most and 4 or 1 do is_text = is_text or utf8_length(sub(part, 1, -cut)) end
  local shown = gsub(part, is_text and '[%c"\\]' or '[%c"\\\128-\255]', function(c)
    return escapes[c] or format("\\x%02x", byte(c))
  end)
  return format(size > most and '"%s"... (%d bytes)' or '"%s"', shown, size)
end

local function show_number(value)
  if number_kind(value) == "integer" then return format("%d", value) end
  local text = format("%.14g", value)
  if tonumber(text) ~= value and value == value then text = format("%.17g", value) end
  return find(text, "^-?%d+$") and format("%s.0", text) or text
end

local keywords = {}
for _, word in next, { "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil", "not",
  "or", "repeat", "return", "then", "true", "until", "while" } do keywords[word] = true end

local function is_name(key) return type(key) == "string" and find(key, "^[%a_][%w_]*$") ~= nil and not keywords[key] end

local function source_of(info)
  local source = info.source
  local first = byte(source)
  return (first == 64 or first == 61) and sub(source, 2) or info.short_src -- '@', '='
end

local function place_of(value)
  local info = getinfo(value, "S")
  if info.what == "C" then return "" end
  return format("%s:%d", source_of(info), info.linedefined)
end

local show

-- A key as it is written in a constructor, or "name" where it can be.
local function label(key)
  if is_name(key) then return key end
  local kind = type(key)
  if kind == "string" then return format("[%s]", quote(key, LONG)) end
  if kind == "number" then return format("[%s]", show_number(key)) end
  if kind == "boolean" then return key and "[true]" or "[false]" end
  return format("[%s: %p]", kind, key)
end

local function preview(t)
  local parts, count, size, items = {}, 0, 2, rawlen(t)
  local function add(text)
    size = size + len(text) + 2
    count = count + 1
    parts[count] = size > PREVIEW and "..." or text
    return size <= PREVIEW
  end
  local function brief(value)
    return type(value) == "table" and (next(value) == nil and "{}" or "{...}") or show(value, 20)
  end
  for i = 1, items do
    local value = rawget(t, i)
    if not add(brief(value)) then return format("{%s}", concat(parts, ", ")) end
  end
  for key, value in next, t do
    if number_kind(key) ~= "integer" or key < 1 or key > items then
      if not add(format("%s = %s", label(key), brief(value))) then break end
    end
  end
  return format("{%s}", concat(parts, ", "))
end

show = function(value, most)
  local kind = type(value)
  if kind == "string" then return quote(value, most or LONG) end
  if kind == "number" then return show_number(value) end
  if kind == "nil" then return "nil" end
  if kind == "boolean" then return value and "true" or "false" end
  if kind == "table" then return preview(value) end
  if kind == "function" then
    local place = place_of(value)
    return place == "" and format("C function: %p", value) or format("function: %s", place)
  end
  if kind == "thread" then return format("thread: %p, %s", value, status(value)) end
  return format("%s: %p", kind, value)
end

-- ---- references ----

local refs = {}

local function refer(ref)
  local id = #refs + 1
  refs[id] = ref
  return id
end

-- Items 1..n, other fields, and the metatable, of what has something inside; the counts come first.
local function sizes(value)
  if type(value) ~= "table" then
    local has = type(value) == "userdata" and getmetatable(value) ~= nil
    return 0, has and 1 or 0
  end
  local items, all = rawlen(value), 0
  for _ in next, value do all = all + 1 end
  local held = 0
  for i = 1, items do if rawget(value, i) ~= nil then held = held + 1 end end
  return items, all - held + (getmetatable(value) ~= nil and 1 or 0)
end

local function has_inside(value)
  local kind = type(value)
  if kind == "table" then return next(value) ~= nil or getmetatable(value) ~= nil end
  if kind == "function" then return getupvalue(value, 1) ~= nil end
  return kind == "userdata" and getmetatable(value) ~= nil
end

-- name, value, type, reference, items, fields, expression, place, constant
local function put_variable(name, value, frame, expression, constant)
  local kind = type(value)
  put(name)
  put(show(value))
  put(kind == "number" and number_kind(value) or kind)
  if has_inside(value) then
    put(refer { kind = "value", value = value, frame = frame, expression = expression })
    local items, fields = sizes(value)
    put(items)
    put(kind == "function" and 0 or fields)
  else
    put(0)
    put(0)
    put(0)
  end
  put(expression or "")
  put(kind == "function" and place_of(value) or "")
  put(constant and 1 or 0)
end

-- ---- frames ----

local function depth_of(thread)
  local low, high = 0, 1
  while getinfo(thread, high, "l") do low, high = high, high * 2 end
  if not getinfo(thread, 0, "l") then return 0 end
  while high - low > 1 do
    local middle = (low + high) // 2
    if getinfo(thread, middle, "l") then low = middle else high = middle end
  end
  local count = low + 1 - real(thread, 0)
  return thread == main and count - 1 or count -- the runtime's own call, entry.c
end

local function name_of(info)
  if info.what == "main" then return "main chunk" end
  if info.name then return info.namewhat == "method" and format("method '%s'", info.name) or info.name end
  if info.what == "C" then return "C function" end
  return format("function <%s:%d>", source_of(info), info.linedefined)
end

local function is_hidden(name) return byte(name) == 40 end -- '(': "(temporary)", "(for state)"

-- ---- requests ----

function requests.frames(thread, start, count)
  local total = depth_of(thread)
  local last = start + (count == 0 and FRAMES or count)
  if last > total then last = total end
  put(total)
  for level = start, last - 1 do
    local info = frame_info(thread, level)
    put(level)
    put(name_of(info))
    put(info.what == "C" and "[C]" or source_of(info))
    put(info.currentline > 0 and info.currentline or 0)
    put(info.linedefined > 0 and info.linedefined or 0)
    put(info.lastlinedefined > 0 and info.lastlinedefined or 0)
    put(info.what == "C" and 0 or 1)
    put(info.istailcall and 1 or 0)
  end
end

-- What each thread is and where its function begins.
function requests.threads(...)
  for i = 1, select("#", ...) do
    local thread = select(i, ...)
    local deepest = depth_of(thread) - 1
    local info = deepest >= 0 and getinfo(thread, real(thread, deepest), "S") or nil
    put(status(thread))
    put(thread == main and "main" or info and format("coroutine (%s:%d)", source_of(info), info.linedefined) or "coroutine")
  end
end

function requests.scopes(thread, level)
  local frame = frame_at(thread, level)
  local locals, upvalues = 0, 0
  each_local(thread, level, function(_, name) if not is_hidden(name) then locals = locals + 1 end end)
  if locals == 0 then each_local(thread, level, function() locals = locals + 1 end) end -- of C functions, and stripped ones
  while getupvalue(frame.func, upvalues + 1) do upvalues = upvalues + 1 end
  local varargs = varargs_of(frame)
  local items, fields = sizes(globals)
  local function scope(kind, count)
    put(count > 0 and refer { kind = kind, frame = frame } or 0)
    put(count)
  end
  scope("locals", locals)
  scope("varargs", varargs)
  scope("upvalues", upvalues)
  put(refer { kind = "value", value = globals, frame = frame, expression = "_G" })
  put(items + fields)
end

-- The variables of a scope as a list of { name, value, number of the local or upvalue, constant, expression }.
local lists = {}

function lists.locals(frame)
  local list, seen, any = {}, {}, false
  each_local(frame.thread, frame.level, function(_, name) any = any or not is_hidden(name) end)
  each_local(frame.thread, frame.level, function(n, name, value)
    if any and is_hidden(name) then return end
    local shown = any and name or format("%s %d", name, n)
    if seen[name] and any then
      local before = list[seen[name]]
      before[1], before[4], before[5] = format("%s (outer, %d)", name, before[3]), true, nil
    end
    list[#list + 1] = { shown, value, n, not any, any and name or nil }
    seen[name] = #list
  end)
  return list
end

function lists.varargs(frame)
  local count, values = varargs_of(frame)
  local list = {}
  for i = 1, count do list[i] = { format("[%d]", i), values[i], -i, false, format("(select(%d, ...))", i) } end
  return list
end

function lists.upvalues(frame)
  local list = {}
  while true do
    local n = #list + 1
    local name, value = getupvalue(frame.func, n)
    if not name then return list end
    local plain = is_name(name)
    list[n] = { plain and name or format("(upvalue %d)", n), value, n, false, plain and name or nil }
  end
end

local order = { boolean = 1, number = 2, string = 3, table = 4, ["function"] = 5, thread = 6, userdata = 7 }

local function before(a, b)
  local kind_a, kind_b = type(a), type(b)
  if kind_a ~= kind_b then return order[kind_a] < order[kind_b] end
  if kind_a == "number" or kind_a == "string" then return a < b end
  return label(a) < label(b)
end

-- What is inside of a value: fields, or upvalues of a function.
local function inside(ref, filter, start, count)
  local value, put_count = ref.value, 0
  local function child(key, item)
    local expression = ref.expression and (is_name(key) and format("%s.%s", ref.expression, key) or
      order[type(key)] <= 3 and not (type(key) == "string" and len(key) > LONG) and format("%s%s", ref.expression, label(key))) or nil
    put_variable(label(key), item, ref.frame, expression)
    put_count = put_count + 1
  end
  if type(value) == "function" then
    for _, item in next, lists.upvalues { func = value } do put_variable(item[1], item[2], ref.frame) end
    return
  end
  local items = type(value) == "table" and rawlen(value) or 0
  if filter ~= "named" then
    for i = start + 1, items do
      if put_count >= count then return end
      child(i, rawget(value, i))
    end
    if filter == "indexed" then return end
    start = start > items and start - items or 0
  end
  local keys = {}
  if type(value) == "table" then
    for key in next, value do
      if number_kind(key) ~= "integer" or key < 1 or key > items then keys[#keys + 1] = key end
    end
  end
  if #keys <= SORTED then sort(keys, before) end
  for i = start + 1, #keys do
    if put_count >= count then return end
    child(keys[i], rawget(value, keys[i]))
  end
  if getmetatable(value) ~= nil and put_count < count and start <= #keys then
    put_variable("(metatable)", getmetatable(value), ref.frame, nil, true)
  end
end

local function ref_of(id)
  local ref = refs[id]
  if not ref or ref.kind == "lost" then raise("this variable is no longer there", 0) end
  return ref
end

function requests.variables(id, filter, start, count)
  local ref = ref_of(id)
  if count == 0 or count > MOST then count = MOST end
  if ref.kind == "value" then return inside(ref, filter, start, count) end
  if filter == "indexed" then return end
  local list = lists[ref.kind](ref.frame)
  for i = start + 1, #list do
    if i > start + count then return end
    local item = list[i]
    put_variable(item[1], item[2], ref.frame, item[5], item[4])
  end
end

-- The key of a table that is shown as `name`.
local function find_key(t, name)
  if rawget(t, name) ~= nil and label(name) == name then return name end
  local number = tonumber(sub(name, 2, -2))
  if number and rawget(t, number) ~= nil and label(number) == name then return number end
  for key in next, t do if label(key) == name then return key end end
  if is_name(name) then return name end
  raise(format("there is no field %s", name), 0)
end

local function find_item(ref, name)
  for _, item in next, lists[ref.kind](ref.frame) do if item[1] == name then return item end end
  raise(format("there is no variable %s", name), 0)
end

function requests.set(id, name, code)
  local ref = ref_of(id)
  local frame = ref.frame
  local results = run(frame, code, true)
  local value = results[1]
  if ref.kind == "value" then
    if type(ref.value) == "function" then
      for i, item in next, lists.upvalues { func = ref.value } do if item[1] == name then setupvalue(ref.value, i, value) end end
    elseif type(ref.value) == "table" and name ~= "(metatable)" then
      rawset(ref.value, find_key(ref.value, name), value)
    else
      raise("it cannot be set", 0)
    end
  else
    local item = find_item(ref, name)
    if item[4] then raise(format("%s cannot be set", name), 0) end
    if ref.kind == "upvalues" then
      setupvalue(frame.func, item[3], value)
    else
      setlocal(frame.thread, real(frame.thread, frame.level), item[3], value)
    end
  end
  put_variable(name, value, frame, nil)
end

function requests.evaluate(thread, level, code, expression_only)
  local frame = frame_at(thread, level)
  local results, count = run(frame, code, expression_only)
  put(count)
  put_variable("", results[1], frame, find(code, "^[%w_%.%[%]]+$") and code or format("(%s)", code))
end

-- A log message: {expression} is replaced by its value.
function requests.message(thread, level, text)
  local frame = frame_at(thread, level)
  put(clean(gsub(text, "{([^{}]*)}", function(code)
    local routine = create(run)
    local good, results = resume(routine, frame, code, true)
    if not good then return format("{%s}", type(results) == "string" and results or show(results)) end
    return type(results[1]) == "string" and results[1] or show(results[1])
  end)))
end

function requests.string(thread, level, code, start, size)
  local results = run(frame_at(thread, level), code, true)
  if type(results[1]) ~= "string" then raise(format("it is a %s, not a string", type(results[1])), 0) end
  put(len(results[1]))
  put(sub(results[1], start + 1, start + size))
end

function requests.exception(value)
  local text = type(value) == "string" and value or show(value)
  if type(value) == "table" then
    local message = rawget(value, "message")
    if type(message) == "string" then text = message end
  end
  put(clean(text))
  put_variable("", value, nil, nil)
end

-- Where a variable is, for a data breakpoint.
function requests.key(id, name)
  local ref = ref_of(id)
  if ref.kind == "value" then
    if type(ref.value) ~= "table" or name == "(metatable)" then raise("only locals, upvalues and fields of tables can be watched", 0) end
    local key = find_key(ref.value, name)
    local kind = type(key) == "number" and number_kind(key) or type(key)
    if kind ~= "string" and kind ~= "integer" then raise("only fields with a string or an integer as their key can be watched", 0) end
    put "field"
    put(format("%p", ref.value))
    put(kind)
    put(key)
    put(ref.expression and format("%s%s%s", ref.expression, is_name(key) and "." or "", label(key)) or label(key))
    return
  end
  if ref.kind == "varargs" then raise("arguments without a name cannot be watched", 0) end
  local item = find_item(ref, name)
  put(ref.kind == "upvalues" and "upvalue" or "local")
  put(format("%p", ref.frame.thread))
  put(ref.frame.level)
  put(item[3])
  put(name)
end

function requests.complete(thread, level, code)
  local frame = frame_at(thread, level)
  local from = find(code, "[%a_][%w_]*$") or len(code) + 1
  local prefix = sub(code, from)
  local path_from = find(code, "[%w_%.:]*$")
  local path = sub(code, path_from, from - 1)
  local names, list = {}, {}
  local function add(name)
    if type(name) == "string" and sub(name, 1, len(prefix)) == prefix and is_name(name) and not names[name] and #list < 200 then
      names[name] = true
      list[#list + 1] = name
    end
  end
  local function add_fields(value, calls)
    for _ = 1, 10 do
      if type(value) == "table" then
        for key, item in next, value do if not calls or type(item) == "function" then add(key) end end
      end
      local meta = getmetatable(value)
      value = type(meta) == "table" and rawget(meta, "__index") or nil
      if value == nil then return end
    end
  end
  if path == "" then
    each_local(frame.thread, frame.level, function(_, name) add(name) end)
    local n = 1
    while getupvalue(frame.func, n) do
      add((getupvalue(frame.func, n)))
      n = n + 1
    end
    add_fields(environment(frame))
  else
    local value, names_here = nil, names_of(frame)
    local first = true
    local at = 1
    while at < len(path) do
      local stop = find(path, "[%.:]", at) or len(path) + 1
      local name = sub(path, at, stop - 1)
      if first then value = names_here[name]
      else
        local holder = value
        value = nil
        for _ = 1, 10 do
          if type(holder) == "table" and rawget(holder, name) ~= nil then
            value = rawget(holder, name)
            break
          end
          local meta = getmetatable(holder)
          holder = type(meta) == "table" and rawget(meta, "__index") or nil
        end
      end
      first = false
      at = stop + 1
    end
    add_fields(value, byte(path, -1) == 58) -- ':'
  end
  sort(list)
  put(from - 1)
  for _, name in next, list do put(name) end
end

-- References that a change of the program leaves valid: kind, thread, level or address, expression.
function requests.export()
  for _, ref in next, refs do
    local keeps = ref.frame and (ref.kind ~= "value" or type(ref.value) == "table" and ref.expression and not find(ref.expression, "^%("))
    put(keeps and ref.kind or "lost")
    if keeps then
      put(format("%p", ref.frame.thread))
      put(ref.frame.level)
      put(ref.expression or "")
      put(ref.kind == "value" and format("%p", ref.value) or 0)
    end
  end
end

function requests.import(kind, thread, level, expression, value)
  if kind == "lost" then
    refer { kind = "lost" }
  else
    refer { kind = kind, frame = frame_at(thread, level), expression = expression ~= "" and expression or nil, value = value }
  end
end

return show
