---@meta re
-- The module re of LPeg 1.1.0: https://www.inf.puc-rio.br/~roberto/lpeg/re.html

---@class re
local re = {}

---@param pattern string
---@param definitions? table
---@return lpeg.Pattern
function re.compile(pattern, definitions) end

---@param subject string
---@param pattern string|lpeg.Pattern
---@param init? integer
---@return integer|nil first
---@return integer|nil last
function re.find(subject, pattern, init) end

---@param subject string
---@param pattern string|lpeg.Pattern
---@param replacement string|table|function
---@return string
function re.gsub(subject, pattern, replacement) end

---@param subject string
---@param pattern string|lpeg.Pattern
---@param init? integer
---@return any ...
function re.match(subject, pattern, init) end

function re.updatelocale() end

return re
