local ngx = require "flaron.openresty"
-- header_filter for banner.lua: the length changes.
ngx.header.content_length = nil
