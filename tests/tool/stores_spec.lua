-- stores_spec.lua - a stores.db that somebody else made: kv, run and dev refuse what is not ours with a sentence, write
-- nothing to it, and end; rows that are damaged end the call, not the command.
local serving = require "serving"
local support = require "support"

local _, here = support.run "pwd"
local root = here:gsub("%s+$", "")
local tool = support.flaron_lua:find "^/" and support.flaron_lua or root .. "/" .. support.flaron_lua
local quote = support.quote

local flare = [[
local flaron = require "flaron"
return function()
  local plasma, spark = flaron.plasma, flaron.spark
  return { body = table.concat({ tostring(plasma.increment "c"), tostring(plasma.get "c"), tostring(spark.get "a"),
    tostring(spark.list() ~= nil), tostring(plasma.list() ~= nil), tostring(spark.set("b", "v")) }, " ") }
end]]

local function shell(folder, command)
  return support.run(("cd %s && %s"):format(quote(folder), (command:gsub("TOOL", "timeout 20 " .. quote(tool)))))
end

-- A project whose stores have a value, a value of Plasma and a counter.
local function project()
  local folder = root .. "/" .. support.project(flare)
  local code, _, errors = shell(folder, "TOOL kv set a b && TOOL kv set --plasma v w && TOOL kv add --plasma c 5")
  assert.same({ 0, "" }, { code, errors })
  return folder
end

-- Has SQLite change the stores of a project.
local function change(folder, sql)
  support.write(folder .. "/sql", sql)
  local code, _, errors = shell(folder, "sqlite3 -bail .flaron/stores.db <sql && rm sql")
  assert.same({ 0, "" }, { code, errors })
end

local function hash(folder) return (select(2, shell(folder, "cat .flaron/stores.db | sha256sum; ls .flaron"))) end

-- Expects each command to refuse the stores for the same reason, and to leave them as they are.
local function refused(folder, reason)
  local before = hash(folder)
  for _, command in ipairs { "kv list", "kv list --plasma", "kv get a", "kv set a b", "kv add --plasma c 1", "run", "dev --port 0" } do
    local code, output, errors = shell(folder, "TOOL " .. command)
    assert.same({ 1, "" }, { code, output }, command)
    local message = errors:match "^flaron%-lua %w+: [^\n]*%.flaron/stores%.db: ([^\n]*)\n$"
    assert.matches(reason, message or errors, 1, true)
    assert.equal(before, hash(folder), command)
  end
end

-- SQL that changes the SQL of a table as it is written in the schema.
local function rewrite(name, from, to)
  return ("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '%s', '%s') WHERE name = '%s';\n")
    :format(from, to, name)
end

local endless = " AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT "

describe("a stores.db of somebody else", function()
  for what, case in pairs {
    ["a column that may be NULL"] = { rewrite("plasma_counter", "node TEXT NOT NULL", "node TEXT"),
      "table 'plasma_counter' is not part of schema 2" },
    ["a column of another type"] = { rewrite("spark", "value BLOB NOT NULL", "value TEXT NOT NULL"),
      "table 'spark' is not part of schema 2" },
    ["a table with a rowid"] = { rewrite("plasma_counter", " WITHOUT ROWID", ""), "table 'plasma_counter' is not part" },
    ["an endless view for a table"] = { "DROP TABLE plasma_node; CREATE VIEW plasma_node" .. endless .. "0 AS id, 'x' AS node FROM r",
      "view 'plasma_node' is not part" },
    ["an endless view for the log"] = { "DROP TABLE plasma_log; CREATE VIEW plasma_log" .. endless .. "n AS seq, 'k' AS key FROM r",
      "view 'plasma_log' is not part" },
    ["a trigger"] = { "CREATE TRIGGER t AFTER INSERT ON spark BEGIN DELETE FROM plasma; END", "trigger 't' is not part" },
    ["a trigger of ours that does something else"] = { rewrite("spark_deleted", "bytes - length", "bytes + length"),
      "trigger 'spark_deleted' is not part" },
    ["a view beside"] = { "CREATE VIEW z" .. endless .. "n FROM r", "view 'z' is not part" },
    ["a table beside"] = { "CREATE TABLE app(x)", "table 'app' is not part" },
    ["a virtual table"] = { "CREATE VIRTUAL TABLE f USING fts5(x)", "table 'f' is not part" },
    ["an index more"] = { "CREATE INDEX i ON spark(value)", "index 'i' is not part" },
    ["a table less"] = { "DROP TABLE plasma_peer", "table 'plasma_peer' is missing, a part of schema 2" },
    ["an index less"] = { "DROP INDEX spark_expires", "index 'spark_expires' is missing" },
    ["a trigger less"] = { "DROP TRIGGER plasma_counted", "trigger 'plasma_counted' is missing" },
    ["a version below 0"] = { "PRAGMA user_version = -5", "not a store of flaron-lua: schema -5, expected 2" },
    ["a version to come"] = { "PRAGMA user_version = 3", "made by a newer flaron-lua, or by another program: schema 3, expected 2" },
    ["no version"] = { "PRAGMA user_version = 0", "not a store of flaron-lua: " },
    ["NULL where there can be none"] = { rewrite("plasma_counter", "p BLOB NOT NULL", "p BLOB") .. "PRAGMA writable_schema = RESET;"
      .. "UPDATE plasma_counter SET p = NULL;" .. rewrite("plasma_counter", "p BLOB", "p BLOB NOT NULL"),
      "damaged: NULL value in plasma_counter.p" },
    ["a total that no row has"] = { "PRAGMA ignore_check_constraints = ON; INSERT INTO spark_total VALUES(7, 1)",
      "damaged: CHECK constraint failed" },
    ["a node without a name"] = { "DELETE FROM plasma_node", "malformed" },
    ["a node with a long name"] = { "UPDATE plasma_node SET node = hex(randomblob(16))", "malformed" },
    ["a node whose name is a blob"] = { "UPDATE plasma_node SET node = x'00'", "malformed" },
  } do
    it("is refused when it has " .. what, function()
      local folder = project()
      change(folder, case[1] .. ";\nPRAGMA journal_mode = DELETE;")
      refused(folder, case[2])
    end)
  end

  it("is refused when it is another program's, in every journal mode", function()
    for _, mode in ipairs { "DELETE", "WAL", "PERSIST", "TRUNCATE" } do
      for _, version in ipairs { 0, 1, 2 } do
        local folder = root .. "/" .. support.project(flare)
        support.run(("mkdir -m 700 %s/.flaron"):format(quote(folder)))
        change(folder, ("PRAGMA journal_mode = %s; CREATE TABLE bookmarks(url); INSERT INTO bookmarks VALUES('x');"
          .. "PRAGMA user_version = %d"):format(mode, version))
        os.remove(folder .. "/.flaron/stores.db-journal")
        local before = hash(folder):match "^%x+"
        for _, command in ipairs { "kv list", "kv set a b", "run" } do
          local code, output, errors = shell(folder, "TOOL " .. command)
          assert.same({ 1, "" }, { code, output })
          assert.matches(("stores.db: not a store of flaron-lua: table 'bookmarks' is not part of schema %d"):format(version),
            errors, 1, true)
          assert.equal(before, hash(folder):match "^%x+")
        end
      end
    end
  end)

  it("is refused when pages of it are damaged, or are something else", function()
    local folder = project()
    change(folder, "PRAGMA journal_mode = DELETE;")
    local good = assert(support.read(folder .. "/.flaron/stores.db"))
    for page = 2, #good // 4096 - 1 do
      support.write(folder .. "/.flaron/stores.db",
        good:sub(1, page * 4096) .. ("\xff"):rep(4096) .. good:sub(page * 4096 + 4097))
      local code, _, errors = shell(folder, "TOOL run")
      assert.equal(1, code, page)
      assert.matches("stores.db: ", errors, 1, true)
    end
    for _, content in ipairs { "no database, but long enough to be read as one", good:sub(1, 100), good:sub(1, 5000), ("\0"):rep(8192) } do
      support.write(folder .. "/.flaron/stores.db", content)
      local code = shell(folder, "TOOL kv list")
      assert.equal(1, code)
    end
  end)

  it("is refused with a journal that names other files, and such a file stays", function()
    local folder = project()
    change(folder, "PRAGMA journal_mode = DELETE;")
    support.write(folder .. "/precious", "precious")
    local name = folder .. "/precious"
    local sum = 0
    for i = 1, #name do sum = sum + name:byte(i) end
    local magic = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
    support.write(folder .. "/.flaron/stores.db-journal", magic .. ("\0"):rep(504)
      .. string.pack(">I4", 0x40000000 // 4096 + 1) .. name .. string.pack(">I4I4", #name, sum) .. magic)
    local code, _, errors = shell(folder, "TOOL kv list")
    assert.equal(1, code)
    assert.matches("stores.db-journal: it is the journal of more than one database", errors, 1, true)
    assert.equal("precious", support.read(folder .. "/precious"))
  end)

  it("is read when nothing may be written to it, also in another journal mode", function()
    local folder = project()
    change(folder, "PRAGMA journal_mode = DELETE;")
    assert.same({ 0, "a        1 byte\n", "" }, { shell(folder, "chmod 444 .flaron/stores.db && TOOL kv list") })
  end)

  it("is taken over when it is of an earlier flaron-lua", function()
    local folder = project()
    change(folder, [[
      DROP TRIGGER plasma_set; DROP TRIGGER plasma_set_again; DROP TRIGGER plasma_counted; DROP TRIGGER plasma_counted_again;
      DROP TABLE plasma_log; DROP TABLE plasma_peer; PRAGMA user_version = 1]])
    assert.same({ 0, "a        1 byte\n", "" }, { shell(folder, "TOOL kv list") })
    assert.same({ 0, "5\n", "" }, { shell(folder, "TOOL kv add --plasma c 0") })
    assert.same({ 0, "2\n2\n", "" },
      { shell(folder, "sqlite3 .flaron/stores.db 'PRAGMA user_version; SELECT count(*) FROM plasma_log'") })
    change(folder, "PRAGMA user_version = 1; CREATE VIEW z AS SELECT 1")
    local code, _, errors = shell(folder, "TOOL kv list")
    assert.equal(1, code)
    assert.matches("view 'z' is not part of schema 1", errors, 1, true)
  end)
end)

describe("a row that no flaron-lua writes", function()
  local cases = {
    ["UPDATE plasma_counter SET p = x'00'"] = { "get --plasma c", "set --plasma c x", "add --plasma c 1", "delete --plasma c" },
    ["UPDATE plasma_counter SET p = x'7fffffffffffffffffffffffffffffff'"] = { "get --plasma c", "add --plasma c 1" },
    ["UPDATE plasma_counter SET stamp = 9223372036854775807"] = { "get --plasma c", "add --plasma c 1" },
    ["UPDATE plasma_counter SET node = ''"] = { "get --plasma c", "list --plasma" },
    ["UPDATE plasma SET stamp = 9223372036854775807"] = { "get --plasma v", "set --plasma v x", "delete --plasma v" },
    ["UPDATE plasma SET stamp = -1"] = { "get --plasma v" },
    ["UPDATE plasma SET kind = 7"] = { "get --plasma v" },
    ["UPDATE plasma SET kind = 'seven'"] = { "get --plasma v" },
    ["UPDATE plasma SET value = 17"] = { "get --plasma v" },
    ["UPDATE spark SET value = 'a text'"] = { "get a", "list" },
    ["UPDATE spark SET expires = 'never'"] = { "get a" },
    ["UPDATE spark SET key = char(27) || '[2J'"] = { "list" },
    ["UPDATE spark SET key = hex(zeroblob(200))"] = { "list" },
    ["UPDATE spark SET key = x'ff'"] = { "list" },
    ["UPDATE spark_total SET bytes = -9223372036854775808"] = { "set a x" },
    ["UPDATE spark_total SET bytes = 0"] = { "set a x" },
    ["UPDATE spark_total SET bytes = 'many'"] = { "set a x" },
  }
  for sql, commands in pairs(cases) do
    it("ends the call: " .. sql, function()
      local folder = project()
      change(folder, sql)
      for _, command in ipairs(commands) do
        local code, output, errors = shell(folder, "TOOL kv " .. command)
        assert.same({ 1, "" }, { code, output }, command)
        assert.matches("the stores: a row is damaged: it has what no flaron-lua writes\n", errors, 1, true)
      end
      local code, output = shell(folder, "TOOL run")
      assert.equal(0, code)
      assert.matches("^HTTP/1.1 200 OK\n", output)
      local dev = serving.serve(folder)
      finally(function() dev.stop() end)
      for _ = 1, 3 do assert.matches(" ", dev.curl "/", 1, true) end
      for _, store in ipairs { "spark", "plasma" } do assert.matches("^{", dev.page("kv/" .. store)) end
    end)
  end

  it("is one of more bytes than a row has", function()
    local folder = project()
    change(folder, "UPDATE spark SET value = zeroblob(67108865)")
    local _, _, errors = shell(folder, "TOOL kv get a")
    assert.matches("too big", errors, 1, true)
  end)
end)

describe("a query that runs away", function()
  it("is stopped", function()
    local folder = project()
    change(folder, [[PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM;
      WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 9000)
      INSERT INTO plasma SELECT 'k' || hex(randomblob(60)), 0, zeroblob(200), 1, 'n' FROM r]])
    local path = folder .. "/.flaron/stores.db"
    local size, db, inner, leaf = 512, assert(support.read(path)), {}, nil
    local _, tree = shell(folder, [[sqlite3 .flaron/stores.db \
      "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_plasma_1'"]])

    -- Where the children of an inner page of the index are noted.
    local function slots(page)
      local at = (page - 1) * size
      local list = { at + 9 }
      for i = 0, string.unpack(">I2", db, at + 4) - 1 do
        list[#list + 1] = at + string.unpack(">I2", db, at + 13 + 2 * i) + 1
      end
      return list
    end
    local function collect(page)
      if db:byte((page - 1) * size + 1) ~= 2 then
        leaf = page
        return
      end
      inner[#inner + 1] = page
      for _, slot in ipairs(slots(page)) do collect((string.unpack(">I4", db, slot))) end
    end
    collect(tonumber(tree))
    -- 16 inner pages, all children of each the next one: no page is its own child, and there is no end to walk to. The
    -- rows are of deleted keys, so none comes out that could be seen to come again.
    for i = 1, 16 do
      for _, slot in ipairs(slots(inner[i])) do
        db = db:sub(1, slot - 1) .. string.pack(">I4", i < 16 and inner[i + 1] or leaf) .. db:sub(slot + 4)
      end
    end
    support.write(path, db)
    assert.is_true(#db > 4 << 20) -- smaller ones are looked through when they are opened
    local patient = "/usr/bin/time -f %U timeout 120 " .. quote(tool) -- on a busy machine, seconds of CPU time take long
    local code, output, errors = shell(folder, patient .. " kv list --plasma")
    assert.same({ 1, "" }, { code, output })
    assert.matches("^flaron%-lua kv: .flaron: the stores: it took too long and was stopped\n", errors)
    assert.is_true(tonumber(errors:match "([%d.]+)\n$") < 8)
    support.write(folder .. "/main.lua", "local plasma = require('flaron').plasma\n"
      .. "return function() for i = 1, 20 do plasma.list() end return { body = 'over' } end")
    _, output, errors = shell(folder, patient .. " run --cpu-ms 20000")
    assert.matches("over", output, 1, true)
    assert.is_true(tonumber(errors:match "([%d.]+)\n$") < 12) -- the first takes 5 s, the others are stopped sooner
  end)
end)
