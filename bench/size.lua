-- size.lua - group 4 of the benchmarks: bytes of a flare, its memory, how it starts, how long packing takes.
local common = require "bench.common"
local support = require "support"

local size = {}

local RUNS = 5

-- The bytes a file becomes by a command on standard input; nil when there is no such command.
local function bytes(path, command)
  if not common.has(command:match "%S+") then return nil end
  return tonumber(common.output(("%s <%s | wc -c"):format(command, path)))
end

-- 1234567 as "1,234,567".
local function grouped(number)
  if not number then return "–" end
  return (("%d"):format(number):reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", ""))
end

-- The least CPU milliseconds from bytes to the first answer in V8, and the linear memory afterwards.
local function start(words)
  local best, memory = math.huge, nil
  for _ = 1, RUNS do
    local ms, now = common.output("node bench/start.mjs " .. words):match "([%d.]+) (%d+)"
    best, memory = math.min(best, tonumber(ms)), tonumber(now)
  end
  return best, memory
end

-- A row of the table of sizes.
local function row(what, path, image, memory, ms)
  return { what, grouped(bytes(path, "cat")), grouped(bytes(path, "gzip -9")), grouped(bytes(path, "brotli -q 11 -c")),
    grouped(image), grouped(memory), ms and ("%.1f"):format(ms) or "–" }
end

-- A module of about 60 lines, as hand-written ones are.
local function module_source(n)
  local lines = { "local M = {}" }
  for i = 1, 12 do
    lines[#lines + 1] = ([[
--- Answers for item %d of module %d.
function M.item_%d(list, name)
  local found = list[name] or { name = name, count = %d }
  if found.count > %d then return nil, "too many of " .. name end
  return found
end]]):format(i, n, i, i, i * 3)
  end
  lines[#lines + 1] = "return M"
  return table.concat(lines, "\n")
end

-- Generates a project of `count` modules beside main.lua; returns its folder and the bytes of its sources.
local function generate(count)
  local folder = ("%s/modules%d"):format(common.folder, count)
  local main, files, total = {}, {}, 0
  for n = 1, count do
    files[("m%d.lua"):format(n)] = module_source(n)
    main[n] = ('local m%d = require "m%d"'):format(n % 150, n)
  end
  main[#main + 1] = "return function() return { body = tostring(m1) } end"
  files["main.lua"] = table.concat(main, "\n")
  for _, text in pairs(files) do total = total + #text end
  support.run(("rm -rf %s; mkdir -p %s"):format(folder, folder))
  support.project(files, folder)
  return folder, total
end

-- The least milliseconds that packing takes, the process's start included.
local function pack(folder)
  local best = math.huge
  for _ = 1, RUNS do
    local report = common.output(("begin=$(date +%%s%%N); %s pack %s -o %s.wasm >%s.log; echo $(($(date +%%s%%N) - begin))")
      :format(support.flaron_lua, folder, folder, folder))
    best = math.min(best, tonumber(report) / 1e6)
  end
  return best
end

--- Measures; returns a section of the document (report.lua).
function size.run()
  local folder, notes = common.folder, {}
  common.progress "sizes and starts"
  local rows, bars = {}, {}
  for _, variant in ipairs { { "hello.wasm", "hello", "" }, { "hello.wasm, --strip", "stripped", "--strip" } } do
    local path = ("%s/%s.wasm"):format(folder, variant[2])
    common.output(("%s pack examples/hello %s -o %s"):format(support.flaron_lua, variant[3], path))
    local report = common.output(("%s inspect --json %s"):format(support.flaron_lua, path))
    rows[#rows + 1] = row(variant[1], path, tonumber(report:match '"image_bytes": (%d+)'),
      tonumber(report:match '"memory_bytes": (%d+)'), (start("flare " .. path)))
  end
  if common.npm_failure() then
    notes[1] = ("wasmoon: not installed (%s)."):format(common.npm_failure())
  else
    local dist = folder .. "/node_modules/wasmoon/dist/"
    local ms, memory = start "wasmoon"
    rows[#rows + 1] = row("wasmoon, glue.wasm", dist .. "glue.wasm", nil, memory, ms)
    rows[#rows + 1] = row("and its index.js", dist .. "index.js")
  end
  for i, r in ipairs(rows) do
    bars[i] = { name = r[1] }
    for column, series in ipairs { "as it is", "gzip -9", "brotli" } do
      local value = tonumber((r[column + 1]:gsub(",", "")))
      if value then table.insert(bars[i], { series = series, value = value / 1000 }) end
    end
  end
  local packing, first = {}, nil
  for _, count in ipairs { 1, 10, 200 } do
    common.progress("packing %d modules", count)
    local project, total = generate(count)
    local ms = pack(project)
    first = first or ms
    packing[#packing + 1] = { ("%d"):format(count), grouped(total), grouped(bytes(project .. ".wasm", "cat")), ("%.1f"):format(ms),
      common.short(ms / first) }
  end
  return {
    title = "Size and start",
    text = [[
Bytes of the file, as it is and compressed; of the image in it, which is what start-up left in memory; and of linear memory at
rest. *First answer* is the CPU time from the bytes to an answer in V8 in a process of its own: compiling, an instance, `hello`.
Packing is the whole command, on generated modules of 12 documented functions each.]],
    tables = {
      { columns = { "file", "bytes", "gzip -9", "brotli -q 11", "image", "memory at rest", "first answer, ms" }, rows = rows },
      { columns = { "modules", "bytes of source", "bytes packed", "pack, ms", "times the first" }, rows = packing },
    },
    charts = { { file = "size", title = "Size in kilobytes (less is better)", groups = bars } },
    notes = notes,
  }
end

return size
