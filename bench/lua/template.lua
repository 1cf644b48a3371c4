-- template: a template compiled to Lua once, rendered n times, with escaping.
local source = [[
<h1>{{title}}</h1>
<ul>
{% for i, item in ipairs(items) do %}  <li class="{{i % 2 == 0 and "even" or "odd"}}">{{item.name}}: {{item.price}}</li>
{% end %}</ul>
]]

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

local function escape(value)
  return (tostring(value):gsub('[&<>"]', entities))
end

local function compile(text)
  local code = { "local escape, ipairs, title, items = ...\nlocal out = {}\n" }
  local at = 1
  for before, mark, inside, after in text:gmatch "(.-){([{%%])(.-)[%%}]}()" do
    code[#code + 1] = ("out[#out + 1] = %q\n"):format(before)
    code[#code + 1] = mark == "{" and ("out[#out + 1] = escape(%s)\n"):format(inside) or inside .. "\n"
    at = after
  end
  code[#code + 1] = ("out[#out + 1] = %q\nreturn table.concat(out)"):format(text:sub(at))
  return assert(load(table.concat(code)))
end

local function run(n)
  local size, items, render = 0, {}, nil
  for i = 1, 25 do items[i] = { name = "item <" .. i .. "> & more", price = i * 3 } end
  for i = 1, n do
    if i % 50 == 1 then render = compile(source) end
    size = size + #render(escape, ipairs, "page " .. i, items)
  end
  return size
end

return { n = 3000, small = 3, run = run }
