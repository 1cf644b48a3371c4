local ngx = require "flaron.openresty"
-- content: what access found out.
ngx.say("you are ", ngx.ctx.user)
