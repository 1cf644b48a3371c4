-- strings: building, patterns, gsub, format.
local words = { "edge", "flare", "lua", "wasm", "spark", "plasma", "beam", "request" }

local function run(n)
  local sum = 0
  for i = 1, n do
    local parts = {}
    for j = 1, 20 do parts[j] = words[(i * j) % #words + 1] .. "=" .. j end
    local text = table.concat(parts, "&")
    for key, value in text:gmatch "(%a+)=(%d+)" do sum = sum + #key * tonumber(value) end
    local escaped = text:gsub("[&=]", { ["&"] = "&amp;", ["="] = "&#61;" })
    local found = escaped:find("plasma", 1, true) or 0
    sum = sum + #escaped + found + #text:upper():reverse():sub(3, -4)
    sum = sum + #("%d:%s:%5.1f"):format(i, parts[1], i / 3)
  end
  return sum
end

return { n = 6000, small = 10, run = run }
