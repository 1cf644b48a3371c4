local ngx = require "flaron.openresty"
-- rewrite: half of the visitors get the new page. Who is in which half is in a cookie.
local group = ngx.var.cookie_group
if group ~= "a" and group ~= "b" then
  local id = ngx.var.http_x_visitor or "nobody"
  group = ngx.crc32_short(id) % 2 == 0 and "a" or "b"
  ngx.header["Set-Cookie"] = "group=" .. group .. "; Path=/; Expires=" .. ngx.cookie_time(1290079655)
end

ngx.ctx.group = group
ngx.req.set_header("X-Group", group)
