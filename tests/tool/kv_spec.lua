-- kv_spec.lua - `flaron-lua kv` and `flaron-lua secret`: what they keep, also while others are at it.
local support = require "support"

local _, here = support.run "pwd"
here = here:gsub("\n", "")

local executable = support.quote(here .. "/" .. support.flaron_lua)
local every_byte = {}
for byte = 0, 255 do every_byte[#every_byte + 1] = string.char(byte) end
every_byte = table.concat(every_byte)

-- A flare that writes once and answers with all that it can read.
local FLARE = [[
local flaron = require "flaron"
return function()
  local value, ttl = flaron.spark.get "from-kv"
  flaron.spark.set("from-flare", "spark \0", 60)
  flaron.plasma.set("from-flare", "plasma")
  flaron.plasma.increment("count", 2)
  return { body = table.concat({
    tostring(value), tostring(ttl ~= nil), tostring(flaron.plasma.get "from-kv"),
    tostring(flaron.plasma.get "count"), tostring(flaron.secrets.get "TEXT"), tostring(flaron.secrets.get "BYTES"),
  }, "|") }
end
]]

-- Runs a command with its words; the folder of the state comes after them.
local function on(folder, ...)
  local words = { ... }
  table.insert(words, "--persist")
  table.insert(words, folder)
  return support.cli(table.unpack(words))
end

-- The same, and it must be done; returns standard output.
local function done(...)
  local code, out, err = on(...)
  assert.same({ 0, "" }, { code, err })
  return out
end

-- The same, and it must end with `code`, print nothing and say what `message` matches.
local function refuses(code, message, ...)
  local got, out, err = on(...)
  assert.same({ code, "" }, { got, out })
  assert.matches(message, err)
end

-- Runs a shell command that finds flaron-lua as $F and the folder of the state as $D.
local function shell(folder, command)
  return support.run(("F=%s D=%s\n%s"):format(executable, support.quote(folder), command))
end

local function mode(path)
  local _, out = support.run("stat -c %a " .. support.quote(path))
  return (out:gsub("\n", ""))
end

local function is_there(path)
  return (support.run("test -e " .. support.quote(path))) == 0
end

-- Runs a command line on a terminal and types `keys` once the terminal shows `prompt`; what it showed.
local function on_terminal(folder, command, prompt, keys)
  local base = support.folder()
  local script = support.quote(base .. "/command")
  support.write(base .. "/command", ("F=%s D=%s\n%s\n"):format(executable, support.quote(folder), command))
  local code, shown = support.run(([[
mkfifo %s/keys
script -qefc "sh "%s %s/shown <%s/keys >/dev/null &
exec 3>%s/keys
n=0
until grep -q %s %s/shown 2>/dev/null || [ $n -gt 200 ]; do sleep 0.05; n=$((n + 1)); done
printf %s >&3
wait $!
code=$?
exec 3>&-
cat %s/shown
exit $code
]]):format(base, script, base, base, base, support.quote(prompt), base, support.quote(keys), base))
  return code, shown
end

describe("kv", function()
  local D

  -- A path with what a shell would trip over.
  before_each(function() D = support.folder() .. "/it's a \"folder\"" end)

  for _, where in ipairs { "spark", "plasma" } do
    local flag = where == "plasma" and "--plasma" or nil

    it("sets, gets, lists and deletes in " .. where, function()
      assert.equal("", done(D, "kv", "set", "b:2", "two", flag))
      done(D, "kv", "set", "a", "1", flag)
      assert.equal("two", done(D, "kv", "get", "b:2", flag))
      assert.equal("a          1 byte\nb:2        3 bytes\n", done(D, "kv", "list", flag))
      assert.equal("", done(D, "kv", "delete", "a", flag))
      refuses(1, "kv: there is no key 'a' in " .. where, D, "kv", "get", "a", flag)
      refuses(1, "kv: there is no key 'a' in " .. where, D, "kv", "delete", "a", flag)
      assert.equal("b:2        3 bytes\n", done(D, "kv", "list", flag))
    end)

    it("keeps every byte, and an empty value, in " .. where, function()
      local file = support.folder() .. "/a value"
      support.write(file, every_byte)
      done(D, "kv", "set", "bytes", "@" .. file, flag)
      assert.equal(every_byte, done(D, "kv", "get", "bytes", flag))
      done(D, "kv", "set", "empty", "", flag)
      assert.equal("", done(D, "kv", "get", "empty", flag))
      local code = shell(D, ("cat %s | $F kv set piped @- --persist \"$D\" %s"):format(support.quote(file), flag or ""))
      assert.equal(0, code)
      assert.equal(every_byte, done(D, "kv", "get", "piped", flag))
    end)
  end

  it("keeps Spark and Plasma apart", function()
    done(D, "kv", "set", "key", "s")
    done(D, "kv", "set", "--plasma", "key", "p")
    assert.equal("s", done(D, "kv", "get", "key"))
    assert.equal("p", done(D, "kv", "--plasma", "get", "key"))
  end)

  it("forgets a value when its time is up", function()
    done(D, "kv", "set", "long", "v", "--ttl", "3600")
    done(D, "kv", "set", "ever", "v", "--ttl", "0")
    done(D, "kv", "set", "short", "v", "--ttl", "2")
    assert.matches("^ever         1 byte\nlong         1 byte   3[56]%d%d s left\nshort        1 byte   [12] s left\n$",
      done(D, "kv", "list"))
    support.run "sleep 2.1"
    refuses(1, "no key 'short'", D, "kv", "get", "short")
    assert.matches("^ever        1 byte\nlong        1 byte   3[56]%d%d s left\n$", done(D, "kv", "list"))
  end)

  it("lists as JSON", function()
    done(D, "kv", "set", "a", "v")
    done(D, "kv", "set", "b", "value", "--ttl", "3600")
    local out = done(D, "kv", "list", "--json"):gsub("%s+", "")
    assert.matches('^%[{"key":"a","bytes":1},{"key":"b","bytes":5,"ttl":3[56]%d%d}%]$', out)
    assert.equal("[]\n", done(D, "kv", "list", "--json", "--plasma"))
  end)

  it("counts up and down", function()
    assert.equal("5\n", done(D, "kv", "add", "--plasma", "count", "5"))
    assert.equal("-7\n", done(D, "kv", "add", "--plasma", "count", "-12"))
    assert.equal("-7", done(D, "kv", "get", "--plasma", "count"))
    done(D, "kv", "set", "--plasma", "value", "v")
    refuses(1, "'value' holds a value, not a counter", D, "kv", "add", "--plasma", "value", "1")
    done(D, "kv", "add", "--plasma", "most", "9223372036854775807")
    refuses(1, "'most': the counter would leave the range of 64 bits", D, "kv", "add", "--plasma", "most", "1")
    for _, delta in ipairs { "1.5", "x", "", "9223372036854775808" } do
      refuses(2, "whole number of 64 bits, not by '" .. delta, D, "kv", "add", "--plasma", "count", delta)
    end
    refuses(2, "add takes %-%-plasma", D, "kv", "add", "count", "1")
  end)

  it("takes keys and values that begin with '-'", function()
    done(D, "kv", "set", "-5", "-7.5")
    assert.equal("-7.5", done(D, "kv", "get", "-5"))
    local code = shell(D, '$F kv --persist "$D" set -- -key --value')
    assert.equal(0, code)
    local _, out = shell(D, '$F kv get --persist "$D" -- -key')
    assert.equal("--value", out)
  end)

  it("names what is wrong with a key", function()
    for _, key in ipairs { "", "a b", "ä", ("k"):rep(257), "__flaron:x", "__sys:x", "a/b", "a\nb" } do
      refuses(2, "kv: '" .. key .. "' is no key: .*1 to 256 characters", D, "kv", "set", key, "v")
      refuses(2, "is no key", D, "kv", "get", key)
      refuses(2, "is no key", D, "kv", "delete", key)
    end
    done(D, "kv", "set", ("k"):rep(256), "v")
  end)

  it("names what is wrong with its words, and says how it is used", function()
    refuses(2, "kv: get, set, add, list, delete, export, import or clear is expected\nusage: flaron%-lua kv get KEY", D, "kv")
    refuses(2, "is expected, not 'put'", D, "kv", "put", "a", "b")
    refuses(2, "get takes a key; 0 words are there", D, "kv", "get")
    refuses(2, "set takes a key and a value; 1 word is there", D, "kv", "set", "a")
    refuses(2, "set takes a key and a value; 4 words are there", D, "kv", "set", "a", "b", "c", "d")
    refuses(2, "list takes nothing else; 1 word is there", D, "kv", "list", "a")
    refuses(2, "%-%-ttl goes with set", D, "kv", "get", "a", "--ttl", "1")
    refuses(2, "%-%-ttl goes with set, and not with %-%-plasma", D, "kv", "set", "a", "b", "--plasma", "--ttl", "1")
    refuses(2, "%-%-json goes with list", D, "kv", "get", "a", "--json")
    refuses(2, "import takes a file; 0 words are there", D, "kv", "import")
    refuses(2, "%-%-prefix goes with list, export or clear", D, "kv", "delete", "a", "--prefix", "a")
    refuses(2, "%-%-prefix takes at least one character", D, "kv", "clear", "--prefix", "")
    refuses(2, "unknown option '%-%-bogus'\n", D, "kv", "list", "--bogus")
    for _, ttl in ipairs { "-1", "x", "315360001", "" } do
      refuses(2, "%-%-ttl takes seconds from 0 %(for ever%) to 315360000, not '" .. ttl:gsub("%-", "%%-"),
        D, "kv", "set", "a", "b", "--ttl", ttl)
    end
    assert.is_false(is_there(D))
    local code, out = support.cli("kv", "get", "--help")
    assert.equal(0, code)
    assert.matches("^usage: flaron%-lua kv get KEY", out)
  end)

  it("names the file that cannot be read, and makes nothing", function()
    refuses(1, "^flaron%-lua kv: no such: No such file or directory\n$", D, "kv", "set", "a", "@no such")
    refuses(1, "^flaron%-lua kv: /tmp: Is a directory\n$", D, "kv", "set", "a", "@/tmp")
    assert.is_false(is_there(D))
  end)

  it("refuses a value over the quota of Spark", function()
    local project = support.folder()
    support.write(project .. "/flare.lua", "return { max_kv_value_bytes = 1 << 30 }")
    local function set(size)
      return shell(D, ("head -c %d /dev/zero | $F kv set --persist \"$D\" --project %s big @-"):format(size, project))
    end
    local code, out, err = set(17000000)
    assert.same({ 1, "" }, { code, out })
    assert.matches("standard input: it is larger than 16777216 bytes", err)
    code, _, err = set(16777215)
    assert.equal(1, code)
    assert.matches("'big': with it, keys and values would be more than the 16777216 bytes of spark", err)
    code, _, err = set(16777213)
    assert.same({ 0, "" }, { code, err })
  end)

  for _, flag in ipairs { "", "--plasma" } do
    it("refuses a value that the flare could not write " .. flag, function()
      local project = support.folder()
      local function set(size)
        return shell(D, ("head -c %d /dev/zero | $F kv set big @- %s --persist \"$D\" --project %s"):format(size, flag, project))
      end
      local message = "flaron-lua kv: 'big': %d bytes, and a flare may write %d: max_kv_value_bytes in flare.lua\n"
      assert.same({ 1, "", message:format(65537, 65536) }, { set(65537) })
      assert.is_false(is_there(D))
      assert.same({ 0, "", "" }, { set(65536) })
      support.write(project .. "/flare.lua", "return { max_kv_value_bytes = 10 }")
      assert.same({ 1, "", message:format(11, 10) }, { set(11) })
      assert.same({ 0, "", "" }, { set(10) })
      support.write(project .. "/flare.lua", "return { max_kv_value_bytes = 'x' }")
      local code, _, err = set(1)
      assert.equal(1, code)
      assert.matches("^flaron%-lua kv: flare.lua: key 'max_kv_value_bytes' is not an integer", err)
      assert.equal(10, #done(D, "kv", "get", "big", flag ~= "" and flag or nil))
    end)
  end

  it("takes a value that begins with '@'", function()
    for word, value in pairs { ["@@me"] = "@me", ["@@"] = "@", ["@@-"] = "@-", ["@@@"] = "@@", ["a@b"] = "a@b" } do
      done(D, "kv", "set", "key", word)
      assert.equal(value, done(D, "kv", "get", "key"))
    end
    done(D, "secret", "set", "HANDLE", "@@")
    assert.matches('"HANDLE": "@"', support.read(D .. "/secrets.json"), 1, true)
    assert.equal("HANDLE        1 byte\n", done(D, "secret", "list"))
  end)

  it("lists, exports and clears keys by what they begin with", function()
    for _, key in ipairs { "a:1", "a:2", "a", "b" } do done(D, "kv", "set", key, "value") end
    assert.equal("a:1        5 bytes\na:2        5 bytes\n", done(D, "kv", "list", "--prefix", "a:"))
    assert.equal("", done(D, "kv", "list", "--prefix", "A"))
    assert.equal(2, select(2, done(D, "kv", "export", "--prefix", "a:"):gsub('"key"', "")))
    assert.equal("2 keys removed\n", done(D, "kv", "clear", "--prefix", "a:"))
    assert.equal("a        5 bytes\nb        5 bytes\n", done(D, "kv", "list"))
    done(D, "kv", "set", "--plasma", "p", "value")
    assert.equal("2 keys removed\n", done(D, "kv", "clear"))
    assert.equal("1 key removed\n", done(D, "kv", "clear", "--plasma"))
    assert.equal("0 keys removed\n", done(D, "kv", "clear"))
  end)

  it("exports what import reads", function()
    local file, other = support.folder() .. "/items", support.folder() .. "/other"
    support.write(file, every_byte)
    done(D, "kv", "set", "bytes", "@" .. file)
    done(D, "kv", "set", "text", "ü\n\"")
    done(D, "kv", "set", "short", "", "--ttl", "3600")
    local items = done(D, "kv", "export")
    support.write(file, "\xEF\xBB\xBF" .. items)
    assert.equal("3 keys set\n", done(other, "kv", "import", file))
    assert.equal(every_byte, done(other, "kv", "get", "bytes"))
    assert.matches("^bytes      256 bytes\nshort        0 bytes  3[56]%d%d s left\ntext         4 bytes\n$", done(other, "kv", "list"))
    done(D, "kv", "add", "--plasma", "count", "-9223372036854775808")
    done(D, "kv", "set", "--plasma", "value", "7")
    done(other, "kv", "set", "--plasma", "count", "a value")
    done(other, "kv", "add", "--plasma", "value", "9")
    local code, out = shell(D, '$F kv export --plasma --persist "$D" | $F kv import - --plasma --persist ' .. other)
    assert.same({ 0, "2 keys set\n" }, { code, out })
    assert.equal(done(D, "kv", "export", "--plasma"), done(other, "kv", "export", "--plasma"))
    assert.equal("-9223372036854775807\n", done(other, "kv", "add", "--plasma", "count", "1"))
    assert.equal("[]\n", done(D, "kv", "export", "--prefix", "none"))
  end)

  it("imports nothing of a list in which something is wrong, and says what", function()
    local file = support.folder() .. "/items"
    for items, message in pairs {
      ['{"a": "b"}'] = 'it is no array of {"key": "...", "value": "..."}',
      ["[\n{]"] = "items:2: ",
      ["[1]"] = "item 2: it is no object",
      ['[{"key": "a b", "value": "v"}]'] = 'item 2: its "key" is none: a key has 1 to 256 characters',
      ['[{"value": "v"}]'] = 'item 2: its "key" is none',
      ['[{"key": "a", "vaule": "v"}]'] = "item 2: it has an unknown field 'vaule': did you mean 'value'?",
      ['[{"key": "a"}]'] = [[item 2: 'a': its "value" is neither a string nor {"base64": "..."}]],
      ['[{"key": "a", "value": 5}]'] = [[item 2: 'a': its "value" is neither]],
      ['[{"key": "a", "value": {"base64": "!"}}]'] = [[item 2: 'a': its "value" is neither]],
      [('[{"key": "a", "value": "%s"}]'):format(("v"):rep(65537))] = "item 2: 'a': 65537 bytes, and a flare may write 65536",
      ['[{"key": "a", "value": "v", "ttl": 315360001}]'] = [[item 2: 'a': its "ttl" is no integer from 0 to 315360000]],
      ['[{"key": "a", "value": "v", "ttl": 1.5}]'] = [[item 2: 'a': its "ttl" is no integer]],
      ['[{"key": "a", "value": "1", "counter": true}]'] = "item 2: 'a': it is a counter, and those are in plasma",
      ['[{"key": "a", "value": "v", "counter": 1}]'] = [[item 2: 'a': its "counter" is no boolean]],
    } do
      support.write(file, (items:gsub("^%[", '[{"key": "good", "value": "v"},')))
      refuses(1, message:gsub("%p", "%%%0"), D, "kv", "import", file)
    end
    for items, message in pairs {
      ['[{"key": "a", "value": "1.5", "counter": true}]'] = [['a': it is a counter, and its "value" is no whole number of 64 bits]],
      ['[{"key": "a", "value": "9223372036854775808", "counter": true}]'] = [['a': it is a counter, and its "value"]],
      ['[{"key": "a", "value": "v", "ttl": 5}]'] = [['a': it has a "ttl", and keys of plasma do not expire]],
    } do
      support.write(file, items)
      refuses(1, message:gsub("%p", "%%%0"), D, "kv", "import", file, "--plasma")
    end
    refuses(1, "kv: no such: No such file or directory", D, "kv", "import", "no such")
    assert.same({ "", "" }, { done(D, "kv", "list"), done(D, "kv", "list", "--plasma") })
  end)

  it("says that there is nothing yet, and makes nothing to say so", function()
    for _, verb in ipairs { "get key", "list", "delete key", "get --plasma key", "list --plasma" } do
      local words = {}
      for word in verb:gmatch "%S+" do words[#words + 1] = word end
      refuses(1, "kv: .*folder\": there is no such folder: nothing was kept there yet", D, "kv", table.unpack(words))
    end
    assert.is_false(is_there(D))
    done(D, "secret", "set", "NAME", "value")
    assert.equal("", done(D, "kv", "list"))
    refuses(1, "no key 'key' in spark", D, "kv", "get", "key")
    assert.is_false(is_there(D .. "/stores.db"))
    support.write(D .. "/file", "")
    refuses(1, "file: Not a directory", D .. "/file", "kv", "list")
    refuses(1, "file: Not a directory", D .. "/file", "kv", "set", "a", "b")
  end)

  it("finds the state of a project as run does", function()
    local project = support.folder()
    support.run("mkdir -p " .. support.quote(project .. "/a project"))
    support.write(project .. "/a project/main.lua", FLARE)
    local code = shell(project, 'cd "$D" && $F kv set from-kv here && $F kv set --project "a project" from-kv there')
    assert.equal(0, code)
    assert.same({ "700", "700" }, { mode(project .. "/.flaron"), mode(project .. "/a project/.flaron") })
    local _, out = shell(project, 'cd "$D" && $F kv get from-kv; $F kv get from-kv --project "a project/main.lua"')
    assert.equal("herethere", out)
    _, out = shell(project, 'cd "$D" && $F run "a project"')
    assert.matches("there|false", out, 1, true)
    local err
    code, _, err = shell(project, 'cd "$D" && $F kv set --project nowhere k v')
    assert.same({ 1, "flaron-lua kv: nowhere: No such file or directory\n" }, { code, err })
  end)

  it("ends a value with a line feed on a terminal, and only there", function()
    done(D, "kv", "set", "key", "value")
    local _, shown = on_terminal(D, '$F kv get --persist "$D" key', "value", "")
    assert.matches("\nvalue\r\n", shown)
  end)

  it("loses nothing of two writers and of flares that run meanwhile", function()
    local flare = support.folder() .. "/main.lua"
    support.write(flare, [[
      local flaron = require "flaron"
      return function()
        return { body = tostring(flaron.plasma.increment("flares", 1)) }
      end]])
    local code, out, err = shell(D, ([[
      write() { for i in $(seq 200); do $F kv set $1-$i "value $1 $i" --persist "$D" || echo lost; done; }
      flares() { for i in $(seq 20); do $F run %s --persist "$D" >/dev/null || echo lost; done; }
      write a & write b & flares & wait]]):format(support.quote(flare)))
    assert.same({ 0, "", "" }, { code, out, err })
    local _, lines = done(D, "kv", "list"):gsub("\n", "")
    assert.equal(400, lines)
    assert.equal("value b 200", done(D, "kv", "get", "b-200"))
    assert.equal("20", done(D, "kv", "get", "--plasma", "flares"))
  end)

  it("works while dev runs, and each sees what the other does", function()
    local project = support.folder()
    support.write(project .. "/main.lua", [[
      local flaron = require "flaron"
      return function()
        flaron.spark.set("from-flare", "it")
        return { body = "found " .. tostring(flaron.spark.get "from-kv") }
      end]])
    support.write(project .. "/fetch.lua", [[
      local flaron = require "flaron"
      return function() return { body = flaron.beam.fetch(flaron.request.body()).body } end]])
    local code, out, err = shell(project, [[
      $F dev "$D" --port 0 >/dev/null 2>"$D/log" & dev=$!
      n=0
      until grep -qs ' on http' "$D/log" || [ $n -gt 200 ]; do sleep 0.05; n=$((n + 1)); done
      url=$(sed -n 's/.* on \(http[^ ]*\).*/\1/p' "$D/log")
      for value in one two; do
        $F kv set from-kv $value --project "$D"
        $F run "$D/fetch.lua" --body "$url" --persist "$D/other" | tail -n 1
        echo
      done
      $F kv get from-flare --project "$D"
      kill $dev
      wait $dev]])
    assert.same({ 0, "found one\nfound two\nit", "" }, { code, out, err })
  end)
end)

describe("secret", function()
  local D, file

  before_each(function()
    D = support.folder() .. "/it's a \"folder\""
    file = D .. "/secrets.json"
  end)

  it("sets, lists and deletes, and never shows a value", function()
    assert.equal("", done(D, "secret", "set", "B_KEY", "swordfish"))
    done(D, "secret", "set", "A", "swordfish 2")
    done(D, "secret", "set", "A", "swordfish 22")
    assert.equal("A           12 bytes\nB_KEY        9 bytes\n", done(D, "secret", "list"))
    local json = done(D, "secret", "list", "--json"):gsub("%s+", "")
    assert.equal('[{"name":"A","bytes":12},{"name":"B_KEY","bytes":9}]', json)
    done(D, "secret", "delete", "A")
    refuses(1, "secret: there is no secret 'A'", D, "secret", "delete", "A")
    assert.equal('{\n  "B_KEY": "swordfish"\n}\n', support.read(file))
    done(D, "secret", "delete", "B_KEY")
    assert.equal("", done(D, "secret", "list"))
  end)

  it("keeps the file to its owner, whatever the umask", function()
    for _, umask in ipairs { "000", "077", "277" } do
      local code = shell(D, ("umask %s; $F secret set --persist \"$D\" NAME %s"):format(umask, umask))
      assert.equal(0, code)
      assert.equal("600", mode(file))
    end
    assert.equal("700", mode(D))
  end)

  it("keeps bytes that are not UTF-8 as base64, and all others as they are", function()
    local value = support.folder() .. "/value"
    support.write(value, every_byte)
    done(D, "secret", "set", "BYTES", "@" .. value)
    done(D, "secret", "set", "TEXT", "\"grüße\"\n\t")
    assert.equal("BYTES      256 bytes\nTEXT        11 bytes\n", done(D, "secret", "list"))
    assert.matches('"BYTES": {\n    "base64": "AAECAwQF', support.read(file))
    assert.matches('"TEXT": "\\"grüße\\"\\n\\t"', support.read(file), 1, true)
  end)

  it("reads from standard input: up to the last line end, or with @- all of it", function()
    local _, _, said = shell(D, [[
      printf 'one\n' | $F secret set --persist "$D" ECHO
      printf 'two\r\n' | $F secret set --persist "$D" CRLF
      printf 'a\n\n' | $F secret set --persist "$D" LINES
      printf 'two\n' | $F secret set --persist "$D" ALL @-]])
    assert.equal('{\n  "ECHO": "one",\n  "CRLF": "two",\n  "LINES": "a\\n",\n  "ALL": "two\\n"\n}\n', support.read(file))
    local note = "flaron-lua secret: '%s' ends with a line end, which is part of it\n"
    assert.equal(note:format "LINES" .. note:format "ALL", said)
  end)

  it("reads from the terminal without showing what is typed", function()
    local code, shown = on_terminal(D, '$F secret set --persist "$D" NAME; stty -a', "NAME: ", "sword\\bfish\\n")
    assert.equal(0, code)
    assert.is_nil(shown:find("sword", 1, true))
    assert.is_nil(shown:find("fish", 1, true))
    assert.matches("%f[-%w]echo%f[%W]", shown)
    assert.equal("NAME", done(D, "secret", "list"):match "%w+")
  end)

  it("leaves the terminal as it was when Ctrl-C ends it", function()
    local _, shown = on_terminal(D, 'trap : INT\n$F secret set --persist "$D" NAME; echo "ended: $?"; stty -a',
      "NAME: ", "swor\\003")
    assert.matches("ended: 130", shown)
    assert.matches("%f[-%w]echo%f[%W]", shown)
    assert.is_false(is_there(D))
  end)

  it("names what is wrong with its words, and makes nothing", function()
    refuses(2, "secret: set, list or delete is expected\nusage: flaron%-lua secret set NAME", D, "secret")
    refuses(2, "is expected, not 'get'", D, "secret", "get", "NAME")
    refuses(2, "set takes a name and perhaps a value; 0 words are there", D, "secret", "set")
    refuses(2, "delete takes a name; 2 words are there", D, "secret", "delete", "a", "b")
    refuses(2, "%-%-json goes with list", D, "secret", "delete", "a", "--json")
    refuses(2, "a name has no '='", D, "secret", "set", "NAME=swordfish")
    for _, name in ipairs { "", "a\nb", "\xff", ("n"):rep(257) } do
      refuses(2, "' is no name", D, "secret", "set", name, "v")
    end
    refuses(1, "'NAME': a secret of no bytes counts as one that is not set", D, "secret", "set", "NAME", "")
    refuses(1, "'NAME': a secret of no bytes", D, "secret", "set", "NAME") -- /dev/null
    refuses(1, "secret: no such: No such file or directory", D, "secret", "set", "NAME", "@no such")
    refuses(1, "/dev/zero: it is larger than 1048576 bytes", D, "secret", "set", "NAME", "@/dev/zero")
    refuses(1, "there is no such folder: nothing was kept there yet", D, "secret", "list")
    refuses(1, "there is no such folder: nothing was kept there yet", D, "secret", "delete", "NAME")
    assert.is_false(is_there(D))
    local _, _, err = on(D, "secret", "set", "NAME=swordfish")
    assert.is_nil(err:find("swordfish", 1, true))
  end)

  it("refuses a file that others may read", function()
    done(D, "secret", "set", "A", "v")
    support.run("chmod 640 " .. support.quote(file))
    local message = "secrets.json: others than its owner may read it %(mode 640%): chmod 600 it"
    refuses(1, message, D, "secret", "set", "B", "v")
    refuses(1, message, D, "secret", "delete", "A")
    refuses(1, message, D, "secret", "list")
    assert.equal('{\n  "A": "v"\n}\n', support.read(file))
  end)

  it("refuses a file that it does not understand, and leaves it alone", function()
    done(D, "secret", "set", "A", "v")
    for content, message in pairs {
      ["{\"A\": \"v\","] = "secrets.json:1: ",
      ["[]"] = "secrets.json: it is no JSON object from names to secrets",
      ["{\"A\": \"v\", \"A\": \"w\"}"] = "secrets.json:1: duplicate object key",
      ["{\"N\": 5}"] = "secrets.json: secret 'N' is neither a string nor {\"base64\": \"...\"}",
      ["{\"N\": {\"base64\": \"!\"}}"] = "secrets.json: secret 'N' is neither",
      [""] = "secrets.json:1: ",
    } do
      support.write(file, content)
      refuses(1, message, D, "secret", "set", "B", "v")
      refuses(1, message, D, "secret", "list")
      assert.equal(content, support.read(file))
    end
    support.write(file, '{"N": 5, "B": {"base64": "AA==", "note": "mine"}}')
    done(D, "secret", "delete", "N")
    done(D, "secret", "set", "C", "v")
    assert.equal('{"B":{"base64":"AA==","note":"mine"},"C":"v"}', (support.read(file):gsub("%s", "")))
  end)

  it("passes over a byte order mark", function()
    done(D, "secret", "set", "A", "v")
    support.write(file, '\xEF\xBB\xBF{"A": "swordfish"}')
    assert.equal("A        9 bytes\n", done(D, "secret", "list"))
    done(D, "secret", "set", "B", "w")
    assert.equal('{\n  "A": "swordfish",\n  "B": "w"\n}\n', support.read(file))
    support.write(file, "\xEF\xBB\xBF[]")
    refuses(1, "secrets.json: it is no JSON object", D, "secret", "list")
  end)

  it("refuses a symbolic link, which may lead to what is none of the project's", function()
    done(D, "secret", "set", "A", "v")
    shell(D, 'mv "$D/secrets.json" "$D/target" && ln -s target "$D/secrets.json"')
    for _, words in ipairs { { "list" }, { "set", "B", "v" }, { "delete", "A" } } do
      refuses(1, "secrets.json: it is a symbolic link", D, "secret", table.unpack(words))
    end
    assert.equal('{\n  "A": "v"\n}\n', support.read(D .. "/target"))
  end)

  it("leaves the file as it was when it cannot be written", function()
    done(D, "secret", "set", "A", "v")
    local code, _, err = shell(D, [[
      head -c 4000 /dev/zero | tr '\0' x >"$D/value"
      trap '' XFSZ; ulimit -f 2; $F secret set --persist "$D" B "@$D/value"]])
    assert.equal(1, code)
    assert.matches("secrets.json: File too large", err)
    assert.equal('{\n  "A": "v"\n}\n', support.read(file))
    assert.is_false(is_there(file .. ".part"))
  end)

  it("goes on after one that was killed while it wrote", function()
    done(D, "secret", "set", "A", "v")
    support.write(file .. ".part", "{\"half")
    done(D, "secret", "set", "B", "w")
    assert.equal('{\n  "A": "v",\n  "B": "w"\n}\n', support.read(file))
    assert.is_false(is_there(file .. ".part"))
  end)

  it("loses none of 30 that are set at the same time", function()
    local code, out, err = shell(D, [[
      for i in $(seq 30); do $F secret set --persist "$D" NAME_$i "value $i" & done; wait]])
    assert.same({ 0, "", "" }, { code, out, err })
    for i = 1, 30 do
      assert.matches(('"NAME_%d": "value %d"'):format(i, i), support.read(file), 1, true)
    end
    assert.equal("600", mode(file))
    local _, lines = done(D, "secret", "list"):gsub("\n", "")
    assert.equal(30, lines)
  end)
end)

describe("run --persist", function()
  it("has what kv and secret set, and they see what the flare does", function()
    local D = support.folder() .. "/a folder"
    local folder = support.folder()
    local flare, value = folder .. "/main.lua", folder .. "/value"
    support.write(flare, FLARE)
    support.write(value, "\0\xff")
    local _, out = support.cli("run", flare, "--persist", D)
    assert.matches("nil|false|nil|2|nil|nil", out, 1, true)
    done(D, "kv", "set", "from-kv", "spark value", "--ttl", "60")
    done(D, "kv", "set", "--plasma", "from-kv", "plasma value")
    done(D, "kv", "add", "--plasma", "count", "40")
    done(D, "secret", "set", "TEXT", "swordfish")
    done(D, "secret", "set", "BYTES", "@" .. value)
    _, out = support.cli("run", flare, "--persist", D)
    assert.matches("spark value|true|plasma value|44|swordfish|\0\xff", out, 1, true)
    assert.equal("spark \0", done(D, "kv", "get", "from-flare"))
    assert.equal("plasma", done(D, "kv", "get", "from-flare", "--plasma"))
    assert.equal("44", done(D, "kv", "get", "count", "--plasma"))
  end)
end)
