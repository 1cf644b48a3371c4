-- What the attacks ask (tests/soak/attacks.mjs). The path says what; a number and a URL may follow: /headers/1000?URL
local flaron = require "flaron"
local beam, json, request, response, secrets, spark, ws = flaron.beam, flaron.json, flaron.request, flaron.response, flaron.secrets,
  flaron.spark, flaron.ws

local routes = {}

function routes.good() return { body = "good" } end

function routes.big() return { body = ("x"):rep(10 << 20) } end

-- Half a second of CPU time.
function routes.spin()
  local begin = flaron.time.now "ms"
  while flaron.time.now "ms" - begin < 500 do end
  return { body = "spun" }
end

function routes.fetch(_, url)
  local answer, message = beam.fetch(url)
  return { body = answer and answer.body or message }
end

function routes.headers(count, url)
  local headers = {}
  for i = 1, count do headers["k" .. i] = "" end
  return { body = tostring(beam.fetch(url, { headers = headers })) }
end

function routes.answer(count)
  for i = 1, count do response.set_header("k" .. i, "v") end
  return { body = "answer" }
end

function routes.json()
  local count = 0
  for _ in pairs(json.decode(request.body())) do count = count + 1 end
  return { body = tostring(count) }
end

function routes.list() return { body = tostring(#(spark.list() or {})) } end

function routes.count() return { body = tostring(flaron.plasma.increment "c") } end

function routes.secret(count)
  local secret = secrets.get "KEY"
  for i = 1, count do flaron.encoding.base64_encode(secret .. i) end
  return { body = "encoded" }
end

function routes.body() return { body = tostring(#request.body()) } end

local function handle_request()
  local name, number, url = request.url():match "^%w+://[^/]+/(%w*)/?(%d*)%??(.*)$"
  return (routes[name] or routes.good)(tonumber(number) or 0, url)
end

local function ws_message()
  if ws.event_data() == "many" then
    local message = ("x"):rep(1 << 20)
    for _ = 1, 1000 do
      if not ws.send(message) then return end
    end
  else
    ws.send(ws.event_data())
  end
end

return { handle_request = handle_request, ws_message = ws_message }
