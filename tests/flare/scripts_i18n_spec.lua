-- scripts_i18n_spec.lua - flaron.i18n: which language, which form, which text. The forms are compared with those of Node, which has
-- all rules of CLDR.
local evaluate = require "evaluate"
local support = require "support"

local LANGUAGES = "af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fil fr ga gl gu he hi hr hu id is it ja ka kk km kn "
  .. "ko ky lo lt lv mk ml mn mr ms mt my nb ne nl nn no pl pt pt-PT ro ru sk sl sq sr sv sw ta te th tr uk ur uz vi zh zu de-AT sr-Latn-RS"

local NUMBERS = {}
for n = 0, 130 do NUMBERS[#NUMBERS + 1] = tostring(n) end
for text in ("200 201 202 203 211 212 800 900 1000 1001 1002 1011 1000000 1000001 2000000 0.0 0.1 0.5 1.0 1.1 1.2 1.21 1.50 1.11 2.0 2.2 "
  .. "3.0 5.10 0.11 0.19 10.12 11.0 11.11 12.01 21.1 21.0 100.1 1000000.0"):gmatch "%S+" do NUMBERS[#NUMBERS + 1] = text end

local ASK_NODE = [[
const [languages, numbers] = process.argv.slice(1).map((text) => text.split(' '));
for (const type of ['cardinal', 'ordinal']) for (const language of languages) {
  const forms = numbers.filter((n) => type == 'cardinal' || !n.includes('.')).map((n) => {
    const digits = (n.split('.')[1] ?? '').length;
    const rules = new Intl.PluralRules(language, { type, minimumFractionDigits: digits, maximumFractionDigits: digits });
    return rules.select(Number(n));
  });
  console.log(type, language, forms.join(' '));
}]]

describe("flaron.i18n", function()
  local flare = evaluate.open({}, {
    ["flare.lua"] = "return { modules = { 'flaron.i18n', 'i18n_forms' } }",
    ["i18n_forms.lua"] = [[
      local i18n = require "flaron.i18n"
      return function(languages, numbers)
        local out = {}
        for _, kind in ipairs { "cardinal", "ordinal" } do
          for language in languages:gmatch "%S+" do
            local forms = {}
            for number in numbers:gmatch "%S+" do
              if kind == "cardinal" or not number:find(".", 1, true) then
                forms[#forms + 1] = i18n.plural(language, number, kind == "ordinal")
              end
            end
            out[#out + 1] = ("%s %s %s\n"):format(kind, language, table.concat(forms, " "))
          end
        end
        return table.concat(out)
      end]],
  })

  it("has the plural forms of CLDR", function()
    local code, expected = support.run(("node -e %s %s %s"):format(support.quote(ASK_NODE), support.quote(LANGUAGES),
      support.quote(table.concat(NUMBERS, " "))))
    assert.equal(0, code)
    local got = flare:value(("return require 'i18n_forms'(%q, %q)"):format(LANGUAGES, table.concat(NUMBERS, " ")))
    local left = expected:gmatch "[^\n]+"
    for line in got:gmatch "[^\n]+" do assert.equal(left(), line) end
    assert.is_nil(left())
  end)

  it("takes numbers as they are", function()
    for code, expected in pairs {
      ["'en', 1"] = "one", ["'en', 1.0"] = "one", ["'en', '1.0'"] = "other", ["'en', -1"] = "one", ["'en', 1.5"] = "other",
      ["'fr', 1.5"] = "one", ["'en', 'x'"] = "other", ["'xx', 1"] = "other", ["'en', 22, true"] = "two", ["'en', 1/0"] = "other",
      ["'ru', math.maxinteger"] = "many", ["'en', '1.'"] = "one",
    } do
      assert.equal(expected, flare:value(("return require 'flaron.i18n'.plural(%s)"):format(code)), code)
    end
  end)

  it("chooses a language by weight and by the longest beginning", function()
    local list = "{ 'en', 'de', 'pt-BR', 'zh-Hant', 'fr' }"
    for header, expected in pairs {
      ["de"] = "de", ["DE"] = "de", ["de-AT"] = "de", ["pt"] = "en", ["pt-br"] = "pt-BR", ["pt-BR-x-a"] = "pt-BR",
      ["zh-Hant-TW"] = "zh-Hant", ["zh-Hant-x-private"] = "zh-Hant", ["zh"] = "en", [""] = "en", ["xx"] = "en", ["*"] = "en",
      ["fr;q=0.5, de;q=0.9"] = "de", ["fr, de"] = "fr", ["de;q=0.5,fr;q=0.5"] = "de", ["xx, fr;q=0.1"] = "fr", ["fr;q=0, *"] = "en",
      ["en;q=0, *;q=0.1"] = "de", ["de-CH;q=0.9, fr;q=0.8"] = "de", ["fr;q=0"] = "en", ["fr ; Q=0.3 , de;q=0.2"] = "fr",
      ["de;q=2, fr"] = "fr", ["de;q=x, fr;q=0.1"] = "fr", [",,;q=1,fr"] = "fr", ["de;q=0.001, fr;q=0.002"] = "fr",
      ["*;q=0.5, fr"] = "fr", ["en;q=0, xx"] = "de",
    } do
      assert.equal(expected, flare:value(("return require 'flaron.i18n'.negotiate(%q, %s)"):format(header, list)), header)
    end
    assert.equal("en", flare:value(("return require 'flaron.i18n'.negotiate(nil, %s)"):format(list)))
    for header, expected in pairs { -- longer than any language tag
      ["('de-'):rep(10000) .. 'x'"] = "de", ["'pt-BR' .. ('-abcdefgh'):rep(6) .. '-abcde'"] = "pt-BR",
      ["'pt-BR' .. ('-abcdefgh'):rep(6) .. '-abcd-x'"] = "pt-BR", ["('de'):rep(10000)"] = "en", ["('-'):rep(10000)"] = "en",
    } do
      assert.equal(expected, flare:value(("return require 'flaron.i18n'.negotiate(%s, %s)"):format(header, list)), header)
    end
    assert.matches("there is no language", flare:fault "require 'flaron.i18n'.negotiate('a', {})")
    assert.matches("item 1 is not a language tag", flare:fault "require 'flaron.i18n'.negotiate('a', { 'a b' })")
  end)

  local files = {
    ["main.lua"] = [[
      local i18n, flaron = require "flaron.i18n", require "flaron"
      local texts = i18n.new { languages = { "en", "pt-BR", "gsw", "de" }, folder = "texts", fallbacks = { gsw = "de" } }
      return function()
        local language, out = texts:language(), {}
        local values = flaron.json.decode(flaron.request.body())
        for key in flaron.request.header("keys"):gmatch "%S+" do out[#out + 1] = texts:text(language, key, values) end
        return { headers = { language = language }, body = table.concat(out, "|") }
      end]],
    ["flare.lua"] = "return { assets = { 'texts/*.json' }, requires_body = true }",
    ["texts/en.json"] = [[{ "hello": "Hello, {name}{{x}", "cart": { "items": { "one": "{count} item", "other": "{count} items" },
      "place": { "ordinal": { "one": "{count}st", "two": "{count}nd", "few": "{count}rd", "other": "{count}th" } } }, "only": "only" }]],
    ["texts/de.json"] = [[{ "hello": "Hallo {name}", "de": "deutsch",
      "cart": { "items": { "one": "{count} Ding", "other": "{count} Dinge" } } }]],
    ["texts/gsw.json"] = [[{ "hello": "Grüezi {name}" }]],
    ["texts/pt-BR.json"] = [[{ "cart.items": { "one": "{count} coisa", "many": "{count} de coisas", "other": "{count} coisas" } }]],
  }

  it("has texts with values and forms, and those of other languages in their stead", function()
    local site <close> = support.load(files)
    local function ask(language, keys, values)
      local headers = { ["accept-language"] = language, keys = keys }
      local answer = assert(site:request { method = "POST", headers = headers, body = values or "{}" })
      return answer.body, answer
    end
    assert.equal("Hello, Ada{x}|1 item|only", ask("en", "hello cart.items only", '{"name":"Ada","count":1}'))
    assert.equal("Hallo Ada|0 Dinge|only", ask("de-AT", "hello cart.items only", '{"name":"Ada","count":0}'))
    assert.equal("Grüezi Ada|2 Dinge|deutsch|only", ask("gsw", "hello cart.items de only", '{"name":"Ada","count":2}'))
    assert.equal("0 coisa|only", ask("pt-BR", "cart.items only", '{"count":0}'))
    assert.equal("2000000 de coisas", ask("pt-BR", "cart.items", '{"count":2000000}'))
    for n, expected in pairs { [1] = "1st", [2] = "2nd", [3] = "3rd", [4] = "4th", [11] = "11th", [102] = "102nd" } do
      assert.equal(expected, ask("en", "cart.place", ('{"count":%d}'):format(n)))
    end
    assert.equal("{count} items", ask("en", "cart.items"))
    local body, answer = ask("de", "nothing nothing hello hello", "{}")
    assert.equal("nothing|nothing|Hallo {name}|Hallo {name}", body)
    local lines = {}
    for _, line in ipairs(answer.logs) do lines[#lines + 1] = line.text end
    assert.same({ "i18n: no text 'nothing' in de", "i18n: the text 'hello' has no value 'name'" }, lines)
  end)

  it("says at start-up which texts are wrong", function()
    for code, message in pairs {
      ["{}"] = "option 'languages' of i18n.new: missing",
      ["{ languages = { 'en' } }"] = "option 'messages' of i18n.new: missing, and so is 'folder'",
      ["{ languages = {}, messages = {} }"] = "option 'languages' of i18n.new: there is no language",
      ["{ languages = { 'en' }, folder = 'texts' }"] = "i18n.new: there is no asset 'texts/en.json'",
      ["{ languages = { 'en' }, messages = { en = { a = { b = 1 } } } }"] = "i18n.new: en: the text 'a.b' is a number",
      ["{ languages = { 'en' }, mesages = {} }"] = "unknown option 'mesages' of i18n.new: did you mean 'messages'?",
    } do
      assert.matches(message, flare:fault("require 'flaron.i18n'.new " .. code), 1, true)
    end
  end)
end)
