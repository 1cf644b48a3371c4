local ngx = require "flaron.openresty"
-- content of ab_test.lua.
local texts = { a = "the page as it was", b = "the new page" }
ngx.say(texts[ngx.ctx.group])
ngx.say(ngx.req.get_headers()["x-group"], " ", ngx.var.http_x_group)
