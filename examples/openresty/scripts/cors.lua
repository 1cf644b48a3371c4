local ngx = require "flaron.openresty"
-- access: lets pages of our own sites call this API.
local allowed = { ["https://app.example.com"] = true, ["https://www.example.com"] = true }

local origin = ngx.req.get_headers()["Origin"]
if origin and allowed[origin] then
  ngx.header["Access-Control-Allow-Origin"] = origin
  ngx.header["Vary"] = "Origin"
end

if ngx.var.request_method == "OPTIONS" then
  ngx.header["Access-Control-Allow-Methods"] = "GET, POST"
  ngx.header["Access-Control-Max-Age"] = 600
  return ngx.exit(ngx.HTTP_NO_CONTENT)
end
