return {
  name = "plasma-counter",
  writes_plasma_kv = true,
}
