-- The manifest: what the flare is called, and what it may do.
return {
  name = "{{name}}",
  vars = {
    SITE = "http://localhost:8787", -- where visitors reach this; the provider may lead to SITE/callback and to SITE/
    ISSUER = "https://login.example.com", -- the provider, as its tokens name it
    CLIENT_ID = "gateway", -- what the provider calls this client
    AUDIENCE = "https://api.example.com", -- what access tokens for the API say that they are for
  },
  requires_raw_auth = true, -- the cookie, and Authorization
  writes_spark_kv = true, -- the provider's document and keys, and visitors' tokens
  allowed_secrets = { "SESSION_KEY", "CLIENT_SECRET" }, -- flaron-lua secret set NAME
  allowed_fetch_urls = { "https://login.example.com/*" }, -- all endpoints of the provider
  max_fetch_requests = 4,
}
