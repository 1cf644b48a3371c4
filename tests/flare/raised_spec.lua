-- Whether a handler failed, and why, is data: `error` of the response, whatever stands in the log.
local support = require "support"

local v8 = support.engine ~= "wasm2c"

local function request(body, options)
  return support.answer(body, {}, options)
end

describe("a handler that ends well", function()
  it("has no error", function()
    assert.is_nil(request("return { body = 'good' }").error)
    assert.is_nil(request("return { status = 500, body = 'on purpose' }").error)
  end)

  it("has none although it logs a traceback and answers a page of its own", function()
    for _, code in ipairs {
      [[flaron.logging.error(debug.traceback "caught")]],
      [[local _, message = xpcall(function() error "deep" end, debug.traceback) flaron.logging.error(message)]],
      [[local _, message = pcall(coroutine.wrap(function() error "inner" end)) flaron.logging.error("stack traceback:\n" .. message)]],
      [[flaron.logging.error "not enough memory"]],
      [[flaron.logging.error "error in error handling"]],
    } do
      local response = request(code .. [[
        return { status = 500, headers = { ["content-type"] = "text/html" }, body = "<h1>our own error page</h1>" }]])
      assert.is_nil(response.error)
      assert.same({ 500, "<h1>our own error page</h1>", "error" }, { response.status, response.body, response.logs[1].level })
    end
  end)

  it("has none although its page says what the runtime's does", function()
    assert.is_nil(request([[flaron.logging.error "no database"
      return { status = 500, headers = { ["content-type"] = "text/plain; charset=utf-8" }, body = "Internal Server Error" }]]).error)
  end)

  it("has none in a ws handler that closes the connection itself", function()
    local flare <close> = support.load [[local flaron = require "flaron"
      return { ws_message = function() flaron.logging.error(debug.traceback "caught") flaron.ws.close(1008) end }]]
    local response = flare:event("message", { data = "x" })
    assert.is_nil(response.error)
    assert.equal(1008, response.close_code)
  end)
end)

describe("the error of a handler that raised one", function()
  it("is the line of the log", function()
    local response = request "flaron.logging.error 'before'\nlocal x = nil + 1\nreturn x"
    assert.matches("^main.lua:4: attempt to perform arithmetic on a nil value\nstack traceback:\n", response.error)
    assert.equal(response.logs[2].text, response.error)
    assert.is_false(response.failed)
  end)

  it("is there of tables, of coroutines, with any byte", function()
    assert.matches("^%(error object is a table value%)\nstack traceback:\n", request("error {}").error)
    assert.matches("^%(error object is a nil value%)\nstack traceback:\n", request("error()").error)
    assert.matches("^12\nstack traceback:\n", request("error(12)").error)
    assert.matches("^of its own\nstack", request("error(setmetatable({}, { __tostring = function() return 'of its own' end }))").error)
    assert.matches("^main.lua:3: main.lua:3: within\nstack", request("coroutine.wrap(function() error 'within' end)()").error)
    assert.equal("a\0b\255\r\n\nstack traceback:", request([[error("a\0b\255\r\n", 0)]]).error:match "^.-traceback:")
    assert.matches("^\nstack traceback:\n", request("error('', 0)").error)
  end)

  it("is there when the message handler fails, too", function()
    local response = request "error(setmetatable({}, { __tostring = function() error 'worse' end }))"
    assert.equal(500, response.status)
    assert.equal(response.logs[#response.logs].text, response.error)
    assert.is_true(#response.error > 0)
  end)

  it("is there when a <close> variable, a finalizer's caller or the answer is to blame", function()
    assert.matches("^main.lua:3: late\n", request("local c <close> = setmetatable({}, { __close = function() error 'late' end })").error)
    assert.matches("^handle_request answered a string: ", request("return 'text'").error)
  end)

  it("is there when memory has run out", function()
    local response = request("local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end", { memory = 4 << 20 })
    assert.equal("not enough memory", response.error)
    assert.equal(500, response.status)
  end)

  it("is there when the log was full, and in it", function()
    local response = request "for i = 1, 200 do print(i) end error 'the last'"
    assert.equal(101, #response.logs)
    assert.matches(v8 and "^the error is not in the log, which was full$" or "^main.lua:3: the last\nstack", response.error)
    assert.same({ level = "error", text = response.error }, response.logs[101])
  end)

  it("keeps both ends of a long message", function()
    local text = request("error('begin' .. ('x'):rep(1 << 20) .. 'end')").error
    if v8 then
      assert.equal(4096, #text)
    else
      assert.is_true(#text <= 64 << 10 and #text > 60 << 10)
      assert.matches("^main.lua:3: beginx+%.%.%.x+end\nstack traceback:\n.*main.lua:3: in function <main.lua:2>", text)
    end
  end)

  it("is that of each invocation alone", function()
    local flare <close> = support.load [[local flaron = require "flaron"
      return function()
        if flaron.request.method() == "PUT" then error(flaron.request.body(), 0) end
        return { body = "fine" }
      end]]
    for i = 1, 5 do
      assert.matches("^number " .. i .. "\nstack", flare:request({ method = "PUT", body = "number " .. i }).error)
      assert.is_nil(flare:request({}).error)
    end
  end)

  for _, event in ipairs { "open", "message", "close" } do
    it("is there in ws_" .. event, function()
      local flare <close> = support.load(("return { ws_%s = function() local t = nil; return t.x end }"):format(event))
      for _ = 1, 2 do
        local response = flare:event(event, { data = "x" })
        assert.matches("^main.lua:1: attempt to index a nil value %(local 't'%)\nstack traceback:", response.error)
        assert.equal(1011, response.close_code)
        assert.is_false(response.failed)
      end
    end)
  end
end)

if not v8 then
  describe("the error of a handler that the edge ended", function()
    it("is the script's at a CPU time limit", function()
      local response = request("while true do end", { cpu_ms = 20 })
      assert.matches("^main.lua:3: stopped: CPU time limit reached\nstack traceback:\n", response.error)
      assert.is_false(response.failed)
    end)

    it("is the edge's sentence when it was inside a C function", function()
      local response = request([[return { body = (("a"):rep(100000)):match("(.-)(.-)(.-)b") }]], { cpu_ms = 20 })
      assert.matches("^stopped: CPU time limit reached inside a C function\nstack traceback:\n\t", response.error)
      assert.is_true(response.failed)
      assert.equal(response.logs[1].text, response.error)
    end)
  end)
end
