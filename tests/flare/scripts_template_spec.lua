-- scripts_template_spec.lua - flaron.template: tags, names, escaping, and messages with the template's lines.
local evaluate = require "evaluate"
local support = require "support"

describe("flaron.template", function()
  local flare

  setup(function()
    flare = evaluate.open({}, { ["flare.lua"] = "return { modules = { 'flaron.template' } }" })
  end)

  teardown(function() flare:close() end)

  -- What a template and the source of a table give.
  local function render(source, values)
    return flare:value(("return require 'flaron.template'.compile(%q, 'page'):render(%s)"):format(source, values or ""))
  end

  -- The message of the error that a template raises.
  local function fault(source, values)
    return flare:fault(("require 'flaron.template'.compile(%q, 'page'):render(%s)"):format(source, values or ""))
  end

  it("copies what is no tag, byte by byte", function()
    local bytes = {}
    for byte = 0, 255 do bytes[#bytes + 1] = string.char(byte) end
    for _, text in ipairs { "", "a\nb\r\nc\n", "{ } {a} %} }} }}} #} {", "]] ]=] \\n \\", table.concat(bytes), "{\n{ x }}" } do
      assert.equal(text, render(text))
    end
  end)

  it("inserts values, escaped or as they are", function()
    assert.equal("&lt;&gt;&amp;&quot;&#39;|<>&\"'", render("{{ v }}|{{{ v }}}", [[{ v = "<>&\"'" }]]))
    assert.equal("&amp;amp;", render("{{ v }}", "{ v = '&amp;' }"))
    assert.equal("1 1.5 true false  ", render("{{1}} {{1.5}} {{true}} {{ f }} {{ nothing }} {{{ nothing }}}", "{ f = false }"))
    assert.equal("&lt;ab", render("{{ '<' }}{{ ('a') .. 'b' }}"))
    assert.equal("one", render("{{ ({ 'one' })[1] }}", "{}"))
    assert.equal("&lt;t&gt;", render("{{ t }}", "{ t = setmetatable({}, { __tostring = function() return '<t>' end }) }"))
  end)

  it("runs code around text", function()
    assert.equal("a1b2|", render("{% for i, x in ipairs(list) do %}{{ x }}{{ i }}{% end %}|", "{ list = { 'a', 'b' } }"))
    assert.equal("no", render("{% if x then %}yes{% else %}no{% end %}", "{}"))
    assert.equal("6", render("{% local sum = 0\nfor _, n in ipairs(list) do\n sum = sum + n\nend %}{{ sum }}", "{ list = { 1, 2, 3 } }"))
    assert.equal("x!", render("{% function shout(s) %}{{ s }}!{% end %}{% shout 'x' %}"))
    assert.equal("-- ", render("{{ '-- ' }}{% local s = '-- ' %}"))
    assert.equal("ab", render("a{# {{ no }} \n {% error() %} #}b"))
  end)

  it("knows its own names and no others of Lua or of the script", function()
    assert.equal("nil nil nil nil nil", render("{{ tostring(next) }} {{ tostring(type) }} {{ tostring(require) }} "
      .. "{{ tostring(load) }} {{ tostring(_G) }}"))
    assert.equal("function table table", render("{{ kind(ipairs) }} {{ kind(string) }} {{ kind(table) }}", "{ kind = type }"))
    assert.equal("mine", render("{{ table }}", "{ table = 'mine' }"))
    assert.equal("false", render("{{ table }}", "{ table = false }"))
    assert.equal("nil nil", render("{{ tostring(__out2) }} {{ tostring(values) }}"))
  end)

  it("changes neither the table nor the globals", function()
    assert.same({ "2 ", 1, nil, n = 3 }, flare:run [[
      local page = require "flaron.template".compile "{% x = x + 1 y = 2 %}{{ x }} {{ z }}"
      local values = { x = 1 }
      local text = page:render(values)
      page:render { x = 9 }
      return text, values.x, rawget(_G, "y")]])
  end)

  it("renders again and again, inside of itself too", function()
    assert.same({ "<i>1</i><i>2</i>", "a(b(c()))", n = 2 }, flare:run [[
      local template = require "flaron.template"
      local item = template.compile("<i>{{ n }}</i>", "item")
      local partials = {}
      partials.tree = template.compile("{{ name }}({% for _, k in ipairs(kids) do %}{{{ include('tree', k) }}}{% end %})", "tree", partials)
      return item:render { n = 1 } .. item:render { n = 2 },
        partials.tree:render { name = "a", kids = { { name = "b", kids = { { name = "c", kids = {} } } } } }]])
  end)

  it("includes partials with the same values, or others", function()
    assert.same({ "v w &lt;i&gt;", n = 1 }, flare:run [[
      local template = require "flaron.template"
      local partials = { p = template.compile("{{ v }}", "p") }
      local source = "{{{ include 'p' }}} {{{ include('p', { v = 'w' }) }}} {{ include('p', { v = mark }) }}"
      local page = template.compile(source, "page", partials)
      return (page:render { v = "v", mark = "<i>" }:gsub("&amp;", "&"))]])
    assert.equal("page:2: page: there is no partial 'q'", fault "\n{{{ include 'q' }}}")
  end)

  it("names the template and the line of a mistake when it is compiled", function()
    for source, message in pairs {
      ["a\nb\n{{ 1 + }}"] = "^page:3: unexpected symbol near '%)'$",
      ["{{ }}"] = "^page:1: ",
      ["\n{{ x"] = "^page:2: '{{' is not closed$",
      ["\n\n{% if x then }}"] = "^page:3: '{%%' is not closed$",
      ["{# \n"] = "^page:1: '{#' is not closed$",
      ["{{{ x }} }"] = "^page:1: '{{{' is not closed$",
      ["\n{% for i = 1, 2 do %}\nx\n"] = "^page:4: 'end' expected %(to close 'for' at line 2%) near <eof>$",
      ["{% if x %}"] = "^page:1: 'then' expected near <eof>$",
      ["{% if x %}y"] = "^page:1: 'then' expected near the end of a tag$",
      ["a\n{% end %}"] = "^page:2: .* near 'end'$",
      ["{#\n\n#}{# x #}\n{% y y %}"] = "^page:4: ",
      ["{{ x --[[\n]] -- y }}"] = "^page:2: a comment runs to the end of the tag: use {# #}$",
      ["{% -- y %}x"] = "^page:1: a comment runs to the end of the tag: use {# #}$",
      ["{{ 1 --[[c }}"] = "^page:1: a comment runs to the end of the tag: use {# #}$",
      ["{{ 1 --[==[c]=] }}"] = "^page:1: a comment runs to the end of the tag: use {# #}$",
      ["{{ '\\'' -- c }}"] = "^page:1: a comment runs to the end of the tag: use {# #}$",
      ["{{ [[x]] --c }}"] = "^page:1: a comment runs to the end of the tag: use {# #}$",
      ["{{ 'x }}"] = "^page:1: unfinished string near <eof>$",
      ["{{ [[x }}"] = "^page:1: unfinished long string",
      ["{{ a, b }}"] = "^page:1: ",
    } do
      assert.matches(message, fault(source), source)
    end
  end)

  it("takes comments that end within the tag, and what looks like one in a string", function()
    for source, text in pairs {
      ["{{ 1 --[[c]] }}"] = "1", ["{{ --[==[ ]] --]==] 1 }}"] = "1", ["{{ 1 -- c\n }}"] = "1", ["{% --[[c]] %}x"] = "x",
      ["{{ '--' }}"] = "--", ['{{ "\\"--" }}'] = "&quot;--", ["{{ [[--]] }}"] = "--", ["{{ [=[]]--]=] }}"] = "]]--",
      ["{{ '\\\\' --[[']] }}"] = "\\", ["{{ 3 - -1 }}"] = "4", ["{% t = {[1]='--'} %}{{ t[1] }}"] = "--",
    } do
      assert.equal(text, render(source), source)
    end
  end)

  it("names the template and the line of a mistake when it is rendered", function()
    assert.equal("page:3: attempt to index a nil value (global 'user')", fault "\r\n\n{{ user.name }}")
    assert.equal("page:4: no", fault("{# a\nb #}\n{%\nfail('no') %}", "{ fail = error }"))
    assert.equal("page:2: attempt to perform arithmetic on a nil value (global 'n')", fault "{{ 1 }}\n{{{ n + 1 }}}")
  end)

  it("stops start-up, and not a request, with a mistake", function()
    local _, message = support.try_load "local t = require('flaron.template').compile('a\\n{{ ( }}', 'pages/home.html') return print"
    assert.matches("^pages/home%.html:2: ", message)
    local project <close> = support.load [[
      local page = require("flaron.template").compile("a\n{{ user.name }}", "pages/home.html")
      return function() return { body = page:render {} } end]]
    local answer = project:request()
    assert.equal(500, answer.status)
    assert.matches("^pages/home%.html:2: attempt to index a nil value %(global 'user'%)\n.*main%.lua:2:", support.log(answer, "error"))
  end)

  it("takes a template of a megabyte, and 10,000 tags", function()
    assert.equal(1 << 20, flare:value "return #require 'flaron.template'.compile(('<p>\\n'):rep(1 << 18)):render()")
    assert.equal(("7&amp;"):rep(10000), flare:value [[
      return require 'flaron.template'.compile(('{{ v }}{{ "&" }}'):rep(10000)):render { v = 7 }]])
  end)

  it("escapes whatever it is given", function()
    assert.same({ "", "1", "&lt;&#39;\0\255", n = 3 }, flare:run [[
      local escape = require "flaron.template".escape
      return escape(nil), escape(1), escape "<'\0\255"]])
  end)
end)
