-- The manifest: what the flare is called, and what it may do.
return {
  name = "{{name}}",
  allowed_fetch_urls = { "https://www.example.com/*" }, -- the origin
  max_fetch_requests = 2, -- one that asks whether a page still holds, and one more if that is about another
  writes_spark_kv = true,
}
