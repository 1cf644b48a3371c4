-- flaron.internal.signed: whether one of several secrets made a signature, so that secrets can be replaced while what the
-- old ones signed is still about. Part of flaron.session and flaron.csrf; not for use by itself.
local signed = {}

--- Whether two strings are the same, in a time that tells nothing of where they differ.
function signed.equal(one, other)
  local difference = #one ~ #other
  for i = 1, #one do difference = difference | (one:byte(i) ~ (other:byte(i) or 0)) end
  return difference == 0
end

--- Whether one of the secrets made a signature.
---@param secrets string[] their names.
---@param found string what came from outside.
---@param sign fun(secret: string): string?, string? what a secret signs with; nil and a message if there is none.
---@return boolean? good nil if no secret is available.
---@return string? message why not.
function signed.by_any(secrets, found, sign)
  local good, known, message = false, false, nil
  for _, secret in ipairs(secrets) do
    local expected, fault = sign(secret)
    if expected then
      known = true
      good = signed.equal(expected, found) or good
    else
      message = message or fault
    end
  end
  if not known then return nil, message end
  return good
end

return signed
