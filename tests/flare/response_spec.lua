-- response_spec.lua - flaron.response and what a handler may answer.
local support = require "support"

-- One flare for all: its handler is what the header says.
local handler = [[
local flaron = require "flaron"
return function() return assert(load(flaron.request.header "script", "@script.lua"))(flaron) end]]

local flare

local function with(body)
  flare = flare or support.load(handler)
  local script = "local flaron = ... local response = flaron.response\n" .. body
  return assert(flare:request { headers = { script = script } })
end

teardown(function() flare:close() end)

-- The answer to an error nobody caught, and the first line of its log.
local function failure(response)
  assert.equal(500, response.status)
  assert.equal("Internal Server Error", response.body)
  assert.same({ ["content-type"] = "text/plain; charset=utf-8" }, response.headers)
  return (support.log(response, "error"):match "^[^\n]*")
end

-- The message of the error that `code` raises inside a pcall; the invocation goes on.
local function fault(code)
  local response = with(("local _, message = pcall(function() %s end)\nresponse.set_body(message)"):format(code))
  assert.equal(200, response.status)
  return (response.body:gsub("^script%.lua:%d+: ", ""))
end

describe("response.set_status", function()
  it("sets every status from 200 to 599", function()
    for _, status in ipairs { 200, 204, 404, 599 } do
      assert.equal(status, with(("response.set_status(%d)"):format(status)).status)
    end
  end)

  it("fails with a status that ends no request, unless the origin answers", function()
    for _, status in ipairs { 100, 101, 103, 199 } do
      local said = ("handle_request answered with status %d, which ends no request: answer with 200 to 599"):format(status)
      assert.equal(said, failure(with(("response.set_status(%d)"):format(status))))
      assert.equal(said, failure(with(("return { status = %d }"):format(status))))
      local origin = with(("response.set_status(%d) return flaron.PASS_THROUGH"):format(status))
      assert.same({ "pass_through", false }, { origin.action, origin.failed })
    end
  end)

  it("takes the last of several", function()
    assert.equal(201, with("response.set_status(404) response.set_status(201)").status)
  end)

  it("takes a float or a string with an integer in it", function()
    assert.equal(404, with("response.set_status(404.0)").status)
    assert.equal(404, with("response.set_status('404')").status)
  end)

  it("is 200 when nobody calls it", function()
    assert.equal(200, with("").status)
  end)

  local wrong = {
    ["99"] = "99 is not from 100 to 599",
    ["600"] = "600 is not from 100 to 599",
    ["-1"] = "-1 is not from 100 to 599",
    ["2^40"] = "1099511627776 is not from 100 to 599",
    ["200.5"] = "number has no integer representation",
    ["'ok'"] = "number expected, got string",
    ["nil"] = "number expected, got nil",
    [""] = "number expected, got no value",
    ["{}"] = "number expected, got table",
  }
  for argument, message in pairs(wrong) do
    it(("refuses (%s)"):format(argument), function()
      assert.equal(("bad argument #1 to 'response.set_status' (%s)"):format(message),
        fault(("response.set_status(%s)"):format(argument)))
    end)
  end
end)

describe("response.set_header", function()
  it("sets a header, as often as names differ", function()
    local response = with "response.set_header('x-a', '1') response.set_header('x-b', 2)"
    assert.same({ ["x-a"] = "1", ["x-b"] = "2" }, response.headers)
  end)

  it("overwrites a name in any case", function()
    local response = with [[
      response.set_header("Content-Type", "a")
      response.set_header("x-between", "b")
      response.set_header("CONTENT-TYPE", "c")]]
    assert.same({ ["CONTENT-TYPE"] = "c", ["x-between"] = "b" }, response.headers)
  end)

  it("keeps 500 headers apart", function()
    local response = with "for i = 1, 500 do response.set_header('x-' .. i, i) end"
    for i = 1, 500 do assert.equal(tostring(i), response.headers["x-" .. i]) end
  end)

  it("warns once of a name with a '_', and sends it as it is", function()
    local response = with [[
      response.set_header("content_type", "text/html")
      response.set_header("content_type", "text/plain")
      response.set_header("X-A_b", "1")
      response.set_header("x-a-b", "1")]]
    assert.equal("text/plain", response.headers.content_type)
    assert.same({ { level = "warn", text = "response header 'content_type' has a '_': was 'content-type' meant?" },
      { level = "warn", text = "response header 'X-A_b' has a '_': was 'X-A-b' meant?" } }, response.logs)
  end)

  it("takes an empty value", function()
    assert.same({ ["x-empty"] = "" }, with("response.set_header('x-empty', '')").headers)
  end)

  local wrong = {
    ["'x\\rb', ''"] = "#1 (header name with CR, LF or NUL)",
    ["'x\\nb', ''"] = "#1 (header name with CR, LF or NUL)",
    ["'x\\0b', ''"] = "#1 (header name with CR, LF or NUL)",
    ["'', ''"] = "#1 (empty header name)",
    ["'a b', ''"] = "#1 (header name with a character that HTTP does not allow)",
    ["'a:b', ''"] = "#1 (header name with a character that HTTP does not allow)",
    ["'\\xe9', ''"] = "#1 (header name with a character that HTTP does not allow)",
    ["'x', 'a\\rb'"] = "#2 (header value with CR, LF or NUL)",
    ["'x', 'a\\nb'"] = "#2 (header value with CR, LF or NUL)",
    ["'x', 'a\\0b'"] = "#2 (header value with CR, LF or NUL)",
    ["'x', '\\n'"] = "#2 (header value with CR, LF or NUL)",
    ["'x'"] = "#2 (string expected, got no value)",
    ["'x', nil"] = "#2 (string expected, got nil)",
    ["'x', true"] = "#2 (string expected, got boolean)",
    ["{}, 'x'"] = "#1 (string expected, got table)",
    [""] = "#1 (string expected, got no value)",
  }
  for arguments, message in pairs(wrong) do
    it(("refuses (%s)"):format(arguments), function()
      assert.equal("bad argument " .. message:gsub(" ", " to 'response.set_header' ", 1),
        fault(("response.set_header(%s)"):format(arguments)))
    end)
  end

  it("leaves the header as it was when the value is refused", function()
    local response = with "response.set_header('x', 'good') pcall(response.set_header, 'x', 'a\\r\\nset-cookie: b')"
    assert.same({ x = "good" }, response.headers)
  end)
end)

describe("response.set_body", function()
  it("sets the bytes, the last of several", function()
    assert.equal("b\0c", with("response.set_body('a') response.set_body('b\\0c')").body)
  end)

  it("is also set_body_str", function()
    assert.equal("text", with("response.set_body_str('text')").body)
  end)

  it("takes a number as Lua writes it", function()
    assert.equal("42", with("response.set_body(42)").body)
    assert.equal("0.5", with("response.set_body(0.5)").body)
    assert.equal("1e+100", with("response.set_body(1e100)").body)
  end)

  it("is dropped with a warning where the status has no content", function()
    for _, status in ipairs { 204, 205, 304 } do
      local response = with(("response.set_status(%d) response.set_body 'content'"):format(status))
      assert.equal("", response.body)
      assert.same({ { level = "warn", text = ("response body of 7 bytes is dropped: status %d has no content"):format(status) } },
        response.logs)
    end
    local response = with "response.set_status(204) response.set_body 'x'"
    assert.equal("response body of 1 byte is dropped: status 204 has no content", response.logs[1].text)
    assert.same({}, with("response.set_status(204)").logs)
  end)

  it("empties a body that was set", function()
    assert.equal("", with("response.set_body('a') response.set_body('')").body)
  end)

  it("refuses what is no string", function()
    assert.equal("bad argument #1 to 'response.set_body' (string expected, got nil)", fault "response.set_body(nil)")
    assert.equal("bad argument #1 to 'response.set_body' (string expected, got no value)", fault "response.set_body()")
    assert.equal("bad argument #1 to 'response.set_body_str' (string expected, got table)",
      fault "response.set_body_str {}")
    assert.equal("bad argument #1 to 'response.set_body' (string expected, got boolean)",
      fault "response.set_body(true)")
  end)
end)

describe("what a handler answers", function()
  it("is RESPOND for nothing, nil and flaron.RESPOND", function()
    for _, answer in ipairs { "", "return nil", "return flaron.RESPOND" } do
      local response = with("response.set_status(201) " .. answer)
      assert.equal("respond", response.action)
      assert.equal(201, response.status)
    end
  end)

  it("is TRANSFORM, with what was set", function()
    local response = with "response.set_header('x-t', '1') return flaron.TRANSFORM"
    assert.equal("transform", response.action)
    assert.same({ ["x-t"] = "1" }, response.headers)
    assert.is_false(response.failed)
  end)

  describe("of the origin", function()
    local sent = "not sent: the origin's answer goes out as it is"
    local cases = {
      [""] = false,
      ["response.set_header('x-a', '1')"] = "1 header (x-a)",
      ["response.set_header('x-a', '1') response.set_header('X-B', '2') response.set_header('x-a', '3')"] = "2 headers (x-a, X-B)",
      ["response.set_status(418)"] = "the status 418",
      ["response.set_status(200)"] = "the status 200",
      ["response.set_body 'hello'"] = "a body of 5 bytes",
      ["response.set_body ''"] = false,
      ["response.set_header('x-a', '1') response.set_status(418)"] = "1 header (x-a) and the status 418",
      ["response.set_header('x-a', '1') response.set_body 'hello'"] = "1 header (x-a) and a body of 5 bytes",
      ["response.set_status(418) response.set_body 'hello'"] = "the status 418 and a body of 5 bytes",
      ["response.set_header('x-a', '1') response.set_status(418) response.set_body 'hello'"] =
        "1 header (x-a), the status 418 and a body of 5 bytes",
      ["for n = 1, 100 do response.set_header(('x-%03d'):format(n), '') end"] = "100 headers (x-001, "
    }
    for action, name in pairs { PASS_THROUGH = "pass_through", TRANSFORM = "transform" } do
      for code, what in pairs(cases) do
        it(("warns of what was set before %s: %s"):format(action, what or "nothing"), function()
          local response = with(code .. " return flaron." .. action)
          assert.equal(name, response.action)
          local line = response.logs[1]
          if not what then return assert.is_nil(line) end
          assert.equal(1, #response.logs)
          assert.equal("warn", line.level)
          assert.equal(action .. ": " .. what, line.text:sub(1, #action + 2 + #what))
          if what:find ", $" then
            assert.truthy(#line.text < 320 and line.text:find(", ...) that were set are " .. sent, 1, true))
          else
            local one = not what:find " and " and not what:find "headers"
            assert.equal(("%s: %s that %s %s"):format(action, what, one and "was set is" or "were set are", sent), line.text)
          end
        end)
      end
    end

    it("warns of nothing when the flare answers", function()
      assert.same({}, with("response.set_status(418) response.set_header('x-a', '1') return flaron.RESPOND").logs)
    end)
  end)

  it("is PASS_THROUGH", function()
    assert.equal("pass_through", with("return flaron.PASS_THROUGH").action)
  end)

  it("is a table that is applied to the response", function()
    local response = with "return { status = 418, headers = { ['X-A'] = 'a', ['x-n'] = 7 }, body = 'tea' }"
    assert.equal("respond", response.action)
    assert.equal(418, response.status)
    assert.same({ ["X-A"] = "a", ["x-n"] = "7" }, response.headers)
    assert.equal("tea", response.body)
  end)

  it("is a table that comes on top of what was set", function()
    local response = with [[
      response.set_status(404)
      response.set_header("X-A", "first")
      response.set_header("x-b", "kept")
      return { headers = { ["x-a"] = "second" }, body = 12 }]]
    assert.equal(404, response.status)
    assert.same({ ["x-a"] = "second", ["x-b"] = "kept" }, response.headers)
    assert.equal("12", response.body)
  end)

  it("is an empty table: 200 with nothing", function()
    local response = with "return {}"
    assert.equal(200, response.status)
    assert.equal("", response.body)
    assert.same({}, response.headers)
  end)

  local wrong = {
    ["0"] = "handle_request answered 0: expected flaron.RESPOND, flaron.TRANSFORM, flaron.PASS_THROUGH, "
      .. "a table or nothing",
    ["4"] = "handle_request answered 4: expected",
    ["1.5"] = "handle_request answered 1.5: expected",
    ["200"] = "handle_request answered 200: expected",
    ["'ok'"] = "handle_request answered a string: expected",
    ["'1'"] = "handle_request answered a string: expected",
    ["true"] = "handle_request answered a boolean: expected",
    ["false"] = "handle_request answered a boolean: expected",
    ["print"] = "handle_request answered a function: expected",
    ["{ status = 99 }"] = "field 'status' of the answer is 99, not an integer from 100 to 599",
    ["{ status = 600 }"] = "field 'status' of the answer is 600, not an integer from 100 to 599",
    ["{ status = 'ok' }"] = "field 'status' of the answer is ok, not an integer from 100 to 599",
    ["{ status = 200.5 }"] = "field 'status' of the answer is 200.5, not an integer from 100 to 599",
    ["{ status = true }"] = "field 'status' of the answer is true, not an integer from 100 to 599",
    ["{ body = {} }"] = "field 'body' of the answer is a table, not a string",
    ["{ body = true }"] = "field 'body' of the answer is a boolean, not a string",
    ["{ headers = 'x' }"] = "field 'headers' of the answer is a string, not a table",
    ["{ headers = { 'x' } }"] = "a key in field 'headers' of the answer is a number, not a string",
    ["{ headers = { x = {} } }"] = "header 'x' of the answer is a table, not a string",
    ["{ headers = { x = true } }"] = "header 'x' of the answer is a boolean, not a string",
    ["{ headers = { x = 'a\\r\\nb' } }"] = "field 'headers' of the answer: header value with CR, LF or NUL ('x')",
    ["{ headers = { ['a b'] = '' } }"] = "header name with a character that HTTP does not allow ('a b')",
    ["{ headers = { ['a\\r'] = '' } }"] = "header name with CR, LF or NUL",
    ["{ headers = { [''] = '' } }"] = "empty header name",
    ["{ code = 200 }"] = "the answer has an unknown field 'code': status, headers and body are known",
    ["{ 200 }"] = "the answer has an unknown field '1': status, headers and body are known",
    ["{ [true] = 1 }"] = "the answer has an unknown field 'true': status, headers and body are known",
  }
  for answer, message in pairs(wrong) do
    it(("is an error for %s"):format(answer), function()
      local line = failure(with("response.set_header('x-set', 'before') return " .. answer))
      assert.is_truthy(line:find(message, 1, true), line)
    end)
  end
end)

describe("an error in a handler", function()
  it("takes back status, headers and body, and logs message and traceback in the script's lines", function()
    local response = with [[
      response.set_status(201)
      response.set_header("set-cookie", "a=b")
      response.set_body("half")
      error "broken"]]
    assert.matches("^script%.lua:5: broken$", failure(response))
    assert.equal(1, #response.logs)
    assert.matches("stack traceback:.*script%.lua:5: in ", support.log(response, "error"))
  end)

  it("may be no string", function()
    assert.matches("^%(error object is a table value%)", failure(with "error {}"))
    assert.matches("^%(error object is a nil value%)", failure(with "error()"))
    assert.matches("told", failure(with "error(setmetatable({}, { __tostring = function() return 'told' end }))"))
  end)

  it("does not spoil the next invocation", function()
    local other <close> = support.load [[
      local flaron = require "flaron"
      return function()
        if flaron.request.url():find "bad" then
          flaron.response.set_header("x-bad", "1")
          error "bad"
        end
        return { body = "good" }
      end]]
    assert.equal(500, other:request({ url = "http://a/bad" }).status)
    local response = other:request { url = "http://a/good" }
    assert.equal("good", response.body)
    assert.same({}, response.headers)
    assert.same({}, response.logs)
  end)

  it("calls each import of the response once", function()
    local calls = with("response.set_status(201) response.set_status(202) error 'x'").calls
    assert.equal(1, calls.resp_set_status)
    assert.equal(1, calls.resp_header_set)
    assert.equal(1, calls.resp_body_set)
  end)
end)

describe("A header that no connection sends for a flare", function()
  local function answer(code)
    local response = with("response.set_body 'own' " .. code)
    local lines = {}
    for _, line in ipairs(response.logs) do lines[#lines + 1] = line.level .. ": " .. line.text end
    return response, lines
  end

  it("is a Content-Length that is wrong: it is dropped, and the right one told", function()
    for _, wrong in ipairs { "99", "0", "", "-3", "3, 3", "x" } do
      local response, lines = answer(("response.set_header('content-length', %q)"):format(wrong))
      assert.same({ "warn: response header 'content-length' is dropped: the body has 3 bytes, and the connection says so" }, lines)
      assert.same({}, response.headers)
    end
    assert.same({ "warn: response header 'Content-Length' is dropped: status 304 has no content" },
      (select(2, answer "response.set_header('Content-Length', '9') response.set_status(304) response.set_body ''")))
  end)

  it("is not a Content-Length that is right", function()
    for _, right in ipairs { "3", " 3", "03" } do
      local response, lines = answer(("response.set_header('content-length', %q)"):format(right))
      assert.same({}, lines)
      assert.equal(right, response.headers["content-length"])
    end
  end)

  it("is one of the connection", function()
    local response, lines = answer [[
      response.set_header('Connection', 'close') response.set_header('x-a', '1') response.set_header('te', 'x')]]
    assert.same({ "warn: response header 'Connection' is dropped: the connection sets it",
      "warn: response header 'te' is dropped: the connection sets it" }, lines)
    assert.same({ ["x-a"] = "1" }, response.headers)
  end)

  it("is told of by nothing but its own line where the origin answers", function()
    local _, lines = answer "response.set_header('content-length', '9') return flaron.PASS_THROUGH"
    assert.equal(1, #lines)
    assert.matches("^warn: PASS_THROUGH: 1 header %(content%-length%) and a body of 3 bytes", lines[1])
  end)
end)
