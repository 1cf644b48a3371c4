-- coverage.lua - from counted lines to files: luacov.stats.out, as luacov reads it, and luacov.report.out, with
-- every line, how often it ran, and a table at the end. `projects` is of lua_cover_report.
local folder, projects, decode = ...

-- All files: path -> {counts, has_code}, both by line. What a project did not write is left out.
local files, paths = {}, {}
for _, project in ipairs(projects) do
  for _, one in ipairs(project.map ~= "" and decode(project.map).functions or {}) do
    local path = project.folder == "." and one.file or project.folder .. "/" .. one.file
    local file = files[path]
    if file == nil then
      local source = not one.file:find "^lua_modules/" and io.open(path, "r")
      file = source and { source = source:read "a", counts = project.files[one.file] or {}, has_code = {} } or false
      if source then source:close() end
      files[path] = file
      if file then paths[#paths + 1] = path end
    end
    for i = 2, file and #one.lines or 0, 2 do file.has_code[one.lines[i]] = true end
  end
end
table.sort(paths)

local stats = assert(io.open(folder .. "/luacov.stats.out", "w"))
local report = assert(io.open(folder .. "/luacov.report.out", "w"))
local rule = ("="):rep(78) .. "\n"
local rows, hits_of_all, missed_of_all = {}, 0, 0

local function add_row(name, hits, missed)
  local share = hits + missed > 0 and ("%.2f%%"):format(100 * hits / (hits + missed)) or "-"
  rows[#rows + 1] = { name, tostring(hits), tostring(missed), share }
end

for _, path in ipairs(paths) do
  local file, line, most, hits, missed = files[path], 0, 0, 0, 0
  for _, count in pairs(file.counts) do most = math.max(most, count) end
  local width = #tostring(most) + 1
  local counts = {}
  report:write(rule, path, "\n", rule)
  for text in file.source:gsub("\n?$", "\n"):gmatch "([^\n]*)\n" do
    line = line + 1
    local count = file.counts[line] or 0
    counts[line] = count .. " "
    if count > 0 then
      hits = hits + 1
      report:write((" "):rep(width - #tostring(count)), count)
    elseif file.has_code[line] then
      missed = missed + 1
      report:write(("*"):rep(width - 1), "0")
    else
      report:write((" "):rep(width))
    end
    report:write(text == "" and "" or " ", text, "\n")
  end
  report:write "\n"
  stats:write(line, ":", path, "\n", table.concat(counts), "\n")
  add_row(path, hits, missed)
  hits_of_all, missed_of_all = hits_of_all + hits, missed_of_all + missed
end
add_row("Total", hits_of_all, missed_of_all)

table.insert(rows, 1, { "File", "Hits", "Missed", "Coverage" })
local widths = { 0, 0, 0, 0 }
for _, row in ipairs(rows) do
  for i, cell in ipairs(row) do widths[i] = math.max(widths[i], #cell) end
end
local total = widths[1] + widths[2] + widths[3] + widths[4] + 3
report:write(rule, "Summary\n", rule, "\n")
for i, row in ipairs(rows) do
  if i == 2 or i == #rows then report:write(("-"):rep(total), "\n") end
  for n, cell in ipairs(row) do
    report:write(n > 1 and " " or "", cell, n < 4 and (" "):rep(widths[n] - #cell) or "")
  end
  report:write "\n"
end
stats:close()
report:close()
