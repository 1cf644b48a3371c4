-- luacheck: std ngx_lua
-- A body of 100 KB in nginx.
local page = require "page"
ngx.header["content-length"] = #page
ngx.print(page)
