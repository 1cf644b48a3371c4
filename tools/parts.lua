-- parts.lua - finds out which functions and constants of the runtime only its optional parts (runtime/parts) or single libraries
-- of Lua (abi/libraries.def) reach, and writes them as C for edge/flare/parts.c. It is a program of the build and never shipped.
--
--   parts.lua table FOLDER LINKED.wasm RUNTIME=IN.wasm=FLARE.wasm... -- PART... >TABLE
--   parts.lua core FOLDER LINKED.wasm IN.wasm OUT.wasm -- PART...
--
-- FOLDER has links of the same objects without any part, core.wasm and core.map, and with one part each, PART.wasm and PART.map;
-- beside LINKED.wasm, which has all parts, is its map. What a link has that core has not is that part's. The linker names
-- what it links, but wasm-opt merges and inlines, so of these names only those of functions in the table are used, whose slots
-- stay; and in each IN.wasm, the optimised module, calls are followed from these slots and from the exports. FLARE.wasm
-- is the same module with the functions of parts at the end.
--
-- `core` writes a module with traps in place of all that the core has not: parts, and libraries that are REACHED. wasm-opt
-- then makes the same of the rest as if there were no parts.

package.path = "tools/?.lua;" .. package.path
local wasm = require "wasm"
local leb = wasm.leb

local CORE = 0xFFFFFFFF -- the mask of what every flare has
local LIBRARY = 24 -- the bit of the first library (PARTS_LIBRARY); those of parts are below

local function fail(...)
  io.stderr:write("parts.lua: ", string.format(...), "\n")
  os.exit(1)
end

-- ---- maps ----

-- The chunks of code and of data, in order: { key = "FILE:(SECTION)", at = address, size = bytes }. Data has a list for each
-- kind of chunk; code of no size is left out by the linker.
local function read_map(path)
  local map, list = { CODE = {}, DATA = {} }, nil
  for line in io.lines(path) do
    local at, name = line:match "^ *(%S+) +%x+ +%x+ (%S.*)$"
    if name then
      list = map[name] or (name == ".bss" and map.DATA) or (name:match "^%.r?o?data" and list) or (at == "-" and {}) or list
    else
      local place, size, key = line:match "^ *(%S+) +%x+ +(%x+)         (%S.*:%(.*%))$"
      if key and list then
        list[#list + 1] = { key = key, at = tonumber(place, 16), size = tonumber(size, 16) }
      end
    end
  end
  return map
end

local function keys_of(list)
  local keys = {}
  for _, chunk in ipairs(list) do keys[chunk.key] = true end
  return keys
end

-- ---- modules ----

local SECTIONS = { [2] = "import", [3] = "functions", [7] = "export", [9] = "element", [10] = "code" }

local function skip_name(bytes, at)
  local size
  size, at = leb(bytes, at)
  return at + size, bytes:sub(at, at + size - 1)
end

-- Spec 5.4: operands of instructions, one letter each: u is a LEB128 number, b a byte. Those that are not here have none.
local OPERANDS = { [0x02] = "u", [0x03] = "u", [0x04] = "u", [0x0C] = "u", [0x0D] = "u", [0x10] = "u", [0x11] = "uu",
  [0x3F] = "b", [0x40] = "b", [0x41] = "u", [0x42] = "u", [0x43] = "bbbb", [0x44] = "bbbbbbbb" }
for op = 0x20, 0x24 do OPERANDS[op] = "u" end
for op = 0x28, 0x3E do OPERANDS[op] = "uu" end
local AFTER_FC = { [8] = "ub", [9] = "u", [10] = "bb", [11] = "b" }

-- Calls `called` with the index of each function that the body from `at` to before `stop` calls, the place of that number, and
-- the place after it.
local function each_call(bytes, at, stop, called)
  local count, n
  count, at = leb(bytes, at)
  for _ = 1, count do
    at = select(2, leb(bytes, at)) + 1
  end
  while at < stop do
    local op = bytes:byte(at)
    local operands = OPERANDS[op] or ""
    at = at + 1
    if op == 0xFC then
      n, at = leb(bytes, at)
      operands = n <= 7 and "" or AFTER_FC[n] or fail("instruction 0xFC %d is unknown", n)
    elseif op == 0x0E then -- br_table
      n, at = leb(bytes, at)
      operands = ("u"):rep(n + 1)
    elseif op > 0xC4 or (op > 0x05 and op < 0x0B) or (op > 0x11 and op < 0x1A) or (op > 0x1B and op < 0x20) then
      fail("instruction 0x%02X is unknown", op)
    end
    for i = 1, #operands do
      if operands:byte(i) == 0x62 then
        at = at + 1
      else
        local before = at
        n, at = leb(bytes, at)
        if op == 0x10 then called(n, before, at) end
      end
    end
  end
  if at ~= stop then fail "a body ends inside an instruction" end
end

-- A module: `imports`, the number of imported functions; `exports`, a list of { name, kind, index }; `slots`, slot -> index;
-- `types` and `bodies`, those of functions without the imported ones: numbers, and { first, stop }.
local function read_module(path)
  local bytes = wasm.read(path)
  local m = { bytes = bytes, imports = 0, exports = {}, slots = {}, types = {}, bodies = {} }
  local found = {}
  local at, n, name, kind
  m.sections = wasm.sections(bytes)
  for _, section in ipairs(m.sections) do
    if SECTIONS[section[1]] then found[SECTIONS[section[1]]] = section[2] end
  end
  m.imports = leb(bytes, found.import) -- they are all functions (tools/trim.c)
  n, at = leb(bytes, found.export)
  for _ = 1, n do
    at, name = skip_name(bytes, at)
    kind, at = bytes:byte(at), at + 1
    n, at = leb(bytes, at)
    m.exports[#m.exports + 1] = { name, kind, n }
  end
  n, at = leb(bytes, found.functions)
  for i = 1, n do m.types[i], at = leb(bytes, at) end
  n, at = leb(bytes, found.element)
  if n ~= 1 or bytes:sub(at, at + 3) ~= "\0\x41\1\x0B" then fail("%s: the table is not filled from slot 1 on", path) end
  n, at = leb(bytes, at + 4)
  for slot = 1, n do m.slots[slot], at = leb(bytes, at) end
  n, at = leb(bytes, found.code)
  for i = 1, n do
    local size
    size, at = leb(bytes, at)
    m.bodies[i] = { at, at + size, index = i }
    at = at + size
  end
  return m
end

-- ---- who owns what ----

-- The mask of a key in maps: bit n is part n.
local function owners_of(key, core, parts)
  local mask = 0
  for n, keys in ipairs(parts) do
    if keys[key] then mask = mask | 1 << (n - 1) end
  end
  return (core[key] or mask == 0) and CORE or mask
end

-- The libraries: a list of beginnings of keys in maps, each with the library's mask, and the mask of those that are REACHED.
local function read_libraries()
  local found, reached, mask = {}, 0, 1 << LIBRARY
  for when, code in wasm.read "bindings/abi/libraries.def":gmatch '\nFLARON_LIBRARY%(%w+, (%u+), "([^"]+)"%)' do
    for key in code:gmatch "%S+" do found[#found + 1] = { key = key, mask = mask } end
    if when == "REACHED" then reached = reached | mask end
    mask = mask << 1
  end
  return found, reached
end

-- The mask of the library that has the function `key`, nil if none has.
local function library_of(key, libraries)
  for _, library in ipairs(libraries) do
    if key:find("/" .. library.key, 1, true) then
      library.found = true
      return library.mask
    end
  end
end

-- The masks of a module's functions, by their index without the imported ones.
local function own_functions(m, slots)
  local masks = {}
  local function mark(index, mask)
    local i = index - m.imports + 1
    local before = masks[i] or 0
    if i < 1 or before | mask == before then return end
    masks[i] = before | mask
    each_call(m.bytes, m.bodies[i][1], m.bodies[i][2], function(callee) mark(callee, mask) end)
  end
  for _, e in ipairs(m.exports) do
    if e[2] == 0 then mark(e[3], CORE) end
  end
  for slot, index in ipairs(m.slots) do mark(index, slots[slot]) end
  for i = 1, #m.bodies do masks[i] = masks[i] or CORE end
  return masks
end

-- ---- writing ----

local leb_of = wasm.leb_of

local function vector(list, write)
  local bytes = { leb_of(#list) }
  for i, item in ipairs(list) do bytes[i + 1] = write(item) end
  return table.concat(bytes)
end

local TRAP = "\3\0\0\x0B" -- 3 bytes: no locals, unreachable, end

-- The place of a function with these owners: first what every flare has, then what several parts share, then each part's.
-- Those of a library stay among the core's, since gzip looks back only 32 KiB (LINK_ORDER).
local function rank(mask) return mask >> LIBRARY ~= 0 and 0 or mask & mask - 1 ~= 0 and 1 or 1 + mask end

-- Writes a module to `path` with its functions in the order of their ranks. Returns the masks in that order.
local function put_parts_last(m, masks, path)
  local order, new, sorted = {}, {}, {}
  for i = 1, #masks do order[i] = i end
  table.sort(order, function(a, b)
    local left, right = rank(masks[a]), rank(masks[b])
    if left ~= right then return left < right end
    return a < b
  end)
  for i, old in ipairs(order) do
    new[old + m.imports - 1] = i + m.imports - 1
    sorted[i] = masks[old]
  end
  local function index_of(old) return new[old] or old end
  local payloads = {
    [3] = vector(order, function(i) return leb_of(m.types[i]) end),
    [7] = vector(m.exports, function(e)
      return leb_of(#e[1]) .. e[1] .. string.char(e[2]) .. leb_of(e[2] == 0 and index_of(e[3]) or e[3])
    end),
    [9] = "\1\0\x41\1\x0B" .. vector(m.slots, function(index) return leb_of(index_of(index)) end),
    [10] = vector(order, function(i)
      local pieces, done, stop = {}, m.bodies[i][1], m.bodies[i][2]
      each_call(m.bytes, done, stop, function(callee, from, after)
        pieces[#pieces + 1] = m.bytes:sub(done, from - 1) .. leb_of(index_of(callee))
        done = after
      end)
      local body = table.concat(pieces) .. m.bytes:sub(done, stop - 1)
      return leb_of(#body) .. body
    end),
  }
  wasm.write(path, m.bytes, m.sections, payloads)
  return sorted
end

-- Writes a module to `path` with a trap as the body of each function that is not to stay.
local function put_traps(m, stays, path)
  local bodies = vector(m.bodies, function(body)
    return stays(body.index) and leb_of(body[2] - body[1]) .. m.bytes:sub(body[1], body[2] - 1) or TRAP
  end)
  wasm.write(path, m.bytes, m.sections, { [10] = bodies })
end

-- ---- the program ----

local folder, linked = arg[2], arg[3]
local modules, names, at = {}, {}, 4
while arg[at] ~= "--" do
  modules[#modules + 1] = arg[at]
  at = at + 1
end
table.move(arg, at + 1, #arg, 1, names)

local full = read_map((linked:gsub("wasm$", "map")))
local core_map = read_map(folder .. "/core.map")
local core = { code = keys_of(core_map.CODE), data = keys_of(core_map.DATA) }
local code, data = {}, {}
for n, name in ipairs(names) do
  local map = read_map(folder .. "/" .. name .. ".map")
  code[n], data[n] = keys_of(map.CODE), keys_of(map.DATA)
end
local libraries, reached = read_libraries()

local before = read_module(linked)
if #before.bodies ~= #full.CODE then fail("%s has %d functions, its map %d", linked, #before.bodies, #full.CODE) end
local slots = {}
for slot, index in ipairs(before.slots) do
  local chunk = full.CODE[index - before.imports + 1]
  slots[slot] = chunk and (library_of(chunk.key, libraries) or owners_of(chunk.key, core.code, code)) or CORE -- not an import
end

for _, library in ipairs(libraries) do
  if not library.found then fail("abi/libraries.def: no function in the table is of %s", library.key) end
end

-- Prints runs of equal masks as ranges, numbered from `base` on.
local function print_ranges(name, masks, base)
  local first = 1
  print(string.format("static const part_range %s[] = {", name))
  for i = 2, #masks + 1 do
    if masks[i] ~= masks[first] then
      if masks[first] ~= CORE then print(string.format("{%d, %d, 0x%X},", base + first - 1, base + i - 1, masks[first])) end
      first = i
    end
  end
  print "{0, 0, 0}};"
end

-- A module with this table.
local function read_same(path)
  local m = read_module(path)
  if #m.slots ~= #slots then fail("%s has %d functions in its table, %s %d", path, #m.slots, linked, #slots) end
  return m
end

if arg[1] == "core" then
  local m = read_same(modules[1])
  local masks = own_functions(m, slots)
  put_traps(m, function(i) return (masks[i] >> LIBRARY << LIBRARY) & ~reached ~= 0 end, modules[2])
  return
end

print "/* What only optional parts and single libraries of the runtime reach; made by tools/parts.lua. */"
for _, runtime in ipairs(modules) do
  local name, from, to = runtime:match "^(%w+)=(.*)=(.*)$"
  local m = read_same(from)
  local masks = put_parts_last(m, own_functions(m, slots), to)
  print(string.format("enum { PARTS_IMPORTS_%s = %d, PARTS_FUNCTIONS_%s = %d };", name, m.imports, name, #masks))
  print_ranges("parts_of_" .. name, masks, 0)
end
print_ranges("parts_slots", slots, 1)

print "static const part_range parts_data[] = {"
local from, to, owners = 0, 0, CORE
for i = 1, #full.DATA + 1 do -- neighbours with the same owners are one range
  local chunk = full.DATA[i]
  local mask = chunk and owners_of(chunk.key, core.data, data) or CORE
  if mask ~= owners then
    if owners ~= CORE and to > from then print(string.format("{%d, %d, 0x%X},", from, to, owners)) end
    from, owners = chunk and chunk.at, mask
  end
  to = chunk and chunk.at + chunk.size
end
print "{0, 0, 0}};"
