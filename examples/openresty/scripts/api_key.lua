local ngx = require "flaron.openresty"
-- access: lets in who has a key. Clients send it in a header, old ones in the query.
local keys = { ["k-100"] = "ada", ["k-200"] = "grace" }

local key = ngx.req.get_headers()["X-Api-Key"] or ngx.var.arg_key
local user = key and keys[key]

if not user then
  ngx.status = ngx.HTTP_UNAUTHORIZED
  ngx.header.content_type = "application/json"
  ngx.say('{"error":"no key"}')
  return ngx.exit(ngx.HTTP_UNAUTHORIZED)
end

ngx.ctx.user = user
