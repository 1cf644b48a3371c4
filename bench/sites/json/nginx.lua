-- luacheck: std ngx_lua
-- The JSON API in nginx.
local items = {}
for i = 1, 20 do items[i] = { id = i, name = "item " .. i, price = i * 1.5, tags = { "a", "b" } } end
local url = ngx.var.scheme .. "://" .. ngx.var.http_host .. ngx.var.request_uri
local body = require("cjson").encode { path = url, agent = ngx.var.http_user_agent, items = items }
ngx.header["content-type"] = "application/json"
ngx.header["content-length"] = #body
ngx.print(body)
