-- flaron.router.paths: recognises paths that all servers read in the same way. Part of flaron.router; not for use on
-- its own.
--
-- A guard checks a path and passes the request on to an origin, which may read the path differently: nginx merges "//"
-- and resolves "..", Tomcat drops the part after ";", IIS reads "\" as "/", and most decode first. A path with nothing
-- of that kind is plain: there is one way to write it and one way to read it.
local url = require "flaron.url"

-- Whether a path, as written in a URL, is plain.
return function(path)
  for hex in path:gmatch "%%(.?.?)" do
    local byte = hex:find "^%x%x$" and string.char(tonumber(hex, 16))
    -- No "~", which Java's URLEncoder and others encode.
    if not byte or byte:find "[%w._/\\-]" then return false end
  end
  local text = url.decode(path)
  return utf8.len(text) ~= nil and not text:find "[\\;%c]" and not text:find("//", 1, true) and not text:find "/%.%.?%f[/\0]"
    and not text:find "%%%x%x" -- else it could be decoded once more
end
