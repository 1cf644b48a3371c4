-- Answers requests: a greeting at /, and a 404 everywhere else. docs/router.md tells what routes can be.
local flaron = require "flaron"
local router = require "flaron.router"

local TEXT = "text/plain; charset=utf-8"

-- The fallback. What is logged can be seen in `flaron-lua dev`, and in a spec.
local function not_found(req)
  flaron.logging.warn("nothing at", req.path)
  return { status = 404, headers = { ["content-type"] = TEXT }, body = "there is nothing here\n" }
end

local app = router.new { not_found = not_found }

app:get("/", function(req)
  local language = req:header "accept-language" or ""
  return {
    headers = { ["content-type"] = TEXT, vary = "accept-language" },
    body = language:lower():find "^de%f[^%w]" and "Guten Tag\n" or "Good day\n",
  }
end)

return app:handler()
