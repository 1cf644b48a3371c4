-- scripts_ratelimit_spec.lua - flaron.ratelimit: who passes, how long the others wait, what is stored and what is told.
local evaluate = require "evaluate"
local support = require "support"

local MINUTE = 1700000000 - 1700000000 % 60

describe("flaron.ratelimit", function()
  local flare

  before_each(function()
    flare = evaluate.open({ now = MINUTE }, { ["flare.lua"] =
      "return { modules = { 'flaron.ratelimit' }, writes_spark_kv = true, writes_plasma_kv = true }" })
  end)

  after_each(function() flare:close() end)

  -- The state of a request for `key`, of `times` requests the last.
  local function count(options, times, key)
    local code = [[
      local limiter, state = require "flaron.ratelimit".%s
      for _ = 1, %d do state = limiter:count(%q) end
      return state]]
    return flare:value(code:format(options, times or 1, key or "ada"))
  end

  for _, store in ipairs { "spark", "plasma" } do
    describe("in " .. store, function()
      local fixed = store .. " { name = 'n', limit = 3, window = 60, sliding = false }"
      local sliding = store .. " { name = 'n', limit = 10, window = 60 }"

      it("lets so many through in a window, and all of them in the next", function()
        flare.flare:set_time(MINUTE + 15)
        assert.same({ allowed = true, limit = 3, remaining = 2, reset = 45 }, count(fixed))
        assert.same({ allowed = true, limit = 3, remaining = 0, reset = 45 }, count(fixed, 2))
        assert.same({ allowed = false, limit = 3, remaining = 0, reset = 45, retry_after = 45 }, count(fixed))
        assert.is_true(count(fixed, 1, "eve").allowed)
        assert.is_true(count(fixed:gsub("'n'", "'m'")).allowed)
        flare.flare:set_time(MINUTE + 59)
        assert.equal(1, count(fixed, 4).retry_after)
        flare.flare:set_time(MINUTE + 60)
        assert.same({ allowed = true, limit = 3, remaining = 2, reset = 60 }, count(fixed))
      end)

      it("slides: of the window before the part counts that is still near", function()
        count(sliding, 10)
        flare.flare:set_time(MINUTE + 60)
        assert.is_false(count(sliding).allowed)
        flare.flare:set_time(MINUTE + 90)
        assert.same({ allowed = true, limit = 10, remaining = 4, reset = 30 }, count(sliding))
        assert.is_true(count(sliding, 4).allowed)
        assert.is_false(count(sliding).allowed)
        flare.flare:set_time(MINUTE + 240)
        assert.equal(9, count(sliding).remaining)
      end)

      it("says to the second how long to wait, wherever the window stands", function()
        for _, case in ipairs { { 10, 0, 0 }, { 10, 30, 5 }, { 7, 59, 0 }, { 3, 1, 9 }, { 10, 59, 9 }, { 1, 0, 10 }, { 0, 17, 10 } } do
          local before, elapsed, this = table.unpack(case)
          local key = table.concat(case, "-")
          if before > 0 then
            flare.flare:set_time(MINUTE)
            count(sliding, before, key)
          end
          flare.flare:set_time(MINUTE + 60 + elapsed)
          local state = count(sliding, math.max(this, 1), key)
          while state.allowed do state = count(sliding, 1, key) end
          local wait = state.retry_after
          flare.flare:set_time(MINUTE + 60 + elapsed + wait - 1)
          assert.is_false(count(sliding, 1, key).allowed, key)
          flare.flare:set_time(MINUTE + 60 + elapsed + wait)
          assert.is_true(count(sliding, 1, key).allowed, key)
        end
      end)

      it("counts nothing that it refuses", function()
        count(fixed, 10)
        assert.equal("3", flare:value(("return (%s.get('n:ada:%d'))"):format(store, MINUTE // 60)))
      end)

      it("keeps keys of any bytes apart, under keys that the store can have", function()
        local keys = { "a", "a:1", "%a", "sha256", "a\0b", "ä", ("x"):rep(64), ("x"):rep(65), ("x"):rep(10000), "", " " }
        for _, key in ipairs(keys) do assert.equal(2, count(fixed, 1, key).remaining, key:sub(1, 20)) end
        for _, key in ipairs(keys) do assert.equal(1, count(fixed, 1, key).remaining, key:sub(1, 20)) end
        for _, key in ipairs(flare:value(("return %s.list()"):format(store))) do
          assert.matches("^n:[%w_.:-]+:%d+$", key)
        end
      end)

      it("takes a value that is no count for none", function()
        flare:run(("%s.set('n:ada:%d', 'x')"):format(store, MINUTE // 60))
        if store == "spark" then assert.equal(2, count(fixed).remaining) else assert.equal("refused", count(fixed).fault) end
      end)

      it("passes or refuses when nothing can be counted, as it is told", function()
        flare.flare:fail(store == "spark" and "spark_set" or "plasma_increment", store == "spark" and "quota" or true)
        local state = count(fixed)
        assert.is_true(state.allowed)
        assert.equal(store == "spark" and "quota" or "refused", state.fault)
        assert.matches("^ratelimit 'n': not counted:\t", support.log(flare.last, "error"))
        state = count(fixed:gsub("}", ", fail = 'closed' }"))
        assert.is_false(state.allowed)
        assert.equal(60, state.retry_after)
      end)
    end)
  end

  it("leaves nothing in Spark for ever", function()
    count "spark { name = 'n', limit = 3, window = 60 }"
    count "spark { name = 'm', limit = 3, window = 60, sliding = false }"
    local ttls = flare:run(("return select(2, spark.get 'n:ada:%d'), select(2, spark.get 'm:ada:%d')"):format(MINUTE // 60, MINUTE // 60))
    assert.same({ 120, 60, n = 2 }, ttls)
  end)

  it("deletes the counter of two windows ago in Plasma", function()
    local options = "plasma { name = 'n', limit = 3, window = 60 }"
    for n = 0, 3 do
      flare.flare:set_time(MINUTE + 60 * n)
      count(options)
    end
    assert.same({ ("n:ada:%d"):format(MINUTE // 60 + 2), ("n:ada:%d"):format(MINUTE // 60 + 3) }, flare:value "return plasma.list()")
  end)

  it("takes back what came in between at another place", function()
    -- the count is read before others add theirs
    local values = flare:run(([[
      local limiter = require "flaron.ratelimit".plasma { name = "n", limit = 3, window = 60, sliding = false }
      local get = plasma.get
      plasma.get = function(key)
        local value = get(key)
        plasma.increment(key, 3)
        return value
      end
      local state = limiter:count "ada"
      plasma.get = get
      return state, plasma.get "n:ada:%d"]]):format(MINUTE // 60))
    assert.is_false(values[1].allowed)
    assert.equal(60, values[1].retry_after)
    assert.equal("3", values[2])
  end)

  it("tells of several limits side by side, and of one as it is last", function()
    local _, response = flare:run [[
      local ratelimit = require "flaron.ratelimit"
      local a = ratelimit.spark { name = "a", limit = 1, window = 60, sliding = false }
      local b = ratelimit.spark { name = "b.2", limit = 5, window = 3600, sliding = false }
      a:apply(a:count "x") b:apply(b:count "x") a:apply(a:count "x")]]
    assert.equal('"a";q=1;w=60, "b.2";q=5;w=3600', response.headers["ratelimit-policy"])
    assert.matches('^"a";r=0;t=60, "b.2";r=4;t=%d+$', response.headers.ratelimit)
    assert.equal("60", response.headers["retry-after"])
  end)

  it("is middleware", function()
    local app <close> = support.load({ ["main.lua"] = [[
      local flaron, ratelimit, app = require "flaron", require "flaron.ratelimit", require "flaron.router".new()
      local function key(req) return req.params.who ~= "free" and req.params.who end
      local two = ratelimit.spark { name = "two", limit = 2, window = 60, key = key }
      local none = ratelimit.spark { name = "none", limit = 2, window = 60, key = function() end }
      local closed = ratelimit.spark { name = "closed", limit = 2, window = 60, key = key, fail = "closed" }
      local mine = ratelimit.spark { name = "mine", limit = 1, window = 60, key = key,
        answer = function(req, state) return { status = 420, body = req.params.who .. state.retry_after } end }
      app:get("/two/:who", two:middleware(), function() return { body = "hello" } end)
      app:get("/none", none:middleware(), function() return { body = "hello" } end)
      app:get("/closed/:who", closed:middleware(), function() return { body = "hello" } end)
      app:get("/mine/:who", mine:middleware(), function() return flaron.PASS_THROUGH end)
      return app:handler()]], ["flare.lua"] = "return { writes_spark_kv = true }" }, { now = MINUTE })
    local function ask(path) return app:request { url = "https://e.example" .. path } end
    ask "/two/ada"
    local answer = ask "/two/ada"
    assert.equal("hello", answer.body)
    assert.equal('"two";r=0;t=60', answer.headers.ratelimit)
    assert.is_nil(answer.headers["retry-after"])
    answer = ask "/two/ada"
    assert.equal(429, answer.status)
    assert.equal("Too Many Requests\n", answer.body)
    assert.equal("61", answer.headers["retry-after"])
    for _ = 1, 3 do answer = ask "/two/free" end
    assert.equal("hello", answer.body)
    assert.is_nil(answer.headers.ratelimit)
    answer = ask "/mine/ada"
    assert.equal("pass_through", answer.action)
    assert.same({}, answer.logs) -- no header is set and lost
    answer = ask "/mine/ada"
    assert.equal("ada61", answer.body)
    assert.equal(420, answer.status)
    assert.matches("ratelimit 'none': the key is a nil, not a string or false", support.log(ask "/none", "error"))
    app:fail("spark_set", "quota")
    assert.equal(503, ask("/closed/ada").status)
  end)

  it("refuses limits that make no sense", function()
    for options, message in pairs {
      ["{ limit = 1, window = 1 }"] = "option 'name' of ratelimit.spark: missing",
      ["{ name = 'a', window = 1 }"] = "option 'limit' of ratelimit.spark: missing",
      ["{ name = 'a', limit = 1 }"] = "option 'window' of ratelimit.spark: missing",
      ["{ name = 'a:b', limit = 1, window = 1 }"] = "option 'name' of ratelimit.spark: 'a:b' is not of letters, digits",
      ["{ name = '', limit = 1, window = 1 }"] = "option 'name' of ratelimit.spark: '' is not of letters, digits",
      ["{ name = '__sys', limit = 1, window = 1 }"] = "option 'name' of ratelimit.spark: '__sys' is not",
      ["{ name = 'a', limit = 0, window = 1 }"] = "option 'limit' of ratelimit.spark: 0 is not from 1 to 2147483648",
      ["{ name = 'a', limit = 1, window = 1 << 40 }"] = "option 'window' of ratelimit.spark: 1099511627776 is not from 1 to 2147483648",
      ["{ name = 'a', limit = 1.5, window = 1 }"] = "option 'limit' of ratelimit.spark: integer expected, got float",
      ["{ name = 'a', limit = 1, window = 1, fail = 'shut' }"] = "option 'fail' of ratelimit.spark: \"open\" or \"closed\" expected",
      ["{ name = 'a', limit = 1, window = 1, windows = 1 }"] = "unknown option 'windows' of ratelimit.spark: did you mean 'window'?",
    } do
      local fault = flare:fault(("require 'flaron.ratelimit'.spark(%s)"):format(options))
      assert.equal(1, (fault:find(message, 1, true)), fault)
      fault = flare:fault(("require 'flaron.ratelimit'.plasma(%s)"):format(options))
      assert.equal(1, (fault:find((message:gsub("spark", "plasma")), 1, true)), fault)
    end
    assert.matches("limiter:middleware needs the option 'key'$",
      flare:fault "require 'flaron.ratelimit'.spark({ name = 'a', limit = 1, window = 1 }):middleware()")
  end)
end)
