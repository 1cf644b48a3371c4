local ngx = require "flaron.openresty"
-- access: links that end, as secure_link makes them: ?expires=SECONDS&md5=... over time, path and a secret.
local secret = "a long secret"

local expires = tonumber(ngx.var.arg_expires)
local given = ngx.var.arg_md5
if not expires or not given then
  return ngx.exit(ngx.HTTP_FORBIDDEN)
end

local expected = ngx.md5(expires .. ngx.var.uri .. " " .. secret)
if given ~= expected then
  ngx.log(ngx.ERR, "wrong signature for ", ngx.var.uri)
  return ngx.exit(ngx.HTTP_FORBIDDEN)
end

if expires < ngx.time() then
  return ngx.exit(ngx.HTTP_GONE)
end
