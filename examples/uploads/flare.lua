return {
  name = "uploads",
  requires_body = true,
  requires_raw_auth = true, -- the client's token comes as Authorization
  writes_plasma_kv = true,
  allowed_secrets = { "TOKEN_KEY", "S3_KEY", "STORAGE_KEY" },
  vars = { BUCKET = "https://pictures.s3.eu-central-1.amazonaws.com", S3_ACCESS_KEY = "AKIDEXAMPLE" },
}
