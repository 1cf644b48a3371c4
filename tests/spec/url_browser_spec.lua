-- url_browser_spec.lua - flaron.url and allow-lists against the URL standard that browsers have: Node's `URL`. What
-- flaron.url takes for a URL has the scheme, host and port that a browser goes to. Needs no flare: flaron.url is Lua alone.
local support = require "support"
local url = require "flaron.url"

-- What Node makes of each text, relative to https://base.example/d/x: { protocol, hostname, port }, or false.
local function ask_node(texts)
  local folder = support.folder()
  local lines = {}
  for n, text in ipairs(texts) do
    lines[n] = text:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
  end
  support.write(folder .. "/texts", table.concat(lines, "\n"))
  support.write(folder .. "/ask.mjs", [[
    import { readFileSync } from "node:fs"
    for (const line of readFileSync(process.argv[2], "latin1").split("\n")) {
      const text = Buffer.from(line, "hex").toString()
      let answer = "no"
      try {
        const u = new URL(text, "https://base.example/d/x")
        answer = u.protocol + " " + u.hostname + " " + u.port
      } catch {}
      console.log(answer)
    }]])
  local code, output, errors = support.run(("node %s/ask.mjs %s/texts"):format(folder, folder))
  assert.same({ 0, "" }, { code, errors })
  local answers = {}
  for line in output:gmatch "[^\n]*\n" do
    local protocol, host, port = line:match "^(%S+): (%S*) (%d*)\n$"
    answers[#answers + 1] = protocol and { protocol, host, port } or false
  end
  assert.equal(#texts, #answers)
  return answers
end

local PORTS = { http = 80, https = 443, ws = 80, wss = 443, ftp = 21 }

-- How many of the texts both take; each must be the same to both.
local function compare(texts)
  local both = 0
  for n, answer in ipairs(ask_node(texts)) do
    local parts = url.parse(texts[n])
    if parts and answer then
      both = both + 1
      local scheme = parts.scheme or "https"
      local expected = { scheme, parts.host or (parts.scheme and "" or "base.example"),
        parts.port and parts.port ~= PORTS[scheme] and tostring(parts.port) or "" }
      if not PORTS[scheme] then expected[2] = answer[2] end -- of other schemes browsers know no host but as it is written
      assert.same(expected, answer, ("%q"):format(texts[n]))
    end
  end
  return both
end

describe("what flaron.url takes for a URL is the same for browsers", function()
  it("for what is known to differ elsewhere", function()
    compare {
      "https://evil.com\\@good.com/", "/\\evil.com", "\\\\evil.com", "/\t/evil.com", "https:evil.com", "https:/evil.com",
      "https:///evil.com",
      "http:\\\\evil.com", "//evil.com\\@good.com", "http://good.com#@evil.com/", "http://good.com?@evil.com/",
      "http://good.com;@evil.com/",
      "http://a%2eb/", "http://%41.com/", "http://a%2fb/", "http://a%00b/", "http://a%40b/", "http://0x7f.1/", "http://127.1/",
      "http://2130706433/",
      "http://017700000001/", "http://1.2.3.4./", "http://1.2.3/", "http://256.1.1.1/", "http://01.2.3.4/", "http://a.1/", "http://0x/",
      "http://[::1]/", "http://[0:0:0:0:0:0:0:1]/", "http://[::ffff:127.0.0.1]/", "http://[1:0:0:2:0:0:0:3]/", "http://[1::2:0:0:3]/",
      "http://[0:1:0:1:0:1:0:1]/", "http://[::1%25eth0]/", "http://[v1.x]/", "http://u@v@h/", "http://u:p@h:80/", "http://h:/",
      "http://h:0/",
      "http://h:00080/", "http://h.:443/", "http://EXAMPLE.com/", "http://a!$&'()*+,;=b/", "http://_~-/", "//h", "//h:1?x", "a:b",
      "a/b:c", ":b",
      "1:2", "", "?", "#", "./x", "../x", "javascript:alert(1)", "mailto:a@b.c", "data:text/html,x", "file:x", "ws:x", "wss://h",
      "ftp://h:21/",
      "foo://h:1/", "http://xn--bcher-kva/", "http://b\u{fc}cher.example/", "http://h\u{ff0f}x/", "http://h\u{3002}x/", "http://\u{ad}h/",
    }
  end)

  it("for 20,000 that are made of what separates parts", function()
    local words = { "http:", "https:", "HTTP:", "ws:", "foo:", "//", "//", "//", "/", "\\", "@", ":", ":80", ":443", ":65536", "[",
      "]", "[::1]",
      "[1:0::ffff:1.2.3.4]", "::", "1.2.3.4", "0x7f", "1", "255", "%2f", "%41", "%5C", "%40", "%", ".", "..", ";", "?", "#", "<", ">",
      "^", "|", "é",
      "\t", " ", "\0", "xn--", "a", "b.c", "EVIL.com", "good.com", "-", "_", "!", "$", "&", "'", "(", "*", "+", ",", "=", "~", '"',
      "{", "`" }
    math.randomseed(11)
    local texts = {}
    for n = 1, 20000 do
      local parts = {}
      if math.random(2) == 1 then parts[1] = ({ "http://", "https://", "//", "/" })[math.random(4)] end
      for _ = 1, math.random(1, 7) do parts[#parts + 1] = words[math.random(#words)] end
      texts[n] = table.concat(parts)
    end
    assert.is_true(compare(texts) > 1000)
  end)
end)
