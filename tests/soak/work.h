/*
 * work.h - a script that does something of all there is, with the same answer each time: for programs that
 * end it anywhere.
 */
#ifndef FLARON_TESTS_WORK_H
#define FLARON_TESTS_WORK_H

/* "WORK" does all of it. "TRY" does the same in protected calls, again and again, and tells how often it
 * failed. */
static const char work_script[] =
    "local flaron = require 'flaron'\n"
    "local kept = setmetatable({ n = 0 }, { __gc = function() end })\n"
    "for i = 1, 50 do kept['name' .. i] = { i, ('long'):rep(20) .. i } end\n"
    "local parts = {\n"
    "  function() local t = {} for i = 1, 40 do t['k' .. i] = i t[i] = { i } end return #t .. t.k7 end,\n"
    "  function() local t = {} for i = 1, 20 do t[('key'):rep(15) .. i] = i end return t[('key'):rep(15) .. "
    "9] end,\n"
    "  function() return (('one two three'):gsub('%w+', function(w) return w:upper() .. #w end)) end,\n"
    "  function() return flaron.json.encode(flaron.json.decode '[1, 2.5, {\"a\": [true, null, \"x\"]}]') "
    "end,\n"
    "  function() local t = {} for i = 1, 30 do t[i] = i * 7919 % 31 end table.sort(t, function(a, b) return "
    "a < b end)\n"
    "    return table.concat(t, ',') end,\n"
    "  function() local co = coroutine.wrap(function(n) while true do n = n + coroutine.yield(n .. '') end "
    "end)\n"
    "    return co(1) .. co(2) .. co(3) end,\n"
    "  function() local s = 0 for i, w in ipairs { ('a,b,c'):match '(.),(.),(.)' } do s = s .. w .. i end "
    "return s end,\n"
    "  function() return load('local a, b = ... return function(c) return a + b * c end', 'chunk')(1, 2)(3) "
    "end,\n"
    "  function() local log = {} do local c <close> = setmetatable({}, { __close = function() log[1] = "
    "'closed' end }) end\n"
    "    return log[1] end,\n"
    "  function() local good, message = pcall(error, { 'x' })\n"
    "    if type(message) ~= 'table' then error(message, 0) end return tostring(good) .. message[1] end,\n"
    "  function() local _, message = xpcall(function() local x = nil; return x.y end, debug.traceback)\n"
    "    if message:find 'memory' then error(message, 0) end return (message:match '[^\\n]*') end,\n"
    "  function() collectgarbage() return ('%5.2f %d %q %s'):format(1.5, 7, 'q\\n', true) end,\n"
    "  function() setmetatable({}, { __gc = function() kept.n = kept.n + 1 end }) collectgarbage() return "
    "'gc' end,\n"
    "  function() return ('x'):rep(5000):sub(-3) .. string.pack('<i4z', 7, 'z'):byte(1) end,\n"
    "  function() local function f(n) if n == 0 then return 'deep' end return (f(n - 1)) end return f(150) "
    "end,\n"
    "  function() return table.concat(table.pack(table.unpack({ 1, 2, 3 }, 1, 200)), ' ', 1, 3) end,\n"
    "  function() return flaron.encoding.hex_encode(flaron.request.url() .. (flaron.request.header 'x' or "
    "'')) end,\n"
    "  function() return require('flaron').url == nil and utf8.char(228, 8364, 128512) end,\n"
    "}\n"
    "return function()\n"
    "  local out = {}\n"
    "  kept.n = kept.n + 1\n"
    "  if flaron.request.method() == 'TRY' then\n"
    "    local failed = 0\n"
    "    for i, part in ipairs(parts) do\n"
    "      local good, value = pcall(part)\n"
    "      if not good then good, value = pcall(part) end\n"
    "      if not good then failed = failed + 1 end\n"
    "      out[i] = tostring(value)\n"
    "    end\n"
    "  else\n"
    "    for i, part in ipairs(parts) do out[i] = part() end\n"
    "  end\n"
    "  flaron.response.set_header('x-count', '' .. kept.n)\n"
    "  return { body = table.concat(out, '|'), headers = { ['content-type'] = 'text/plain' } }\n"
    "end\n";

#endif
