-- scripts_html_spec.lua - flaron.html: what selectors mean, what handlers change, and that all else stays byte for byte.
local evaluate = require "evaluate"

describe("flaron.html", function()
  local flare = evaluate.open({}, { ["flare.lua"] = "return { modules = { 'flaron.html' }, requires_body = true }" })

  -- The page after handlers: code that goes on from html.new().
  local function rewrite(page, code)
    return flare:value("local html = require 'flaron.html' return html.new()" .. code .. ":rewrite(request.body())",
      { method = "POST", body = page })
  end

  -- What a selector means in a page: the ids, in order.
  local function ids(page, css)
    return flare:value(([[
      local list = {}
      require 'flaron.html'.new():on(%q, function(e) list[#list + 1] = e:get "id" or e.name end):rewrite(request.body())
      return table.concat(list, " ")]]):format(css), { method = "POST", body = page })
  end

  it("knows selectors", function()
    local page = [[<DIV id=1 class="a b"><p id=2 lang=en-GB>x<b id=3></b></p><P id=4 title="x &amp; y" data-n="Ab c"></DIV>]]
      .. [[<p id=5 class=B><a id=x:y href="https://a/b.pdf">]]
    for css, expected in pairs {
      div = "1", P = "2 4 5", ["*"] = "1 2 3 4 5 x:y", ["#3"] = "3", [".a"] = "1", [".a.b"] = "1", [".B"] = "5", ["p.b"] = "",
      ["[title]"] = "4", ["[TITLE='x & y']"] = "4", ["p[title][data-n]"] = "4", ["[lang|=en]"] = "2", ["[lang|='en-GB']"] = "2",
      ["[lang|=e]"] = "", ["[href^='https://']"] = "x:y", ["[href$=\".pdf\"]"] = "x:y", ["[href*=a\\/b]"] = "x:y", ["[href^='']"] = "",
      ["[data-n~=c]"] = "4", ["[data-n~='']"] = "", ["[data-n='AB C']"] = "", ["[data-n='AB C' i]"] = "4", ["[ data-n = 'AB C'i ]"] = "4",
      ["div p"] = "2 4", ["div b"] = "3", ["div > b"] = "", ["div > p > b"] = "3", ["div>p"] = "2 4", ["p b, #5 , a"] = "3 5 x:y",
      ["#x\\:y"] = "x:y", ["p p"] = "", ["div div"] = "", ["* * *"] = "3", [" p  >  b "] = "3",
    } do
      assert.equal(expected, ids(page, css), css)
    end
    assert.equal("1 2 3", ids("<i id=1><i id=2><i id=3>", "i"))
    assert.equal("3", ids("<i id=1><b><i id=2></b><u><i id=3>", "i u > i"))
    assert.equal("3 4", ids("<a><b><a><b id=3><c></c></b></a><x><b id=4>", "a a b, b x b"))
  end)

  it("takes handlers by selector", function()
    local changed = flare:value [[
      local handlers = { ["b i"] = function(e) e:append "2" end, b = function(e) e:append "1" end }
      return require 'flaron.html'.new(handlers):rewrite "<b><i></i></b>"]]
    assert.equal("<b><i>2</i>1</b>", changed)
    for code, message in pairs {
      ["{ print }"] = "functions by selectors expected, found a function by a number", ["{ a = 1 }"] = "found a number by a string",
      ["{ [':x'] = print }"] = "the selector ':x': ':x' is not known here",
    } do
      assert.matches(message, flare:fault("require 'flaron.html'.new " .. code), 1, true)
    end
  end)

  it("says which selector is wrong, and where it is written", function()
    for css, why in pairs {
      ["p:first"] = "':first' is not known here", [""] = "'' is not known here", ["a,"] = "'' is not known here",
      [","] = "',' is not known here",
      ["a > > b"] = "'> b' is not known here", ["a + b"] = "'+ b' is not known here", ["[a"] = "a bracket does not end",
      ["[a=]"] = "the attribute a has no value", ["[=a]"] = "an attribute has no name", ["[a='b]"] = "quotes do not end",
      ["."] = "there is no name behind '.'", ["a#"] = "there is no name behind '#'", [("a "):rep(61)] = "it has more than 60 parts",
    } do
      assert.equal(("script:1: bad argument #1 to 'rewriter:on' (the selector '%s': %s)"):format(css, why),
        select(2, table.unpack(flare:run(("return pcall(function() require 'flaron.html'.new():on(%q, print) end)"):format(css)), 1, 2)))
    end
  end)

  it("knows which elements are in which", function()
    for page, expected in pairs {
      ["<ul><li id=1>a<li id=2><p>b<ul><li id=3></ul><li id=4></ul><li id=5>"] = "1 2 3 4",
      ["<p><b><div><li id=1></div>"] = "", ["<ul></p><br></b></ul><li id=1>"] = "", ["<ul/><li id=1>"] = "1",
      ["<ul><img><br/><input><li id=1></ul><li id=2>"] = "1", ["<ul><script></ul></script><li id=1>"] = "1",
      ["<ul><svg><li id=1></svg>"] = "1", ["<svg><ul/><li id=1>"] = "1", ["<svg><g/><ul></svg><li id=1>"] = "1",
      ["<ul><svg><path/></svg><li id=1>"] = "1",
      ["<UL><Li id=1></uL ><li id=2>"] = "1", ["<ul><table><tr><td></ul><li id=1></table></ul><li id=2>"] = "1",
      ["<ul><svg><title></ul></title><li id=1>"] = "1",
    } do
      assert.equal(expected, ids(page, "ul li"), page)
    end
    for page, expected in pairs {
      ["<p id=1>a<p id=2>"] = "1 2", ["<p><a id=1></a><div><a id=2>"] = "1", ["<p><a id=1></a><span><a id=2>"] = "1 2",
      ["<p><button><div></div><a id=1></a></button><a id=2>"] = "1 2", ["<p><table><tr><td><p><a id=1></a></table>"] = "1",
    } do
      assert.equal(expected:find "2" and page:find "^<p id" and "1 2" or expected, ids(page, page:find "^<p id" and "p" or "p a"), page)
    end
    assert.equal("1 2", ids("<table><tr><td id=1><b><td id=2>x<tr><tbody></table><td id=3>", "table tr > td"))
    assert.equal("1 2", ids("<select><option id=1>a<option id=2>b</select>", "select > option"))
    assert.equal("1 2 3", ids("<dl><dt id=1><dd id=2><dt id=3></dl>", "dl > *"))
  end)

  it("reads tags, comments and raw text as browsers do", function()
    for page, expected in pairs {
      ["<!-- <i> --><i id=1>"] = "1", ["<!--><i id=1>-->"] = "1", ["<!---><i id=1>-->"] = "1", ["<!----><i id=1>"] = "1",
      ["<!----!><i id=1>"] = "1", ["<!-- --!><i id=1>"] = "1", ["<!-- -- ><i id=1>"] = "", ["<!---!><i id=1>-->"] = "",
      ["<!x '>'<i id=1>"] = "1",
      ["<?php <i id=1> ?><i id=2>"] = "2", ["</ <i id=1><i id=2>"] = "2", ["</><i id=1>"] = "1", ["<![CDATA[<i id=1>]]>"] = "",
      ["<svg><![CDATA[><i id=1>]]><i id=2>"] = "2", ["<![CDATA[><i id=1>"] = "1", ["a < b <3 <i id=1>"] = "1", ["<<i id=1>"] = "1",
      ["<a title='<i id=1>'><i id=2>"] = "2", ["<a b=\">\"<i id=1>"] = "", ["</a title='<i id=1>'><i id=2>"] = "2",
      ["<script><i id=1></script ><i id=2>"] = "2", ["<script></scripty><i id=1></script/><i id=2>"] = "2",
      ["<script><!--<script></script><i id=1>--></script><i id=2>"] = "2", ["<script><!--<script></script><i id=1></script><i id=2>"] = "2",
      ["<script><!--></script><i id=1>"] = "1", ["<script><!--<script>--></script><i id=1>"] = "1",
      ["<script><!-- </script><i id=1>"] = "1",
      ["<style><!--</style><i id=1>"] = "1", ["<textarea><i id=1></textarea><i id=2>"] = "2", ["<title></TITLE\n><i id=1>"] = "1",
      ["<plaintext></plaintext><i id=1>"] = "", ["<svg><style><i id=1>"] = "1", ["<svg><script/><i id=1>"] = "1",
      ["<noscript><i id=1></noscript>"] = "1", ["<iframe><i id=1></iframe><xmp><i id=2></xmp><noframes><i id=3>"] = "",
    } do
      assert.equal(expected, ids(page, "i"), page)
    end
    for tag, expected in pairs {
      ["<i a=1 a=2>"] = "1", ["<i\na\t=\f'1'>"] = "1", ["<i/a=1/>"] = "1/", ["<i =a=1>"] = "nil", ["<i a>"] = "", ["<i a=>"] = "",
      ["<i a=''>"] = "",
      ["<i A=1>"] = "1", ["<i b='x'a=1>"] = "1", ["<i a=\"'\">"] = "'",
      ["<i a=&lt;&#65;&#x42;&#0;&copy;&#xD800;>"] = "<AB\u{FFFD}&copy;\u{FFFD}",
      ["<i a = b c>"] = "b", ["<i b=a=1>"] = "nil", ["<i a='1'/b>"] = "1", ["<i a=\"\n1\">"] = "\n1",
    } do
      assert.equal(expected, flare:value([[
        local got
        require 'flaron.html'.new():on("i", function(e) got = tostring(e:get "A") end):rewrite(request.body())
        return got]], { method = "POST", body = tag }), tag)
    end
  end)

  it("changes attributes, and leaves the others as they are written", function()
    for page, expected in pairs {
      ["<p>"] = '<p a="1&quot;&amp;">', ["<P  b='2' >"] = "<P  b='2' a=\"1&quot;&amp;\" >", ["<p A=0 c>"] = '<p A="1&quot;&amp;" c>',
      ["<p/>"] = '<p a="1&quot;&amp;"/>', ["<p b=c/>"] = '<p b=c/ a="1&quot;&amp;">', ["<p b=>"] = '<p b="" a="1&quot;&amp;">',
      ["<p b= >"] = '<p b= "" a="1&quot;&amp;">', ["<p b='x'c>"] = "<p b='x' c a=\"1&quot;&amp;\">",
      ["<p a=1 a=2>"] = '<p a="1&quot;&amp;" a=2>',
    } do
      assert.equal(expected, rewrite(page, [[:on("p", function(e) e:set("a", '1"&') end)]]), page)
    end
    for page, expected in pairs {
      ["<p a>"] = "<p>", ["<p a=1 b>"] = "<p b>", ["<p b a='x' c>"] = "<p b c>", ['<p a="1"c=2>'] = "<p c=2>", ["<p a=1 a=2>"] = "<p>",
      ["<p b>"] = "<p b>", ["<p A= x/>"] = "<p>", ["<p a/>"] = "<p/>",
    } do
      assert.equal(expected, rewrite(page, ":on('p', function(e) e:unset 'A' assert(not e:get 'a') end)"), page)
    end
    assert.equal('<p a="2">', rewrite("<p a=1>", ":on('p', function(e) e:unset 'a' e:set('a', '2') assert(e:get 'a' == '2') end)"))
    assert.equal('<p class="a b"><p class="b"><p class=" b ">',
      rewrite('<p class="a"><p class=""><p class=" b ">', ":on('p', function(e) e:add_word('class', 'b') end)"))
    assert.matches("bad argument #1 to 'element:set' %('a b' is not a name%)",
      flare:fault "require 'flaron.html'.new():on('p', function(e) e:set('a b', '') end):rewrite '<p>'")
  end)

  it("puts HTML before, into and behind elements", function()
    local all = ":on('p', function(e) e:before '1' e:before '2' e:prepend '3' e:append '4' e:after '5' end)"
    for page, expected in pairs {
      ["<p>a</p>b"] = "12<p>3a4</p>5b", ["<p>a<p>b"] = "12<p>3a4512<p>3b45", ["<div><p>a</div>b"] = "<div>12<p>3a45</div>b",
      ["<p></p >"] = "12<p>34</p >5", ["<p>a<b>c</p>d"] = "12<p>3a<b>c4</p>5d", ["<p a='>'>x"] = "12<p a='>'>3x45",
    } do
      assert.equal(expected, rewrite(page, all), page)
    end
    assert.equal("a1<img>2b", rewrite("a<img>b", ":on('img', function(e) e:before '1' e:after '2' end)"))
    assert.matches("element:append: <img> has no content",
      flare:fault "require 'flaron.html'.new():on('img', function(e) e:append 'x' end):rewrite '<img>'")
    assert.equal("<body>x</body></html>\n", rewrite("<body></body></html>\n", ":on('body', function(e) e:append 'x' end)"))
  end)

  it("replaces, removes and unwraps", function()
    local page = "1<div>2<p>3<b>4</b></p>5</div>6<div></div><br>7"
    assert.equal("16<br>7", rewrite(page, ":on('div', function(e) e:remove() end):on('p', function() error 'hidden' end)"))
    assert.equal("1x6x<br>7", rewrite(page, ":on('div', function(e) e:replace 'x' end)"))
    assert.equal("1<div>x</div>6<div>x</div><br>7", rewrite(page, ":on('div', function(e) e:set_content 'x' end)"))
    assert.equal("12<p>34</p>56<br>7", rewrite(page, ":on('div, b', function(e) e:unwrap() end)"))
    assert.equal("1<div>2<p>3<b>4</b></p>5</div>6<div></div>7", rewrite(page, ":on('br', function(e) e:remove() end)"))
    assert.equal("a(x)b", rewrite("a<p>1</p>b", ":on('p', function(e) e:before '(' e:replace 'x' e:after ')' e:append 'no' end)"))
    assert.equal("<p>[x]</p>", rewrite("<p>1</p>", ":on('p', function(e) e:prepend '[' e:set_content 'x' e:append ']' end)"))
    assert.equal("<ul><li>b</ul>", rewrite("<ul><li class=x>a<li>b</ul>", ":on('.x', function(e) e:remove() end)"))
  end)

  it("leaves what never ends when it is to be removed or filled", function()
    for _, what in ipairs { "remove()", "replace 'x'", "set_content 'x'" } do
      local code = (":on('div', function(e) e:before 'y' e:%s end)"):format(what)
      assert.equal("a<div>b<p>c", rewrite("a<div>b<p>c", code))
    end
  end)

  it("hands text and comments to their handlers", function()
    local upper = ":on_text('p', function(t) return t:upper() end)"
    assert.equal("a<p>B &AMP; < C<b>d</b>E</p>f", rewrite("a<p>b &amp; < c<b>d</b>e</p>f", upper))
    assert.equal("<script>x<y</script>", rewrite("<script>a</script>", ":on_text('script', function(t) return 'x<y' end)"))
    assert.equal("<p>X<!--y-->Z", rewrite("<p>x<!--y-->z", upper))
    local comments = ":on_comment(function(t) if t == 'a' then return false elseif t == 'b' then return 'c' end end)"
    assert.equal("<!--c--><!-- a --><!x><!---->", rewrite("<!--a--><!--b--><!-- a --><!x><!---->", comments))
    for _, bad in ipairs { "-->", "->", ">", "a--b", "a-" } do
      assert.matches("what is not the text of a comment",
        flare:fault(("require 'flaron.html'.new():on_comment(function() return %q end):rewrite '<!--x-->'"):format(bad)))
    end
    assert.equal("&lt;&amp;&gt;&quot;&#39;", flare:value [[return require 'flaron.html'.escape "<&>\"'"]])
  end)

  it("gives back every byte of what is broken in a thousand ways, at once", function()
    local response = select(2, flare:run [==[
      local html = require "flaron.html"
      local nothing, state = function() end, 12345
      local function random(n) state = (state * 1103515245 + 12345) % 2147483648 return state // 65536 % n + 1 end
      local pieces = { "<", ">", "</", "/>", "<!--", "-->", "--!>", "<!", "<?", "'", '"', "=", " ", "\n", "\f", "\0", "\xFF", "a",
      "p", "<p>",
        "</p>", "<a b='", "<script>", "</script>", "<script", "<style>", "</style ", "<textarea>", "</title>", "<svg>", "<math><mi>",
        "</svg>",
        "<![CDATA[", "]]>", "<table><td>", "</table>", "<li>", "<ul>", "</ul>", "&amp;", "-", "<!DOCTYPE html>", "<plaintext",
        "<img/", "é" }
      local quiet = html.new():on("*", nothing):on("ul li > a[b], .x #y", nothing):on_text("*", nothing):on_comment(nothing)
      local none = html.new():on("nowhere", function(e) e:remove() end)
      local busy = html.new():on("p", function(e) e:set("a", "b") e:before "<" e:append "x" e:after "y" end)
        :on("a", function(e) e:unwrap() end):on("li", function(e) e:remove() end):on_text("td", function() return "t" end)
      for n = 1, 1000 do
        local list = {}
        for i = 1, random(40) do list[i] = pieces[random(#pieces)] end
        local page = table.concat(list)
        assert(quiet:rewrite(page) == page, page)
        assert(none:rewrite(page) == page, page)
        busy:rewrite(page)
      end
      return true]==])
    assert.equal(200, response.status)
  end)

  it("takes a time that grows as the page does, whatever is in it", function()
    for _, piece in ipairs {
      "<p>", "<b>", "<li>", "</b>", "<td>", "<a b='", "<!--", "<script><!--", "<ul><li>", "<div class=x>", "<a b=1 ", "<h1>",
      "<marquee>", "</table>",
    } do
      -- Counted in instructions, of a page and of one twice as large, so that no clock matters.
      local one, two = table.unpack(flare:run([[
        local r = require "flaron.html".new():on("ul > li.x a", function(e) e:append "x" end):on("h1", function(e) e:set_content "x" end)
        local function count(page)
          local steps = 0
          debug.sethook(function() steps = steps + 1 end, "", 100)
          r:rewrite(page)
          debug.sethook()
          return steps
        end
        local piece = request.body()
        return count(("<b>"):rep(500) .. piece:rep(1000)), count(("<b>"):rep(1000) .. piece:rep(2000))]],
        { method = "POST", body = piece }), 1, 2)
      assert.is_true(one > 10 and two < 2.5 * one + 100, ("%s: %d, then %d"):format(piece, one, two))
    end
  end)
end)
