-- paths_spec.lua - files of a project stay in it: what flare.lua, edge.lua, `require` and error messages may name, where
-- links may lead, and that only regular files of a bounded size are read, in every command. Each project is tried twice:
-- with openat2 and with the walk that stands in for it.
local serving = require "serving"
local support = require "support"

local _, here = support.run "pwd"
local root = here:gsub("%s+$", "")
local tool = support.flaron_lua:find "^/" and support.flaron_lua or root .. "/" .. support.flaron_lua
local quote = support.quote

local show = [[
local flaron = require "flaron"
return function() return { body = flaron.asset(flaron.request.url():match "n=(.*)") } end
]]

-- Runs `command` in a folder, TOOL being the executable; it must end within seconds. Code, output, errors.
local function shell(folder, command, walk)
  return support.run(("cd %s && %s %s"):format(quote(folder), walk and "export FLARON_LUA_WALK=1;" or "",
    (command:gsub("TOOL", "timeout 20 " .. quote(tool)))))
end

-- A folder with a project "p" and, beside it, a folder "home" with files that are nobody's business.
local function world(files)
  local base = root .. "/" .. support.folder()
  support.project({ ["home/key"] = "PRIVATE", ["home/evil.lua"] = "return function() return { body = 'PRIVATE' } end" }, base)
  support.project(files or { ["main.lua"] = show }, base .. "/p")
  return base
end

local function link(base, target, name)
  assert.equal(0, (support.run(("ln -s %s %s/p/%s"):format(quote(target), quote(base), quote(name)))))
end

for _, walk in ipairs { false, true } do
  describe(walk and "a project, its paths walked," or "a project", function()
    local base

    before_each(function()
      base = world()
      support.project({ ["p/sub/in"] = "INSIDE", ["p/.flaron/mine"] = "PRIVATE", ["p/.hidden/x.lua"] = "return 'x'" }, base)
      support.run(("chmod 700 %s/p/.flaron"):format(quote(base)))
    end)

    -- What `run` answers when flare.lua names the asset.
    local function asset(name)
      support.write(base .. "/p/flare.lua", ("return { assets = { 'sub/in', %q } }"):format(name))
      local code, output, errors = shell(base, ("TOOL run p --url %s"):format(quote("http://x/?n=" .. name)), walk)
      assert.is_nil((output .. errors):find("PRIVATE", 1, true), name)
      return code == 0 and output:match "\n\n(.*)$" or errors:match "^flaron%-lua run: (.*)\n$"
    end

    it("has no assets that lie outside of it", function()
      link(base, "../home/key", "out")
      link(base, "../home", "outdir")
      link(base, "/etc/hostname", "sub/abs")
      link(base, "sub/../../home/key", "dots")
      link(base, "../p/../home/key", "round")
      link(base, base .. "/p-not/x", "beside")
      for _, name in ipairs { "../home/key", "sub/../../home/key", "/etc/hostname", "//etc/hostname", base .. "/p/sub/in" } do
        assert.equal(("flare.lua: assets[2]: '%s' leaves the project"):format(name), asset(name))
      end
      for _, name in ipairs { "out", "./out", "outdir/key", "sub/abs", "dots", "round", "beside" } do
        local message = ("flare.lua: assets[2]: '%s' leaves the project by a link: copy "):format(name)
        assert.equal(message, asset(name):sub(1, #message))
      end
      assert.equal("flare.lua: assets[2]: 'sub/../sub/in' has '..' in it, which paths in a project do not", asset "sub/../sub/in")
    end)

    it("has no assets out of .flaron, however it is called", function()
      link(base, ".flaron", "state")
      link(base, ".flaron/mine", "mine")
      link(base, base .. "/p/.flaron/mine", "whole")
      support.run(("cd %s/p/sub && ln -s ../state again"):format(quote(base)))
      for _, name in ipairs { ".flaron/mine", "./.flaron/mine", ".//.flaron//mine", ".FLARON/mine", "sub/.Flaron/x", "state/mine",
        "mine", "whole", "sub/again/mine", ".flaron" } do
        assert.equal(("flare.lua: assets[2]: '%s' is in .flaron, which has secrets and stores and is not for flares"):format(name),
          asset(name))
      end
    end)

    it("may have links to files and folders of its own, also absolute ones", function()
      link(base, "sub/in", "file")
      link(base, "sub", "folder")
      link(base, base .. "/p/sub", "absolute")
      link(base, "folder/../file", "round")
      support.run(("cd %s/p/sub && ln -s ../folder/./in up"):format(quote(base)))
      for _, name in ipairs { "file", "folder/in", "absolute/in", "round", "sub/up", "absolute/up", ".//sub//in" } do
        assert.equal("INSIDE", asset(name), name)
      end
      link(base, "loop", "loop")
      assert.equal("flare.lua: asset 'loop': Too many levels of symbolic links", asset "loop")
      link(base, "none", "gone")
      assert.equal("flare.lua: asset 'gone': No such file or directory", asset "gone")
    end)

    it("may lie behind a link that whoever runs the command names", function()
      support.run(("ln -s p %s/link && ln -s link %s/again"):format(quote(base), quote(base)))
      support.write(base .. "/p/main.lua", "return function() return { body = 'here' } end")
      for _, path in ipairs { "link", "link/", "again/main.lua", "home/../link" } do
        assert.same({ 0, "HTTP/1.1 200 OK\n\nhere", "" }, { shell(base, "TOOL run " .. path, walk) })
      end
      support.run(("mkdir %s/flat && ln -s ../p/main.lua %s/p/second.lua %s/flat/"):format(quote(base), quote(base), quote(base)))
      local _, _, errors = shell(base, "TOOL run flat", walk)
      assert.matches("^flaron%-lua run: main%.lua: it leaves the project by a link: ", errors)
    end)

    it("has no main script and no modules that lie outside of it", function()
      local function fails(words)
        local code, output, errors = shell(base, words, walk)
        assert.is_nil((output .. errors):find("PRIVATE", 1, true))
        assert.equal(1, code)
        return errors .. output
      end
      link(base, "../home/evil.lua", "evil.lua")
      link(base, "../home", "outdir")
      local left = "flaron-lua pack: flare.lua: main: '%s' leaves the project"
      for _, main in ipairs { "../home/evil.lua", base .. "/home/evil.lua" } do
        support.write(base .. "/p/flare.lua", ("return { main = %q }"):format(main))
        assert.equal(left:format(main) .. "\n", fails "TOOL pack p -o out.wasm")
      end
      for _, main in ipairs { "evil.lua", "outdir/evil.lua" } do
        support.write(base .. "/p/flare.lua", ("return { main = %q }"):format(main))
        assert.matches(left:format(main) .. " by a link", fails "TOOL pack p -o out.wasm", 1, true)
      end
      support.write(base .. "/p/flare.lua", "return { modules = { 'evil' } }")
      assert.matches("flare.lua: module 'evil' not found: evil.lua: it leaves the project by a link", fails "TOOL run p", 1, true)
      os.remove(base .. "/p/flare.lua")
      for _, name in ipairs { "evil", "outdir.evil" } do
        support.write(base .. "/p/main.lua", ("local x\nx = require %q\nreturn print"):format(name))
        assert.matches(("main.lua:2: module '%s' not found: %s.lua: it leaves the project by a link"):format(name,
          (name:gsub("%.", "/"))), fails "TOOL run p", 1, true)
      end
      assert.matches("p/main.lua:2: error: module 'outdir.evil' not found: outdir/evil.lua: it leaves the project",
        fails "TOOL check p", 1, true)
      support.write(base .. "/p/main.lua", ("require %q return print"):format(base .. "/home/evil"))
      assert.matches("leaves the project", fails "TOOL run p", 1, true)
      assert.matches("evil.lua: it leaves the project by a link", fails "TOOL run p/evil.lua", 1, true)
      assert.matches("evil.lua: error: it leaves the project by a link", fails "TOOL check p/evil.lua", 1, true)
      os.remove(base .. "/p/evil.lua")
      support.run(("cd %s/p && ln -sf ../home/evil.lua flare.lua"):format(quote(base)))
      for _, command in ipairs { "run", "pack", "check" } do
        assert.matches("flare%.lua: ?e?r?r?o?r?:? it leaves the project by a link", fails(("TOOL %s p"):format(command)))
      end
    end)

    it("has no rocks that lie outside of it, and says that they are copied", function()
      support.project({ ["home/rock.lua"] = "return 1" }, base)
      support.run(("cd %s/p && mkdir -p lua_modules/share/lua && ln -s ../../../../home lua_modules/share/lua/5.4"):format(quote(base)))
      support.write(base .. "/p/main.lua", "require 'rock' return print")
      local _, _, errors = shell(base, "TOOL run p", walk)
      assert.matches("main.lua:1: module 'rock' not found: lua_modules/share/lua/5.4/rock.lua: it leaves the project by a link: "
        .. "copy what it leads to into the project", errors, 1, true)
    end)

    it("has only regular files", function()
      support.run(("cd %s/p && mkfifo pipe && ln -s pipe pipe2 && ln -s /dev/zero zero"):format(quote(base)))
      support.run(([[cd %s/p && node -e 'require("net").createServer().listen("socket", () => process.kill(process.pid, 9))'; true]])
        :format(quote(base)))
      assert.equal("flare.lua: assets[2]: 'pipe' is a pipe, not a regular file", asset "pipe")
      assert.equal("flare.lua: assets[2]: 'pipe2' is a pipe, not a regular file", asset "pipe2")
      assert.equal("flare.lua: assets[2]: 'socket' is a socket, not a regular file", asset "socket")
      assert.matches("'zero' leaves the project by a link", asset "zero")
      assert.equal("flare.lua: asset 'sub': Is a directory", asset "sub")
    end)
  end)
end

describe("a file that is not a regular one", function()
  it("keeps no command waiting, wherever it is named", function()
    local base = world()
    support.run(("cd %s && mkfifo fifo fifo.wasm fifo.lua && ln -s /dev/zero zero.wasm && ln -s /dev/zero zero.json"):format(quote(base)))
    support.run(("cd %s && cp -r p stuck && rm stuck/main.lua && mkfifo stuck/main.lua"):format(quote(base)))
    support.run(("cd %s && cp -r p second && mkfifo second/flare.lua"):format(quote(base)))
    support.run(("cd %s && cp -r p third && mkfifo third/edge.lua"):format(quote(base)))
    support.run(("cd %s && cp -r p fourth && mkdir -m 700 fourth/.flaron && mkfifo -m 600 fourth/.flaron/secrets.json"):format(quote(base)))
    support.run(("cd %s && cp -r p fifth && mkdir -m 700 fifth/.flaron && mkfifo -m 600 fifth/.flaron/stores.db"):format(quote(base)))
    for command, message in pairs {
      ["inspect fifo"] = "fifo: it is a pipe, not a regular file",
      ["inspect fifo.wasm"] = "fifo.wasm: it is a pipe, not a regular file",
      ["run fifo.wasm"] = "fifo.wasm: it is a pipe",
      ["run fifo.lua"] = "fifo.lua: it is a pipe",
      ["pack fifo.lua"] = "fifo.lua: it is a pipe",
      ["check fifo.lua"] = "fifo.lua: it is a pipe",
      ["dev fifo.wasm --port 0 & sleep 3; kill $!"] = "fifo.wasm: it is a pipe",
      ["run zero.wasm"] = "zero.wasm: it is a device, not a regular file",
      ["inspect /dev/zero"] = "/dev/zero: it is a device",
      ["replay fifo"] = "fifo: it is a pipe",
      ["replay /dev/zero"] = "/dev/zero: it is a device",
      ["replay zero.json p"] = "zero.json: it is a device",
      ["explain fifo"] = "fifo: it is a pipe",
      ["explain /dev/zero"] = "/dev/zero: it is a device",
      ["run p --body @fifo"] = "fifo: it is a pipe",
      ["run p --body @/dev/zero"] = "/dev/zero: it is larger than 67108864 bytes",
      ["run p --secrets fifo"] = "fifo: it is a pipe",
      ["run p --secrets /dev/zero"] = "/dev/zero: it is a device",
      ["kv set key @fifo"] = "fifo: it is a pipe",
      ["secret set NAME @fifo"] = "fifo: it is a pipe",
      ["run stuck"] = "main.lua: it is a pipe",
      ["pack stuck"] = "main.lua: it is a pipe",
      ["check stuck"] = "main.lua: error: it is a pipe",
      ["run second"] = "flare.lua: it is a pipe",
      ["check second"] = "flare.lua: error: it is a pipe",
      ["dev third --port 0"] = "edge.lua: it is a pipe",
      ["run fourth"] = "secrets.json: it is a pipe",
      ["dev fourth --port 0"] = "secrets.json: it is a pipe",
      ["secret list --project fourth"] = "secrets.json: it is a pipe",
      ["secret set A b --project fourth"] = "secrets.json: it is a pipe",
      ["run fifth"] = "stores.db: it is a pipe",
      ["kv list --project fifth"] = "stores.db: it is a pipe",
    } do
      local code, output, errors = shell(base, "TOOL " .. command)
      assert.matches(message, output .. errors, 1, true, command)
      assert.is_true(code ~= 124 and code < 128 or command:find "kill" ~= nil, command)
    end
  end)

  it("is refused when it is too large, before it takes memory", function()
    local base = world()
    local function large(name, mib) support.run(("truncate -s %dM %s/%s"):format(mib + 1, quote(base), name)) end
    large("p/big", 64)
    support.write(base .. "/p/flare.lua", "return { assets = { 'big' } }")
    local function fails(words, message) -- how many MiB it took
      local code, _, errors = shell(base, "/usr/bin/time -f %M TOOL " .. words)
      assert.same({ 1, message }, { code, (errors:match "^flaron%-lua %w+: ([^\n]*)\n") })
      return tonumber(errors:match "(%d+)\n$") // 1024
    end
    local most = (os.getenv "SANITIZE" or "") ~= "" and 1e9 or 400
    assert.is_true(fails("run p", "flare.lua: assets[1]: 'big' is larger than 64 MiB") < most)
    large("big.json", 256)
    assert.is_true(fails("replay big.json", "big.json: it is larger than 256 MiB") < 2 * most)
    large("big.map", 64)
    fails("explain big.map", "big.map: it is larger than 64 MiB")
    large("big.wasm", 512)
    fails("inspect big.wasm", "big.wasm: it is larger than 512 MiB")
    large("s.json", 16)
    support.run(("chmod 600 %s/s.json"):format(quote(base)))
    fails("run home/evil.lua --secrets s.json", "s.json: it is larger than 16 MiB")
    local names = {}
    support.run(("truncate -s 60M %s/p/big"):format(quote(base)))
    for _ = 1, 5 do names[#names + 1] = "'big'" end
    support.write(base .. "/p/flare.lua", ("return { memory = '1024M', assets = { %s } }"):format(table.concat(names, ", ")))
    fails("run p", "flare.lua: assets[5]: 'big' makes all files of the project together larger than 256 MiB")
  end)
end)

describe("edge.lua", function()
  local answers = "return function() return { body = %q } end"

  it("names projects below its folder alone", function()
    local base = world { ["api/main.lua"] = answers:format "api" }
    support.run(("cd %s/p && ln -s ../home out && ln -s api in"):format(quote(base)))
    for project, message in pairs {
      ["../home"] = "'../home' leaves the project",
      ["/etc"] = "'/etc' leaves the project",
      out = "'out' leaves the project by a link: ",
      [".flaron"] = "'.flaron' is in .flaron",
    } do
      support.write(base .. "/p/edge.lua", ("return { ['/x/*'] = %q, ['/in'] = 'in' }"):format(project))
      local code, _, errors = shell(base, "TOOL dev p --port 0")
      assert.equal(1, code)
      assert.matches("flaron-lua dev: edge.lua: the project of '/x/*': " .. message, errors, 1, true)
    end
    support.write(base .. "/p/edge.lua", "return { ['/in'] = 'in', ['/file'] = 'api/main.lua', ['/here'] = './api' }")
    local dev = serving.serve(base .. "/p", "--quiet")
    assert.same({ "api", "api", "api" }, { dev.curl "/in", dev.curl "/file", dev.curl "/here" })
    dev.stop()
  end)

  it("lets its projects share files by links, below its folder", function()
    local base = world { ["api/main.lua"] = "return function() return { body = require 'shared.text' } end",
      ["shared/text.lua"] = "return 'one'", ["edge.lua"] = "return { ['/*'] = 'api' }" }
    link(base, "../shared", "api/shared")
    link(base, "../../home/evil.lua", "api/evil.lua")
    local dev = serving.serve(base .. "/p", "--quiet")
    assert.equal("one", dev.curl "/")
    support.write(base .. "/p/shared/text.lua", "return 'two'")
    assert.is_truthy(serving.wait(function() return dev.curl "/" == "two" end, 4))
    support.write(base .. "/p/api/main.lua", "require 'evil'")
    assert.is_truthy(serving.wait(function()
      return support.read(dev.log .. ".err"):find("evil.lua: it leaves the project by a link", 1, true)
    end, 4))
    assert.equal("two", dev.curl "/")
    dev.stop()
    local _, _, errors = shell(base, "TOOL run p/api/main.lua")
    assert.matches("leaves the project by a link", errors, 1, true)
  end)
end)

describe("dev", function()
  it("loads again when a file changes that a link leads to", function()
    local base = world { ["main.lua"] = "local a = require 'a'\nreturn function() return { body = a } end",
      [".hidden/a.lua"] = "return 's1'" }
    link(base, ".hidden/a.lua", "a.lua")
    local dev = serving.serve(base .. "/p", "--quiet")
    assert.equal("s1", dev.curl "/")
    support.write(base .. "/p/.hidden/a.lua", "return 's2'")
    assert.is_truthy(serving.wait(function() return dev.curl "/" == "s2" end, 4))
    support.run(("cd %s/p && mkdir .other && echo \"return 's3'\" >.other/a.lua && ln -sfn .other/a.lua a.lua"):format(quote(base)))
    assert.is_truthy(serving.wait(function() return dev.curl "/" == "s3" end, 4))
    support.write(base .. "/p/.other/a.lua", "return 's4'")
    assert.is_truthy(serving.wait(function() return dev.curl "/" == "s4" end, 4))
    support.run(("cd %s/p && mv main.lua .hidden/ && ln -s .hidden/main.lua main.lua"):format(quote(base)))
    support.write(base .. "/p/.hidden/main.lua", "return function() return { body = 's5' } end")
    assert.is_truthy(serving.wait(function() return dev.curl "/" == "s5" end, 4))
    support.write(base .. "/p/.hidden/main.lua", "return function() return { body = 's6' } end")
    assert.is_truthy(serving.wait(function() return dev.curl "/" == "s6" end, 4))
    dev.stop()
  end)

  it("loads a packed flare again that is a link to elsewhere", function()
    local base = world { ["main.lua"] = "return function() return { body = 's1' } end" }
    shell(base, "mkdir out && TOOL pack p -o out/x.wasm && ln -s ../out/x.wasm p/x.wasm")
    local dev = serving.serve(base .. "/p/x.wasm", "--quiet --persist " .. quote(base .. "/kept"))
    assert.equal("s1", dev.curl "/")
    support.write(base .. "/p/main.lua", "return function() return { body = 's2' } end")
    shell(base, "TOOL pack p -o out/x.wasm")
    assert.is_truthy(serving.wait(function() return dev.curl "/" == "s2" end, 4))
    dev.stop()
  end)

  it("shows no lines but of the flare's own files, whatever an error says", function()
    local base = world { ["main.lua"] = "require 'good'\nreturn function()\n"
      .. "error(require('flaron').request.url():match('n=(.*)') .. ':1: no', 0) end" }
    support.write(base .. "/home/evil.lua", "PRIVATE")
    link(base, "../home/evil.lua", "evil.lua")
    support.project({ ["p/.flaron/s.lua"] = "PRIVATE", ["p/good.lua"] = "return 'GOOD'" }, base)
    support.run(("chmod 700 %s/p/.flaron"):format(quote(base)))
    local dev = serving.serve(base .. "/p", "--quiet")
    for _, name in ipairs { "../home/evil.lua", base .. "/home/evil.lua", "evil.lua", ".flaron/s.lua" } do
      assert.is_nil(dev.curl("/?n=" .. name, "-H 'accept: text/html'"):find("PRIVATE", 1, true), name)
    end
    assert.is_truthy(dev.curl("/?n=good.lua", "-H 'accept: text/html'"):find("GOOD", 1, true))
    dev.stop()
  end)
end)

describe("pack", function()
  it("waits for nobody who reads a pipe that it writes to", function()
    local base = world { ["main.lua"] = "return print" }
    support.run(("mkfifo %s/pipe"):format(quote(base)))
    local code, _, errors = shell(base .. "/p", "timeout 10 TOOL pack -o ../pipe")
    assert.equal(1, code)
    assert.matches("../pipe: No such device or address", errors, 1, true)
  end)

  it("writes through no link that a project has in the place of its output", function()
    local base = world { ["main.lua"] = "return print" }
    support.write(base .. "/precious", "precious")
    link(base, "../precious", "p.wasm")
    link(base, "../precious", "out.map")
    local code, _, errors = shell(base .. "/p", "TOOL pack")
    assert.equal(1, code)
    assert.matches("p.wasm: it is a symbolic link, and -o did not name it", errors, 1, true)
    code, _, errors = shell(base .. "/p", "TOOL pack --strip -o out.wasm")
    assert.equal(1, code)
    assert.matches("out.map: it is a symbolic link, and -o did not name it", errors, 1, true)
    assert.equal("precious", support.read(base .. "/precious"))
    assert.equal(0, (shell(base .. "/p", "TOOL pack -o p.wasm"))) -- now it is somebody's word
    assert.are_not.equal("precious", support.read(base .. "/precious"))
    assert.equal("symbolic link\n", (select(2, shell(base, "stat -c %F p/p.wasm"))))
  end)
end)

describe(".flaron", function()
  it("may not be a link, nor be open to others", function()
    local base = world { ["main.lua"] = "return function() return { body = 'x' } end" }
    support.project({ ["home/state/secrets.json"] = '{"A": "PRIVATE"}' }, base)
    support.run(("cd %s && chmod 700 home/state && chmod 600 home/state/secrets.json && ln -s ../home/state p/.flaron"):format(quote(base)))
    for _, command in ipairs { "run p", "dev p --port 0", "secret list --project p", "secret set A b --project p",
      "kv list --project p", "kv set a b --project p", "run p --persist p/.flaron/" } do
      local code, output, errors = shell(base, "TOOL " .. command)
      assert.same({ 1, "" }, { code, output }, command)
      assert.matches("p/%.flaron/?: it is a symbolic link", errors)
    end
    assert.same({ 0, "A        7 bytes\n", "" }, { shell(base, "TOOL secret list --persist home/state") })
    support.run(("cd %s && rm p/.flaron && mkdir -m 777 p/.flaron"):format(quote(base)))
    for _, command in ipairs { "run p", "kv set a b --project p" } do
      local _, _, errors = shell(base, "TOOL " .. command)
      assert.matches("p/%.flaron: others than its owner may write to it %(mode 777%): chmod go%-w it", errors)
    end
  end)

  it("has no links in it: secrets, stores and what belongs to them", function()
    local base = world { ["main.lua"] = "return function() return { body = 'x' } end" }
    support.run(("cd %s && mkdir -m 700 p/.flaron && echo '{\"A\": \"PRIVATE\"}' >home/s && chmod 600 home/s"):format(quote(base)))
    shell(base, "TOOL kv set a b --persist home")
    local before = support.read(base .. "/home/stores.db")
    for file, target in pairs { ["secrets.json"] = "s", ["stores.db"] = "stores.db", ["stores.db-wal"] = "s",
      ["stores.db-shm"] = "s", ["stores.db-journal"] = "s" } do
      support.run(("cd %s/p/.flaron && ln -s ../../home/%s %s"):format(quote(base), target, file))
      local code, _, errors = shell(base, "TOOL run p")
      assert.equal(1, code)
      assert.matches("p/.flaron/" .. file .. ": it is a symbolic link", errors, 1, true)
      os.remove(base .. "/p/.flaron/" .. file)
    end
    assert.equal(before, support.read(base .. "/home/stores.db"))
    support.run(("cd %s && mkdir -m 700 away && ln -s ../../away p/.flaron/edge-2"):format(quote(base)))
    local code, _, errors = shell(base, "TOOL dev p --edges 2 --port 0")
    assert.equal(1, code)
    assert.matches("edge%-2: it is a symbolic link", errors)
  end)
end)
