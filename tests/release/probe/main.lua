-- probe: what a machine must have to run flares, a path each: guard pages, stacks, timers, stores, numbers. Each failure is
-- one that the edge must survive. tests/release/inside.sh says what each path answers.
local flaron = require "flaron"
local crypto, json, request, spark, ws = flaron.crypto, flaron.json, flaron.request, flaron.spark, flaron.ws

local paths = {}

-- Counts in a store, for what is there after kill -9.
function paths.count()
  local count = (tonumber((spark.get "count")) or 0) + 1
  assert(spark.set("count", tostring(count)))
  return tostring(count)
end

-- Numbers and text that an architecture could make differently: all of it must be the same bytes everywhere.
function paths.same()
  local sum, x = 0.0, 0.1
  for i = 1, 2000 do
    x = x * 3.7 * (1 - x) -- chaotic: one rounding that differs changes all digits
    sum = sum + math.sin(i) * math.exp(x) / math.log(i + 1) + (i * 0x9E3779B97F4A7C15 >> 40)
  end
  return json.encode { ("%.17g %a"):format(sum, x), tostring(1 / 3), 2^53, math.mininteger // 3, -7 % 3, crypto.hash("sha256", "abc"),
    ("%5.1f|%x"):format(-0.05, 255), tostring(-(0 / 0)), math.tointeger("8") or "none", #("\u{10FFFF}") }
end

-- What only the host knows, for a record.
function paths.host()
  spark.set("host", flaron.id.uuid_v7())
  return table.concat({ flaron.time.now "ns", crypto.random_bytes(8):byte(1, -1), spark.get "host", math.random() }, " ")
end

-- Reads 2 MiB behind the constants of a function: beyond the memory, by a constant's number in its bytecode that is no
-- constant's. The guard pages must notice.
function paths.outside()
  local code = string.dump(function() return 12.5 end, true)
  local changed, count = code:gsub("\3\0\0\0", "\3\128\255\255") -- LOADK 0 0: LOADK 0 131071
  assert(count == 1, "this Lua has other opcodes")
  return tostring(load(changed, "outside", "b")())
end

-- Recursion in Lua, and in C, which takes most of the C stack.
function paths.deep()
  local function lua(n) return 1 + lua(n + 1) end
  local function c(s) return (s:gsub(".", c)) end
  local _, in_lua = pcall(lua, 1)
  local _, in_c = pcall(c, "x")
  return ("%s\n%s\n"):format(in_lua, in_c)
end

function paths.loop() while true do end end

-- Without end, as far as anybody has time, inside one C function: Lua's hook does not run there.
function paths.loop_in_c() return ("a"):rep(40):find(("a?"):rep(40) .. ("a"):rep(40)) end

function paths.memory()
  local t = {}
  while true do t[#t + 1] = ("x"):rep(1 << 20) .. #t end
end

local function handle_request()
  local path = paths[request.url():match "^%a+://[^/]+/([%w_]*)"]
  if not path then return { status = 404, body = "no such path\n" } end
  return { body = path() }
end

local function ws_message() ws.send("echo: " .. ws.event_data()) end

return { handle_request = handle_request, ws_message = ws_message }
