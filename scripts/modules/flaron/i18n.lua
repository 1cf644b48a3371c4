-- flaron.i18n: texts in the language of the visitor: which of the site's languages that is (RFC 9110 and RFC 4647), the texts by
-- key with values in them, and the plural forms of CLDR.
--
-- What it does not do: it formats no numbers, dates and currencies, and sorts nothing.
local argument = require "flaron.internal.argument"
local flaron = require "flaron"
local languages_of = require "flaron.internal.i18n.languages"
local plural = require "flaron.internal.i18n.plural"

--- Texts in several languages.
---@class flaron.i18n
local i18n = {}

---@class flaron.i18n.Options
---@field languages string[] tags of the languages that the site has, such as `"en"` and `"pt-BR"`; the first is the one of those who understand none of them
---@field messages? table<string, table> texts by language and key; a key may lead to a table of texts
---@field folder? string a folder of assets, each `LANGUAGE.json` with the texts of one language
---@field fallbacks? table<string, string> for a language the one whose texts stand in; else it is `pt` for `pt-BR`, and at last the first

--- The texts of a site.
---@class flaron.i18n.Texts
---@field package languages string[]
---@field package messages table<string, table<string, any>>
---@field package chains table<string, string[]>
local texts = {}
texts.__index = texts

local TYPES = { languages = "table", messages = "table", folder = "string", fallbacks = "table" }
local FORMS = { zero = true, one = true, two = true, few = true, many = true, other = true, ordinal = true }

-- What is wrong with a list of languages; nil if nothing.
local function list_fault(list)
  if #list == 0 then return "there is no language" end
  for n, language in ipairs(list) do
    if not languages_of.is_tag(language) then return ("item %d is not a language tag"):format(n) end
  end
end

--- The language for a header `Accept-Language`: by its weights (RFC 9110, 12.5.4) and, for each, the longest beginning of it that there is (RFC 4647, 3.4). A language of weight 0 is not chosen.
---
--- Raises: for a list that is empty or has what is not a language tag.
---@param header string? the header's value; `nil` gives the first language.
---@param languages string[] what there is; the first is for those who understand none of them.
---@return string language one of `languages`.
function i18n.negotiate(header, languages)
  argument.optional(header, 1, "i18n.negotiate", "string")
  argument.check(languages, 2, "i18n.negotiate", "table")
  local fault = list_fault(languages)
  if fault then argument.fail(2, "i18n.negotiate", fault) end
  return languages_of.negotiate(header or "", languages)
end

--- The form of a word that goes with a number in a language, by the rules of CLDR: `"zero"`, `"one"`, `"two"`, `"few"`, `"many"` or `"other"`.
---@param language string a language tag, in the usual case; of one whose rules are not known it is `"other"`.
---@param number number|string the number; as a string with the digits that are shown, such as `"1.50"`.
---@param ordinal? boolean for "1st", "2nd" and their like; default `false`.
---@return string form the name of the form.
function i18n.plural(language, number, ordinal)
  argument.check(language, 1, "i18n.plural", "string")
  if type(number) ~= "number" then argument.check(number, 2, "i18n.plural", "string") end
  argument.optional(ordinal, 3, "i18n.plural", "boolean")
  return plural.form(language, math.type(number) == "float" and ("%.14g"):format(number) or tostring(number), ordinal)
end

-- ---- texts ----

local function is_forms(value)
  if type(value.other) ~= "string" and type(value.ordinal) ~= "table" then return false end
  for name in pairs(value) do
    if not FORMS[name] then return false end
  end
  return true
end

-- Puts the texts of a table under keys with points into another.
local function flatten(from, to, prefix)
  for name, value in pairs(from) do
    local key = prefix .. tostring(name)
    if type(value) == "table" and not is_forms(value) then
      flatten(value, to, key .. ".")
    elseif type(value) == "string" or type(value) == "table" then
      to[key] = value
    else
      error(("the text '%s' is a %s"):format(key, type(value)), 0)
    end
  end
end

-- The languages whose texts stand in for each other, from the wanted one on.
local function chain_of(language, languages, fallbacks)
  local chain, seen = {}, {}
  local function add(one)
    while one and not seen[one] do
      chain[#chain + 1], seen[one] = one, true
      one = fallbacks[one] or one:match "^(.+)%-[^-]*$"
    end
  end
  add(language)
  add(languages[1])
  return chain
end

-- The option that is wrong and what is wrong with it; nil when nothing is.
local function fault_of(options)
  if not options.languages then return "languages", "missing" end
  local fault = list_fault(options.languages)
  if fault then return "languages", fault end
  if not options.messages and not options.folder then return "messages", "missing, and so is 'folder'" end
end

-- The texts of an asset; nil and what is wrong.
local function read_asset(path)
  local content = flaron.asset(path)
  if not content then return nil, ("there is no asset '%s'"):format(path) end
  local good, value = pcall(flaron.json.decode, content)
  if not good then return nil, ("%s: %s"):format(path, value) end
  if type(value) ~= "table" then return nil, path .. ": not an object" end
  return value
end

--- Reads the texts of a site. It needs no host: do it at start-up.
---
--- Raises: for an option that is unknown, missing or makes no sense, an asset that is not there or not JSON, and a text that is not a string.
---@param options flaron.i18n.Options `languages` and one of `messages` and `folder` must be there.
---@return flaron.i18n.Texts texts to choose from.
function i18n.new(options)
  argument.check(options, 1, "i18n.new", "table")
  argument.options(options, "i18n.new", TYPES, fault_of)
  local self = setmetatable({ languages = options.languages, messages = {}, chains = {} }, texts)
  for _, language in ipairs(options.languages) do
    local flat, read, fault = {}, {}, nil
    if options.folder then read, fault = read_asset(("%s/%s.json"):format(options.folder, language)) end
    if not read then error("i18n.new: " .. fault, 2) end
    for _, source in ipairs { read, options.messages and options.messages[language] or {} } do
      local good, message = pcall(flatten, source, flat, "")
      if not good then error(("i18n.new: %s: %s"):format(language, message), 2) end
    end
    self.messages[language] = flat
    self.chains[language] = chain_of(language, options.languages, options.fallbacks or {})
  end
  return self
end

--- The language for the request, of those of the site. An answer that depends on it should say `Vary: Accept-Language`.
---@return string language as `i18n.negotiate` chooses it.
function texts:language()
  argument.self(self, "messages", "texts:language")
  return languages_of.negotiate(flaron.request.header "accept-language" or "", self.languages)
end

local told = {} -- what this invocation's log says already

local function tell(format, ...)
  local line = format:format(...)
  if not told[line] then flaron.logging.warn(line) end
  told[line] = true
end

-- The form of a text for a number, in a language.
local function choose(forms, language, count)
  if type(forms) == "string" then return forms end
  local ordinal = forms.ordinal ~= nil
  if ordinal then forms = forms.ordinal end
  if type(forms) ~= "table" then return tostring(forms) end
  return count ~= nil and forms[i18n.plural(language, count, ordinal)] or forms.other or ""
end

--- A text in a language, with `{name}` replaced by the value of that name, and the form that goes with the value `count`. `{{` is a `{`. A key that no language of the chain has is the text itself, and a warning in the log, once an invocation; so is a value that is missing.
---@param language string one of the site's; another is taken for the first.
---@param key string names the text; with points it leads into tables.
---@param values? table<string, string|number> what stands in the text.
---@return string text not encoded for HTML.
function texts:text(language, key, values)
  argument.self(self, "messages", "texts:text")
  argument.check(language, 1, "texts:text", "string")
  argument.check(key, 2, "texts:text", "string")
  argument.optional(values, 3, "texts:text", "table")
  values = values or {}
  local found, from
  for _, one in ipairs(self.chains[language] or self.chains[self.languages[1]]) do
    found, from = self.messages[one] and self.messages[one][key], one
    if found then break end
  end
  if not found then
    tell("i18n: no text '%s' in %s", key, language)
    return key
  end
  local count = values.count
  if type(count) ~= "number" and type(count) ~= "string" then count = nil end
  return (choose(found, from, count):gsub("{([{%w_]*)(}?)", function(name, stop)
    if name:sub(1, 1) == "{" then return name .. stop end
    if stop == "" or name == "" then return nil end
    if values[name] ~= nil then return tostring(values[name]) end
    tell("i18n: the text '%s' has no value '%s'", key, name)
    return nil
  end))
end

return i18n
