return {
  name = "guestbook",
  requires_body = true,
  requires_raw_auth = true, -- the token of a form is bound to a cookie
  writes_spark_kv = true,
  allowed_secrets = { "FORM_KEY" },
  assets = { "texts/*.json" },
}
