---@meta rex_pcre2
-- lrexlib 2.9.2 over PCRE2 10.42, an optional part: https://rrthomas.github.io/lrexlib/manual.html and docs/parts.md. Options are
-- numbers of `flags` or letters of "imsxU"; a match beyond the limits is an error.

---@class rex_pcre2.Regex
local Regex = {}

---@param subject string
---@param init? integer
---@param options? integer
---@return string|false|nil ...  captures, or the match
function Regex:match(subject, init, options) end

---@param subject string
---@param init? integer
---@param options? integer
---@return integer|nil first
---@return integer|nil last
---@return string|false ...
function Regex:find(subject, init, options) end

---@param subject string
---@param init? integer
---@param options? integer
---@return integer|nil first
---@return integer|nil last
---@return table|nil captures
function Regex:tfind(subject, init, options) end

---@param subject string
---@param init? integer
---@param options? integer
---@return integer|nil first
---@return integer|nil last
---@return table|nil offsets
function Regex:exec(subject, init, options) end

---@param subject string
---@param init? integer
---@param options? integer
---@param offsets? integer  most numbers (100)
---@param workspace? integer  most numbers (50)
---@return integer|nil first
---@return integer[]|nil last
---@return integer|nil count
function Regex:dfa_exec(subject, init, options, offsets, workspace) end

---@return table<string, integer>
function Regex:patterninfo() end

---@class rex_pcre2
local rex = {}

---@param pattern string
---@param options? integer|string
---@return rex_pcre2.Regex
function rex.new(pattern, options) end

---@param subject string
---@param pattern string|rex_pcre2.Regex
---@param init? integer
---@param options? integer|string
---@param match_options? integer
---@return string|false|nil ...
function rex.match(subject, pattern, init, options, match_options) end

---@param subject string
---@param pattern string|rex_pcre2.Regex
---@param init? integer
---@param options? integer|string
---@param match_options? integer
---@return integer|nil first
---@return integer|nil last
---@return string|false ...
function rex.find(subject, pattern, init, options, match_options) end

---@param subject string
---@param pattern string|rex_pcre2.Regex
---@param options? integer|string
---@param match_options? integer
---@return fun(): string|false ...
function rex.gmatch(subject, pattern, options, match_options) end

---@param subject string
---@param pattern string|rex_pcre2.Regex
---@param options? integer|string
---@param match_options? integer
---@return fun(): string, string|false ...
function rex.split(subject, pattern, options, match_options) end

---@param subject string
---@param pattern string|rex_pcre2.Regex
---@param options? integer|string
---@param match_options? integer
---@return integer
function rex.count(subject, pattern, options, match_options) end

---@param subject string
---@param pattern string|rex_pcre2.Regex
---@param replacement string|table|function
---@param most? integer|function
---@param options? integer|string
---@param match_options? integer
---@return string result
---@return integer matches
---@return integer replaced
function rex.gsub(subject, pattern, replacement, most, options, match_options) end

---@param into? table
---@return table<string, integer>
function rex.flags(into) end

---@param into? table
---@return table<string, any>
function rex.config(into) end

---@return string
function rex.version() end

return rex
