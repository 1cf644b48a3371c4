return {
  name = "json-api",
  requires_body = true,
  writes_spark_kv = true,
  memory = "16M",
}
