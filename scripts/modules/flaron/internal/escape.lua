-- flaron.internal.escape: text as it may stand in HTML. Part of flaron.template and flaron.html; not for use by itself.
local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

--- Text as it may stand in HTML, also in an attribute between quotes of either kind.
---@param text string
---@return string html
return function(text) return (text:gsub("[&<>\"']", ESCAPES)) end
