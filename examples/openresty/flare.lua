return {
  name = "openresty",
  requires_body = true,
  requires_raw_auth = true,
  writes_spark_kv = true,
  allowed_fetch_urls = { "https://backend.example.com/*" },
}
