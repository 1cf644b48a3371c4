local ngx = require "flaron.openresty"
-- content: two requests to the backend, one answer.
local cjson = require "cjson"

local user = ngx.location.capture("/backend/user", { args = { id = "7" } })
if user.status ~= ngx.HTTP_OK then
  ngx.log(ngx.ERR, "user: ", user.status)
  return ngx.exit(ngx.HTTP_BAD_GATEWAY)
end

local made, missing = ngx.location.capture_multi({
  { "/backend/orders", { method = ngx.HTTP_POST, body = "user=7" } },
  { "/backend/nothing" },
})

ngx.header.content_type = "application/json"
ngx.say(cjson.encode({
  user.body, user.header["Content-Type"], made.body, made.status, missing.status,
}))
