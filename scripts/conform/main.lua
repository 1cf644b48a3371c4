-- main.lua - the flare of `flaron-lua conform`: who knows the token gets a report of what the host does.
local flaron = require "flaron"
local http, settings = require "http", require "settings"

local parts = { require "encoding", require "crypto", require "identity", require "stores", http.probes }

-- What no probe can see from inside of a request, or harmlessly.
local not_probed = {
  { "ws", "a request has no WebSocket" },
  { "lines of the log, and their length", "a flare cannot read its log" },
  { "writes to the stores, their quota, the keys of a list", "reaching them would be no harmless probe" },
  { "spark.pull, and how long Plasma takes to other edges", "one edge alone does not show it" },
  { "a body of 10 MiB, and the time of a fetch", "it would take too long" },
  { "what alloc gives when it answers 0", "the runtime asks for no more than there is" },
  { "a format of time that is not known, the hex of random bytes, ids of unknown versions", "the SDK's functions pass none" },
  { "the case of a fetched header's name", "beam.fetch makes all names lower-case" },
  { "accept-encoding and user-agent of a fetch", "what the host adds shows at a server of your own" },
  { "whether instances are used again", "each invocation begins with the packed memory" },
  { "features of the engine", "this report would not be there without them" },
}

-- The answers of the local edge, by name of the probe; none while it is made there.
local function read_expected()
  local text = flaron.asset "expected.json"
  local expected = {}
  for _, probe in ipairs(text and flaron.json.decode(text).probes or {}) do expected[probe.name] = probe.got end
  return expected
end

local function make(row, expected)
  local probe = { name = row[1], question = row[2], beware = row[3], expected = expected[row[1]] }
  local good, got = pcall(row[4])
  if good then
    probe.got = tostring(got)
  elseif type(got) == "table" then
    probe.skipped = got.skipped
  else
    probe.got = "an error: " .. tostring(got)
  end
  return probe
end

local function report()
  local expected, probes, rest = read_expected(), {}, {}
  for _, part in ipairs(parts) do
    for _, row in ipairs(part) do probes[#probes + 1] = make(row, expected) end
  end
  for i, row in ipairs(not_probed) do rest[i] = { what = row[1], why = row[2] } end
  return { format = settings.format, version = settings.version, probes = probes, not_probed = rest }
end

return function()
  if flaron.request.header "x-conform-token" ~= settings.token then return { status = 404, body = "" } end
  local mode = http.modes[(flaron.request.url() or ""):match "[?&]conform=(%l+)"]
  if mode then return mode() end
  return {
    headers = { ["content-type"] = "application/json", ["cache-control"] = "no-store" },
    body = flaron.json.encode(report()) .. "\n",
  }
end
