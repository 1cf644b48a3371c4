-- support.lua - shared by all specs: flares on the engine that ENGINE names, commands, files.
local edge = require "flaron.edge"

local support = {}

support.engine = os.getenv "ENGINE" or "wasm2c"
support.native = os.getenv "NATIVE" or "build/native"
support.flaron_lua = support.native .. "/flaron-lua"

--- What stands before a command that runs Lua with a module of ours: a sanitizer's runtime must come first, and Lua itself is not
--- free of leaks it would report. "" without sanitizers.
support.sanitizer = (os.getenv "SANITIZE" or "") ~= ""
  and "LD_PRELOAD=$(gcc -print-file-name=libasan.so) ASAN_OPTIONS=detect_leaks=0 " or ""

--- Loads a flare as edge.load does (on the engine that run.sh names in FLARON_ENGINE). A string is the source of
--- main.lua, unless it is a path that ends with .lua or .wasm, or with "/" for a folder.
--- @return flaron.edge.Flare|nil, string|nil message
function support.try_load(what, options)
  if type(what) == "string" and not what:find "^[%w_./-]+%.lua$" and not what:find "^[%w_./-]+%.wasm$"
    and not what:find "^[%w_./-]+/$" then
    what = { ["main.lua"] = what }
  end
  return edge.load(what, options)
end

--- The same, but it must load.
function support.load(what, options)
  return assert(support.try_load(what, options))
end

--- Runs `body` once, as the body of handle_request, and returns the response.
function support.answer(body, request, options)
  local flare <close> = support.load(("local flaron = require 'flaron'\nreturn function()\n%s\nend"):format(body), options)
  return assert(flare:request(request or {}))
end

--- The text of the first log line of `level`.
function support.log(response, level)
  for _, line in ipairs(response.logs) do
    if line.level == level then return line.text end
  end
end

--- The names of the modules of `flaron` that have annotations.
function support.modules()
  local names = {}
  for name in support.read "scripts/types/flaron.lua":gmatch "\n%-%-%-@class flaron%.(%l+)\n" do names[#names + 1] = name end
  return names
end

--- Quotes a word for the shell.
function support.quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

--- Runs a shell command; returns its exit code, or 128 + the signal that ended it, its standard output and standard
--- error.
function support.run(command)
  local out, err = os.tmpname(), os.tmpname()
  -- LD_PRELOAD is the sanitizer that run.sh sets for this process, not for its children.
  local _, how, code = os.execute(("unset LD_PRELOAD; ( %s ) >%s 2>%s </dev/null"):format(command, out, err))
  if how == "signal" then code = 128 + code end
  local output, errors = support.read(out), support.read(err)
  os.remove(out)
  os.remove(err)
  return code, output, errors
end

--- Runs flaron-lua with the given words, which are quoted here.
function support.cli(...)
  local words = { ((...) == "test" and support.sanitizer or "") .. support.quote(support.flaron_lua) }
  for _, word in ipairs { ... } do words[#words + 1] = support.quote(word) end
  return support.run(table.concat(words, " "))
end

--- What `flaron-lua inspect --json` tells of a project or a flare.
function support.inspect(path)
  local code, output, errors = support.cli("inspect", "--json", path)
  assert(code == 0 and errors == "", errors)
  return assert(require("dkjson").decode(output))
end

--- The whole content of a file; nil and a message if it cannot be read.
function support.read(path)
  local file <close>, message = io.open(path, "rb")
  if not file then return nil, message end
  return file:read "a"
end

--- Writes the whole content of a file.
function support.write(path, content)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(content))
end

--- Writes a project, a table from paths to contents or only a main script, into `folder` (default: a new one). Returns
--- the folder.
function support.project(files, folder)
  folder = folder or support.folder()
  local folders = { support.quote(folder) }
  if type(files) == "string" then files = { ["main.lua"] = files } end
  for path in pairs(files) do
    local parent = path:match "^(.*)/"
    if parent then folders[#folders + 1] = support.quote(folder .. "/" .. parent) end
  end
  assert((support.run("mkdir -p " .. table.concat(folders, " "))) == 0)
  for path, content in pairs(files) do support.write(folder .. "/" .. path, content) end
  return folder
end

--- A new empty folder under the build folder, without a slash at the end.
function support.folder()
  local _, path = support.run("mkdir -p build/tmp && mktemp -d build/tmp/XXXXXX")
  return (path:gsub("%s+$", ""))
end

return support
