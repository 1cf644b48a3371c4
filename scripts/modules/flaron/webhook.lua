-- flaron.webhook: whether a webhook comes from whom it says: GitHub, Stripe, Slack, and all who follow Standard Webhooks. Each
-- signs the body with HMAC-SHA-256 and a secret that both sides have; Stripe, Slack and Standard Webhooks sign the time, too.
--
-- What it does not do: it sees no repetition within the tolerance (keep the id of what was done in Plasma), makes no
-- signatures, reads no JSON, and takes neither GitHub's signature by SHA-1 nor the asymmetric one of Standard Webhooks (v1a).
local argument = require "flaron.internal.argument"
local digest = require "flaron.digest"
local flaron = require "flaron"
local encoding, request, secrets, time = flaron.encoding, flaron.request, flaron.secrets, flaron.time

--- Verifies webhooks.
---@class flaron.webhook
local webhook = {}

---@class flaron.webhook.Options
---@field from "github"|"stripe"|"slack"|"standard" how it is signed
---@field secret string the name of the secret that signs; the manifest must allow it
---@field old_secrets? string[] names of secrets that signed before and still count; default: none
---@field tolerance? integer seconds that the time of signing may be away from now, either way; default 300

---@alias flaron.webhook.Reason
---| "no signature" # a header that must be there is not
---| "malformed" # a header is not of the form that the sender gives it
---| "too old" # it was signed longer ago than `tolerance`
---| "too new" # it was signed later than now by more than `tolerance`
---| "forged" # no signature is of one of the secrets
---| "bad secret" # a secret is not base64, as Standard Webhooks wants it
---| "no such secret" # the host does not have the secret, or the manifest does not allow it

--- What verifies the webhooks of one sender.
---@class flaron.webhook.Receiver
---@field package from string
---@field package secrets string[]
---@field package tolerance integer
local receiver = {}
receiver.__index = receiver

local TYPES = { from = "string", secret = "string", old_secrets = "table", tolerance = "integer" }
local LONGEST = 4096 -- bytes of a header: what is signed is never longer
local MOST = 16 -- signatures of a header, and old secrets: each pair of them is compared
local LONGEST_TOLERANCE = 0xffffffff

-- Adds a signature to the list; false when there are too many.
local function add(list, signature)
  list[#list + 1] = signature
  return #list <= MOST
end

-- Stripe's header: `t=1492774577,v1=hex,v1=hex,v0=hex`. The time as text, and the signatures of v1; nil when it is malformed.
local function parse_stripe(text)
  local at, signatures = nil, {}
  for item in (text .. ","):gmatch "([^,]*)," do
    local name, value = item:match "^%s*([%w_]+)=(.*)$"
    if not name or name == "t" and at then return nil end
    if name == "t" then at = value end
    if name == "v1" and not add(signatures, value) then return nil end
  end
  return at, signatures
end

-- The signatures of version 1 in the header of Standard Webhooks: `v1,base64 v1,base64 v1a,base64`; nil when it is malformed.
local function parse_standard(text)
  local signatures = {}
  for item in text:gmatch "[^ ]+" do
    local version, value = item:match "^(v%w+),(.+)$"
    if not version then return nil end
    if version == "v1" and not add(signatures, value) then return nil end
  end
  return signatures
end

-- For each sender: the headers that must be there, in the order in which `read` takes their values, the form of signatures,
-- and `read`: what is signed before the body, the signatures, and the time of signing as text. nil for what is malformed.
local senders = {
  github = {
    headers = { "x-hub-signature-256" }, form = "hex",
    read = function(signature) return "", { signature:match "^sha256=(%x+)$" } end,
  },
  stripe = {
    headers = { "stripe-signature" }, form = "hex", timed = true,
    read = function(text)
      local at, signatures = parse_stripe(text)
      return at and at .. ".", signatures, at
    end,
  },
  slack = {
    headers = { "x-slack-signature", "x-slack-request-timestamp" }, form = "hex", timed = true,
    read = function(signature, at) return ("v0:%s:"):format(at), { signature:match "^v0=(%x+)$" }, at end,
  },
  standard = {
    headers = { "webhook-signature", "webhook-id", "webhook-timestamp" }, form = "base64", timed = true, encoded = true,
    read = function(text, id, at) return not id:find("%.") and ("%s.%s."):format(id, at) or nil, parse_standard(text), at end,
  },
}

-- The option that is wrong and what is wrong with it; nil when nothing is.
local function fault_of(options)
  for _, name in ipairs { "from", "secret" } do
    if not options[name] then return name, "missing" end
  end
  if not senders[options.from] then return "from", "\"github\", \"stripe\", \"slack\" or \"standard\" expected" end
  local fault = argument.strings(options.old_secrets)
  if fault then return "old_secrets", fault end
  if #(options.old_secrets or {}) > MOST then return "old_secrets", ("more than %d"):format(MOST) end
  local tolerance = options.tolerance
  if tolerance and not senders[options.from].timed then return "tolerance", "github signs no time" end
  if tolerance and (tolerance < 0 or tolerance > LONGEST_TOLERANCE) then
    return "tolerance", ("%d is not from 0 to %d"):format(tolerance, LONGEST_TOLERANCE)
  end
end

--- Says whose webhooks are verified. It needs no host: do it at start-up.
---
--- Raises: for an option that is unknown, missing or makes no sense.
---@param options flaron.webhook.Options `from` and `secret` must be there.
---@return flaron.webhook.Receiver receiver to verify with.
function webhook.new(options)
  argument.check(options, 1, "webhook.new", "table")
  argument.options(options, "webhook.new", TYPES, fault_of)
  return setmetatable({
    from = options.from, secrets = { options.secret, table.unpack(options.old_secrets or {}) },
    tolerance = options.tolerance or 300,
  }, receiver)
end

-- The values of the sender's headers; nil and a reason.
local function read_headers(sender, header)
  local values = {}
  for n, name in ipairs(sender.headers) do
    local value = header(name)
    if value == nil or value == "" then return nil, "no signature" end
    if type(value) ~= "string" or #value > LONGEST then return nil, "malformed" end
    values[n] = value
  end
  return values
end

-- Why the time of signing is not good; nil when it is, or when the sender signs none.
local function time_fault(self, at)
  if not at then return nil end
  local signed = #at <= 15 and at:find "^%d+$" and math.tointeger(tonumber(at))
  if not signed then return "malformed" end
  local now = assert(time.now())
  if signed < now - self.tolerance then return "too old" end
  if signed > now + self.tolerance then return "too new" end
end

-- The key that a secret stands for; nil and a reason.
local function key_of(sender, name)
  local secret = secrets.get(name)
  if not secret then return nil, "no such secret" end
  if not sender.encoded then return secret end
  local key = encoding.base64_decode((secret:gsub("^whsec_", "")))
  if not key or key == "" then return nil, "bad secret" end
  return key
end

--- Checks a webhook that came in some other way than as the request. All signatures are compared with all secrets, in constant time.
---@param body string the bytes that came, not changed.
---@param headers table<string, string> their names in lower case.
---@return true|nil good `true` when one of the secrets signed it.
---@return flaron.webhook.Reason? reason why not.
function receiver:verify(body, headers)
  argument.self(self, "secrets", "receiver:verify")
  argument.check(body, 1, "receiver:verify", "string")
  argument.check(headers, 2, "receiver:verify", "table")
  local sender = senders[self.from]
  local values, reason = read_headers(sender, function(name) return headers[name] end)
  if not values then return nil, reason end
  local prefix, signatures, at = sender.read(table.unpack(values))
  if not prefix or not signatures or #signatures == 0 then return nil, "malformed" end
  reason = time_fault(self, at)
  if reason then return nil, reason end
  local good, known, fault = false, false, nil
  for _, name in ipairs(self.secrets) do
    local key, why = key_of(sender, name)
    fault = fault or why
    if key then
      known = true
      local expected = digest.hmac("sha256", key, prefix .. body, sender.form)
      for _, signature in ipairs(signatures) do good = digest.equal(expected, signature) or good end
    end
  end
  if good then return true end
  return nil, known and "forged" or fault
end

--- Checks the request. The manifest must have `requires_body`.
---@return string|nil body the bytes of the body, when one of the secrets signed them.
---@return flaron.webhook.Reason? reason why not.
function receiver:check()
  argument.self(self, "secrets", "receiver:check")
  local headers = {}
  for _, name in ipairs(senders[self.from].headers) do headers[name] = request.header(name) end
  local body = request.body() or ""
  local good, reason = self:verify(body, headers)
  if not good then return nil, reason end
  return body
end

return webhook
