-- edge.lua - the part of flaron.edge that is said in Lua: connections, clients, and busted: assertions, fresh flares for
-- every test, coverage. edge/lua/lua_edge.c runs it when the module is opened, which happens anew for each spec file.
--
-- `methods` are those of a flare, and are added to. `response` is the metatable of responses, `core` has the
-- functions of lua_edge.c's `parts`; `state` is a table that stays, whose functions `loaded`, `used` and `changed`
-- it calls with a flare. `edge` is the module.
local methods, response, core, state, edge = ...

state.live = state.live or setmetatable({}, { __mode = "k" })    -- flares that outlive a test
state.opened = state.opened or setmetatable({}, { __mode = "k" }) -- flare -> connections it had
state.clients = state.clients or setmetatable({}, { __mode = "k" })

local requests = core.script "request"(core)

-- Calls a function whose errors have no place; they get that of who called the caller.
local function at_caller(f, ...)
  local results = table.pack(pcall(f, ...))
  if not results[1] then error(results[2], type(results[2]) == "string" and 3 or 0) end
  return table.unpack(results, 2, results.n)
end

-- Has every method look whether it has its object: `flare.request { }` has the request in its place.
local function guard(object, methods_of_it, is_one)
  for name, method in pairs(methods_of_it) do
    if type(method) == "function" then
      methods_of_it[name] = function(self, ...)
        if not is_one(self) then error(("call it %s:%s(...), with a colon"):format(object, name), 2) end
        return method(self, ...) -- a tail call: errors at the caller's line are at the spec's
      end
    end
  end
end

-- ---- what a spec asks ----

local request_core, event_core = methods.request, methods.event

function methods:request(request)
  return request_core(self, at_caller(requests.make, "flare:request", request))
end

function methods:event(type, event)
  return event_core(self, type, at_caller(requests.make_event, event))
end

-- ---- connections ----

local websocket = {}
websocket.__index = websocket
websocket.__name = "flaron.edge.websocket"

-- Has the flare handle an event of the connection, and takes what it answers.
local function deliver(self, type, event)
  if not core.has(self.flare, "ws_" .. type) then
    if type == "message" then error("the flare has no ws_message", 3) end
    return nil
  end
  event.conn_id, event.url, event.headers = self.conn_id, self.url, self.headers
  local answer = assert(self.flare:event(type, event))
  for _, frame in ipairs(answer.frames) do self.frames[#self.frames + 1] = frame end
  if answer.close_code and not self.close_code then self.close_code = answer.close_code end
  self.response = answer
  return answer
end

local function need_open(self)
  if self.close_code then error(("the connection is closed (%d)"):format(self.close_code), 3) end
end

function websocket:send(data)
  need_open(self)
  return deliver(self, "message", { data = data })
end

function websocket:receive()
  return table.remove(self.frames, 1)
end

function websocket:close(code)
  need_open(self)
  self.close_code = code or 1000
  return deliver(self, "close", { close_code = self.close_code })
end

function methods:websocket(request)
  request = at_caller(requests.make, "flare:websocket", request)
  local number = (state.opened[self] or 0) + 1
  state.opened[self] = number
  local connection = setmetatable({
    flare = self, conn_id = "connection-" .. number, url = request.url, headers = request.headers, frames = {},
  }, websocket)
  deliver(connection, "open", {})
  return connection
end

-- ---- clients ----

local client, make_client = core.script "client"(core, requests, at_caller)

function methods:client(options)
  local made = at_caller(make_client, self, options)
  state.clients[made] = true
  return made
end

-- ---- clusters ----

local cluster, make_cluster = core.script "cluster"(core, edge, at_caller)

function edge.cluster(count, what, options)
  local made, message = at_caller(make_cluster, count, what, options)
  if not made then return nil, message end
  return made
end

guard("flare", methods, core.is_flare)
guard("cluster", cluster, function(self) return getmetatable(self) == cluster end)
guard("client", client, function(self) return getmetatable(self) == client end)
guard("websocket", websocket, function(self) return getmetatable(self) == websocket end)

-- ---- busted ----

local busted = package.loaded.busted
busted = type(busted) == "table" and busted.subscribe and busted or nil

-- Whether a test runs, or what stands around each test: busted tells of the former, and the latter are on the stack.
local function in_test()
  if state.testing then return true end
  for level = 3, math.huge do -- above this function and who asks
    local info = debug.getinfo(level, "f")
    if not info then return false end
    if state.around[info.func] then return true end
  end
end

-- `flaron-lua test --debug` loads this before busted.
local port = not state.debugged and os.getenv "FLARON_LUA_DEBUG"
if port then
  state.debugged = true
  core.debug(tonumber(port), core.script "debug"())
end

if busted then
  function state.loaded(flare)
    if not in_test() then state.live[flare] = true end
  end

  -- What `setup` did to stores is gone when the first test begins.
  function state.used(flare)
    if not state.live[flare] then return end
    if not in_test() then
      state.live[flare] = "used"
    elseif state.live[flare] == "used" then
      state.live[flare] = true
      flare:reset()
    end
  end

  -- Stubs, failures and the clock that are set outside of tests stay for all of them.
  function state.changed(flare)
    if not in_test() then core.keep(flare) end
  end

  local function subscribe(event, function_of_it)
    busted.subscribe(event, function(...)
      function_of_it(...)
      return nil, true -- the others are told too
    end, { priority = 1 }) -- before busted itself, which tells nobody else
  end

  if not state.around then
    state.around = setmetatable({}, { __mode = "k" }) -- functions given to before_each and after_each
    for _, name in ipairs { "before_each", "after_each" } do
      subscribe({ "register", name }, function(_, run) state.around[run] = true end)
    end
    subscribe({ "test", "start" }, function() state.testing = true end)
    subscribe({ "test", "end" }, function()
      state.testing = false
      for flare in pairs(state.live) do
        if core.is_open(flare) then
          flare:reset()
          state.live[flare] = true
          state.opened[flare] = nil
        end
      end
      for client_of_file in pairs(state.clients) do
        if core.is_open(client_of_file.flare) then client_of_file:clear() end
      end
    end)

    local folder = os.getenv "FLARON_LUA_COVERAGE"
    if folder then
      core.cover()
      local outputs = { lcov = os.getenv "FLARON_LUA_COVERAGE_LCOV", html = os.getenv "FLARON_LUA_COVERAGE_HTML" }
      subscribe({ "suite", "end" }, function() core.script "coverage"(folder, core.coverage(), core.decode, outputs, core) end)
    end
  end
end

if package.loaded.luassert then core.script "assertions"(response, core.harmless) end
