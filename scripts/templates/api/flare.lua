-- The manifest: what the flare is called, and what it may do.
return {
  name = "{{name}}",
  requires_body = true, -- request.body() has the body
  writes_spark_kv = true, -- spark.set and spark.delete work
}
