-- edge-ops: what the edge does for a script besides requests: hashes, encodings, identifiers, clocks.
local flaron = require "flaron"
local crypto, encoding, id, json, time = flaron.crypto, flaron.encoding, flaron.id, flaron.json, flaron.time

local INPUT = "hello, edge"

-- Each of these answers nil and a message when the host cannot do it. Here is nothing to fall back on, so
-- assert makes it an error: status 500 for the client, message and traceback for the log.
local function handle_request()
  local base64 = assert(encoding.base64_encode(INPUT))
  local hex = assert(encoding.hex_encode(INPUT))
  local result = {
    input = INPUT,
    hash = assert(crypto.hash("sha256", INPUT)),
    base64 = { encoded = base64, decoded = assert(encoding.base64_decode(base64)) },
    hex = { encoded = hex, decoded = assert(encoding.hex_decode(hex)) },
    uuid = { v4 = assert(id.uuid_v4()), v7 = assert(id.uuid_v7()) }, -- random; in order of time
    ulid = assert(id.ulid()),
    nanoid = assert(id.nanoid()), -- nanoid(10) for a shorter one
    ksuid = assert(id.ksuid()),
    snowflake = assert(id.snowflake()), -- a string, since JavaScript cannot hold all of its digits
    timestamps = {
      unix = assert(time.now()),
      ms = assert(time.now "ms"),
      ns = tostring(assert(time.now "ns")), -- an integer in Lua, a string in JSON for the same reason
      rfc3339 = assert(time.now "rfc3339"),
      iso8601 = assert(time.now "iso8601"),
      http = assert(time.now "http"),
    },
  }
  return {
    headers = { ["content-type"] = "application/json", ["cache-control"] = "no-store" },
    body = json.encode(result) .. "\n", -- the order of the keys is nobody's promise
  }
end

return { handle_request = handle_request }
