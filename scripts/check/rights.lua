-- rights.lua - what the functions of the ready-made modules (scripts/modules) need of flare.lua, for check.lua: one row
-- for each of them, empty for what needs nothing. tests/tool/check_rights_spec.lua fails for a function without a row.
--
-- A row says which function of the SDK is called in the end, and with what:
--
--   { call = "request.header", text = "cookie" }    with this text
--   { call = "request.header", argument = 1 }       with the function's own argument
--   { call = "crypto.hmac", fields = { ... } }      with strings, or lists of them, in these fields of argument 1
--   { row, ... }                                    several of these
--
-- Of a row with fields, `suffix` is what follows the string, and `unless` a field that makes the row count for nothing.
--
-- `kinds` says what the objects are that functions make, and which of their arguments are functions that get one.
-- luacheck: globals rights

local raw_cookie = { call = "request.header", text = "cookie" }
local body = { call = "request.body" }

local authorization = { call = "request.header", text = "authorization" }
local spark_write = { call = "spark.set" }
local discovery = { call = "beam.fetch", fields = { "issuer" }, suffix = "/.well-known/openid-configuration", unless = "jwks_uri" }

rights = {
  functions = {
    ["flaron.cache"] = { new = { call = "spark.set" } },
    ["flaron.cookie"] = { parse = {}, get = raw_cookie, serialize = {}, set = {}, delete = {} },
    ["flaron.cors"] = { new = {} },
    ["flaron.csrf"] = { new = { call = "crypto.hmac", fields = { "secret", "old_secrets" } } },
    ["flaron.date"] = { http = {}, parse_http = {}, iso = {}, parse_iso = {} },
    ["flaron.html"] = { escape = {}, new = {} },
    ["flaron.i18n"] = { negotiate = {}, plural = {}, new = {} },
    ["flaron.inspect"] = { text = {} },
    ["flaron.jwt"] = { new = { call = "crypto.hmac", fields = { "secret", "old_secrets" } },
      keys = { spark_write, { call = "beam.fetch", fields = { "url" } } }, sign = {} },
    ["flaron.multipart"] = { parse = {}, form = body },
    ["flaron.oidc"] = {
      new = { spark_write, { call = "secrets.get", fields = { "client_secret" } },
        { call = "crypto.encrypt_aes", fields = { "encrypt_with" } }, discovery,
        { call = "beam.fetch", fields = { "token_endpoint", "jwks_uri", "userinfo_endpoint" } } },
      keys = { spark_write, discovery, { call = "beam.fetch", fields = { "jwks_uri" } } },
    },
    ["flaron.openresty"] = { handler = {} },
    ["flaron.ratelimit"] = { spark = { call = "spark.set" }, plasma = { call = "plasma.increment" } },
    ["flaron.security_headers"] = { new = {} },
    ["flaron.session"] = { equal = {}, new = { call = "crypto.hmac", fields = { "secret", "old_secrets" } } },
    ["flaron.sigv4"] = { new = { call = "secrets.get", fields = { "secret", "session_token" } } },
    ["flaron.router"] = { new = {}, plain_paths = {} },
    ["flaron.template"] = { escape = {}, compile = {} },
    ["flaron.url"] = { decode = {}, encode = {}, query = {}, parse = {}, build = {} },
    ["flaron.webhook"] = { new = { call = "secrets.get", fields = { "secret", "old_secrets" } } },
  },
  methods = {
    sessions = { sign = {}, verify = {}, read = raw_cookie, write = {}, clear = {} },
    tokens = { verify = {} },
    client = {
      login = raw_cookie, callback = raw_cookie, user = raw_cookie, access_token = raw_cookie, refresh = raw_cookie,
      userinfo = raw_cookie, logout = raw_cookie, middleware = raw_cookie,
    },
    req = { header = { call = "request.header", argument = 1 }, body = body, json = body, form = body },
    app = {
      get = {}, post = {}, put = {}, patch = {}, delete = {}, head = {}, options = {}, any = {}, route = {}, use = {},
      group = {}, handler = {},
    },
    page = { render = {} },
    texts = { language = {}, text = {} },
    rewriter = { on = {}, on_text = {}, on_comment = {}, rewrite = {} },
    guard = { token = raw_cookie, verify = raw_cookie, check = raw_cookie, middleware = raw_cookie },
    limiter = { count = {}, apply = {}, middleware = {} },
    store = { fetch = { call = "beam.fetch", argument = 1 }, handler = {}, middleware = {}, purge = {} },
    receiver = { verify = {}, check = body },
    signer = { sign = {}, presign = {} },
    policy = { apply = {}, middleware = {} },
    shield = { nonce = {}, apply = {}, middleware = {} },
  },
  -- Of the table `ngx` (flaron.openresty), whose fields are made when they are used: how they are written after `ngx.`; the
  -- headers of `req.get_headers()` and of `var` in lower case; methods of dictionaries after `shared:`.
  ngx = {
    ["req.read_body"] = body, ["var.request_body"] = body, ["var.http_cookie"] = raw_cookie,
    ["req.get_headers().cookie"] = raw_cookie, ["var.http_authorization"] = authorization,
    ["req.get_headers().authorization"] = authorization, ["shared:set"] = spark_write, ["shared:safe_set"] = spark_write,
    ["shared:add"] = spark_write, ["shared:safe_add"] = spark_write, ["shared:replace"] = spark_write,
    ["shared:incr"] = spark_write, ["shared:expire"] = spark_write, ["shared:delete"] = spark_write,
    ["shared:flush_all"] = spark_write, ["var.cookie_"] = raw_cookie,
  },
  makes = {
    ["flaron.session.new"] = "sessions", ["flaron.jwt.new"] = "tokens", ["flaron.oidc.new"] = "client", ["flaron.router.new"] = "app",
    ["flaron.template.compile"] = "page",
    ["app:group"] = "app", ["flaron.cache.new"] = "store", ["flaron.cors.new"] = "policy", ["flaron.csrf.new"] = "guard",
    ["flaron.html.new"] = "rewriter", ["flaron.i18n.new"] = "texts",
    ["flaron.ratelimit.spark"] = "limiter", ["flaron.ratelimit.plasma"] = "limiter",
    ["flaron.security_headers.new"] = "shield", ["flaron.webhook.new"] = "receiver",
    ["flaron.sigv4.new"] = "signer",
  },
}
