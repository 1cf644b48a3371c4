-- The manifest of the flare that tests/release/inside.sh runs.
return {
  name = "probe",
  bytecode = true, -- for /outside
  websocket = true,
  writes_spark_kv = true,
}
