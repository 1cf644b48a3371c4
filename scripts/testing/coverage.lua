-- coverage.lua - from counted lines to files: luacov.stats.out, as luacov reads it, luacov.report.out, with every line, how
-- often it ran, and a table at the end, and what else is asked for. `projects` is of lua_cover_report; `outputs` are paths,
-- by the name of a form.
local folder, projects, decode, outputs, core = ...

-- ---- what was counted ----

-- All files, sorted by path: { path, lines, hits, missed }; a line is { text, count }, without a count where there is no code.
-- What a project did not write is left out.
local function read_files()
  local found, files = {}, {}
  for _, project in ipairs(projects) do
    for _, one in ipairs(project.map ~= "" and decode(project.map).functions or {}) do
      local path = project.folder == "." and one.file or project.folder .. "/" .. one.file
      local file = found[path]
      if file == nil then
        local source = not one.file:find "^lua_modules/" and io.open(path, "r")
        file = source and { path = path, source = source:read "a", counts = project.files[one.file] or {}, has_code = {} } or false
        if source then source:close() end
        found[path] = file
        if file then files[#files + 1] = file end
      end
      for i = 2, file and #one.lines or 0, 2 do file.has_code[one.lines[i]] = true end
    end
  end
  table.sort(files, function(a, b) return a.path < b.path end)
  return files
end

local files, total = read_files(), { path = "Total", hits = 0, missed = 0 }
for _, file in ipairs(files) do
  file.lines, file.hits, file.missed = {}, 0, 0
  for text in file.source:gsub("\n?$", "\n"):gmatch "([^\n]*)\n" do
    local number = #file.lines + 1
    local count = file.counts[number] or file.has_code[number] and 0 or nil
    file.lines[number] = { text = text, count = count }
    if count then file[count > 0 and "hits" or "missed"] = file[count > 0 and "hits" or "missed"] + 1 end
  end
  total.hits, total.missed = total.hits + file.hits, total.missed + file.missed
end

function total.share(file)
  return file.hits + file.missed > 0 and ("%.2f%%"):format(100 * file.hits / (file.hits + file.missed)) or "-"
end

-- ---- luacov's files ----

local function write_stats(out)
  for _, file in ipairs(files) do
    out:write(#file.lines, ":", file.path, "\n")
    for _, line in ipairs(file.lines) do out:write(line.count or 0, " ") end
    out:write "\n"
  end
end

local rule = ("="):rep(78) .. "\n"

local function write_table(out)
  local rows, widths = { { "File", "Hits", "Missed", "Coverage" } }, { 0, 0, 0, 0 }
  for _, file in ipairs(files) do rows[#rows + 1] = { file.path, tostring(file.hits), tostring(file.missed), total.share(file) } end
  rows[#rows + 1] = { total.path, tostring(total.hits), tostring(total.missed), total.share(total) }
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do widths[i] = math.max(widths[i], #cell) end
  end
  local width = widths[1] + widths[2] + widths[3] + widths[4] + 3
  out:write(rule, "Summary\n", rule, "\n")
  for i, row in ipairs(rows) do
    if i == 2 or i == #rows then out:write(("-"):rep(width), "\n") end
    for n, cell in ipairs(row) do out:write(n > 1 and " " or "", cell, n < 4 and (" "):rep(widths[n] - #cell) or "") end
    out:write "\n"
  end
end

local function write_report(out)
  for _, file in ipairs(files) do
    local most = 0
    for _, line in ipairs(file.lines) do most = math.max(most, line.count or 0) end
    local width = #tostring(most) + 1
    out:write(rule, file.path, "\n", rule)
    for _, line in ipairs(file.lines) do
      local shown = line.count == nil and (" "):rep(width) or line.count > 0 and ("%" .. width .. "d"):format(line.count)
        or ("*"):rep(width - 1) .. "0"
      out:write(shown, line.text == "" and "" or " ", line.text, "\n")
    end
    out:write "\n"
  end
  write_table(out)
end

-- ---- what is asked for ----

local forms = {}

-- A tracefile, as geninfo(1) has it.
function forms.lcov(out)
  for _, file in ipairs(files) do
    out:write("TN:\nSF:", file.path, "\n")
    for number, line in ipairs(file.lines) do
      if line.count then out:write(("DA:%d,%d\n"):format(number, line.count)) end
    end
    out:write(("LF:%d\nLH:%d\nend_of_record\n"):format(file.hits + file.missed, file.hits))
  end
end

function forms.html(out) core.script "coverage_html"(out, files, total) end

local function write(path, how)
  local out <close> = assert(io.open(path, "w"))
  how(out)
end

write(folder .. "/luacov.stats.out", write_stats)
write(folder .. "/luacov.report.out", write_report)
for name, path in pairs(outputs) do write(path, forms[name]) end
