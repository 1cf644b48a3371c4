-- The manifest: what the flare is called, and what it may do. This one needs nothing but the request.
return {
  name = "{{name}}",
}
