-- console.lua - the handler of `flaron-lua repl` and `run -e`: runs one chunk of Lua and prints its results, or completes a name.
--
-- What it needs of the libraries it takes before a chunk runs, since a chunk may change them. Its host is cli/repl/console.c:
-- a header whose name begins with \1 is asked or told there.
local flaron = require "flaron"
local inspect = require "flaron.inspect"
local globals, loaded, searchers = _G, package.loaded, package.searchers
local load, next, pairs, print, rawget, select, tostring, type, xpcall = load, next, pairs, print, rawget, select, tostring, type, xpcall
local getmetatable, traceback = debug.getmetatable, debug.traceback
local concat, sort = table.concat, table.sort
local find, gmatch, gsub, match, rep, sub = string.find, string.gmatch, string.gsub, string.match, string.rep, string.sub
local ask, show = flaron.request.header, inspect.text

-- Modules of optional parts are packed; what a part opens costs nothing until it is required.
local _ = function()
  require "flaron.digest"
  require "lpeg"
  require "rex_pcre2"
  require "zlib"
end

if globals.flaron == nil then globals.flaron = flaron end

local ANSWER = 60000 -- the host takes 64 KiB in one call

-- Modules of the project are loaded when they are required, so that one with a mistake is in nobody's way.
-- What is packed is found as ever, but that nothing else could be is not said.
local packed = searchers[2]
searchers[2] = function(name)
  local loader, extra = packed(name)
  if type(loader) == "function" then return loader, extra end
end

searchers[#searchers + 1] = function(name)
  local answer = ask("\1module:" .. name) or ""
  local file, source = match(answer, "^%+([^\n]*)\n(.*)$")
  if not file then return match(answer, "^%-(.*)$") or "it cannot be looked for here" end
  local chunk, message = load(source, "@" .. file, "t")
  if not chunk then error(("error loading module '%s' from file '%s':\n\t%s"):format(name, file, message), 0) end
  return chunk, file
end

-- ---- running ----

local function describe(value)
  if type(value) == "string" or type(value) == "number" then return tostring(value) end
  local meta = getmetatable(value)
  if type(meta) == "table" and rawget(meta, "__tostring") ~= nil then return tostring(value) end
  return ("error object: %s"):format(show(value, { length = 4000 }))
end

-- Told at once: a chunk that is stopped runs this, and nothing of ours after it.
local function fail(value)
  local text = traceback((gsub(describe(value), "^flaron%-lua:%d+: ", "")), 2)
  text = sub(text, 1, (find(text, "\n\t[C]: in function 'xpcall'\n\tflaron-lua:", 1, true) or 0) - 1)
  text = gsub(text, "\n\tflaron%-lua:[^\n]*", "")
  ask("\1failed:" .. sub(text, 1, ANSWER))
  return nil
end

-- The chunk that a text is; or nil and why it is none, and whether more lines could make it one.
local function compile(text, name, line)
  local front = rep("\n", line - 1)
  local expression = match(text, "^%s*=(.*)$")
  local chunk, fault = load(front .. "return " .. (expression or text), name, "t")
  if chunk then return chunk end
  local unfinished, message = find(fault, "<eof>$"), fault
  if not expression then
    chunk, message = load(front .. text, name, "t")
    if chunk then return chunk end
  end
  return nil, unfinished and fault or message, unfinished or find(message, "<eof>$")
end

local function print_results(good, ...)
  if not good then
    local message = ... -- without `fail`: memory is full
    if message ~= nil then ask("\1failed:" .. tostring(message)) end
    return
  end
  local texts, separator = {}, "\t"
  for i = 1, select("#", ...) do
    texts[i] = show((select(i, ...)), { length = ANSWER, depth = 6 })
    if find(texts[i], "\n", 1, true) then separator = "\n" end
  end
  if #texts > 0 then print(concat(texts, separator)) end
  ask "\1done"
end

local function run(name, line, final, text)
  local chunk, message, unfinished = compile(text, name, line)
  if chunk then
    print_results(xpcall(chunk, fail))
  elseif unfinished and not final then
    ask "\1more"
  else
    ask("\1failed:" .. sub(message, 1, ANSWER))
  end
end

-- ---- completing ----

local KEYWORDS = {}
for word in gmatch([[and break do else elseif end false for function goto if in local nil not or repeat return then true until
  while]], "%l+") do KEYWORDS[word] = true end

-- Calls `take` with the names in a table, and in those that its metatable leads to. It calls nothing of a script.
local function each_name(value, take)
  for _ = 1, 10 do
    if type(value) == "table" then
      for key, field in next, value do
        if type(key) == "string" and find(key, "^[%a_][%w_]*$") and not KEYWORDS[key] then take(key, field) end
      end
    end
    local meta = getmetatable(value)
    value = type(meta) == "table" and rawget(meta, "__index") or nil
    if type(value) ~= "table" then return end
  end
end

local function field_of(value, name)
  for _ = 1, 10 do
    local field = type(value) == "table" and rawget(value, name) or nil
    if field ~= nil then return field end
    local meta = getmetatable(value)
    value = type(meta) == "table" and rawget(meta, "__index") or nil
    if value == nil then return nil end
  end
end

-- Answers the word that is completed, and what it could become, each on a line.
local function complete(text)
  local word, found, seen = nil, {}, {}
  local function offer(name)
    if sub(name, 1, #word) == word and not seen[name] and #found < 1000 then
      seen[name] = true
      found[#found + 1] = name
    end
  end
  word = match(text, "require%s*%(?%s*[\"']([%w_./-]*)$")
  if word then
    for name in pairs(loaded) do if type(name) == "string" then offer(name) end end
    for name in gmatch(ask "\1modules" or "", "[^\n]+") do offer(name) end
  else
    local path
    path, word = match(text, "([%w_.:]-)([%w_]*)$")
    local owner, method = globals, sub(path, -1) == ":"
    for name in gmatch(path, "[%w_]+") do owner = field_of(owner, name) end
    if path ~= "" and owner == nil then return end
    each_name(owner, function(name, value) if not method or type(value) == "function" then offer(name) end end)
    if path == "" then for name in pairs(KEYWORDS) do offer(name) end end
  end
  sort(found)
  ask("\1found:" .. word .. "\n" .. sub(concat(found, "\n"), 1, ANSWER))
end

return function()
  local kind, name, line, text = match(ask "\1chunk" or "", "^(%a)([^\n]*)\n(%d+)\n(.*)$")
  if kind == "c" then complete(text) else run(name, line + 0, kind == "f", text) end
end
