local ngx = require "flaron.openresty"
-- access: five requests a minute for each client, counted in a shared dictionary.
local limits = ngx.shared.limits
local window, most = 60, 5

local client = ngx.req.get_headers()["X-Client"] or "anonymous"
local count, err = limits:incr("count:" .. client, 1, 0, window)
if not count then
  ngx.log(ngx.ERR, "cannot count: ", err)
  return
end

ngx.header["X-RateLimit-Limit"] = most
ngx.header["X-RateLimit-Remaining"] = math.max(0, most - count)

if count > most then
  ngx.header["Retry-After"] = window
  return ngx.exit(ngx.HTTP_TOO_MANY_REQUESTS)
end
