-- debug.lua - Lua's own functions, as scripts/debug/agent.lua takes them: they are kept here before a spec can change them.
return {
  next = next, rawget = rawget, rawlen = rawlen, rawset = rawset, type = type, select = select, tonumber = tonumber,
  error = error, load = load,
  create = coroutine.create, resume = coroutine.resume, status = coroutine.status, yield = coroutine.yield,
  byte = string.byte, sub = string.sub, find = string.find, format = string.format, gsub = string.gsub, len = string.len,
  concat = table.concat, sort = table.sort, unpack = table.unpack, mathtype = math.type, utflen = utf8.len,
  getinfo = debug.getinfo, getlocal = debug.getlocal, setlocal = debug.setlocal,
  getupvalue = debug.getupvalue, setupvalue = debug.setupvalue,
  getmetatable = debug.getmetatable, setmetatable = setmetatable, getregistry = debug.getregistry,
}
