-- pcre2_spec.lua - the part pcre2: rex_pcre2 beside the native one, its limits, and memory from one invocation to the next.
local evaluate = require "evaluate"
local support = require "support"

-- lrexlib natively, over PCRE2 10.42 too (package lua-rex-pcre2).
local there, native = pcall(require, "rex_pcre2")

local prelude = "local rex = require 'rex_pcre2' "

describe("rex_pcre2", function()
  local flare

  setup(function()
    flare = evaluate.open({ memory = 64 << 20, cpu_ms = 10000 }, { ["flare.lua"] = "return { modules = { 'rex_pcre2' } }" })
  end)

  teardown(function() flare:close() end)

  local function value(code) return flare:value(prelude .. code) end

  it("matches, finds, iterates, replaces, counts and splits", function()
    assert.equal("bc de", value [[return table.concat({ rex.match("a bc@de f", [=[(\w+)@(\w+)]=]) }, " ")]])
    assert.equal("3 4 b", value [[return table.concat({ rex.find("aabb", "(b)b") }, " ")]])
    assert.equal("1,22,333", value [[
      local all = {}
      for n in rex.gmatch("1 22 333", [=[\d+]=]) do all[#all + 1] = n end
      return table.concat(all, ",")]])
    assert.equal("b-a d-c 2 2", value [[return table.concat({ rex.gsub("a-b c-d", [=[(\w)-(\w)]=], "%2-%1") }, " ")]])
    assert.equal(3, value [[return rex.count("banana", "a")]])
    assert.equal("a|b|c", value [[
      local all = {}
      for part in rex.split("a, b,c", [=[,\s*]=]) do all[#all + 1] = part end
      return table.concat(all, "|")]])
    assert.same({ year = "2026", [1] = "2026" },
      flare:value(prelude .. [[return select(3, rex.new("(?<year>[0-9]{4})"):tfind "in 2026")]]))
    assert.matches("^10%.42", value "return rex.version()")
  end)

  it("knows Unicode", function()
    assert.equal("ÄÖ", value [[return rex.match("xÄÖ1", [=[\p{Lu}+]=], 1, rex.flags().UTF)]])
    assert.equal(true, value [[return rex.find("STRASSE Ω", "ω", 1, rex.flags().UTF | rex.flags().CASELESS) ~= nil]])
    assert.equal("-ä-€-", value [[return (rex.gsub("ä€", "x*", "-", nil, rex.flags().UTF))]])
  end)

  it("says what is not UTF", function()
    for _, bad in ipairs { "\xff", "a\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\x80" } do
      assert.matches("^error PCRE2_ERROR_UTF8_ERR%d+$",
        value(("return select(2, pcall(rex.match, %q, 'x', 1, rex.flags().UTF))"):format(bad)))
      assert.matches("^error PCRE2_ERROR_UTF8_ERR%d+$", value(
        ("return select(2, pcall(rex.match, %q, 'x', 1, rex.flags().UTF, rex.flags().NO_UTF_CHECK))"):format(bad)))
      assert.matches("^UTF%-8 error",
        value(("return select(2, pcall(rex.new, %q, rex.flags().UTF | rex.flags().NO_UTF_CHECK))"):format(bad)))
    end
  end)

  describe("has an answer for every pattern:", function()
    -- Pattern, subject, what is said: a pattern of Lua for the error or the first result.
    local cases = {
      { "nested repeats", "'(a+)+$'", "('a'):rep(40) .. 'b'", "MATCHLIMIT" },
      { "alternatives that overlap", "'^(a|aa|aaa)+$'", "('a'):rep(60) .. 'b'", "MATCHLIMIT" },
      { "every start to the end", "'a+[bc]'", "('a'):rep(2 ^ 20)", "MATCHLIMIT" },
      { "a reference at every length", "'(a*)\\\\1[bc]'", "('a'):rep(2 ^ 18)", "MATCHLIMIT" },
      { "a long lookbehind", "'(?<=a{60000})[ab]{2}[cd]'", "('a'):rep(2 ^ 20)", "MATCHLIMIT" },
      { "a frame for each byte", "'(?:a|b)*[cd]'", "('ab'):rep(2 ^ 19)", "HEAPLIMIT" },
      { "recursion without end", "'^(?1)?((?:a|(?1)b)*)$'", "('a'):rep(1000) .. 'c'", "RECURSELOOP" },
      { "recursion into itself", "'(?R)'", "'a'", "RECURSELOOP" },
      { "balanced brackets", "'([(](?:[^()]++|(?1))*[)}])'", "('('):rep(200000)", "HEAPLIMIT" },
      { "groups in groups", "('('):rep(251) .. (')'):rep(251)", "''", "too deeply nested" },
      { "a huge quantifier", "'a{65536}'", "''", "number too big" },
      { "huge quantifiers", "'((a{1000}){1000}){100}'", "''", "regular expression is too large" },
      { "half a character", "[[\\C]]", "'a'", "using \\C is disabled" },
    }
    for _, case in ipairs(cases) do
      it(case[1], function()
        local said = value(("local ok, said = pcall(rex.match, %s, %s) return tostring(said)"):format(case[3], case[2]))
        assert.matches(case[4], said, 1, true)
      end)
    end

    it("groups as deep as they may be", function()
      assert.equal(true, value "return rex.match('ab', ('('):rep(250) .. 'a' .. (')'):rep(250)) == 'a'")
    end)

    it("ordinary work on a megabyte", function()
      assert.equal(2 ^ 15, value "return rex.count(('the quick brown fox jumps over a dog.'):rep(2 ^ 15), 'f(?:o|i)x|[xyz]{3}|cat$')")
      assert.equal(20000, value "return rex.count(('größe €uro '):rep(20000), [[\\w+ß]], rex.flags().UTF | rex.flags().UCP)")
    end)
  end)

  it("takes strings only, and no regex that is gone", function()
    assert.matches("string expected, got table", value [[
      return select(2, pcall(rex.match, setmetatable({}, { __len = function() return 2 ^ 30 end }), "a"))]])
    assert.matches("deleted", value [[local r = rex.new "a" r:__gc() return select(2, pcall(r.match, r, "a"))]])
    assert.matches("out of range", value [[
      return select(2, pcall(rex.new("a").dfa_exec, rex.new "a", "a", 1, 0, 2 ^ 30, 2 ^ 30))]])
    assert.matches("DFA_BADRESTART", value [[
      local r, flags = rex.new "a", rex.flags()
      return select(2, pcall(r.dfa_exec, r, "a", 1, flags.DFA_RESTART | flags.PARTIAL_SOFT))]])
    assert.same({ 1, 3 }, flare:value(prelude .. [[local from, ends = rex.new("ab*"):dfa_exec "abb" return { from, ends[1] }]]))
  end)

  it("passes on errors of a function that replaces", function()
    assert.equal("oh", value [[return select(2, pcall(rex.gsub, "aaa", "a", function() error("oh", 0) end))]])
  end)

  it("gives memory back", function()
    assert.equal("done", value [[
      for i = 1, 20000 do
        local r = rex.new("(a|b)*" .. ("[a-z]"):rep(20) .. i)
        r:match(("ab"):rep(20))
      end
      for _ = 1, 8 do pcall(rex.match, ("ab"):rep(2 ^ 18), "(?:a|b)*[cd]") end
      return "done"]])
  end)

  it("leaves nothing to the next invocation, and start-up's regexes stay", function()
    local other <close> = support.load { ["main.lua"] = [[
      local rex = require "rex_pcre2"
      local date = rex.new "(\\d+)-(\\d+)"
      assert(date:match "1-2")
      local count = 0
      return function()
        count = count + 1
        pcall(rex.match, ("a"):rep(40), "(a+)+b")
        return { body = count .. table.concat({ date:match "x 11-30" }, "/") }
      end]] }
    for _ = 1, 3 do assert.equal("111/30", other:request().body) end
  end)

  if not there then
    pending("comes to what it does natively: package lua-rex-pcre2 is not installed")
    return
  end

  it("comes to what it does natively", function()
    local atoms = {
      "a", "b", ".", "\\d", "\\w+", "[a-c]", "[^b]", "(a)", "(?:ab)", "(b|ab)", "(?<n>c)", "^", "$", "\\b", "a*", "b+?", "c{1,2}",
      "(a|b)*", "(?=b)", "(?!a)", "(?<=a)", "\\1", "(?i:B)", "\\s", "x?", "(?>a+)", "a++", "\\R", "é", "\\p{L}", "[[:alpha:]]", "(?1)",
    }
    local subjects = { "", "a", "b", "ab", "abc", "aabbcc", "cab a1", "ABab", "a\nb", "xaxbxc", "é1éa", "abababc", "  a  ", "\0a" }
    local flags, random = native.flags(), 20261130
    local function pick(list)
      random = (random * 1103515245 + 12345) & 0x7fffffff
      return list[(random >> 8) % #list + 1]
    end
    local options = { 0, flags.CASELESS, flags.MULTILINE, flags.UTF, flags.UTF | flags.UCP, flags.DOTALL, flags.UNGREEDY }
    local code = [=[
      local out = {}
      local function say(...)
        local list = table.pack(...)
        for i = 1, list.n do list[i] = tostring(list[i]) end
        out[#out + 1] = table.concat(list, "\1")
      end
      for _, case in ipairs(cases) do
        local pattern, subject, options = case[1], case[2], case[3]
        say(pcall(rex.find, subject, pattern, 1, options))
        say(pcall(rex.gsub, subject, pattern, "<%0>", nil, options))
        say(pcall(rex.count, subject, pattern, options))
        say(pcall(function()
          local all = {}
          for part, first in rex.split(subject, pattern, options) do all[#all + 1] = part .. "|" .. tostring(first) end
          return table.concat(all, "\2")
        end))
      end
      return out]=]
    for _ = 1, 20 do
      local cases = {}
      for n = 1, 100 do
        local pattern = ""
        for _ = 1, 1 + n % 5 do pattern = pattern .. pick(atoms) end
        cases[n] = { pattern, pick(subjects), pick(options) }
      end
      local text = { "local cases = {" }
      for _, case in ipairs(cases) do text[#text + 1] = ("{ %q, %q, %d },"):format(case[1], case[2], case[3]) end
      text[#text + 1] = "}"
      text = table.concat(text, " "):gsub("\\\n", "\\n") .. code:gsub("\n%s*", " ")
      local expected = assert(load(text, "=script", "t", setmetatable({ rex = native }, { __index = _G })))()
      local found = flare:value(prelude .. text)
      for i, line in ipairs(expected) do
        -- Natively, what goes on within a character is an error.
        if not line:find "BADUTFOFFSET" then
          assert.equal(line, found[i], table.concat(cases[(i - 1) // 4 + 1], " / "))
        end
      end
    end
  end)
end)
