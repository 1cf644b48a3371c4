return {
  name = "edge-ops",
}
