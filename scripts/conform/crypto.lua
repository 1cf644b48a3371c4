-- crypto.lua - probes of flaron.crypto and flaron.secrets. What needs a key asks for the secret CONFORM_KEY, whose value is
-- public (settings.key): it protects nothing. What the host computes is checked by flaron.digest.
local crypto, secrets = require "flaron.crypto", require "flaron.secrets"
local digest, json = require "flaron.digest", require "flaron.json"
local settings, show = require "settings", require "show"

local NAME, TEXT = "CONFORM_KEY", "conform"

-- "understood" by AES-256-GCM with settings.key: a nonce of zeros, ciphertext, tag.
local SEALED = "AAAAAAAAAAAAAAAAa1CCHQd+zhbM8+F6MUmmrIk8K6drNI/XSnY="

-- Ends a probe unless the host has the key.
local function need_key()
  local key = secrets.get(NAME)
  if not key then show.skip("the host has no secret " .. NAME .. " that the flare may read") end
  if key ~= settings.key then show.skip("the secret " .. NAME .. " has another value than conform's") end
end

-- How a host writes a digest: the name and form among those that flaron.digest makes.
local function recognise(text, make)
  if not text then return nil end
  for _, name in ipairs { "md5", "sha1", "sha224", "sha256", "sha384", "sha512" } do
    for _, form in ipairs { "hex", "base64", "base64url", "raw" } do
      local right = make(name, form)
      if text == right then return name .. ", " .. form end
      if form == "hex" and text:lower() == right then return name .. ", hex in upper case" end
    end
  end
  return show.all(text, "%x", "hex digits")
end

local probes = {
  { "hash.sha384", "Is sha384 there, and which form has a digest?", "Use flaron.digest for what a host may not have.",
    function()
      local text, message = crypto.hash("sha384", TEXT)
      return recognise(text, function(name, form) return digest[name](TEXT, form) end) or show.result(text, message)
    end },
  { "hash.empty", "Is there a digest of an empty text?", "Treat an empty input apart.", function()
    local text, message = crypto.hash("sha256", "")
    return recognise(text, function(name, form) return digest[name]("", form) end) or show.result(text, message)
  end },
  { "hash.nul", "Does crypto.hash take a NUL in the text?", "Use flaron.digest for bytes.", function()
    local text, message = crypto.hash("sha256", "a\0b")
    return recognise(text, function(name, form) return digest[name]("a\0b", form) end) or show.result(text, message)
  end },
  { "hash.json", "Is text with < > & and U+2028 hashed as it is?", "Use flaron.digest for text with such characters.", function()
    local input = "<>&\u{2028}\u{1f600}"
    local text, message = crypto.hash("sha256", input)
    return recognise(text, function(name, form) return digest[name](input, form) end) or show.result(text, message)
  end },
  { "secrets.absent", "What is a secret that the flare may not read?", "Check for nil.",
    function() return show.result(secrets.get "CONFORM_ABSENT") end },
  { "hmac.absent", "What does crypto.hmac answer without its secret?", "Check for nil before using the code.",
    function() return show.result(crypto.hmac("CONFORM_ABSENT", TEXT)) end },
  { "hmac.hash", "Which hash and form has crypto.hmac?", "Use flaron.digest's hmac where the hash matters.", function()
    need_key()
    local text, message = crypto.hmac(NAME, TEXT)
    local function make(name, form) return digest.hmac(name, settings.key, TEXT, form) end
    return recognise(text, make) or show.result(text, message)
  end },
  { "jwt.header", "Which header does crypto.sign_jwt write?", "Do not compare whole tokens.", function()
    need_key()
    local token, message = crypto.sign_jwt("HS256", NAME, { a = 1 })
    if not token then return show.result(token, message) end
    local head = token:match "^[%w_-]+" or ""
    local pad = head:gsub("-", "+"):gsub("_", "/") .. ("="):rep(-#head % 4)
    local text = require "flaron.encoding".base64_decode(pad)
    local good, header = pcall(json.decode, text or "")
    if not good then return show.result(text) end
    local names = {}
    for name, value in pairs(header) do names[#names + 1] = name .. "=" .. tostring(value) end
    table.sort(names)
    return table.concat(names, " ")
  end },
  { "jwt.claims", "Does crypto.sign_jwt keep large integers and text as they are?",
    "Give numbers over 2^53 and odd text as strings.", function()
      need_key()
      local token, message = crypto.sign_jwt("HS256", NAME, { n = 9007199254740993, t = "<&>" })
      if not token then return show.result(token, message) end
      local claims = token:match "^[^.]*%.([^.]*)%." or ""
      local pad = claims:gsub("-", "+"):gsub("_", "/") .. ("="):rep(-#claims % 4)
      local good, read = pcall(json.decode, require "flaron.encoding".base64_decode(pad) or "")
      if not good then return "no JSON" end
      return ("n %s, t %s"):format(read.n == 9007199254740993 and "kept" or "changed", read.t == "<&>" and "kept" or "changed")
    end },
  { "aes.size", "How much larger than the text is what crypto.encrypt_aes makes?", "Only the same host may be able to decrypt.",
    function()
      need_key()
      local text, message = crypto.encrypt_aes(NAME, "sixteen letters!")
      if not text then return show.result(text, message) end
      local bytes = require "flaron.encoding".base64_decode(text)
      return bytes and ("base64, %d bytes more"):format(#bytes - 16) or "not base64"
    end },
  { "aes.layout", "Does crypto.decrypt_aes read nonce, ciphertext and tag of AES-256-GCM, in this order?",
    "What another edge or program encrypted cannot be read.", function()
      need_key()
      return show.result(crypto.decrypt_aes(NAME, SEALED))
    end },
  { "aes.tag", "Is a ciphertext refused that was changed?", "Check what was decrypted by an hmac of your own.", function()
    need_key()
    local text = crypto.encrypt_aes(NAME, TEXT)
    if not text then return "nothing" end
    local changed = text:gsub("^.", function(c) return c == "A" and "B" or "A" end)
    return show.result(crypto.decrypt_aes(NAME, changed))
  end },
}

for _, name in ipairs { "md5", "sha1", "sha256", "sha512", "blake2b", "blake3", "SHA256", "sha-256" } do
  probes[#probes + 1] = { "hash.name." .. name, ("Does crypto.hash know %s?"):format(name),
    "Use flaron.digest for what a host may not have.",
    function() return show.all(crypto.hash(name, TEXT), "[0-9a-f]", "lower-case hex") end }
end

for _, name in ipairs { "HS384", "HS512", "none" } do
  probes[#probes + 1] = { "jwt." .. name, ("Does crypto.sign_jwt know %s?"):format(name), "Use HS256, or flaron.jwt.",
    function()
      need_key()
      local token, message = crypto.sign_jwt(name, NAME, { a = 1 })
      if not token then return show.result(token, message) end
      local signed, signature = token:match "^(.*)%.([^.]*)$"
      local hash = name:gsub("HS", "sha")
      if hash == name then return "a token" end
      return signature == digest.hmac(hash, settings.key, signed, "base64url") and "a token that is right" or "a token that is wrong"
    end }
end

return probes
