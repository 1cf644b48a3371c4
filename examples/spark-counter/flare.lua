return {
  name = "spark-counter",
  writes_spark_kv = true, -- reading needs no permission
}
