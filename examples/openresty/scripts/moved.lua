local ngx = require "flaron.openresty"
-- rewrite: pages that are somewhere else now.
local moved = {
  ["/moved/home"] = "/",
  ["/moved/blog"] = "https://blog.example.com/",
}

local uri = ngx.var.uri
local target = moved[uri]
if target then
  return ngx.redirect(target, ngx.HTTP_MOVED_PERMANENTLY)
end

local lower = uri:lower()
if uri ~= lower then
  return ngx.redirect(lower .. (ngx.var.is_args or "") .. (ngx.var.args or ""))
end

if uri:sub(-1) == "/" then
  return ngx.redirect(uri:sub(1, -2), 308)
end
