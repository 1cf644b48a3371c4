local ngx = require "flaron.openresty"
-- content: a page, made in pieces.
ngx.header.content_type = "text/html"
ngx.header["X-Powered-By"] = "patience"
if ngx.var.arg_gone then
  ngx.status = ngx.HTTP_GONE
end
ngx.say("<html><body>")
ngx.print({ "<h1>", "title", "</h1>", { "<p>", 1, " of ", 2, "</p>" } }, "\n")
ngx.flush(true)
ngx.status = 500
ngx.header["X-Late"] = "too late"
ngx.say("<p>", ngx.headers_sent, " ", nil, " ", ngx.null, "</p>")
ngx.say("</body></html>")
