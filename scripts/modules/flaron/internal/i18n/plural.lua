-- flaron.internal.i18n.plural: which form of a word goes with a number: the rules of CLDR, for languages that are named here. Part of
-- flaron.i18n; not for use by itself.
--
-- As in CLDR, `n` is the number, `i` its integer part, `v` the count of its digits behind the point, `f` these digits as a
-- number, `t` the same without zeros at their end.
local plural = {}

-- Whether an integer is in a range; a number with a fraction never is.
local function within(x, low, high) return x >= low and x <= high and x == x // 1 end
local function is(x, ...)
  for _, y in ipairs { ... } do
    if x == y then return true end
  end
  return false
end

local function one_exactly(n) return n == 1 and "one" end
local function one_plain(_, i, v) return i == 1 and v == 0 and "one" end
local function one_or_less(n, i) return (i == 0 or n == 1) and "one" end
local function millions(i, v) return i ~= 0 and i % 1000000 == 0 and v == 0 and "many" end
local function ends_in(x, digit, except) return x % 10 == digit and x % 100 ~= except end
local function slavic_few(x) return within(x % 10, 2, 4) and not within(x % 100, 12, 14) end
local function russian(_, i, v)
  if v ~= 0 then return nil end
  return ends_in(i, 1, 11) and "one" or slavic_few(i) and "few" or "many"
end
local function croatian(_, i, v, f)
  if v == 0 and ends_in(i, 1, 11) or ends_in(f, 1, 11) then return "one" end
  return (v == 0 and slavic_few(i) or slavic_few(f)) and "few"
end
local function czech(_, i, v)
  if v ~= 0 then return "many" end
  return i == 1 and "one" or within(i, 2, 4) and "few"
end

local function same(names, rule, rules)
  for name in names:gmatch "%S+" do rules[name] = rule end
end

-- Each rule gets n, i, v, f and t, and answers nil or false for "other".
local CARDINAL = {
  ar = function(n)
    if n == 0 then return "zero" elseif n == 1 then return "one" elseif n == 2 then return "two" end
    return within(n % 100, 3, 10) and "few" or within(n % 100, 11, 99) and "many"
  end,
  be = function(n)
    if n ~= n // 1 then return nil end
    return ends_in(n, 1, 11) and "one" or slavic_few(n) and "few" or "many"
  end,
  cy = function(n) return ({ [0] = "zero", "one", "two", "few", [6] = "many" })[n] end,
  da = function(n, i, _, _, t) return (n == 1 or t ~= 0 and i <= 1) and "one" end,
  es = function(n, i, v) return n == 1 and "one" or millions(i, v) end,
  fil = function(_, i, v, f)
    return (v == 0 and (within(i, 1, 3) or not is(i % 10, 4, 6, 9)) or v ~= 0 and not is(f % 10, 4, 6, 9)) and "one"
  end,
  fr = function(_, i, v) return i <= 1 and "one" or millions(i, v) end,
  ga = function(n)
    return n == 1 and "one" or n == 2 and "two" or within(n, 3, 6) and "few" or within(n, 7, 10) and "many"
  end,
  he = function(_, i, v) return (i == 1 and v == 0 or i == 0 and v ~= 0) and "one" or i == 2 and v == 0 and "two" end,
  is = function(_, i, _, _, t) return (t == 0 and ends_in(i, 1, 11) or ends_in(t, 1, 11)) and "one" end,
  it = function(n, i, v) return one_plain(n, i, v) or millions(i, v) end,
  lt = function(n, _, _, f)
    local teens = within(n % 100, 11, 19)
    return n % 10 == 1 and not teens and "one" or within(n % 10, 2, 9) and not teens and "few" or f ~= 0 and "many"
  end,
  lv = function(n, _, v, f)
    if n % 10 == 0 or within(n % 100, 11, 19) or v == 2 and within(f % 100, 11, 19) then return "zero" end
    return (ends_in(n, 1, 11) or v == 2 and ends_in(f, 1, 11) or v ~= 2 and f % 10 == 1) and "one"
  end,
  mk = function(_, i, v, f) return (v == 0 and ends_in(i, 1, 11) or ends_in(f, 1, 11)) and "one" end,
  mt = function(n)
    if n == 1 then return "one" elseif n == 2 then return "two" end
    return (n == 0 or within(n % 100, 3, 10)) and "few" or within(n % 100, 11, 19) and "many"
  end,
  pl = function(_, i, v)
    if v ~= 0 then return nil end
    return i == 1 and "one" or slavic_few(i) and "few" or "many"
  end,
  ro = function(n, i, v)
    return i == 1 and v == 0 and "one" or (v ~= 0 or n == 0 or n ~= 1 and within(n % 100, 1, 19)) and "few"
  end,
  sl = function(_, i, v)
    if v ~= 0 then return "few" end
    return i % 100 == 1 and "one" or i % 100 == 2 and "two" or within(i % 100, 3, 4) and "few"
  end,
}
same("ja ko zh vi th id ms my lo km", function() end, CARDINAL)
same("en de nl sv fi et gl sw ur", one_plain, CARDINAL)
same("af az bg el eu hu ka kk ky ml mn mr nb ne nn no sq ta te tr uz", one_exactly, CARDINAL)
same("am bn fa gu hi kn zu", one_or_less, CARDINAL)
same("bs hr sr", croatian, CARDINAL)
same("cs sk", czech, CARDINAL)
same("ru uk", russian, CARDINAL)
CARDINAL.ca, CARDINAL["pt-PT"], CARDINAL.pt = CARDINAL.it, CARDINAL.it, CARDINAL.fr

local function first(n) return n == 1 and "one" end
local function hindi(n) return n == 1 and "one" or is(n, 2, 3) and "two" or n == 4 and "few" or n == 6 and "many" end

-- The same of ordinal numbers; a language that is not here has one form.
local ORDINAL = {
  az = function(_, i)
    if is(i % 10, 1, 2, 5, 7, 8) or is(i % 100, 20, 50, 70, 80) then return "one" end
    if is(i % 10, 3, 4) or is(i % 1000, 100, 200, 300, 400, 500, 600, 700, 800, 900) then return "few" end
    return (i == 0 or i % 10 == 6 or is(i % 100, 40, 60, 90)) and "many"
  end,
  be = function(n) return is(n % 10, 2, 3) and not is(n % 100, 12, 13) and "few" end,
  bn = function(n) return is(n, 5, 7, 8, 9, 10) and "one" or hindi(n) end,
  ca = function(n) return is(n, 1, 3) and "one" or n == 2 and "two" or n == 4 and "few" end,
  cy = function(n)
    return is(n, 0, 7, 8, 9) and "zero" or n == 1 and "one" or n == 2 and "two" or is(n, 3, 4) and "few" or is(n, 5, 6) and "many"
  end,
  en = function(n) return ends_in(n, 1, 11) and "one" or ends_in(n, 2, 12) and "two" or ends_in(n, 3, 13) and "few" end,
  hu = function(n) return is(n, 1, 5) and "one" end,
  it = function(n) return is(n, 8, 11, 80, 800) and "many" end,
  ka = function(_, i) return i == 1 and "one" or (i == 0 or within(i % 100, 2, 20) or is(i % 100, 40, 60, 80)) and "many" end,
  kk = function(n) return (is(n % 10, 6, 9) or n % 10 == 0 and n ~= 0) and "many" end,
  mk = function(_, i)
    if ends_in(i, 1, 11) then return "one" elseif ends_in(i, 2, 12) then return "two" end
    return is(i % 10, 7, 8) and not is(i % 100, 17, 18) and "many"
  end,
  mr = function(n) return n == 1 and "one" or is(n, 2, 3) and "two" or n == 4 and "few" end,
  ne = function(n) return within(n, 1, 4) and "one" end,
  sq = function(n) return n == 1 and "one" or ends_in(n, 4, 14) and "many" end,
  sv = function(n) return is(n % 10, 1, 2) and not is(n % 100, 11, 12) and "one" end,
  uk = function(n) return ends_in(n, 3, 13) and "few" end,
}
same("fil fr ga lo ms ro vi", first, ORDINAL)
same("gu hi", hindi, ORDINAL)

-- The rule of a language tag or of what it begins with; nil if there is none.
local function rule_of(rules, language)
  while language do
    if rules[language] then return rules[language] end
    language = language:match "^(.+)-[^-]*$"
  end
end

--- Whether the rules of a language are known.
function plural.has(language) return rule_of(CARDINAL, language) ~= nil end

--- The form for a number as it is written: "zero", "one", "two", "few", "many" or "other"; of a language that is not known "other".
function plural.form(language, text, ordinal)
  local integer, fraction = text:match "^-?(%d+)%.?(%d*)$"
  local rule = rule_of(ordinal and ORDINAL or CARDINAL, language)
  if not integer or not rule then return "other" end
  local i, short = math.tointeger(tonumber(integer)) or tonumber(integer), fraction:gsub("0+$", "")
  local n = short == "" and i or tonumber(integer .. "." .. fraction)
  return rule(n, i, #fraction, tonumber(fraction) or 0, tonumber(short) or 0) or "other"
end

return plural
