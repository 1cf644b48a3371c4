-- machine.lua - what the benchmarks ran on: the machine, the versions of everything, how busy it was.
local common = require "bench.common"
local support = require "support"

local machine = {}

-- The first line of what a command prints, or of its errors; nil when it cannot be run.
local function line(command)
  local code, output, errors = support.run(command)
  if code ~= 0 then return nil end
  return (output ~= "" and output or errors):match "[^\n]+"
end

--- The load average of the last minute.
function machine.load()
  return tonumber(support.read "/proc/loadavg":match "^[%d.]+")
end

--- The make of the processor, as the name of a file: "intel", "amd", else the architecture.
function machine.make()
  local vendor = support.read "/proc/cpuinfo":match "vendor_id%s*:%s*(%S+)"
  local makes = { GenuineIntel = "intel", AuthenticAMD = "amd" }
  return makes[vendor] or line "uname -m"
end

--- Rows of a name and what there is of it.
function machine.rows()
  local memory = support.read "/proc/meminfo":match "MemTotal:%s+(%d+)"
  local model = support.read "/proc/cpuinfo":match "model name%s*:%s*([^\n]+)" or line "uname -m"
  local rows = {
    { "processor", ("%s, %s cores"):format(model, line "nproc") },
    { "memory", ("%.0f GB"):format(memory / 2 ^ 20) },
    { "system", ("%s, Linux %s"):format(support.read "/etc/os-release":match 'PRETTY_NAME="([^"]+)"', line "uname -r") },
    { "flaron-lua", line(support.flaron_lua .. " --version") },
    { "lua5.4", line "lua5.4 -v" },
    { "gcc, for the local edge", line "gcc --version" },
    { "wasm2c", line "wasm2c --version" },
    { "JavaScriptCore", line "dpkg-query -W -f='${Version}' libjavascriptcoregtk-4.0-18" },
    { "SpiderMonkey", line "dpkg-query -W -f='${Version}' libmozjs-102-0" },
    { "wazero", line 'git -C "$ENGINE_WAZERO" describe --tags --always --dirty' },
    { "Node.js, V8", line "node -p 'process.version + \", \" + process.versions.v8'" },
    { "nginx", line "/usr/sbin/nginx -v" },
    { "its Lua", line "dpkg-query -W -f='${Package} ${Version}' libnginx-mod-http-lua" },
    { "wrk", line "dpkg-query -W -f='${Version}' wrk" },
  }
  for _, name in ipairs { "wasmoon", "fengari", "workerd" } do
    local package = not common.npm_failure() and support.read(("%s/node_modules/%s/package.json"):format(common.folder, name))
    rows[#rows + 1] = { name, package and package:match '"version": "([^"]+)"' }
  end
  for _, row in ipairs(rows) do row[2] = row[2] or "not installed" end
  return rows
end

return machine
