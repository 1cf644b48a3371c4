-- luacheck: std ngx_lua
-- hello in nginx.
local url = ngx.var.scheme .. "://" .. ngx.var.http_host .. ngx.var.request_uri
local body = ("hello from %s %s\n"):format(ngx.req.get_method(), url)
ngx.header["content-type"] = "text/plain; charset=utf-8"
ngx.header["content-length"] = #body
ngx.print(body)
