return {
  name = "secret-jwt",
  allowed_secrets = { "JWT_SECRET" }, -- all others look as if they were not set
}
