-- soak.lua - `flaron-lua dev` under load and under attack while everything goes wrong: `make soak`, not part of `make test`.
--
--   lua5.4 tests/soak/soak.lua [SECONDS]      from the project's folder; needs wrk, node and curl
--
-- 48 connections ask for what works, 16 for scripts that throw, loop, exhaust memory or have to be torn out of a
-- C function, and for upstreams that hang, reset, send nonsense or promise too much; meanwhile the attacks go on one
-- after the other (attacks.mjs), and mutated requests (network.mjs); the script is replaced twice a second, every tenth
-- time by a broken one; where a small tmpfs can be mounted (root) the stores lie on it and it is filled up and emptied.
-- Fails unless each request for what works was answered 200, memory and file descriptors stayed flat after the first
-- fifth, and dev ends cleanly. What an attack holds while it lasts comes and goes, so flat is what the lower quarter of
-- the samples is.
local seconds = tonumber((...)) or 600
local folder = "build/soak"

local main = [[
-- version %d
local flaron = require "flaron"
local attacked = require "attacked"
local request, response, beam, spark = flaron.request, flaron.response, flaron.beam, flaron.spark
local faults = {}
function faults.throw() error { code = "thrown" } end
function faults.loop() while true do end end
function faults.memory() local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end end
function faults.pattern() return ("a"):rep(40):find((".-"):rep(40) .. "b") end
function faults.rep() return #("x"):rep(20 << 20):rep(3) end
function faults.deep() return faults.deep() .. "" end
function faults.write() spark.set("key" .. math.random(1000), ("v"):rep(10000), 3600) end
for _, name in ipairs { "hang", "reset", "garbage", "short", "slow", "fine" } do
  faults[name] = function() response.set_body(tostring(beam.fetch("%s/" .. name))) end
end
function faults.origin() return flaron.PASS_THROUGH end
local function handle_request()
  local name = request.url():match "/fault/(%%w+)"
  if name then return faults[name]() or flaron.RESPOND end
  return attacked.handle_request()
end
return { handle_request = handle_request, ws_message = attacked.ws_message }
]]

local names = {}
for name, share in pairs { throw = 20, loop = 10, memory = 5, pattern = 5, rep = 5, deep = 10, write = 30, hang = 1,
  reset = 20, garbage = 20, short = 10, slow = 5, fine = 20, origin = 20 } do
  for _ = 1, share do table.insert(names, 1 + #names * 7919 % (#names + 1), name) end
end

local function run(command)
  local pipe <close> = assert(io.popen(command))
  return pipe:read "a"
end

local function write(path, content)
  local file <close> = assert(io.open(path, "w"))
  file:write(content)
end

local function read(path)
  local file <close> = io.open(path)
  return file and file:read "a" or ""
end

local function spawn(command, name)
  return tonumber(run(("exec %s >%s/%s.out 2>%s/%s.err </dev/null & echo $!"):format(command, folder, name, folder, name)))
end

local function wait_for(path, pattern)
  for _ = 1, 100 do
    local found = read(path):match(pattern)
    if found then return found end
    os.execute "sleep 0.05"
  end
  error(path .. ": " .. read(path))
end

os.execute(("umount %s/state 2>/dev/null; rm -rf %s; mkdir -p %s/flare %s/state"):format(folder, folder, folder, folder))
local mounted = os.execute(("mount -t tmpfs -o size=2m none %s/state 2>/dev/null"):format(folder))
local upstream = spawn("node tests/soak/faults.mjs", "upstream")
local upstream_url = "http://127.0.0.1:" .. wait_for(folder .. "/upstream.out", "%d+")
write(folder .. "/flare/main.lua", main:format(0, upstream_url))
write(folder .. "/flare/attacked.lua", read "tests/soak/flare/main.lua")
local dev = spawn(("build/flaron-lua dev %s/flare --port 0 --cpu-ms 50 --timeout 2 --json --persist %s/state --origin %s"):format(
  folder, folder, upstream_url), "dev")
local url = wait_for(folder .. "/dev.err", "on (http://[%d.]+:%d+)/")
write(folder .. "/faults.lua", ([[
local names = { "%s" }
local n = 0
function request()
  n = n + 1
  return wrk.format("GET", "/fault/" .. names[n %% #names + 1])
end]]):format(table.concat(names, '", "')))
local good = spawn(("wrk -t1 -c48 -d%ds --timeout 20s --latency %s/good"):format(seconds, url), "good")
spawn(("wrk -t1 -c16 -d%ds --timeout 20s -s %s/faults.lua %s"):format(seconds, folder, url), "bad")
local port = url:match "%d+$"
local attacks = spawn(("node tests/soak/attacks.mjs --at %s %d %s --for %d"):format(port, dev, upstream_url, seconds - 5), "attacks")
local fuzzer = spawn(("node tests/soak/network.mjs %s %d"):format(port, seconds - 5), "network")

-- Resident memory in KiB and open files of dev.
local function look()
  local resident = tonumber(read(("/proc/%d/status"):format(dev)):match "VmRSS:%s+(%d+)")
  return resident, tonumber(run(("ls /proc/%d/fd | wc -l"):format(dev)))
end

local begin, samples, version = os.time(), {}, 0
while os.execute(("kill -0 %d 2>/dev/null"):format(good)) do
  version = version + 1
  if version % 10 == 0 then
    write(folder .. "/flare/main.lua", "return function( -- broken")
  else
    write(folder .. "/flare/main.lua", main:format(version, upstream_url))
  end
  if mounted and version % 20 == 0 then os.execute(("head -c 4M /dev/zero >%s/state/filler 2>/dev/null"):format(folder)) end
  if mounted and version % 20 == 10 then os.remove(folder .. "/state/filler") end
  os.execute "sleep 0.5"
  local resident, files = look()
  if not resident then break end
  samples[#samples + 1] = { os.time() - begin, resident, files }
  if version % 20 == 0 then
    print(("%4d s  %7d KiB  %3d files"):format(os.time() - begin, resident, files))
    os.execute(("tail -c 100000 %s/dev.out >%s/tail; : >%s/dev.out"):format(folder, folder, folder))
  end
end

-- Both end by themselves, some seconds later where the machine is slow.
for _, pid in ipairs { fuzzer, attacks } do
  for _ = 1, 1200 do
    if not os.execute(("kill -0 %d 2>/dev/null"):format(pid)) then break end
    os.execute "sleep 0.05"
  end
end
os.execute(("kill %d 2>/dev/null"):format(attacks))

local alive = os.execute(("kill -INT %d 2>/dev/null"):format(dev))
for _ = 1, 140 do
  if not os.execute(("kill -0 %d 2>/dev/null"):format(dev)) then break end
  os.execute "sleep 0.05"
end
local ended = not os.execute(("kill -9 %d 2>/dev/null"):format(dev)) and read(folder .. "/dev.err"):find "ended"
os.execute(("kill %d"):format(upstream))
if mounted then os.execute(("umount %s/state"):format(folder)) end

-- The lower quarter of each fifth.
local fifths = {}
for i, sample in ipairs(samples) do
  local fifth = (i - 1) * 5 // #samples + 1
  fifths[fifth] = fifths[fifth] or { {}, {} }
  table.insert(fifths[fifth][1], sample[2])
  table.insert(fifths[fifth][2], sample[3])
end
for i, f in ipairs(fifths) do
  for k = 1, 2 do
    table.sort(f[k])
    f[k] = f[k][(#f[k] + 3) // 4]
  end
  print(("fifth %d: %d KiB, %d files"):format(i, f[1], f[2]))
end
local report = read(folder .. "/good.out")
print(report)
print(read(folder .. "/bad.out"))
print(read(folder .. "/attacks.out"))
print(read(folder .. "/network.out"))
local failures = {}
if not alive then failures[#failures + 1] = "dev did not live" end
if not ended then failures[#failures + 1] = "dev did not end cleanly: " .. read(folder .. "/dev.err"):sub(-2000) end
if report:find "Non%-2xx" or report:find "Socket errors" then failures[#failures + 1] = "good requests failed" end
if not read(folder .. "/network.out"):find "answered" then failures[#failures + 1] = "a good client was lost among mutated requests" end
-- In less, there are fewer rounds of the attacks than fifths.
if seconds >= 600 and fifths[5][1] > fifths[2][1] * 1.15 + 8192 then failures[#failures + 1] = "memory grew" end
if seconds >= 600 and fifths[5][2] > fifths[2][2] + 20 then failures[#failures + 1] = "open files grew" end
for _, failure in ipairs(failures) do print("FAILED: " .. failure) end
print(("%d s, %d replacements of the script, stores %s: %s"):format(os.time() - begin, version,
  mounted and "on a disk that fills up" or "not on a disk of their own (needs root)",
  #failures == 0 and "passed" or "failed"))
os.exit(#failures == 0)
