-- encoding.lua - probes of flaron.encoding.
local encoding = require "flaron.encoding"
local show = require "show"

local function decoded(decode, text)
  return function() return show.result(decode(text)) end
end

local printable = {}
for c = 0x20, 0x7e do printable[#printable + 1] = string.char(c) end
printable = table.concat(printable)

return {
  { "url_encode.blank", "What does encoding.url_encode make of a blank?",
    "Where it matters, replace '+' by '%20' after encoding; decode both.",
    function() return show.result(encoding.url_encode "a b") end },
  { "url_encode.plain", "Which characters does encoding.url_encode leave as they are?",
    "Do not compare encoded texts; signatures over them (SigV4) need an encoder of their own.",
    function()
      local kept = {}
      for c in printable:gmatch "." do
        if encoding.url_encode(c) == c then kept[#kept + 1] = c end
      end
      return table.concat(kept)
    end },
  { "url_encode.bytes", "How does encoding.url_encode write bytes that are not ASCII?",
    "Do not compare encoded texts; decode them first.",
    function() return show.result(encoding.url_encode "\0\n\xe4\xff/") end },
  { "url_decode.plus", "What does encoding.url_decode make of '+' and of %20?",
    "Replace '+' by '%20' before decoding where a blank is meant.",
    decoded(encoding.url_decode, "a+b%20c") },
  { "url_decode.bad", "What does encoding.url_decode make of a '%' without digits?",
    "Check for nil, and look at the text itself before trusting it.",
    decoded(encoding.url_decode, "a%zz%") },
  { "url_decode.bytes", "Does encoding.url_decode give bytes that are not UTF-8?",
    "Bytes that are not UTF-8 do not go through here: use flaron.url.",
    decoded(encoding.url_decode, "%FF%00%e4") },
  { "base64_encode.bytes", "Does encoding.base64_encode take any bytes, and does it pad?",
    "Encode bytes in Lua where the host takes text only.",
    function() return show.result(encoding.base64_encode "\0\xfb\xff\xfe") end },
  { "base64_decode.unpadded", "Does encoding.base64_decode take text without padding?",
    "Add '=' up to a multiple of four before decoding.",
    decoded(encoding.base64_decode, "AAE") },
  { "base64_decode.url", "Does encoding.base64_decode take '-' and '_'?",
    "Replace them by '+' and '/' before decoding; where it takes both, do not rely on a refusal.",
    decoded(encoding.base64_decode, "-_--") },
  { "base64_decode.lines", "Does encoding.base64_decode pass over line ends?",
    "Take line ends out before decoding.",
    decoded(encoding.base64_decode, "AAEC\nAwQF") },
  { "base64_decode.bits", "Does encoding.base64_decode take unused bits that are not 0?",
    "Two texts may decode to the same bytes: compare what was decoded.",
    decoded(encoding.base64_decode, "AB==") },
  { "base64_decode.bad", "What does encoding.base64_decode answer for what is not base64?",
    "Check for nil and for an empty string.",
    decoded(encoding.base64_decode, "!!!!") },
  { "hex_encode.case", "Which case has encoding.hex_encode?",
    "Compare digests in one case: :lower().",
    function() return show.result(encoding.hex_encode "\xab\0\xff") end },
  { "hex_decode.case", "Does encoding.hex_decode take both cases?",
    "Decode :lower() of it.",
    decoded(encoding.hex_decode, "4aB0") },
  { "hex_decode.odd", "What does encoding.hex_decode make of an odd number of digits?",
    "Check the length before decoding.",
    decoded(encoding.hex_decode, "abc") },
  { "hex_decode.bad", "What does encoding.hex_decode make of what is not hexadecimal?",
    "Check for nil and for an empty string.",
    decoded(encoding.hex_decode, "zz") },
}
