-- frame.lua - the debugger's part inside of a flare that stands still: it evaluates code in a frame, and answers requests.
--
-- edge/debug/inspect.c loads it into the instance, runs it as a coroutine, and takes all of it back before the flare goes on. It
-- calls nothing that the script may have changed: `lua` has Lua's own functions, and strings are handled by them alone. Each
-- request is a list of strings and values, each answer one string of fields, "SIZE:BYTES" one after the other. All requests but
-- conditions of breakpoints are in agent.lua, whose source is `rest`: it takes ten times as long to load.

local lua, here, rest = ...
local type, select, raise, load, format, len = lua.type, lua.select, lua.error, lua.load, lua.format, lua.len
local create, resume, status, yield, concat, unpack = lua.create, lua.resume, lua.status, lua.yield, lua.concat, lua.unpack
local getinfo, getlocal, setlocal = lua.getinfo, lua.getlocal, lua.setlocal
local getupvalue, setupvalue, setmetatable = lua.getupvalue, lua.setupvalue, lua.setmetatable

local globals = lua.rawget(lua.getregistry(), 2)

local answer, filled -- the fields of the answer

local function put(value)
  local text = format("%s", value)
  filled = filled + 1
  answer[filled] = format("%d:", len(text))
  filled = filled + 1
  answer[filled] = text
end

-- Text of the script as it can be shown: bytes that are no UTF-8 are escaped.
local function clean(text)
  if lua.utflen(text) then return text end
  return (lua.gsub(text, "[\128-\255]", function(c) return format("\\x%02x", lua.byte(c)) end))
end

-- ---- frames ----

-- The level as getinfo takes it: in the thread that stopped, coroutine.resume, which runs this, is the innermost call.
local function real(thread, level) return thread == here and level + 1 or level end

local function frame_info(thread, level)
  local info = getinfo(thread, real(thread, level), "nSltuf")
  if not info or level < 0 then raise(format("there is no call at level %d", level), 0) end
  return info
end

local function each_local(thread, level, visit)
  local at, n = real(thread, level), 1
  while true do
    local name, value = getlocal(thread, at, n)
    if not name then return end
    visit(n, name, value)
    n = n + 1
  end
end

-- The innermost local of a name: its number and value.
local function find_local(frame, name)
  local at, found
  each_local(frame.thread, frame.level, function(n, known, value)
    if known == name then at, found = n, value end
  end)
  return at, found
end

local function find_upvalue(frame, name)
  local n = 1
  while frame.func do
    local known, value = getupvalue(frame.func, n)
    if not known then return end
    if known == name and name ~= "" then return n, value end
    n = n + 1
  end
end

local function environment(frame)
  local at, value = find_local(frame, "_ENV")
  if not at then at, value = find_upvalue(frame, "_ENV") end
  if at then return value end
  return globals
end

local function frame_at(thread, level)
  local info = frame_info(thread, level)
  return { thread = thread, level = level, func = info.func, is_lua = info.what ~= "C", vararg = info.isvararg }
end

-- ---- evaluating ----

-- Globals for code in a frame: its locals and upvalues are there under their names.
local function names_of(frame)
  return setmetatable({}, {
    __index = function(_, name)
      local at, value = find_local(frame, name)
      if not at then at, value = find_upvalue(frame, name) end
      if at then return value end
      return environment(frame)[name]
    end,
    __newindex = function(_, name, value)
      local at = find_local(frame, name)
      if at then return setlocal(frame.thread, real(frame.thread, frame.level), at, value) end
      at = find_upvalue(frame, name)
      if at then return setupvalue(frame.func, at, value) end
      environment(frame)[name] = value
    end,
  })
end

local function varargs_of(frame)
  local list, n = {}, 0
  while frame.is_lua and frame.vararg do
    local name, value = getlocal(frame.thread, real(frame.thread, frame.level), -(n + 1))
    if not name then break end
    n = n + 1
    list[n] = value
  end
  return n, list
end

-- Runs code in a frame; the results as a list and their number. Raises what it raises.
local function run(frame, code, expression_only)
  local names = names_of(frame)
  local chunk, fault = load(format("return %s\n", code), "=(debugger)", "t", names)
  if not chunk and not expression_only then
    local as_statement, other = load(code, "=(debugger)", "t", names)
    chunk, fault = as_statement, other
  end
  if not chunk then raise(fault, 0) end
  local count, list = varargs_of(frame)
  local routine = create(chunk)
  local function take(good, ...)
    if not good then raise((...), 0) end
    return { ... }, select("#", ...)
  end
  local results, n = take(resume(routine, unpack(list, 1, count)))
  if status(routine) ~= "dead" then raise("the debugger cannot wait for a yield", 0) end
  return results, n
end

-- ---- requests ----

local requests = {}

-- Whether a condition holds.
function requests.test(thread, level, code)
  local results = run(frame_at(thread, level), code, true)
  put(results[1] and 1 or 0)
end

local function show(value) return format("an error that is a %s", type(value)) end

if rest then
  show = load(rest, "=(debugger)", "t")(lua, {
    requests = requests, put = put, clean = clean, real = real, run = run, frame_at = frame_at, frame_info = frame_info,
    each_local = each_local, varargs_of = varargs_of, environment = environment, names_of = names_of, globals = globals,
  })
end

-- ---- the loop ----

local function handle(name, ...)
  local request = requests[name]
  return request(...)
end

local text = ""
while true do
  local function serve(...)
    answer, filled = { "", "" }, 0
    local routine = create(handle)
    local good, fault = resume(routine, ...)
    if good then return concat(answer, "", 1, filled) end
    answer, filled = {}, 0
    put(type(fault) == "string" and clean(fault) or show(fault))
    return format("!%s", concat(answer, "", 1, filled))
  end
  text = serve(yield(text))
end
