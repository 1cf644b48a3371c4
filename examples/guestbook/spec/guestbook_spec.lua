local edge = require "flaron.edge"

describe("guestbook", function()
  local flare = assert(edge.load("main.lua", { now = 1700000000, secrets = { FORM_KEY = "for specs" } }))

  local function ask(path, headers) return flare:request { url = "https://book.example" .. path, headers = headers } end

  -- Sends the form as a browser does: with the token of a page and its cookie.
  local function send(text, more)
    local answer = ask "/"
    local cookie = answer.headers["set-cookie"]:match "^[^;]*"
    local token = more and more.token or answer.body:match 'name="csrf_token" value="([^"]*)"'
    local body = { "--B", 'content-disposition: form-data; name="csrf_token"', "", token }
    for _, line in ipairs { "--B", 'content-disposition: form-data; name="text"', "", text } do body[#body + 1] = line end
    for _, line in ipairs { "--B", 'content-disposition: form-data; name="picture"; filename="a <b>.png"',
      "content-type: image/png", "", "\x89PNG\r\n\0", "--B--", "" } do body[#body + 1] = line end
    return flare:request {
      method = "POST", url = "https://book.example/", body = table.concat(body, "\r\n"),
      headers = {
        ["content-type"] = "multipart/form-data; boundary=B", cookie = cookie, ["sec-fetch-site"] = more and more.site or "same-origin",
        ["accept-language"] = more and more.language,
      },
    }
  end

  it("keeps what a form says, and shows it", function()
    assert.response(send "Nice & warm").has.status(303)
    local answer = ask "/"
    assert.matches("<p>1 entry</p>", answer.body, 1, true)
    assert.matches("<p>Nice &amp; warm (a &lt;b&gt;.png, 7 bytes)</p>", answer.body, 1, true)
    assert.response(answer).has.header("x-frame-options", "DENY")
  end)

  it("speaks the visitor's language, with its plural forms", function()
    for n = 1, 3 do
      send("entry " .. n)
      flare:advance(1)
    end
    local answer = ask("/", { ["accept-language"] = "de, pl;q=0.5, en;q=0.1" })
    assert.matches("<h1>Księga gości</h1>\n<p>3 wpisy</p>", answer.body, 1, true)
    assert.matches("a &lt;b&gt;.png, 7 bytes", answer.body, 1, true) -- what Polish lacks is English
    assert.is_true(answer.body:find "entry 3" < answer.body:find "entry 1")
    assert.equal("Napisz coś.\n", send(" ", { language = "pl" }).body)
  end)

  it("refuses forms of other sites and without a token of ours", function()
    for reason, more in pairs { ["cross-site"] = { site = "cross-site" }, forged = { token = "x.y" } } do
      local answer = send("spam", more)
      assert.response(answer).has.status(403)
      assert.response(answer).has.log("warn", "refused:\t" .. reason)
    end
    assert.matches("<p>0 entries</p>", ask("/").body, 1, true)
  end)

  it("takes five entries a minute", function()
    for _ = 1, 5 do assert.response(send "hello").has.status(303) end
    local answer = send "hello"
    assert.response(answer).has.status(429)
    assert.is_true(tonumber(answer.headers["retry-after"]) > 0)
  end)

  it("gives its entries to other sites, ten seconds old at most", function()
    local foreign = { origin = "https://other.example" }
    local answer = ask("/entries.json", foreign)
    assert.equal("[]", answer.body)
    assert.response(answer).has.header("access-control-allow-origin", "*")
    send "new"
    answer = ask("/entries.json?again", foreign)
    assert.equal("[]", answer.body)
    assert.response(answer).has.header("access-control-allow-origin", "*")
    assert.response(answer).has.header("cache-status", "entries; hit; ttl=10")
    assert.response(ask("/entries.json", { ["if-none-match"] = answer.headers.etag })).has.status(304)
    flare:advance(10)
    assert.matches('"text":"new"', ask("/entries.json").body, 1, true)
  end)
end)
