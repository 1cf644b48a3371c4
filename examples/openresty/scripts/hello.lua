local ngx = require "flaron.openresty"
-- The first script that everybody writes: who are you, and what did you ask for?
local args = ngx.req.get_uri_args()
local name = args.name
if type(name) ~= "string" or name == "" then
  name = "stranger"
end

ngx.header.content_type = "text/plain; charset=utf-8"
ngx.header["X-Greeting"] = "yes"
ngx.say("hello, ", name)
ngx.say("you asked for ", ngx.var.uri, " by ", ngx.req.get_method())
ngx.print("half of ", 5, " is ", 5 / 2, ", of ", 4, " is ", 4 / 2, "\n")
