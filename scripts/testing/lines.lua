-- lines.lua - which instruction of a flare is on which line. Run by edge/pack/linemap.c in the runtime itself, as a
-- main script whose modules "1", "2"... are a project's: so the functions are, to the instruction, those of the
-- flare. What it finds leaves as an error, the one thing that start-up hands out.
local json = require "cjson"

local ABSOLUTE = -128 -- in lineinfo: the line stands in abslineinfo
local HEADER = 32     -- bytes in front of the main function: lundump.c, checkHeader

local functions, place = {}, 1

-- Reads a function of lua_dump's form at `at`, and those in it; returns where it ends. The order and the
-- counting are those of runtime/start/strip.c.
local function read_function(dump, at, file)
  local function byte()
    at = at + 1
    return dump:byte(at - 1)
  end
  local function number()
    local n = 0
    while true do
      local b = byte()
      n = n << 7 | b & 0x7f
      if b >= 0x80 then return n end
    end
  end
  local function skip_string()
    local size = number()
    if size > 0 then at = at + size - 1 end
  end

  skip_string()
  local first = number()
  number()
  at = at + 1
  local vararg = byte() ~= 0
  at = at + 1
  local size = number()
  at = at + 4 * size
  local found = { file = file, at = place, size = size, line = first, lines = {} }
  functions[#functions + 1] = found
  place = place + size + 1

  for _ = 1, number() do -- constants
    local kind = byte()
    if kind & 0xf == 4 then skip_string() elseif kind == 3 or kind == 19 then at = at + 8 end
  end
  at = at + 3 * number() -- upvalues
  for _ = 1, number() do at = read_function(dump, at, file) end

  local steps = number()
  local steps_at = at
  at = at + steps
  local absolute = {}
  for _ = 1, number() do
    local pc = number()
    absolute[pc] = number()
  end
  for _ = 1, number() do -- names of locals
    skip_string()
    number()
    number()
  end
  for _ = 1, number() do skip_string() end -- names of upvalues

  -- Pairs: from this instruction on, this line. What prepares varargs is on no line.
  local line, lines = first, found.lines
  for pc = 0, steps - 1 do
    local step = string.unpack("b", dump, steps_at + pc)
    line = step == ABSOLUTE and absolute[pc] or line + step
    if line ~= lines[#lines] and not (vararg and pc == 0) then
      lines[#lines + 1] = pc
      lines[#lines + 1] = line
    end
  end
  return at
end

local index = 1
while package.preload[tostring(index)] do
  local main = package.preload[tostring(index)]
  read_function(string.dump(main), HEADER + 1, debug.getinfo(main, "S").source:sub(2))
  index = index + 1
end

error(json.encode(functions), 0)
