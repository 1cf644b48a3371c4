-- state_spec.lua - what `flaron-lua run` keeps between runs and is told in files: --persist, the folder .flaron,
-- --secrets; and standard streams that are closed. The rest of the command line is in cli_spec.lua.
local support = require "support"

local root = select(2, support.run "pwd"):gsub("\n", "")
local tool = support.flaron_lua:sub(1, 1) == "/" and support.flaron_lua or root .. "/" .. support.flaron_lua

local counter = [[
  local spark = require("flaron").spark
  return function()
    local n = (math.tointeger((spark.get "n")) or 0) + 1
    assert(spark.set("n", tostring(n)))
    return { body = tostring(n) }
  end]]

-- A folder with main.lua, packed as main.wasm too.
local function project(script)
  local folder = root .. "/" .. support.folder()
  support.write(folder .. "/main.lua", script)
  assert.equal(0, (support.cli("pack", folder, "-o", folder .. "/main.wasm")))
  return folder
end

-- The body that `run` answers from the folder `from`; it must work, and say nothing but which secrets are not set.
local function body_of(from, ...)
  local words = { support.quote(tool), "run" }
  for _, word in ipairs { ... } do words[#words + 1] = support.quote(word) end
  local code, output, errors = support.run(("cd %s && %s"):format(support.quote(from), table.concat(words, " ")))
  assert.same({ 0, "" }, { code, (errors:gsub("warn: secret %w+: not set: flaron%-lua secret set %w+\n", "")) })
  return (output:match "\n\n(.*)$")
end

-- What `run` says when it fails; nothing may be on standard output.
local function fault_of(...)
  local code, output, errors = support.cli("run", ...)
  assert.same({ 1, "" }, { code, output })
  return errors:match "^flaron%-lua run: ([^\n]*)\n$"
end

local function listing(folder)
  return (select(2, support.run("ls -A " .. support.quote(folder))))
end

describe("flaron-lua run --persist", function()
  it("keeps what a flare stores from one run to the next, in a folder that it makes", function()
    local folder = project(counter)
    local store = folder .. "/kept here"
    for n = 1, 3 do assert.equal(tostring(n), body_of("/", folder .. "/main.lua", "--persist", store)) end
    assert.equal("4", body_of(folder, "main.wasm", "--persist=kept here"))
    assert.equal("1", body_of(folder, "main.wasm", "--persist", "another"))
    assert.matches("stores%.db", listing(store))
    assert.equal("700\n", (select(2, support.run("stat -c %a " .. support.quote(store)))))
  end)

  it("is what keeps it: without, each run begins with empty stores and leaves no file", function()
    local folder = project(counter)
    for _ = 1, 2 do
      for _, what in ipairs { folder, folder .. "/main.lua", folder .. "/main.wasm" } do assert.equal("1", body_of(folder, what)) end
    end
    assert.equal("main.lua\nmain.wasm\n", listing(folder))
  end)

  it("names the folder that cannot be used", function()
    local folder = project(counter)
    assert.equal(folder .. "/none/deep: No such file or directory", fault_of(folder, "--persist", folder .. "/none/deep"))
    assert.matches("main%.lua", fault_of(folder, "--persist", folder .. "/main.lua"))
    support.write(folder .. "/main.wasm.db", "")
    support.run(("mkdir %s/broken && echo this is no database, but long enough >%s/broken/stores.db"):format(folder, folder))
    assert.matches("broken/stores%.db", fault_of(folder, "--persist", folder .. "/broken"))
  end)

  it("keeps what was stored before the flare failed", function()
    local folder = project [[
      local spark = require("flaron").spark
      return function() spark.set("n", (spark.get "n" or "") .. "x") error(spark.get "n") end]]
    support.cli("run", folder, "--persist", folder .. "/s")
    assert.matches("^error: main%.lua:2: xx\n", (select(3, support.cli("run", folder, "--persist", folder .. "/s"))))
  end)
end)

describe("the folder .flaron", function()
  it("is found beside a script, from wherever it is run", function()
    local folder = project(counter)
    support.run(("mkdir %s/.flaron %s/deep"):format(folder, folder))
    assert.equal("1", body_of("/", folder .. "/main.lua"))
    assert.equal("2", body_of("/", folder))
    assert.equal("3", body_of("/", folder .. "/"))
    assert.equal("4", body_of(folder, "main.lua"))
    assert.equal("5", body_of(folder .. "/deep", "../main.lua"))
    assert.equal("6", body_of(folder, "."))
    assert.matches("stores%.db", listing(folder .. "/.flaron"))
  end)

  it("of a .wasm is the one in the working directory, whatever the .wasm is called", function()
    local folder = project(counter)
    support.run(("mkdir %s/.flaron %s/deep && cp %s/main.wasm %s/my.lua.wasm"):format(folder, folder, folder, folder))
    assert.equal("1", body_of(folder, "main.wasm"))
    assert.equal("2", body_of(folder, folder .. "/main.wasm"))
    assert.equal("3", body_of(folder, "./my.lua.wasm"))
    for _ = 1, 2 do
      assert.equal("1", body_of(folder .. "/deep", "../main.wasm"))
      assert.equal("1", body_of(folder .. "/deep", "../my.lua.wasm"))
    end
  end)

  it("gives way to --persist, and a file of that name is none", function()
    local folder = project(counter)
    support.run(("mkdir %s/.flaron"):format(folder))
    assert.equal("1", body_of(folder, "main.lua"))
    assert.equal("1", body_of(folder, "main.lua", "--persist", "other"))
    assert.equal("2", body_of(folder, "main.lua"))
    support.run(("rm -r %s/.flaron && touch %s/.flaron"):format(folder, folder))
    for _ = 1, 2 do assert.equal("1", body_of(folder, "main.lua")) end
  end)

  it("holds secrets, too", function()
    local folder = project [[return function() return { body = require("flaron").secrets.get "s" or "none" } end]]
    assert.equal("none", body_of("/", folder))
    support.run(("mkdir %s/.flaron"):format(folder))
    support.write(folder .. "/.flaron/secrets.json", '{"s": "kept"}')
    assert.equal(folder .. "/.flaron/secrets.json: others than its owner may read it (mode 644): chmod 600 it",
      (support.run(("chmod 644 %s/.flaron/secrets.json"):format(folder)) == 0 and fault_of(folder)))
    support.run(("chmod 600 %s/.flaron/secrets.json"):format(folder))
    assert.equal("kept", body_of("/", folder))
  end)
end)

describe("flaron-lua run --secrets", function()
  local folder, path

  setup(function()
    folder = project [[
      local secrets = require("flaron").secrets
      return function() return { body = ("%s|%s"):format(secrets.get "a", secrets.get "b") } end]]
    path = folder .. "/secrets.json"
  end)

  -- Writes the file of secrets with a mode.
  local function write(content, mode)
    support.write(path, content)
    assert.equal(0, (support.run(("chmod %s %s"):format(mode or "600", path))))
  end

  it("gives a flare what is in the file: strings, or bytes as base64", function()
    write '{"a": "one", "b": {"base64": "AP8K"}, "c": "unused"}'
    assert.equal("one|\0\255\n", body_of("/", folder, "--secrets", path))
    assert.equal("one|\0\255\n", body_of(folder, "main.wasm", "--secrets", "secrets.json"))
    write '{"a": "\\u00fc\\u0000", "b": " "}'
    assert.equal("ü\0| ", body_of("/", folder, "--secrets", path))
    write "{}"
    assert.equal("nil|nil", body_of("/", folder, "--secrets", path))
    write('{"a": "read only"}', "400")
    assert.equal("read only|nil", body_of("/", folder, "--secrets", path))
  end)

  it("comes instead of the secrets of .flaron, not beside them", function()
    local own = project(assert(support.read(folder .. "/main.lua")))
    support.run(("mkdir %s/.flaron"):format(own))
    support.write(own .. "/.flaron/secrets.json", '{"a": "a of .flaron", "b": "b of .flaron"}')
    support.run(("chmod 600 %s/.flaron/secrets.json"):format(own))
    write '{"a": "mine"}'
    assert.equal("mine|nil", body_of("/", own, "--secrets", path))
  end)

  it("wants a file that nobody else may read, and tells its mode", function()
    for _, mode in ipairs { "644", "640", "604", "660", "610", "777" } do
      write('{"a": "secret"}', mode)
      assert.equal(("%s: others than its owner may read it (mode %s): chmod 600 it"):format(path, mode),
        fault_of(folder, "--secrets", path))
    end
  end)

  it("names file and line of what is no JSON", function()
    for content, line in pairs { ["{\"a\": \"x\",\n\"b\": }"] = 2, [""] = 1, ["{\n\n\n\"a\": 'x'}"] = 4, ["{\"a\": \"x\"} x"] = 1,
      ["{\"a\": \"x\",\n\"a\": \"y\"}"] = 2, ["{\"a\": \"\255\"}"] = 1 } do
      write(content)
      local begin = ("%s:%d: "):format(path, line)
      assert.equal(begin, fault_of(folder, "--secrets", path):sub(1, #begin))
    end
  end)

  it("names a secret that is of no known kind, and shows no secret", function()
    for _, value in ipairs { "3", "true", "null", "[]", "{}", '{"base64": 1}', '{"base64": "?"}', '{"hex": "00"}' } do
      write('{"a": "hush", "b": ' .. value .. "}")
      local message = fault_of(folder, "--secrets", path)
      assert.equal(path .. ": secret 'b' is neither a string nor {\"base64\": \"...\"}", message)
    end
    for _, content in ipairs { "[]", '["a"]' } do
      write(content)
      assert.equal(path .. ": it is no JSON object from names to secrets", fault_of(folder, "--secrets", path))
    end
  end)

  it("names a file that cannot be read", function()
    assert.equal(folder .. "/none.json: No such file or directory", fault_of(folder, "--secrets", folder .. "/none.json"))
    support.run(("mkdir -p -m 700 %s/folder"):format(folder))
    assert.equal(folder .. "/folder: Is a directory", fault_of(folder, "--secrets", folder .. "/folder"))
  end)
end)

describe("a standard stream that is closed", function()
  it("is an error when it is standard output", function()
    local folder = project(counter)
    for _, command in ipairs { "--help", "--version", "pack --help", "run main.lua", "run main.wasm --persist store",
      "inspect main.wasm", "inspect --json main.wasm", "pack main.lua -o out.wasm" } do
      local code, _, errors = support.run(("cd %s && %s %s >&-"):format(folder, tool, command))
      assert.equal(1, code, command)
      assert.matches("^flaron%-lua[%l ]*: standard output: Bad file descriptor\n$", errors)
    end
    assert.equal("\0asm", assert(support.read(folder .. "/out.wasm")):sub(1, 4)) -- and nothing was printed into it
    assert.is_true(support.read(folder .. "/out.wasm") == support.read(folder .. "/main.wasm"))
  end)

  it("gets into no file when it is standard error, and nothing is read when it is standard input", function()
    local folder = project [[return function() print "a line of the log" return { body = require("flaron").request.body() } end]]
    local code, output = support.run(("cd %s && %s run main.lua --persist store 2>&-"):format(folder, tool))
    assert.same({ 0, "HTTP/1.1 200 OK\n\n" }, { code, output })
    assert.is_nil(assert(support.read(folder .. "/store/stores.db")):find("a line of the log", 1, true))
    assert.equal(1, (support.run(("cd %s && %s pack main.lua -o none/out.wasm 2>&-"):format(folder, tool))))
    assert.equal(0, (support.run(("cd %s && %s pack main.lua -o out.wasm <&- 2>&-"):format(folder, tool))))
    assert.is_true(support.read(folder .. "/out.wasm") == support.read(folder .. "/main.wasm"))
    local read, _, errors = support.run(("cd %s && %s run main.lua -d @- <&-"):format(folder, tool))
    assert.same({ 0, "info: a line of the log\n" }, { read, errors })
  end)
end)
