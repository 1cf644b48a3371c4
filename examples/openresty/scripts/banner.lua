local ngx = require "flaron.openresty"
-- body_filter: a line at the top of each page, and the names of machines taken out.
local chunk, eof = ngx.arg[1], ngx.arg[2]

if not ngx.ctx.begun and chunk ~= "" then
  ngx.ctx.begun = true
  chunk = "<!-- served at the edge -->\n" .. chunk
end

ngx.ctx.bytes = (ngx.ctx.bytes or 0) + #chunk
chunk = chunk:gsub("title", "a better title")

if eof then
  chunk = chunk .. "<!-- " .. ngx.ctx.bytes .. " bytes -->\n"
end
ngx.arg[1] = chunk
