---@meta lpeg
-- LPeg 1.1.0, an optional part: https://www.inf.puc-rio.br/~roberto/lpeg/

---A pattern. Operators: `*` sequence, `+` choice, `-` difference, `^n` repetition, `#` and-predicate, unary `-` not, `/` capture.
---@class lpeg.Pattern
---@operator mul(any): lpeg.Pattern
---@operator add(any): lpeg.Pattern
---@operator sub(any): lpeg.Pattern
---@operator pow(integer): lpeg.Pattern
---@operator div(any): lpeg.Pattern
---@operator unm: lpeg.Pattern
---@operator len: lpeg.Pattern
local Pattern = {}

---Matches a subject from `init` on.
---@param subject string
---@param init? integer
---@param ... any  for lpeg.Carg
---@return any ...  captures, or the position after the match; nil if it fails
function Pattern:match(subject, init, ...) end

---@class lpeg
local lpeg = {}

---@param pattern any
---@param subject string
---@param init? integer
---@param ... any
---@return any ...
function lpeg.match(pattern, subject, init, ...) end

---@param value any
---@return "pattern"|nil
function lpeg.type(value) end

---@param most integer  entries of the backtrack stack (400)
function lpeg.setmaxstack(most) end

---@param value string|integer|boolean|table|function|lpeg.Pattern
---@return lpeg.Pattern
function lpeg.P(value) end

---@param set string
---@return lpeg.Pattern
function lpeg.S(set) end

---@param ... string  ranges of two characters each
---@return lpeg.Pattern
function lpeg.R(...) end

---@param from integer
---@param to integer
---@return lpeg.Pattern
function lpeg.utfR(from, to) end

---@param rule any
---@return lpeg.Pattern
function lpeg.V(rule) end

---@param pattern any
---@return lpeg.Pattern
function lpeg.B(pattern) end

---@param into? table
---@return table<string, lpeg.Pattern>
function lpeg.locale(into) end

---@param pattern any
---@return lpeg.Pattern
function lpeg.C(pattern) end

---@param n integer
---@return lpeg.Pattern
function lpeg.Carg(n) end

---@param name any
---@return lpeg.Pattern
function lpeg.Cb(name) end

---@param ... any
---@return lpeg.Pattern
function lpeg.Cc(...) end

---@param pattern any
---@param fold function
---@return lpeg.Pattern
function lpeg.Cf(pattern, fold) end

---@param pattern any
---@param name? any
---@return lpeg.Pattern
function lpeg.Cg(pattern, name) end

---@return lpeg.Pattern
function lpeg.Cp() end

---@param pattern any
---@return lpeg.Pattern
function lpeg.Cs(pattern) end

---@param pattern any
---@return lpeg.Pattern
function lpeg.Ct(pattern) end

---@param pattern any
---@param at_match function
---@return lpeg.Pattern
function lpeg.Cmt(pattern, at_match) end

return lpeg
