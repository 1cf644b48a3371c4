-- suite.lua - runs files of Lua's test suite in packed flares: reads the table (table.lua), cuts lines, and compares where a file
-- ends with where the table says. It has no text of the suite, and knows no folder: `run` and tests/tool/suite_spec.lua call it.
local edge = require "flaron.edge"
local support = require "support"

local suite = {}

local HANDLER = "tests/suite/handler.lua"

--- Why lines may be stepped over, and nothing else.
suite.reasons = {
  files = "writes files, or reads what is no asset",
  processes = "starts processes, or is about the program `lua`",
  locale = "needs a locale that most machines have not",
  T = "needs T, the test library of C",
}

-- The fields of an entry (table.lua tells what they mean).
local fields = {
  name = "string", lines = "number", ends = "number", returns = "string", cuts = "table", skips = "table", coroutine = "boolean",
  dumps = "table", whole = "string", helper = "boolean",
}

local function check_ranges(entry, key, say)
  local before = 0
  for _, range in ipairs(entry[key] or {}) do
    local first, last, reason, what = table.unpack(range, 1, 4)
    local place = ("%s, %s %s to %s: "):format(entry.name, key, first, last)
    if math.type(first) ~= "integer" or math.type(last) ~= "integer" or last < first then
      say(place .. "no range of lines")
    else
      if first <= before then say(place .. "not in order, or one over the other") end
      if last > entry.lines then say(place .. "the file has " .. entry.lines .. " lines") end
      before = last
    end
    if not suite.reasons[reason] then say(place .. "unknown reason " .. tostring(reason)) end
    if type(what) ~= "string" or what == "" then say(place .. "it does not say what is stepped over") end
  end
end

--- What is wrong with a table itself, as a list of messages: a field that there is not, lines out of order, a reason unknown.
function suite.faults(entries)
  local list, names = {}, {}
  local function say(message) list[#list + 1] = message end
  for _, entry in ipairs(entries) do
    local name = tostring(entry.name)
    if names[name] then say(name .. ": is there twice") end
    names[name] = true
    for key, value in pairs(entry) do
      if fields[key] ~= type(value) then say(("%s: field %s cannot be %s"):format(name, key, tostring(value))) end
    end
    if entry.whole then
      if not suite.reasons[entry.whole] then say(name .. ": unknown reason " .. entry.whole) end
    elseif not entry.helper and not (entry.lines and entry.ends and entry.ends <= entry.lines) then
      say(name .. ": it does not say how many lines it has, and where it ends")
    else
      check_ranges(entry, "cuts", say)
      check_ranges(entry, "skips", say)
    end
  end
  return list
end

--- The text of a file as its entry wants it run. The lines of `cuts` become empty, so that all others keep their numbers; a fifth
--- field of a cut stands in its first line. The lines of `skips` begin with an error: they must not run. Those of `dumps` have
--- another `load`. `but`: the number of a cut that is left as it is.
function suite.cut(text, entry, but)
  local lines = {}
  for line in (text .. "\n"):gmatch "(.-)\n" do lines[#lines + 1] = line end
  for _, skip in ipairs(entry.skips or {}) do
    lines[skip[1]] = "error 'the table says that this line is skipped'; " .. lines[skip[1]]
  end
  for _, range in ipairs(entry.dumps or {}) do
    lines[range[1]] = "load = SUITE.load_dumps; " .. lines[range[1]]
    lines[range[2]] = "load = SUITE.load; " .. lines[range[2]]
  end
  for i, cut in ipairs(entry.cuts or {}) do
    if i ~= but then
      for n = cut[1], cut[2] do lines[n] = "" end
      lines[cut[1]] = cut[5] or ""
    end
  end
  return table.concat(lines, "\n")
end

--- How many lines a text has.
function suite.count(text)
  local _, count = text:gsub("\n", "")
  return text:sub(-1) == "\n" and count or count + 1
end

--- What is wrong with a file of the suite for its entry; nil when they fit.
function suite.misfit(entry, text)
  local count = suite.count(text)
  if not entry.lines or count == entry.lines then return nil end
  return ("has %d lines, not %d: this is the suite of another Lua"):format(count, entry.lines)
end

--- Compares what a file did (handler.lua's answer) with its entry; nil when they agree, else a message.
function suite.judge(entry, answer)
  if answer.stopped then
    return ("stops at line %d, should end at %d: %s%s"):format(answer.stopped, entry.ends, answer.message, answer.traceback or "")
  end
  if answer.ended < entry.ends then return ("ends at line %d, earlier than the table says, %d"):format(answer.ended, entry.ends) end
  if answer.ended > entry.ends then return ("ends at line %d, later than the table says, %d"):format(answer.ended, entry.ends) end
  if entry.returns and answer.returned ~= entry.returns then
    return ("returns %s, should be %s"):format(answer.returned, entry.returns)
  end
  return nil
end

--- How many lines of a file are stepped over.
function suite.stepped(entry)
  local count = 0
  for _, key in ipairs { "cuts", "skips" } do
    for _, range in ipairs(entry[key] or {}) do count = count + range[2] - range[1] + 1 end
  end
  return count
end

--- Runs a file as its entry says, or without its cut number `but`.
--- @return table answer of handler.lua; for a flare that fails altogether, `stopped` is 0
function suite.run(folder, entry, helpers, but)
  local text = assert(support.read(folder .. "/" .. entry.name))
  local files = { ["main.lua"] = assert(support.read(HANDLER)), [entry.name] = suite.cut(text, entry, but) }
  local modules = {}
  for _, name in ipairs(helpers or {}) do
    files[name] = assert(support.read(folder .. "/" .. name))
    modules[#modules + 1] = ("%q"):format(name:match "^(.*)%.lua$")
  end
  files["flare.lua"] = ('return { assets = { %q }, modules = { %s }, memory = "512M", bytecode = true, vars = { PATH = "/bin" } }\n')
    :format(entry.name, table.concat(modules, ", "))
  local flare <close> = assert(edge.load(files, { max_log_lines = 100000 }))
  local headers = { file = entry.name, coroutine = entry.coroutine and "1" }
  local response = flare:request { headers = headers }
  if response.status ~= 200 then return { stopped = 0, message = support.log(response, "error") or "status " .. response.status } end
  return response.json()
end

return suite
