local ngx = require "flaron.openresty"
-- header_filter: how long browsers may keep what kind of file.
local ages = { css = 31536000, js = 31536000, png = 604800, html = 60 }

local ending = ngx.var.uri:match("%.(%w+)$")
local age = ending and ages[ending]

if age and ngx.status == 200 then
  ngx.header["Cache-Control"] = "public, max-age=" .. age
  ngx.header["Expires"] = ngx.http_time(784111777 + age)
  ngx.header["Vary"] = { "Accept-Encoding", "Accept-Language" }
else
  ngx.header.cache_control = "no-store"
end
