local ngx = require "flaron.openresty"
-- header_filter: what every page should say, whoever made it.
ngx.header["X-Frame-Options"] = "DENY"
ngx.header["X-Content-Type-Options"] = "nosniff"
ngx.header["Referrer-Policy"] = "strict-origin-when-cross-origin"
ngx.header["X-Powered-By"] = nil

local kind = ngx.header.content_type
if kind and kind:find("text/html", 1, true) then
  ngx.header["Content-Security-Policy"] = "default-src 'self'"
end

if ngx.status >= 400 then
  ngx.header["Cache-Control"] = "no-store"
end
