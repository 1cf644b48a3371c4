-- api.http: requests taken apart, answers put together. Knows nothing of routes or notes.
local flaron = require "flaron"
local json, request = flaron.json, flaron.request

local http = {}

http.LONGEST_BODY = 32 * 1024

--- An answer with a JSON body. `value` nil: without a body.
function http.answer(status, value, headers)
  headers = headers or {}
  local body
  if value ~= nil then
    headers["content-type"] = "application/json"
    body = json.encode(value) .. "\n"
  end
  return { status = status, headers = headers, body = body }
end

--- An answer that tells what went wrong; `faults` says it field by field.
function http.fail(status, message, faults)
  return http.answer(status, { error = message, faults = faults })
end

--- The table in the request's body; nil and an answer when there is none.
function http.read_json()
  local kind = request.header "content-type" or ""
  if kind:match "^[^;%s]*" ~= "application/json" then
    return nil, http.fail(415, "content-type must be application/json")
  end
  local body = request.body()
  if #body > http.LONGEST_BODY then
    return nil, http.fail(413, ("the body is larger than %d bytes"):format(http.LONGEST_BODY))
  end
  -- decode raises an error on what is not JSON. The client is to blame, not us: 400 and not 500.
  local good, value = pcall(json.decode, body)
  if not good or type(value) ~= "table" then
    return nil, http.fail(400, "the body is not a JSON object")
  end
  return value
end

return http
