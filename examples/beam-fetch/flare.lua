return {
  name = "beam-fetch",
  allowed_fetch_urls = { "https://example.com/*" },
  max_fetch_requests = 1,
}
