-- flaron-lua check --format: findings as annotations of a forge, SARIF and JUnit's XML. What is found is check_spec.lua's.
local support = require "support"

local decode = require("dkjson").decode

local body = [[
local flaron = require "flaron"
return function()
  return flaron.secrets.get "A & <B>%, \27[31m"
end
]]

local message = "secrets.get: the secret 'A & <B>%, \\x1b[31m' is not in allowed_secrets of flare.lua"

-- Checks a project with these files; returns the exit code, both outputs and the folder.
local function check(files, ...)
  local folder = support.project(files)
  local code, output, errors = support.cli("check", folder, ...)
  return code, output, errors, folder
end

local wrong = { ["main.lua"] = body, ["flare.lua"] = "return {}" }
local right = { ["main.lua"] = "return function() return { body = 'hello' } end", ["flare.lua"] = "return {}" }

describe("flaron-lua check --format", function()
  it("text is what it writes without it", function()
    local _, plain = check(right)
    local _, output = check(right, "--format", "text")
    assert.equal(plain:gsub("%S+ packs", "packs"), (output:gsub("%S+ packs", "packs")))
  end)

  it("github writes annotations, in which what divides them cannot be forged", function()
    local code, output, errors, folder = check(wrong, "--format", "github")
    assert.same({ 1, "" }, { code, errors })
    local first, rest = output:match "^([^\n]*)\n(.*)$"
    assert.equal(("::error title=flaron-lua check,file=%s/main.lua,line=3,col=10::%s"):format(folder,
      (message:gsub("%%", "%%25"))), first)
    assert.matches("^%S+ packs to %d+ bytes\n1 error, 0 warnings\n$", rest)
  end)

  it("sarif has standard output for itself", function()
    local code, output, errors, folder = check(wrong, "--format", "sarif")
    assert.equal(1, code)
    assert.matches("^%S+ packs to %d+ bytes\n1 error, 0 warnings\n$", errors)
    local run = assert(decode(output)).runs[1]
    assert.equal("flaron-lua check", run.tool.driver.name)
    assert.equal(1, #run.results)
    local found = run.results[1]
    assert.same({ "error", "error" }, { found.level, found.ruleId })
    assert.equal("secrets.get: the secret 'A & <B>%, \27[31m' is not in allowed_secrets of flare.lua",
      (found.message.text:gsub("\\x1b", "\27")))
    assert.same({ artifactLocation = { uri = folder .. "/main.lua" }, region = { startLine = 3, startColumn = 10 } },
      found.locations[1].physicalLocation)
  end)

  it("junit writes a case for each finding, and one when there is none", function()
    local code, output, _, folder = check(wrong, "--format", "junit")
    assert.equal(1, code)
    local as_xml = message:gsub("[&<>\"]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" })
    assert.equal(([[
<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="1" failures="1">
  <testsuite name="flaron-lua check" tests="1" failures="1" errors="0" skipped="0">
    <testcase classname="check" name="FOLDER/main.lua:3:10" file="FOLDER/main.lua">
      <failure message="MESSAGE">error: MESSAGE</failure>
    </testcase>
  </testsuite>
</testsuites>
]]):gsub("%u+", { FOLDER = folder, MESSAGE = as_xml }), output)
    code, output = check(right, "--format", "junit")
    assert.equal(0, code)
    assert.matches('<testcase classname="check" name="finds nothing"/>', output, 1, true)
  end)

  it("says beside a document what --fix did", function()
    local code, output, errors = check({ ["main.lua"] = body, ["flare.lua"] = "return {}" }, "--fix", "--format", "sarif")
    assert.equal(0, code)
    assert.same({}, assert(decode(output)).runs[1].results)
    assert.matches("flare.lua: added allowed_secrets", errors, 1, true)
  end)

  it("refuses a format that there is not", function()
    local code, _, errors = check(right, "--format", "junitt")
    assert.equal(2, code)
    assert.matches("--format takes text, github, sarif or junit, not 'junitt': did you mean 'junit'?", errors, 1, true)
  end)
end)
