local ngx = require "flaron.openresty"
-- content: arguments, in and out.
local args, err = ngx.req.get_uri_args(10)
ngx.say("err: ", err)

local names = {}
for name in pairs(args) do
  names[#names + 1] = name
end
table.sort(names)
for _, name in ipairs(names) do
  local value = args[name]
  if type(value) == "table" then
    ngx.say(name, " = ", #value, " values, the first is ", tostring(value[1]))
  else
    ngx.say(name, " = ", value, " (", type(value), ")")
  end
end

ngx.say("args: ", ngx.var.args, " is_args: ", ngx.var.is_args)
ngx.say("uri: ", ngx.var.uri)
ngx.say("request_uri: ", ngx.var.request_uri)
ngx.say("arg_a: ", ngx.var.arg_a, " arg_missing: ", ngx.var.arg_missing)
ngx.say("unknown variable: ", ngx.var.no_such_variable)
ngx.say(ngx.encode_args({ q = "a b&c" }), " ", ngx.encode_args({ tag = { "x", "y/z" } }), " ", ngx.encode_args({ flag = true }),
  " ", ngx.encode_args({ no = false }))

ngx.req.set_uri_args({ page = 2 })
ngx.say("now: ", ngx.var.args, " ", ngx.req.get_uri_args().page)
