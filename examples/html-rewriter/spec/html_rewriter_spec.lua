local edge = require "flaron.edge"

local PAGE = [[
<!DOCTYPE html>
<html><head><title>Bread <img> & butter</title></head>
<body class="home">
<h1 class="big hero">Fresh <em>bread</em></h1>
<p><a href="/offers">offers</a> <a href="https://other.example/?a=1&amp;b=2">other</a></p>
<img src="bread.jpg">
</body></html>
]]
local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local BANNER = read "banner.html"

local function load(options)
  local flare = assert(edge.load("main.lua", options))
  flare:stub_fetch("^https://www%.example%.com/", {
    headers = { ["content-type"] = "text/html; charset=utf-8" },
    body = PAGE,
  })
  return flare
end

local function ask(flare, cookie, url)
  return assert(flare:request { url = url or "https://www.example.com/", headers = { cookie = cookie } })
end

--- What becomes of `body` for a visitor who sees no change of the headline; less the banner.
local function rewrite(body, cookie)
  local flare <close> = load()
  flare:stub_fetch("", { headers = { ["content-type"] = "text/html" }, body = body })
  local response = ask(flare, cookie or "ab_hero=control")
  assert.same({}, response.logs)
  assert.equal(200, response.status)
  return response.body
end

describe("html-rewriter pages", function()
  it("changes what it should and no other byte", function()
    local expected = PAGE
      :gsub('<body class="home">', function(tag) return tag .. BANNER end)
      :gsub('amp;b=2"', '%0 rel="noopener"')
      :gsub('<img src="bread.jpg">', '<img src="bread.jpg" loading="lazy">')
    assert.equal(expected, rewrite(PAGE))
    local short = expected:gsub("Fresh <em>bread</em>", "Bread. Before you are awake.")
    assert.equal(short, rewrite(PAGE, "ab_hero=short"))
  end)

  it("marks links to other sites, and only those", function()
    local cases = {
      ['<a href="https://other.example/">'] = '<a href="https://other.example/" rel="noopener">',
      ["<A HREF='//Other.Example'>"] = "<A HREF='//Other.Example' rel=\"noopener\">",
      ['<a href=http://other.example/ target=_blank>'] =
        '<a href=http://other.example/ target=_blank rel="noopener">',
      ['<a rel="nofollow" href="https://o.example">'] = '<a rel="nofollow noopener" href="https://o.example">',
      ['<a rel="" href="https://o.example">'] = '<a rel="noopener" href="https://o.example">',
      ["<a title='say \"hi\"' href='https://o.example'>"] =
        "<a title='say \"hi\"' href='https://o.example' rel=\"noopener\">",
      ['<a rel="noopener" href="https://o.example">'] = true,
      ['<a href="https://www.example.com/x">'] = true,
      ['<a href="HTTPS://WWW.EXAMPLE.COM">'] = true,
      ['<a href="/x?u=https://other.example">'] = true,
      ['<a href="mailto:a@b.example">'] = true,
      ['<a href="#top">'] = true,
      ['<a name=x>'] = true,
      ['<a href>'] = true,
      ['<abbr href="https://other.example/">'] = true,
    }
    for before, after in pairs(cases) do
      assert.equal(after == true and before or after, rewrite(before))
    end
  end)

  it("loads images late, unless the page says how", function()
    local cases = {
      ["<img>"] = '<img loading="lazy">',
      ["<img src=a/b />"] = '<img src=a/b loading="lazy" />',
      ["<img src=a/>"] = '<img src=a/ loading="lazy">',
      ['<img alt="a > b" src=x>'] = '<img alt="a > b" src=x loading="lazy">',
      ['<img loading="eager" src=x>'] = true,
      ["<IMG LOADING=eager>"] = true,
    }
    for before, after in pairs(cases) do
      assert.equal(after == true and before or after, rewrite(before))
    end
  end)

  it("looks into no comment, script or text, and copies what is broken", function()
    for _, page in ipairs {
      "<!-- <img> --><!--><!DOCTYPE x><?php <b ?>", "<script>if (a <img>) '</scripty>'</script>",
      "<style><img></STYLE >",
      "<textarea><img></textarea>", "<title><img>", "a < b <3 </", "<img src=", "<img src='x", "<!-- <img>", "<", "",
      "\0<p \1=\2>\127",
    } do
      assert.equal(page, rewrite(page))
    end
    assert.equal('<script></script><img loading="lazy">', rewrite "<script></script><img>")
  end)

  it("changes the first hero headline only", function()
    local function short(page) return rewrite(page, "ab_hero=short") end
    local new = "Bread. Before you are awake."
    assert.equal("<h1 class=hero>" .. new .. "</H1><h1 class=hero>b</h1>",
      short "<h1 class=hero>a</H1><h1 class=hero>b</h1>")
    for _, page in ipairs { "<h1>a</h1>", "<h1 class=superhero>a</h1>", "<h2 class=hero>a</h2>", "<h1 class=hero>a" } do
      assert.equal(page, short(page))
    end
  end)

  it("does a large page in one invocation", function()
    local flare <close> = load()
    local line = '<p>text <a href="https://other.example/">x</a> <img src="a.png"></p>\n'
    flare:stub_fetch("", { headers = { ["content-type"] = "text/html" }, body = line:rep(10000) })
    local response = ask(flare, "ab_hero=control")
    assert.equal(200, response.status)
    local changed = line:gsub('example/"', '%0 rel="noopener"'):gsub('png"', '%0 loading="lazy"')
    assert.is_true(response.body == changed:rep(10000))
  end)
end)

describe("html-rewriter experiment", function()
  local HEADLINES = { control = "Fresh <em>bread</em>", short = "Bread. Before you are awake." }

  it("gives a new visitor a variant and a cookie that keeps it", function()
    local seen = {}
    for seed = 1, 12 do
      local flare <close> = load { random_seed = seed }
      local response = ask(flare)
      local cookie, variant = response.headers["set-cookie"]:match "^(ab_hero=(%w+)); "
      assert.equal(cookie .. "; Path=/; Max-Age=2592000; Secure; HttpOnly; SameSite=Lax",
        response.headers["set-cookie"])
      assert.truthy(response.body:find(HEADLINES[variant], 1, true))
      seen[variant] = true
      for _ = 1, 3 do
        response = ask(flare, "theme=dark; " .. cookie .. "; x=y")
        assert.truthy(response.body:find(HEADLINES[variant], 1, true))
        assert.is_nil(response.headers["set-cookie"])
      end
    end
    assert.same({ control = true, short = true }, seen)
  end)

  it("draws anew for a cookie that is none of the variants", function()
    local flare <close> = load()
    for _, cookie in ipairs { "ab_hero=", "ab_hero=other", "ab_hero=<script>", "xab_hero=short", ";;=" } do
      assert.matches("^ab_hero=%w+;", ask(flare, cookie).headers["set-cookie"])
    end
    assert.is_nil(ask(flare, 'ab_hero="short"').headers["set-cookie"])
  end)

  it("sees no cookie without requires_raw_auth", function()
    local flare <close> = load { requires_raw_auth = false }
    assert.matches("^ab_hero=", ask(flare, "ab_hero=short").headers["set-cookie"])
  end)

  it("keeps answers out of shared caches", function()
    local flare <close> = load()
    local headers = ask(flare).headers
    assert.equal("private, no-cache", headers["cache-control"])
    assert.equal("cookie", headers.vary)
    assert.equal("text/html; charset=utf-8", headers["content-type"])
  end)

  it("counts how often each variant was seen", function()
    local flare <close> = load()
    for variant, times in pairs { short = 3, control = 2 } do
      for _ = 1, times do ask(flare, "ab_hero=" .. variant) end
    end
    assert.same({ ["ab:hero:short"] = "3", ["ab:hero:control"] = "2" }, flare:contents "plasma")
  end)

  it("counts no page without the headline, and none that was not found", function()
    local flare <close> = load()
    flare:stub_fetch("/about", { headers = { ["content-type"] = "text/html" }, body = "<h1>About</h1>" })
    flare:stub_fetch("/gone", { status = 404, headers = { ["content-type"] = "text/html" }, body = PAGE })
    assert.equal(200, ask(flare, "ab_hero=short", "https://www.example.com/about").status)
    assert.equal(404, ask(flare, "ab_hero=short", "https://www.example.com/gone").status)
    assert.same({}, flare:contents "plasma")
  end)

  it("serves the page when the count is refused", function()
    local flare <close> = load { writes_plasma_kv = false }
    local response = ask(flare, "ab_hero=short")
    assert.equal(200, response.status)
    assert.truthy(response.body:find(HEADLINES.short, 1, true))
    assert.equal("ab:hero:short not counted:\trefused", response.logs[#response.logs].text) -- behind the host's own
  end)
end)

describe("html-rewriter upstream", function()
  it("is asked for the path and the query of the request", function()
    local flare <close> = load()
    local asked = {}
    flare:stub_fetch("", function(question)
      asked[#asked + 1] = question.url
      return { headers = { ["content-type"] = "text/html" } }
    end)
    for _, url in ipairs { "http://e.x/a/b?c=d#e", "http://e.x", "http://e.x?q", "http://e.x//evil.example/" } do
      ask(flare, nil, url)
    end
    assert.same({
      "https://www.example.com/a/b?c=d", "https://www.example.com/", "https://www.example.com/?q",
      "https://www.example.com//evil.example/",
    }, asked)
  end)

  it("that fails is a 502", function()
    local flare <close> = load()
    flare:stub_fetch("", function() return nil, "connection refused" end)
    local response = ask(flare)
    assert.equal(502, response.status)
    assert.equal("the site does not answer\n", response.body)
    assert.is_nil(response.headers["set-cookie"])
    assert.response(response).has.log("error", "upstream:\tconnection refused")
    flare:stub_fetch("", { status = 503, body = "down" })
    response = ask(flare)
    assert.equal(502, response.status)
    assert.response(response).has.log("error", "upstream:\t503")
    flare:fail("beam_fetch", true)
    assert.equal(502, ask(flare).status)
    assert.same({}, flare:contents "plasma")
  end)

  it("answers by itself when it is no page, or the request no GET", function()
    local flare <close> = load()
    for _, kind in ipairs { "image/png", "application/json", "text/htmlx", "" } do
      flare:stub_fetch("", { headers = { ["content-type"] = kind }, body = "<img>" })
      local response = ask(flare)
      assert.equal("pass_through", response.action)
      assert.same({}, response.headers)
      assert.equal("", response.body)
    end
    local response = flare:request { method = "POST", url = "https://www.example.com/" }
    assert.equal("pass_through", response.action)
    assert.is_nil(response.calls.beam_fetch)
    flare:stub_fetch("", { headers = { ["content-type"] = "TEXT/HTML ;charset=utf-8" }, body = "<img>" })
    assert.equal("respond", ask(flare).action)
  end)
end)
