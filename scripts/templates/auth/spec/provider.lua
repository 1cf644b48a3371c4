-- A provider of OpenID Connect for specs: what it publishes, and the tokens that it gives. Its key is for specs alone.
local edge = require "flaron.edge"

local KEY = [[
-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCgL+q1gvdjvdWT
9u7lK0PrDG6wiOagFDr0KuLVWBdTRKtoY/BVaIxTSNTCRE5L39aQnvhVqQ5q1Jkg
NJxMOPSivrCaYiFC4uU+voPLWQjLJW46/Rz65HAfoq6nr2ozflhseDSYuASfFEP/
qd8ApcI94UaiTNoUAY0clKSm+ll2eLlHjhi+2IWQfx20rowZNXQzdjOxwPOx6jzv
lSBRXSce2OjaszLWjEFcwZ3xD2nrS0dchArAWqqu1t4xLxKxxHWsx9QQUeoOtHam
5qj1usvgPi7VqXdKtv9jYLtqNWaOyxfbmBO27KMOe0EqB2DrTY9I1PC23IVZyxIb
LbtnYW8DAgMBAAECggEAAPwqclFK2icpsA49q9UXRtO9voIpAOT+889rs6omApIS
h8LNkIjjDAQPot4uqRLIS/1eQ5CVkRybkHIiX+mdv35ysZBW6gVhKYCcaNy0TCN/
yQcTbYuIEPm8HzXZ7lUhkBExKZtAFAZY4LKXt3ZNennvKEJWuPbFel6DoK87a5oR
8wbAv00OopzqtdqN0T/aUTSo8L3OW1LvsFZAPU4CcMVJSrhbMOqXX6OZ3i1RKRVt
UION697Y09HoE5XfLcNPnRLAoDtfimDaMBE1OFvfH9wHaBbKyPxwLrsVDL0qlzX5
mTTLoT106alyIQqOfUsNFnEwLmjEhuw6xlIo1ihpaQKBgQDWLsHcceClIwX+OAiU
oTVqhqwB+QgI8cmT6/AThMvwFrrr/xQMgm/jgs7JMxnsX6IJZisupx59QSzuppBv
VlECvbVHhFzses0WLv8J2QTg7XUPb9mt5afNJUDG7qOx0R6L3QD7W17hThb/4jZO
3ArQzoGRY25v8Exg7vsXSnWPdQKBgQC/dl3ZK2zM8eMAgY/xPcSZ1hg8RAAARBIK
qr//vcx0J2rPwIez0B65LdDXbIgD9gHsDe8iVwAFnr722g6W4nHwd2pnE+XjsOAH
liUOjblsEnMyYT0gkB0Qd8NZmUm3CtA9vtEBd3L62PAjwBNu5kMjKr73Zyec6feU
PMF4FIFtlwKBgQCagb5ttWS2HA7dtjRSa/zprN72yVxHf4zH/cMBgaHQv8T2K9ud
rpbii+F6eTexMcfleeOa0woGl3a/bj7xYlYsYQgd4FlcarX508s9omWHkSUKDsj8
Tph/P+l72HkT9GRRxwtHSEGozLmAvAIrX0caHG6RoCXx8GpY3u0ZfyhRZQKBgQCA
j5R4zKXj/8/zeQwUautmeNIRNX/irdKHgxwlN2bf38/i7F6yqN7YbSE8Zc33CutD
fB/EqTKEk5Ga49TEEA198FFsIXpOJ2hm77S2Twfgv4rGm3CWOu6pLiHoOfu7gvFN
ZKGnIHP+aEjnWIQ0BT2zkXJlYcjBnoD18s3eObamxQKBgGQSk01io45XkKq5c6Qw
jwsShafWIz1QHT2MvRu254fRl3VFLVA7oQP+LI5htfFVq+K6v+e1gwL8h05Lljxj
695xB97M9CvMlFo9Nddp9wdwTURIr949pgLYXeb/jsknnCc9RM/VuM4rfvoIaL3H
gITQQtlfD4bbCy/bAt7gFFgf
-----END PRIVATE KEY-----
]]
local MODULUS = "oC_qtYL3Y73Vk_bu5StD6wxusIjmoBQ69Cri1VgXU0SraGPwVWiMU0jUwkROS9_WkJ74VakOatSZIDScTDj0or6wmmIhQuLl"
  .. "Pr6Dy1kIyyVuOv0c-uRwH6Kup69qM35YbHg0mLgEnxRD_6nfAKXCPeFGokzaFAGNHJSkpvpZdni5R44YvtiFkH8dtK6MGTV0"
  .. "M3YzscDzseo875UgUV0nHtjo2rMy1oxBXMGd8Q9p60tHXIQKwFqqrtbeMS8SscR1rMfUEFHqDrR2puao9brL4D4u1al3Srb_"
  .. "Y2C7ajVmjssX25gTtuyjDntBKgdg602PSNTwttyFWcsSGy27Z2FvAw"

local signer = assert(edge.load({ ["main.lua"] = [[
  local flaron = require "flaron"
  return function()
    return { body = flaron.crypto.sign_jwt("RS256", "KEY", flaron.json.decode(flaron.request.body())) }
  end]] }, { secrets = { KEY = KEY } }))

local provider = {}

--- A token of the provider, with these claims.
function provider.sign(claims) return signer:request({ method = "POST", json = claims }).body end

local function json(text, ...)
  return { headers = { ["content-type"] = "application/json" }, body = text:format(...) }
end

--- Has a flare meet the provider in place of the network. `claims` gives the claims of the ID token at a sign-in.
function provider.stub(flare, issuer, claims)
  local plain = issuer:gsub("%p", "%%%0")
  flare:stub_fetch("^" .. plain .. "/%.well%-known/openid%-configuration$",
    json([[{"issuer":"%s","authorization_endpoint":"%s/authorize","token_endpoint":"%s/token",
      "jwks_uri":"%s/keys","end_session_endpoint":"%s/logout"}]], issuer, issuer, issuer, issuer, issuer))
  flare:stub_fetch("^" .. plain .. "/keys$", json([[{"keys":[{"kty":"RSA","e":"AQAB","n":"%s"}]}]], MODULUS))
  flare:stub_fetch("^" .. plain .. "/token$", function()
    return json([[{"token_type":"Bearer","access_token":"opaque","id_token":"%s"}]], provider.sign(claims()))
  end)
end

return provider
