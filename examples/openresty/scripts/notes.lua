local ngx = require "flaron.openresty"
-- A JSON endpoint: checks a note that is posted, and answers with what it made of it.
local cjson = require "cjson.safe"

local function answer(status, value)
  ngx.status = status
  ngx.header.content_type = "application/json"
  ngx.say(cjson.encode(value))
  return ngx.exit(ngx.HTTP_OK)
end

if ngx.req.get_method() ~= "POST" then
  ngx.header["Allow"] = "POST"
  return ngx.exit(ngx.HTTP_NOT_ALLOWED)
end

ngx.req.read_body()
local data = ngx.req.get_body_data()
if not data then
  return answer(ngx.HTTP_BAD_REQUEST, { error = "no body" })
end

local note = cjson.decode(data)
if type(note) ~= "table" then
  return answer(ngx.HTTP_BAD_REQUEST, { error = "not JSON" })
end
if type(note.title) ~= "string" or #note.title == 0 then
  return answer(422, { error = "title is missing" })
end
if note.text == ngx.null then
  note.text = nil
end

answer(ngx.HTTP_CREATED, { title = note.title:upper() })
ngx.say("never reached")
