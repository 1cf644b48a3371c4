-- openresty - scripts of OpenResty in a flare: here stands what nginx.conf says of them. Each location has its phases; the
-- scripts are as they were, but for their first line.
local ngx = require "flaron.openresty"
local router = require "flaron.router"

local app = router.new()

-- nginx finds a location by the path as it reads it, the router by the path as it is written: `/query/../private` would pass by
-- the guard of /private, and the upstream may understand it.
app:use(router.plain_paths)

-- location NAME { ... }: the scripts of its phases.
local function location(path, phases)
  for phase, script in pairs(phases) do phases[phase] = "scripts." .. script end
  phases.upstream = "https://backend.example.com"
  local handler = ngx.handler(phases)
  app:any(path, handler)
  app:any(path .. "/*rest", handler)
end

location("/hello", { content = "hello" })
location("/notes", { content = "notes", header_filter = "security_headers" })
location("/whoami", { access = "api_key", content = "whoami" })
location("/private", { access = "basic_auth", content = "hello" })
location("/download", { access = "signed_url", content = "hello" })
location("/limited", { access = "rate_limit", content = "hello" })
location("/counter", { content = "counter" })
location("/page", { content = "page", header_filter = "security_headers" })
location("/static", { content = "hello", header_filter = "cache_headers" })
location("/banner", { content = "page", header_filter = "banner_headers", body_filter = "banner" })
location("/moved", { rewrite = "moved", content = "hello" })
location("/ab", { rewrite = "ab_test", content = "ab_page" })
location("/aggregate", { content = "aggregate" })
location("/form", { content = "form" })
location("/query", { content = "query" })
location("/cors", { access = "cors", content = "hello" })
location("/toolbox", { content = "toolbox" })
location("/backend", { access = "api_key" })

return app:handler()
