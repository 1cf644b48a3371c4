-- flaron.ratelimit: so many requests in a window of time for each key, counted in Spark (at this edge) or in Plasma (over
-- all edges), and the headers that tell clients: Retry-After of RFC 9110, and RateLimit and RateLimit-Policy as
-- draft-ietf-httpapi-ratelimit-headers-10 names them.
--
-- What it does not do: it queues nothing, and it is only as exact as its store: Spark has no addition, so requests at the
-- same moment may count as one; Plasma loses none, and learns of those at other edges after the fact.
local argument = require "flaron.internal.argument"
local flaron = require "flaron"
local hash = require "flaron.internal.hash"
local plasma, spark = flaron.plasma, flaron.spark

--- Limits of requests in a time.
---@class flaron.ratelimit
local ratelimit = {}

---@class flaron.ratelimit.Options
---@field name string names the limit in keys of the store and in headers: letters, digits, `_`, `-` and `.`
---@field limit integer how many requests pass in a window
---@field window integer how long a window is, in seconds
---@field sliding? boolean the part of the window before that is less than `window` ago counts, too; default `true`
---@field key? fun(req: flaron.router.Request): string|false whom the middleware counts for; `false` for one without a limit
---@field fail? "open"|"closed" what is done when nothing can be counted: let pass, or refuse; default `"open"`
---@field answer? fun(req: flaron.router.Request, state: flaron.ratelimit.State): any what the middleware answers to one too many

--- What became of a request.
---@class flaron.ratelimit.State
---@field allowed boolean whether it may pass
---@field limit integer how many pass in a window
---@field remaining integer how many more would pass now
---@field reset integer seconds until more may pass than `remaining`
---@field retry_after? integer of one that may not pass: seconds after which one does, if no other comes in between
---@field fault? string why nothing could be counted

--- A limit.
---@class flaron.ratelimit.Limiter
---@field package store "spark"|"plasma"
---@field package name string
---@field package limit integer
---@field package window integer
---@field package sliding boolean
---@field package key? function
---@field package open boolean
---@field package answer? function
local limiter = {}
limiter.__index = limiter

local TYPES = {
  name = "string", limit = "integer", window = "integer", sliding = "boolean", key = "function", fail = "string",
  answer = "function",
}
local LONGEST = 64 -- bytes of a name, or of a key that is written as it is
local MOST, LONGEST_WINDOW = 1 << 31, 1 << 31 -- so that no product leaves 64 bits

-- The option that is wrong and what is wrong with it; nil when nothing is.
local function fault_of(options)
  for _, name in ipairs { "name", "limit", "window" } do
    if options[name] == nil then return name, "missing" end
  end
  if not options.name:find "^%w[%w_.-]*$" or #options.name > LONGEST then
    return "name", ("'%s' is not of letters, digits, _, - and ., up to %d"):format(options.name, LONGEST)
  end
  if options.limit < 1 or options.limit > MOST then return "limit", ("%d is not from 1 to %d"):format(options.limit, MOST) end
  if options.window < 1 or options.window > LONGEST_WINDOW then
    return "window", ("%d is not from 1 to %d"):format(options.window, LONGEST_WINDOW)
  end
  if options.fail and options.fail ~= "open" and options.fail ~= "closed" then return "fail", "\"open\" or \"closed\" expected" end
end

-- A limiter of options that are checked.
local function make(options, store)
  return setmetatable({
    store = store, name = options.name, limit = options.limit, window = options.window, sliding = options.sliding ~= false,
    key = options.key, open = options.fail ~= "closed", answer = options.answer,
  }, limiter)
end

--- A limit that is counted in Spark: at this edge, forgotten by itself. It needs no host: do it at start-up. The manifest must have `writes_spark_kv`.
---
--- Raises: for an option that is unknown, missing or makes no sense.
---@param options flaron.ratelimit.Options `name`, `limit` and `window` must be there.
---@return flaron.ratelimit.Limiter limiter to count with.
function ratelimit.spark(options)
  argument.check(options, 1, "ratelimit.spark", "table")
  argument.options(options, "ratelimit.spark", TYPES, fault_of)
  return make(options, "spark")
end

--- A limit that is counted in Plasma: over all edges, for long windows and keys that come again. It needs no host: do it at start-up. The manifest must have `writes_plasma_kv`.
---
--- Raises: for an option that is unknown, missing or makes no sense.
---@param options flaron.ratelimit.Options `name`, `limit` and `window` must be there.
---@return flaron.ratelimit.Limiter limiter to count with.
function ratelimit.plasma(options)
  argument.check(options, 1, "ratelimit.plasma", "table")
  argument.options(options, "ratelimit.plasma", TYPES, fault_of)
  return make(options, "plasma")
end

-- What a store has, as a count; what is none, or was taken back too often, is 0.
local function read_count(value) return math.max(0, math.tointeger(value) or 0) end

-- The stores: `read` gives a count; `add` adds one to a count that was read and gives the new one, or nil and why not;
-- `drop` takes it back; `forget` deletes a count.
local stores = {
  spark = {
    read = function(key) return read_count(spark.get(key)) end,
    add = function(key, count, seconds)
      local done, why = spark.set(key, tostring(count + 1), seconds)
      return done and count + 1, why
    end,
    drop = function() end, -- what was added is what was read and one: it is not over the limit
    forget = function() end, -- it has a time to live
  },
  plasma = {
    read = function(key) return read_count(plasma.get(key)) end,
    add = function(key) return plasma.increment(key) end,
    drop = function(key) plasma.decrement(key) end,
    forget = function(key) plasma.delete(key) end,
  },
}

-- A key as a part of a key of the store: as it is when it is short and of characters that the store takes, else
-- its hash. A plain one has no colon.
local function store_key(key)
  if #key <= LONGEST and key:find "^[%w_.-]+$" then return key end
  return "sha256:" .. hash(key)
end

-- Seconds until one more passes, `elapsed` seconds into a window that has `this`, `before` being those of the one before.
local function seconds_until(self, this, before, elapsed)
  local limit, window = self.limit, self.window
  if not self.sliding then return window - elapsed end
  local function first_second(count, room) return math.max(0, window - (room * window + count - 1) // count + 1) end
  if this < limit then return math.max(1, first_second(before, limit - this) - elapsed) end
  return window - elapsed + first_second(this, limit)
end

local function refused(self, this, before, elapsed)
  local seconds = seconds_until(self, this, before, elapsed)
  return { allowed = false, limit = self.limit, remaining = 0, reset = seconds, retry_after = seconds }
end

--- Counts a request and says whether it may pass. What may not pass is not counted, so who goes on asking gets through again.
---@param key string whom it is counted for: any bytes.
---@return flaron.ratelimit.State state what became of it.
function limiter:count(key)
  argument.self(self, "store", "limiter:count")
  argument.check(key, 1, "limiter:count", "string")
  local store, now = stores[self.store], assert(flaron.time.now())
  local number, elapsed = now // self.window, now % self.window
  local front = ("%s:%s:"):format(self.name, store_key(key))
  local this, before = store.read(front .. number), self.sliding and store.read(front .. number - 1) or 0
  local weight = before * (self.window - elapsed) // self.window
  if this + weight >= self.limit then return refused(self, this, before, elapsed) end
  local seconds = self.sliding and 2 * self.window or self.window - elapsed
  local sum, why = store.add(front .. number, this, seconds)
  if not sum then
    flaron.logging.error(("ratelimit '%s': not counted:"):format(self.name), why)
    local state = { allowed = self.open, limit = self.limit, remaining = 0, reset = self.window - elapsed, fault = why }
    if not self.open then state.retry_after = state.reset end
    return state
  end
  if sum == 1 then store.forget(front .. number - 2) end
  if sum + weight > self.limit then -- others came in between
    store.drop(front .. number)
    return refused(self, math.min(sum - 1, self.limit), before, elapsed)
  end
  return { allowed = true, limit = self.limit, remaining = self.limit - sum - weight, reset = self.window - elapsed }
end

local told = {} -- what the headers of this response say, a line for each limit, in order

--- Sets the headers `RateLimit` and `RateLimit-Policy`, and `Retry-After` when the request may not pass, in `flaron.response`. Those of several limits stand side by side.
---@param state flaron.ratelimit.State what `limiter:count` returned.
function limiter:apply(state)
  argument.self(self, "store", "limiter:apply")
  argument.check(state, 1, "limiter:apply", "table")
  local set_header = flaron.response.set_header
  if state.retry_after then set_header("retry-after", tostring(state.retry_after)) end
  if state.fault then return end
  if not told[self.name] then told[#told + 1] = self.name end
  told[self.name] = {
    ('"%s";q=%d;w=%d'):format(self.name, self.limit, self.window), ('"%s";r=%d;t=%d'):format(self.name, state.remaining, state.reset),
  }
  for n, header in ipairs { "ratelimit-policy", "ratelimit" } do
    local list = {}
    for _, name in ipairs(told) do list[#list + 1] = told[name][n] end
    set_header(header, table.concat(list, ", "))
  end
end

-- What is answered to one too many when there is no `answer`.
local function too_many(state)
  return {
    status = state.fault and 503 or 429, headers = { ["content-type"] = "text/plain; charset=utf-8" },
    body = state.fault and "Service Unavailable\n" or "Too Many Requests\n",
  }
end

--- The limit as middleware for `app:use` of flaron.router: counts for what `key` returns, answers one too many with 429, and sets the headers, but where the origin answers.
---
--- Raises: without the option `key`.
---@return flaron.router.Middleware middleware that goes on only within the limit.
function limiter:middleware()
  argument.self(self, "store", "limiter:middleware")
  if not self.key then error("limiter:middleware needs the option 'key'", 2) end
  return function(req, next)
    local key = self.key(req)
    if key == false then return next() end
    if type(key) ~= "string" then
      error(("ratelimit '%s': the key is a %s, not a string or false"):format(self.name, type(key)), 0)
    end
    local state = self:count(key)
    local answer
    if state.allowed then answer = next() else answer = (self.answer or function(_, s) return too_many(s) end)(req, state) end
    if answer ~= flaron.PASS_THROUGH and answer ~= flaron.TRANSFORM then self:apply(state) end
    return answer
  end
end

return ratelimit
