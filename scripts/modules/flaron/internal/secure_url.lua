-- flaron.internal.secure_url: whether keys and tokens may go over a URL: https, or http within this machine, where nobody
-- listens between. Part of flaron.jwt and flaron.oidc; not for use by itself.
local LOOPBACK = { ["localhost"] = true, ["127.0.0.1"] = true, ["[::1]"] = true }

---@param text string
---@return boolean secure false for what is no URL, too, and for one with a user or a fragment.
return function(text)
  local scheme, host = text:match "^(https?)://([%w.:%[%]_-]+)%f[/?\0]"
  if not scheme or text:find '[^!-~]' or text:find '[#"<>\\]' then return false end
  return scheme == "https" or LOOPBACK[host:gsub(":%d+$", "")] == true
end
