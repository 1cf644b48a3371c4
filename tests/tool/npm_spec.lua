-- npm_spec.lua - `make npm`: the packages are installed by npm, without a network, and run: natively, and by V8 where the native
-- executable is hidden, which packs the same bytes.
local support = require "support"

local function run(command)
  local code, out, errors = support.run(command)
  assert.equal(0, code, errors .. out)
  return out, errors
end

local node = tonumber((select(2, support.run "node -p 'process.versions.node.split(`.`)[0]'"))) or 0
if node < 20 or support.run "command -v npm" ~= 0 then
  describe("make npm", function()
    pending "npm and Node 20 are not here"
  end)
  return
end

local version = support.read "edge/flare/flare.h":match 'FLARON_LUA_VERSION "(.-)"'
local main_file = ("flaron-lua-%s.tgz"):format(version)

-- The packages, of the executable that is tested and not of an archive that happens to be in build/.
local packages = support.folder()
local main = packages .. "/" .. main_file
local platform = ("%s/flaron-lua-linux-%s-%s.tgz"):format(packages, run "node -p process.arch":gsub("%s", ""), version)
run "make -j2 build/npm/packer.wasm build/npm/runtime.wasm"
run(("tools/npm.sh build/npm %s %s"):format(packages, support.flaron_lua))

--- A new project of npm in which packages are installed.
local function install(...)
  local folder, paths = support.folder(), {}
  for i, package in ipairs { ... } do paths[i] = "../../../" .. package end
  support.write(folder .. "/package.json", '{ "private": true }')
  run(("cd %s && npm install --offline --no-audit --no-fund %s"):format(folder, table.concat(paths, " ")))
  return folder
end

local folder = install(main, platform)

--- Runs the installed flaron-lua with words for the shell, from the root of the repository.
local function npx(words) return support.run(folder .. "/node_modules/.bin/flaron-lua " .. words) end

--- The same in V8.
local function pure(words) return support.run("FLARON_LUA_PURE=1 " .. folder .. "/node_modules/.bin/flaron-lua " .. words) end

describe("the npm packages", function()
  it("are the same when they are made again", function()
    run "make npm"
    assert.is_true(support.read(main) == support.read("build/" .. main_file))
  end)

  it("run by npx, natively", function()
    local out = run(("cd %s && npx --offline flaron-lua --version"):format(folder))
    assert.equal(select(2, support.cli "--version"), out)
    local code, log = npx "dev --help"
    assert.equal(0, code)
    assert.matches("%-%-port", log)
  end)

  it("hand over signals to the native executable, and its exit code", function()
    -- dev ends by itself when it is told to; who gets a signal and hands nothing over has no exit code.
    local ended = run(([[timeout 60 node -e '
      const dev = require("node:child_process").spawn("%s/node_modules/.bin/flaron-lua", ["dev", "examples/hello", "--port", "0"]);
      dev.stderr.once("data", () => dev.kill("SIGTERM"));
      dev.on("exit", (code) => console.log("ended with", code))']]):format(folder))
    assert.equal("ended with 0\n", ended)
    assert.equal(2, (npx "pack --no-such-option"))
    assert.equal(1, (npx "pack /no/such/folder"))
  end)
end)

describe("flaron-lua in V8", function()
  --- Packs projects, a table from names to words for pack, natively and in V8, two at a time; compares reports, but for times, and
  --- what was written.
  local function both(projects)
    local commands = {}
    for name, words in pairs(projects) do
      for how, environment in pairs { native = "", pure = "FLARON_LUA_PURE=1 " } do
        commands[#commands + 1] = ("%s%s/node_modules/.bin/flaron-lua pack %s -o %s/%s-%s.wasm >%s/%s-%s.out 2>&1; echo $? >>%s/%s-%s.out")
          :format(environment, folder, words, folder, name, how, folder, name, how, folder, name, how)
      end
    end
    support.write(folder .. "/commands", table.concat(commands, "\n"))
    run(("xargs -d '\\n' -P 2 -n 1 sh -c <%s/commands"):format(folder))
    for name in pairs(projects) do
      local function written(how, ending) return support.read(("%s/%s-%s.%s"):format(folder, name, how, ending)) end
      local function report(how) return (written(how, "out"):gsub("%-" .. how .. "%.", "."):gsub("in %d+ ms", "")) end
      assert.matches("\n0\n$", report "native")
      assert.equal(report "native", report "pure")
      assert.is_true(written("native", "wasm") == written("pure", "wasm"), name .. ": other bytes")
      assert.equal(written("native", "map"), written("pure", "map"))
    end
  end

  it("is the one that is asked for with FLARON_LUA_PURE, and where there is no native one", function()
    local code, out, errors = pure "dev"
    assert.equal(2, code)
    assert.equal("", out)
    assert.matches("Docker, a dev container or WSL", errors, 1, true)
    local bare = install(main)
    code, out = support.run(bare .. "/node_modules/.bin/flaron-lua test")
    assert.same({ 2, "" }, { code, out })
    assert.equal(select(2, support.cli "--version"), run(bare .. "/node_modules/.bin/flaron-lua --version"))
  end)

  it("does not replace a link to a pipe, which WASI does not see", function()
    local link = folder .. "/pipe"
    run(("ln -s /proc/self/fd/1 %s"):format(link))
    local command = "FLARON_LUA_PURE=1 %s/node_modules/.bin/flaron-lua pack examples/hello -o %s 2>&1 | cat"
    local _, said = support.run(command:format(folder, link))
    assert.matches("pipe: No such file or directory", said, 1, true)
    assert.equal("/proc/self/fd/1\n", run("readlink " .. link))
  end)

  it("packs every example and template as the native one does", function()
    local projects = { stripped = "--strip examples/html-rewriter" }
    for example in run "ls -d examples/*/":gmatch "examples/([%w-]+)/" do projects[example] = "examples/" .. example end
    for template in run "ls -d scripts/templates/*/":gmatch "templates/(%w+)/" do
      if template ~= "common" and template ~= "devcontainer" then
        projects["new-" .. template] = folder .. "/project-" .. template
        assert.equal(0, (support.cli("new", folder .. "/project-" .. template, "--template", template)))
      end
    end
    both(projects)
  end)

  it("packs modules that are found by patterns, by links, and as start-up asks for them", function()
    local project = support.project {
      ["flare.lua"] = [[
        return { main = "start.lua", modules = { "more.*" }, assets = { "pages/**/*.html" }, paths = { "lib/?.lua" } }]],
      ["start.lua"] = [[
        local names = { "deep", "linked" }
        for _, name in ipairs(names) do require(name) end
        return function() return require "more.b" end]],
      ["lib/deep.lua"] = "return 1",
      ["more/a.lua"] = "return 1",
      ["more/b.lua"] = "return 2",
      ["pages/x/y/index.html"] = "<p>",
      ["pages/top.html"] = "<h1>",
      ["other.lua"] = "return 'linked'",
    }
    run(("ln -s ../other.lua %s/lib/linked.lua"):format(project))
    both { found = project }
  end)

  it("says what is wrong as the native one does", function()
    local project = support.project {
      ["main.lua"] = "require 'nowhere'",
      ["typo.lua"] = "return function( end",
      ["late.lua"] = "local function f() error 'at start' end f()",
      ["out.lua"] = "return require 'up'",
    }
    run(("ln -s /etc/hostname %s/up.lua"):format(project))
    for _, file in ipairs { "", "/typo.lua", "/late.lua", "/out.lua", "/absent.lua" } do
      local code, _, errors = npx("pack " .. project .. file)
      assert.equal(1, code)
      assert.same({ 1, "", errors }, { pure("pack " .. project .. file) })
    end
  end)

  it("ends a script that does not", function()
    local project = support.project { ["flare.lua"] = "while true do end", ["main.lua"] = "" }
    local code, _, errors = pure("pack " .. project)
    assert.equal(1, code)
    assert.equal("flaron-lua pack: stopped: CPU time limit reached (1000 ms)\n", errors)
  end)

  it("checks and inspects as the native one does", function()
    local project = support.project {
      ["flare.lua"] = 'return { name = "x", allowed_fetch_urls = { "https://*.example.com" } }',
      ["main.lua"] = [[
        local flaron = require "flaron"
        local unused
        return function() return flaron.beam.fetch("https://a.example.com/x"), flaron.secrets.get "key" end]],
    }
    for _, words in ipairs { "check " .. project, "check --format json " .. project, "inspect examples/hello",
      "inspect --json examples/uploads", "check examples/uploads", "inspect README.md" } do
      assert.same({ npx(words) }, { pure(words) })
    end
  end)

  it("runs a flare as the native one does", function()
    local project = support.project {
      ["main.lua"] = [[
        local flaron = require "flaron"
        local request, response, crypto = flaron.request, flaron.response, flaron.crypto
        return function()
          flaron.logging.warn "a line"
          response.set_status(201)
          response.set_header("x-method", request.method())
          flaron.spark.set("k", "v")
          flaron.plasma.increment("n", 3)
          local sealed = crypto.encrypt_aes("key", "plain")
          response.set_body(table.concat({ request.body(), request.url(), request.header "x-a",
            crypto.hash("sha256", "a"), crypto.hash("blake2b", "a"),
            crypto.hmac("key", "m"), crypto.decrypt_aes("key", sealed), crypto.sign_jwt("HS256", "key", { a = 1 }),
            flaron.spark.get "k", flaron.plasma.get "n" }, "\n"))
        end]],
      ["secrets.json"] = '{ "key": "0123456789abcdef0123456789abcdef" }',
    }
    run(("chmod 600 %s/secrets.json"):format(project))
    for _, words in ipairs { "-d body -H 'X-A: 1, 2' -u 'https://example.com/a?b=c'", "-X PUT -d @README.md", "--no-such", "-u nowhere" } do
      local all = ("run %s --secrets %s/secrets.json %s"):format(project, project, words)
      assert.same({ npx(all) }, { pure(all) })
    end
    support.write(project .. "/main.lua", "return function() error 'oh' end")
    assert.same({ npx("run -f " .. project) }, { pure("run -f " .. project) })
    run(("ln -s %s %s/.flaron"):format(packages:match "[^/]*$", project))
    assert.same({ npx("run " .. project) }, { pure("run " .. project) })
  end)

  it("fetches by Node", function()
    local project = support.project [[
      local flaron = require "flaron"
      return function()
        local url = flaron.request.header "x-origin"
        local got, why = flaron.beam.fetch(url .. "/a", { method = "POST", body = "asked", headers = { ["X-One"] = "1" } })
        local none = { flaron.beam.fetch "http://127.0.0.1:1/" }
        flaron.response.set_body(got and got.status .. " " .. got.body .. " " .. tostring(none[1]) or tostring(why))
      end]]
    local out = run(([[FLARON_LUA_PURE=1 node -e '
      const { spawn } = require("node:child_process");
      const server = require("node:http").createServer((asked, answer) => {
        if (asked.url === "/a") return answer.writeHead(307, { location: "/b" }).end();
        let body = "";
        asked.on("data", (part) => body += part);
        asked.on("end", () => answer.end(asked.method + asked.headers["x-one"] + asked.headers["user-agent"] + body));
      }).listen(0, "127.0.0.1", () => {
        const words = ["run", "%s", "-H", "X-Origin: http://127.0.0.1:" + server.address().port];
        spawn("%s/node_modules/.bin/flaron-lua", words, { stdio: "inherit" }).on("exit", () => server.close());
      })']]):format(project, folder))
    assert.matches("200 POST1flaron%-lua/0.1asked nil", out)
  end)

  it("says what does not run here", function()
    for _, option in ipairs { "-e", "--profile" } do
      local code, _, errors = pure("run examples/hello " .. option .. " x")
      assert.equal(1, code)
      assert.matches(option .. " needs the native flaron-lua", errors, 1, true)
    end
  end)
end)
