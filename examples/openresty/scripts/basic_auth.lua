local ngx = require "flaron.openresty"
-- access: a password for a folder, as auth_basic has it.
local users = { ada = "engine", grace = "bug:1947" }

local function refuse()
  ngx.header["WWW-Authenticate"] = 'Basic realm="private"'
  return ngx.exit(ngx.HTTP_UNAUTHORIZED)
end

local given = ngx.var.http_authorization
if not given then
  return refuse()
end

local encoded = given:match("^[Bb]asic%s+(.+)$")
local plain = encoded and ngx.decode_base64(encoded)
local user, password = (plain or ""):match("^([^:]*):(.*)$")

if not user or users[user] ~= password then
  ngx.log(ngx.WARN, "refused: ", user)
  return refuse()
end

if ngx.var.uri:find("/admin", 1, true) and user ~= "grace" then
  return ngx.exit(ngx.HTTP_FORBIDDEN)
end
