-- spec.lua - makes a spec of a record (edge/record): the request, what the host answered, what came of it. A flare of
-- `flaron-lua replay --spec`, which gives it the record, without secrets, as the asset "record", and `path`, what the spec loads.
--
-- What a reader should see as such is an option or a stub: secrets, what was in the stores, what was fetched. Where that would not
-- come to the same (a time to live, a write that failed, what somebody else wrote meanwhile), and for all else that the host
-- made (ids, the clock, random bytes, signatures), it says the answers themselves: flare:answer.
-- luacheck: read globals path
local flaron = require "flaron"
local json = flaron.json

local record = json.decode(flaron.asset "record")

-- Bytes as the record has them.
local function bytes(value)
  if type(value) ~= "table" then return value end
  if value.base64 then return flaron.encoding.base64_decode(value.base64) end
  local from = record
  for name in value.from:gmatch "[^.]+" do from = from[name] end
  return bytes(from)
end

local calls = {} -- { import, first and second argument or number, answer: nil = none }

local function read_calls()
  for n, call in ipairs(record.calls) do
    local given, answer = call.arguments, call.answer
    if answer == json.null then answer = nil end
    calls[n] = { import = call.import, a = bytes(given[1]), b = bytes(given[2]), c = given[3], answer = bytes(answer) }
  end
end

-- ---- Lua as text ----

local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

-- A string as Lua source: UTF-8 as it is, other bytes by their numbers.
local function quote(text)
  local mark = text:find('"', 1, true) and not text:find("'", 1, true) and "'" or '"'
  local odd = "[%c\\" .. mark .. (utf8.len(text) and "]" or "\128-\255]")
  return mark .. text:gsub(odd, function(c)
    return ESCAPES[c] or (c == mark or c == "\\") and "\\" .. c or ("\\%03d"):format(c:byte())
  end) .. mark
end

-- What matches a text alone.
local function quote_pattern(text, tail) return quote("^" .. text:gsub("[%^$()%%.%[%]*+%-?]", "%%%0") .. (tail or "")) end

local write

local function write_key(key)
  local plain = key:find "^[%a_][%w_]*$" and load("local " .. key)
  return plain and key or "[" .. quote(key) .. "]"
end

-- What comes first in tables of a spec; the rest is sorted.
local RANK = {}
for n, name in ipairs { "now", "secrets", "spark", "plasma", "method", "status", "url", "conn_id", "headers", "body", "data" } do
  RANK[name] = n
end

local function sorted(fields)
  local names = {}
  for name in pairs(fields) do names[#names + 1] = name end
  table.sort(names, function(a, b)
    local first, second = RANK[a] or math.huge, RANK[b] or math.huge
    if first ~= second then return first < second end
    return a < b
  end)
  return names
end

-- A value as Lua source: in one line if it is short, else a field a line, the further ones indented by `indent`.
function write(value, indent)
  if type(value) == "string" then return quote(value) end
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  local inner = indent .. "  "
  if #value > 0 then
    for n, item in ipairs(value) do parts[n] = write(item, inner) end
  else
    for _, name in ipairs(sorted(value)) do parts[#parts + 1] = write_key(name) .. " = " .. write(value[name], inner) end
  end
  local line = #parts > 0 and "{ " .. table.concat(parts, ", ") .. " }" or "{}"
  if #line + #indent <= 100 and not line:find "\n" then return line end
  return "{\n" .. inner .. table.concat(parts, ",\n" .. inner) .. ",\n" .. indent .. "}"
end

-- ---- what the host answered ----

-- The stores are followed call by call. `first` is what they must have had at first; `exact` is false when no contents would
-- have given these answers. `known` is what is known of a key: nil, false (it is not there), or a table.
local function new_store() return { exact = true, first = {}, known = {}, listed = false } end

local spark, plasma = new_store(), new_store()

local function expect(store, good)
  if not good then store.exact = false end
end

-- What is known of a key before it is read: after a list, all that was not in it is not there.
local function known_of(store, key)
  local known = store.known[key]
  if known == nil and store.listed then return false end
  return known
end

local function follow_list(store, answer)
  local good, keys = pcall(json.decode, answer or "")
  expect(store, good)
  if not good then return end
  local there = {}
  for _, key in ipairs(keys) do
    there[key] = true
    expect(store, known_of(store, key) ~= false)
    if store.known[key] == nil then store.first[key], store.known[key] = "", { unread = true } end
  end
  for key, known in pairs(store.known) do expect(store, not known or there[key]) end
  store.listed = true
end

local follow = {}

function follow.spark_get(call)
  local known, answer = known_of(spark, call.a), call.answer
  local ttl, value = answer and string.unpack("<I4", answer), answer and answer:sub(5)
  if known == nil or known and known.unread then
    expect(spark, not answer and known == nil or answer and ttl == 0)
    spark.known[call.a], spark.first[call.a] = answer and { value = value, ttl = 0 } or false, value
  else
    expect(spark, known and answer and value == known.value and ttl == known.ttl or not known and not answer)
  end
end

function follow.spark_set(call)
  expect(spark, call.answer == 0)
  spark.known[call.a] = { value = call.b, ttl = call.c }
end

function follow.spark_delete(call) spark.known[call.a] = false end

function follow.spark_list(call) follow_list(spark, call.answer) end

function follow.plasma_get(call)
  local known, answer = known_of(plasma, call.a), call.answer
  if known == nil or known and known.unread then
    expect(plasma, answer or known == nil)
    plasma.known[call.a], plasma.first[call.a] = answer and { value = answer, first = true } or false, answer
  else
    expect(plasma, known and known.value == answer or not known and not answer)
  end
end

-- A counter goes from what was known to what the host answered, by `delta`.
local function count(call, delta)
  local known, total = known_of(plasma, call.a), call.answer and string.unpack("<i8", call.answer)
  if not total then return expect(plasma, false) end
  local before = total - delta
  if known == nil or known and (known.unread or known.first) then
    expect(plasma, not (known and known.first) or known.value == tostring(before))
    if known or before ~= 0 then plasma.first[call.a] = before end
  else
    expect(plasma, known and known.counts and known.value == tostring(before) or not known and before == 0)
  end
  plasma.known[call.a] = { value = tostring(total), counts = true }
end

function follow.plasma_increment(call) count(call, call.b) end

function follow.plasma_decrement(call) count(call, -call.b) end

function follow.plasma_set(call)
  expect(plasma, call.answer == 0)
  plasma.known[call.a] = { value = call.b }
end

function follow.plasma_delete(call)
  expect(plasma, call.answer == 0)
  plasma.known[call.a] = false
end

function follow.plasma_list(call) follow_list(plasma, call.answer) end

local secrets = {}

function follow.secret_get(call)
  if call.answer then secrets[call.a] = call.answer end
end

-- Fetches by URL, in order: { url, answers }, an answer being what a stub returns: a table, or nil and a message.
local fetches = { exact = true }

-- Whether the host asks a stub for a URL just as the flare wrote it.
local function is_plain(url)
  local port, rest = url:match "^https?://[%l%d.-]+(:?%d*)(/[%w%-._~/?=&+,;:@!$'()*]*)$"
  return port and port ~= ":" and port ~= ":80" and port ~= ":443" and not rest:find "/%."
end

local function read_fetched(answer)
  if not answer then return { n = 2 } end
  local good, fetched = pcall(json.decode, answer)
  if not good or type(fetched) ~= "table" then return nil end
  if type(fetched.error) == "string" and not fetched.status then return { nil, fetched.error, n = 2 } end
  for name in pairs(fetched) do
    if name ~= "status" and name ~= "headers" and name ~= "body" then return nil end
  end
  if math.type(fetched.status) ~= "integer" or fetched.status // 100 == 3 then return nil end
  local headers = fetched.headers and next(fetched.headers) and fetched.headers or nil
  return { { status = fetched.status, headers = headers, body = fetched.body }, n = 1 }
end

function follow.beam_fetch(call)
  local answer = is_plain(call.a) and read_fetched(call.answer)
  if not answer then
    fetches.exact = false
    return
  end
  local fetch = fetches[call.a]
  if not fetch then
    fetch = { url = call.a }
    fetches[#fetches + 1], fetches[call.a] = fetch, fetch
  end
  fetch[#fetch + 1] = answer
end

-- Whether the answers of an import are said as such.
local function is_told(import)
  if import:find "^spark_pull$" then return true end
  if import:find "^spark_" then return not spark.exact and import ~= "spark_delete" end
  if import:find "^plasma_" then return not plasma.exact end
  if import == "beam_fetch" then return not fetches.exact end
  if import:find "^crypto_" then return import ~= "crypto_hash" end
  return import:find "^id_" or import == "snowflake_id" or import == "timestamp"
end

local told, told_names = {}, {} -- lists of answers by import, and the imports in order

local function follow_calls()
  for _, call in ipairs(calls) do
    if follow[call.import] then follow[call.import](call) end
  end
  for _, call in ipairs(calls) do
    if is_told(call.import) then
      if not told[call.import] then
        told[call.import], told_names[#told_names + 1] = {}, call.import
      end
      local list = told[call.import]
      list[#list + 1] = call.answer or false
    end
  end
end

-- ---- the spec ----

local out = {}
local function add(format, ...) out[#out + 1] = select("#", ...) > 0 and format:format(...) or format end

local request, response = record.request, record.response
local event = request.event
local INDENT = "    "

-- The headers of the request; lines of one name are joined as a server does it.
local function make_headers()
  local headers, names = {}, {}
  for _, pair in ipairs(request.headers) do
    local name, value = bytes(pair[1]), bytes(pair[2])
    local known = names[name:lower()]
    if known then
      headers[known] = headers[known] .. (name:lower() == "cookie" and "; " or ", ") .. value
    else
      headers[name], names[name:lower()] = value, name
    end
  end
  return next(headers) and headers or nil
end

-- When it began, in seconds since 1970; nil when the record does not say.
local function began()
  local part = table.pack((record.begin or ""):match "^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)")
  if not part[1] then return nil end
  return os.time { year = part[1], month = part[2], day = part[3], hour = part[4], min = part[5], sec = part[6] }
end

local function write_options()
  local options = {
    now = began(), secrets = next(secrets) and secrets or nil, spark = spark.exact and next(spark.first) and spark.first or nil,
    plasma = plasma.exact and next(plasma.first) and plasma.first or nil,
  }
  return next(options) and ", " .. write(options, INDENT) or ""
end

local function write_stub(fetch)
  local pattern = quote_pattern(fetch.url, "$")
  if #fetch == 1 then
    local answer = fetch[1]
    if answer[1] then return add("    flare:stub_fetch(%s, %s)", pattern, write(answer[1], INDENT)) end
    return add("    flare:stub_fetch(%s, function() return nil%s end)", pattern, answer[2] and ", " .. quote(answer[2]) or "")
  end
  add "    do -- one answer after the other"
  add "      local answers = {"
  for _, answer in ipairs(fetch) do
    add("        { %s },", answer[1] and write(answer[1], "        ") or "nil" .. (answer[2] and ", " .. quote(answer[2]) or ""))
  end
  add "      }"
  add("      flare:stub_fetch(%s, function() return table.unpack(table.remove(answers, 1), 1, 2) end)", pattern)
  add "    end"
end

local function write_asked()
  local asked = { url = bytes(request.url), headers = make_headers() }
  if event then
    asked.conn_id, asked.data = bytes(event.connection), event.type ~= "open" and bytes(event.data) or nil
    asked.close_code = event.type == "close" and event.close_code or nil
    return add("    local answer = flare:event(%s, %s)", quote(event.type), write(asked, INDENT))
  end
  local body = bytes(request.body)
  asked.method, asked.body = bytes(request.method), body ~= "" and body or nil
  add("    local answer = flare:request %s", write(asked, INDENT))
end

local function write_outcome()
  local frames, headers = {}, {}
  for n, frame in ipairs(response.frames) do frames[n] = bytes(frame) end
  for _, pair in ipairs(response.headers) do headers[bytes(pair[1])] = bytes(pair[2]) end
  if event then
    add("    assert.same(%s, answer.frames)", write(frames, INDENT))
    if response.close_code ~= 0 then add("    assert.equal(%d, answer.close_code)", response.close_code) end
  else
    add("    assert.equal(%s, answer.action)", quote(response.action:lower()))
  end
  if not event and response.action == "RESPOND" then
    add("    assert.equal(%d, answer.status)", response.status)
    add("    assert.same(%s, answer.headers)", write(headers, INDENT))
    add("    assert.equal(%s, answer.body)", quote(bytes(response.body)))
  end
  for _, fetch in ipairs(fetches.exact and fetches or {}) do
    local reached = false -- what the host refused never came to a stub
    for _, answer in ipairs(fetch) do reached = reached or answer[1] or answer[2] end
    if reached then add("    assert.response(answer).has.fetched(%s)", quote(fetch.url)) end
  end
  local last
  for _, line in ipairs(response.logs) do
    if line.level == "error" then last = line end
  end
  if last and (record.result.raised or record.result.failed) then
    local line = bytes(last.text):match "^[^\n]*"
    add("    assert.response(answer).has.log(\"error\", %s)", quote_pattern(line))
  end
end

local function handle_request()
  read_calls()
  follow_calls()
  local method, url = bytes(request.method), bytes(request.url)
  local what = event and "ws_" .. event.type .. " of " .. url or method .. " " .. url
  local outcome = event and "sends what was recorded"
    or response.action == "RESPOND" and ("answers %d"):format(response.status) or "leaves it to the origin"
  add "-- What a flare was asked and answered, made of a record by `flaron-lua replay --spec`. Secrets are replaced."
  add 'local edge = require "flaron.edge"'
  add ""
  add("describe(%s, function()", quote(what:sub(1, 200)))
  add("  it(%s, function()", quote(outcome))
  add("    local flare <close> = assert(edge.load(%s%s))", quote(path), write_options())
  for _, fetch in ipairs(fetches.exact and fetches or {}) do write_stub(fetch) end
  for _, name in ipairs(told_names) do add("    flare:answer(%s, %s)", quote(name), write(told[name], INDENT)) end
  add ""
  write_asked()
  add ""
  write_outcome()
  add "  end)"
  add "end)"
  return { body = table.concat(out, "\n") .. "\n" }
end

return { handle_request = handle_request }
