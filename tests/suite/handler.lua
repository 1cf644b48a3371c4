-- handler.lua - the main script of the flare that runs one file of Lua's test suite: `suite.lua` packs it with the file, cut as
-- the table says, as an asset. It answers where the file's main chunk ended, and with what, as JSON.
--
-- The file runs as `lua all.lua` runs it, with the globals that all.lua sets, but for the test library T, which is not there.
-- luacheck: globals _soft _port _nomsg SUITE Message
local flaron = require "flaron"
local load, xpcall, getinfo, traceback, create, resume = load, xpcall, debug.getinfo, debug.traceback, coroutine.create, coroutine.resume
local pack, tostring, setmetatable = table.pack, tostring, setmetatable
local encode, asset, header = flaron.json.encode, flaron.asset, flaron.request.header

local name, last -- the file, and the line that its main chunk left by return or end

-- A local of the main chunk, on its first line, whose `__close` sees where the chunk is left.
local function note()
  last = getinfo(2, "l").currentline
end

-- The line at which the main chunk stands, of the levels above a message handler.
local function main_line()
  local level = 2
  while true do
    local info = getinfo(level, "Sl")
    if not info then return nil end
    if info.what == "main" and info.source == "@" .. name then return info.currentline end
    level = level + 1
  end
end

local stop -- what is known of the last error

-- The message handler leaves messages as they are: `load` calls it for errors of its reader, too.
local function note_stop(message)
  stop = { stopped = main_line() or 0, message = tostring(message), traceback = traceback("", 2) }
  return message
end

-- Stock Lua's `load` takes what string.dump gives without being asked; a flare's wants the mode said.
local function load_dumps(chunk, chunkname, mode, ...)
  return load(chunk, chunkname, mode == nil and "bt" or mode, ...)
end

-- What all.lua does with big.lua, which yields once.
local function in_coroutine(chunk)
  return function()
    local thread = create(chunk)
    local yielded = pack(resume(thread))
    if not yielded[1] then error(yielded[2], 0) end
    local done = pack(resume(thread))
    if not done[1] then error(done[2], 0) end
    return yielded[2] .. done[2]
  end
end

return function()
  name = header "file"
  local text = asset(name)
  _soft, _port, _nomsg = false, false, false
  SUITE = { note = setmetatable({}, { __close = note }), load = load, load_dumps = load_dumps }
  function Message() end

  local chunk, message = load("local SUITE_NOTE <close> = SUITE.note; " .. text, "@" .. name)
  if not chunk then return { body = encode { stopped = 0, message = message } } end
  if header "coroutine" then chunk = in_coroutine(chunk) end
  local good, result = xpcall(chunk, note_stop)
  return { body = encode(good and { ended = last, returned = tostring(result) } or stop) }
end
