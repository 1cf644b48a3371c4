-- flaron.internal.i18n.languages: which of a site's languages a header Accept-Language asks for (RFC 9110, 12.5.4, and RFC 4647). Part
-- of flaron.i18n; not for use by itself.
local languages_of = {}

local LONGEST = 64 -- bytes of a language tag

--- Whether a value is a language tag.
function languages_of.is_tag(text)
  return type(text) == "string" and text:find "^%a[%w-]*$" and not text:find "%-%-" and #text <= LONGEST
end

-- The ranges of a header Accept-Language with their weights in thousandths, the heaviest first.
local function read_ranges(header)
  local ranges = {}
  for item in header:gmatch "[^,]+" do
    local range, rest = item:match "^[ \t]*([%w*-]+)[ \t]*(.-)[ \t]*$"
    local weight = rest == "" and "1" or rest and rest:match "^;[ \t]*[qQ]=([01]%.?%d?%d?%d?)$"
    local q = weight and tonumber(weight)
    if q and q <= 1 then ranges[#ranges + 1] = { range:lower(), q, #ranges } end
  end
  table.sort(ranges, function(a, b)
    if a[2] ~= b[2] then return a[2] > b[2] end
    return a[3] < b[3]
  end)
  return ranges
end

-- A language tag without its last part; nil if it has but one.
local function shorter(tag)
  tag = tag:match "^(.+)%-[^-]*$"
  return tag and tag:find "%-%w$" and tag:sub(1, -3) or tag -- no single letter at the end
end

--- The best of `languages` for a header: lookup of RFC 4647, 3.4, for each range.
function languages_of.negotiate(header, languages)
  local known, refused = {}, {}
  local ranges = read_ranges(header)
  for _, language in ipairs(languages) do known[language:lower()] = language end
  for _, range in ipairs(ranges) do
    if range[2] == 0 then refused[range[1]] = true end
  end
  for _, range in ipairs(ranges) do
    local tag = range[2] > 0 and range[1]
    if tag == "*" then
      for _, language in ipairs(languages) do
        if not refused[language:lower()] then return language end
      end
    end
    if tag and #tag > LONGEST then tag = shorter(tag:sub(1, LONGEST + 1)) end -- at once: part by part takes seconds
    while tag do
      if known[tag] and not refused[tag] then return known[tag] end
      tag = shorter(tag)
    end
  end
  for _, language in ipairs(languages) do
    if not refused[language:lower()] then return language end
  end
  return languages[1]
end

return languages_of
