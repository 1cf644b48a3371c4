-- rewriter.cookies: the headers Cookie and Set-Cookie, RFC 6265.
local cookies = {}

--- The cookies of a header as a table; of two with the same name the first counts. `header` may be nil.
function cookies.read(header)
  local found = {}
  for name, value in (header or ""):gmatch "%s*([^=;]+)=([^;]*)" do
    if found[name] == nil then found[name] = value:match '^"?(.-)"?%s*$' end
  end
  return found
end

--- A header's value that sets a cookie for the whole site, for `age` seconds, out of reach for scripts.
function cookies.write(name, value, age)
  return ("%s=%s; Path=/; Max-Age=%d; Secure; HttpOnly; SameSite=Lax"):format(name, value, age)
end

return cookies
