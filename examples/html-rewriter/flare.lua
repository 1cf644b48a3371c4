return {
  name = "html-rewriter",
  requires_raw_auth = true, -- else the host withholds Cookie
  writes_plasma_kv = true,
  allowed_fetch_urls = { "https://www.example.com/*" },
  max_fetch_requests = 1,
  assets = { "banner.html" },
}
