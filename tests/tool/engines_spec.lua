-- Engines that run a flare give the same bytes: one flare is asked for all of Lua's library, for every import and for whole
-- programs, on the local edge and on each engine of tests/engines that this machine has.
local engines = require "engines"
local evaluate = require "evaluate"
local imports = require "imports"
local stdlib = require "stdlib"
local support = require "support"

-- Programs of `make bench`, at the size of its own check; their answers are numbers and strings.
local programs = { "coroutines", "errors", "fib", "json", "nbody", "objects", "router", "sort", "spectral", "strings",
  "template", "trees" }

local written = [[
local all = table.pack(pcall(load(%q, "=part")))
for i = 1, all.n do
  local value = all[i]
  local plain = type(value) == "string" or type(value) == "number" or type(value) == "boolean"
  all[i] = plain and ("%%q"):format(value) or type(value)
end
return table.concat(all, ", ")
]]

-- What is asked: { name =, code =, and with an event its name }.
local questions = {}

local function ask(name, code, event)
  questions[#questions + 1] = { name = name, code = written:format(code), event = event }
end

for _, section in ipairs(stdlib) do
  for _, entry in ipairs(section) do
    if entry.status ~= "ends" then ask(entry.name, entry.check) end
  end
end
for _, import in ipairs(imports.list) do
  local case = imports.cases[import.name]
  -- the nonce of AES is the host's own and another one each time
  local code = import.name == "crypto_encrypt_aes" and "return #crypto.encrypt_aes('key', 'x')" or case[1]
  ask(import.name, 'local flaron = require "flaron"; setmetatable(_ENV, { __index = flaron }); ' .. code, case.event)
end
for _, name in ipairs(programs) do
  ask("bench/lua/" .. name .. ".lua", ([[
    local program = (function() %s end)()
    return program.run(program.small)]]):format(support.read("bench/lua/" .. name .. ".lua")))
end
ask("errors deep down", [[
  local function again(n) return 1 + again(n + 1) end
  local deep = setmetatable({}, { __index = function(t, k) return t[k + 1] end })
  local function nested(s) return (s:gsub(".", nested)) end
  return pcall(again, 1), select(2, pcall(again, 1)), select(2, pcall(function() return deep[1] end)), select(2, pcall(nested, "a"))]])

-- All answers of an engine, by name: response or log, as text.
local function answers(engine)
  local options = { engine = engine, now = 1234567890, random_seed = 7 }
  for key, value in pairs(imports.options) do options[key] = value end
  local flare <close> = evaluate.open(options)
  flare.flare:stub_fetch("", { body = "fetched" })
  local all = {}
  for _, question in ipairs(questions) do
    local good, message = pcall(function()
      if question.event then
        return flare:event(question.event, question.code, { data = "data", conn_id = "connection", close_code = 1001 })
      end
      return flare:run(question.code, { method = "PUT", url = "http://a/b", headers = { ["x-a"] = "header" }, body = "body" })
    end)
    local r = flare.last
    local out = { good and "" or tostring(message), tostring(r.status), tostring(r.body), tostring(r.close_code) }
    for _, line in ipairs(r.logs) do out[#out + 1] = line.level .. ": " .. line.text end
    for _, frame in ipairs(r.frames or {}) do out[#out + 1] = tostring(frame.data or frame) end
    local calls = {}
    for name, count in pairs(r.calls or {}) do calls[#calls + 1] = name .. "=" .. count end
    table.sort(calls)
    out[#out + 1] = table.concat(calls, " ")
    all[question.name] = table.concat(out, "\n")
  end
  return all
end

describe("a flare", function()
  local here

  setup(function() here = answers() end)

  it("has an answer to each question", function()
    for _, question in ipairs(questions) do
      local expected = question.name:find "^bench/" and "true" or ""
      assert.matches(expected, here[question.name], 1, true)
      assert.no.matches("answer cannot be read", here[question.name], 1, true)
    end
    assert.is_true(#questions > 200)
  end)

  for _, name in ipairs(engines.names()) do
    it("gives the same bytes on " .. name, function()
      local words, why = engines.words(name)
      if not words then return pending(why) end
      local there = answers(words)
      for _, question in ipairs(questions) do
        assert.equal(here[question.name], there[question.name], question.name)
      end
    end)
  end
end)
