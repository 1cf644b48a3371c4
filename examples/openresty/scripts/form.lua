local ngx = require "flaron.openresty"
-- content: a form, and what was sent with it.
local function escape(text)
  return (tostring(text):gsub("[&<>\"]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ["\""] = "&quot;" }))
end

ngx.header.content_type = "text/html; charset=utf-8"

if ngx.req.get_method() == "GET" then
  ngx.say("<form method=post><input name=name></form>")
  return
end

ngx.req.read_body()
local args, err = ngx.req.get_post_args()
if not args then
  ngx.log(ngx.ERR, err)
  return ngx.exit(ngx.HTTP_INTERNAL_SERVER_ERROR)
end

local names = {}
for name in pairs(args) do
  names[#names + 1] = name
end
table.sort(names)
for _, name in ipairs(names) do
  local value = args[name]
  if type(value) == "table" then
    for i, one in ipairs(value) do
      value[i] = tostring(one)
    end
    value = table.concat(value, ", ")
  end
  ngx.say("<p>", escape(name), ": ", escape(value), "</p>")
end
