return {
  name = "log-intake",
  requires_body = true,
  writes_spark_kv = true,
  allowed_secrets = { "LOG_KEY" },
}
