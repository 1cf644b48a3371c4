local ngx = require "flaron.openresty"
-- content: a shared dictionary with all that is done to it.
local visits = ngx.shared.visits

local function show(...)
  local out = {}
  for i = 1, select("#", ...) do
    out[i] = tostring((select(i, ...)))
  end
  ngx.say(table.concat(out, " "))
end

show("flush", visits:flush_all())
show("get", visits:get("a key, with: all kinds/of bytes"))
show("set", visits:set("a key, with: all kinds/of bytes", "x"))
show("get", visits:get("a key, with: all kinds/of bytes"))
show("add", visits:add("n", 41))
show("add again", visits:add("n", 7))
show("incr", visits:incr("n", 1))
show("incr missing", visits:incr("m", 1))
show("incr init", visits:incr("m", 1, 10))
show("incr word", visits:incr("a key, with: all kinds/of bytes", 1))
show("replace", visits:replace("n", true))
show("get", visits:get("n"))
show("replace missing", visits:replace("o", 1))
show("flags", visits:set("f", 1.5, 0, 7))
show("get", visits:get("f"))
show("ttl", visits:ttl("f"))
show("ttl missing", visits:ttl("o"))
local keys = visits:get_keys()
table.sort(keys)
show(#keys, table.concat(keys, ", "))
show("delete", visits:delete("n"))
show("get", visits:get("n"))
show("set nil", visits:set("m", nil))
show("get", visits:get("m"))
