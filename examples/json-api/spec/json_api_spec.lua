local json = require "dkjson"
local edge = require "flaron.edge"

local NOW = 1700000000 -- 20 seconds into a window of 60

local function load(options)
  options = options or {}
  options.now = options.now or NOW
  return assert(edge.load("main.lua", options))
end

--- Asks with a method and a path, and a table (or the text) of a body. Returns the response and its JSON.
local function ask(flare, method, path, body, headers)
  local all = { ["x-api-key"] = "spec" }
  if body then all["content-type"] = "application/json" end
  for name, value in pairs(headers or {}) do all[name] = value or nil end
  if type(body) == "table" then body = json.encode(body) end
  local response = assert(flare:request {
    method = method, url = "https://api.example.com" .. path, body = body or "", headers = all,
  })
  assert.same({}, response.failed and response.logs or {})
  return response, json.decode(response.body)
end

local function create(flare, title)
  local response, note = ask(flare, "POST", "/notes", { title = title })
  assert.equal(201, response.status)
  return note
end

describe("json-api routing", function()
  it("answers 404 for a path that no route has", function()
    local flare <close> = load()
    for _, path in ipairs { "", "/", "/note", "/notes/a/b", "/NOTES" } do
      local response, answer = ask(flare, "GET", path)
      assert.equal(404, response.status)
      assert.equal("application/json", response.headers["content-type"])
      assert.same({ error = "there is nothing here" }, answer)
    end
  end)

  it("answers 405 with Allow for a method that a path does not have", function()
    local flare <close> = load()
    local response, answer = ask(flare, "PATCH", "/notes")
    assert.equal(405, response.status)
    assert.equal("GET, HEAD, OPTIONS, POST", response.headers.allow)
    assert.same({ error = "PATCH is not allowed here" }, answer)
    response = ask(flare, "POST", "/notes/01HF7YAT00ARANDOMVALUE0000")
    assert.equal(405, response.status)
    assert.equal("DELETE, GET, HEAD, OPTIONS, PUT", response.headers.allow)
  end)

  it("answers OPTIONS with Allow, and HEAD as GET", function()
    local flare <close> = load()
    local response = ask(flare, "OPTIONS", "/notes")
    assert.equal(204, response.status)
    assert.equal("GET, HEAD, OPTIONS, POST", response.headers.allow)
    assert.equal("", response.body)
    assert.equal(200, ask(flare, "HEAD", "/notes").status)
  end)

  it("takes a slash at the end, the query and %XX for what they are", function()
    local flare <close> = load()
    local note = create(flare, "one")
    local escaped = note.id:gsub(".", function(c) return ("%%%02X"):format(c:byte()) end)
    for _, path in ipairs { note.id, note.id .. "/", note.id .. "?x=/y/z", note.id .. "#/z", escaped } do
      assert.equal(200, ask(flare, "GET", "/notes/" .. path).status)
    end
  end)
end)

describe("json-api notes", function()
  it("creates a note and tells where it is", function()
    local flare <close> = load()
    local response, note = ask(flare, "POST", "/notes", { title = "zwölf", tags = { "a", "b-1" }, done = true })
    assert.equal(201, response.status)
    assert.equal("/notes/" .. note.id, response.headers.location)
    assert.same({
      id = note.id, title = "zwölf", text = "", tags = { "a", "b-1" }, done = true,
      created = "2023-11-14T22:13:20Z", changed = "2023-11-14T22:13:20Z",
    }, note)
    local again, same = ask(flare, "GET", response.headers.location)
    assert.equal(200, again.status)
    assert.same(note, same)
  end)

  it("writes a list as a list, also when it is empty", function()
    local flare <close> = load()
    assert.matches('"tags":%[%]', (ask(flare, "POST", "/notes", '{"title":"x","tags":[]}')).body)
    assert.matches('"tags":%[%]', (ask(flare, "GET", "/notes")).body)
  end)

  it("replaces a note, but neither its id nor when it was created", function()
    local flare <close> = load()
    local note = create(flare, "before")
    flare:advance(5)
    local response, changed = ask(flare, "PUT", "/notes/" .. note.id, { title = "after" })
    assert.equal(200, response.status)
    assert.equal("after", changed.title)
    assert.equal(note.id, changed.id)
    assert.equal(note.created, changed.created)
    assert.equal("2023-11-14T22:13:25Z", changed.changed)
    local _, got = ask(flare, "GET", "/notes/" .. note.id)
    assert.same(changed, got)
  end)

  it("deletes a note", function()
    local flare <close> = load()
    local path = "/notes/" .. create(flare, "short-lived").id
    local response = ask(flare, "DELETE", path)
    assert.equal(204, response.status)
    assert.equal("", response.body)
    for _, method in ipairs { "GET", "DELETE" } do assert.equal(404, ask(flare, method, path).status) end
    assert.equal(404, ask(flare, "PUT", path, { title = "x" }).status)
  end)

  it("answers 404 for an id that is none, and touches no other key", function()
    local flare <close> = load { spark = { ["note:x"] = "{}", ["other"] = "{}" } }
    for _, id in ipairs { "x", "..", "%2e%2e%2fother", "01hf7yat00arandomvalue0000", "a%00b" } do
      assert.equal(404, ask(flare, "GET", "/notes/" .. id).status)
      assert.equal(404, ask(flare, "DELETE", "/notes/" .. id).status)
    end
    assert.equal("{}", flare:contents("spark").other)
  end)

  it("lists notes, oldest first, page by page", function()
    local flare <close> = load()
    local _, answer = ask(flare, "GET", "/notes")
    assert.same({}, answer.notes)
    assert.is_nil(answer.next)
    for i = 1, 5 do
      create(flare, "note " .. i)
      flare:advance(1)
    end
    local titles, path, pages = {}, "/notes?limit=2", 0
    while path do
      _, answer = ask(flare, "GET", path)
      for _, note in ipairs(answer.notes) do titles[#titles + 1] = note.title end
      path, pages = answer.next, pages + 1
    end
    assert.same({ "note 1", "note 2", "note 3", "note 4", "note 5" }, titles)
    assert.equal(3, pages)
  end)

  it("refuses a limit or a place that makes no sense", function()
    local flare <close> = load()
    for _, query in ipairs { "limit=0", "limit=101", "limit=ten", "limit=", "limit=%zz", "after=x", "after=" } do
      assert.equal(400, ask(flare, "GET", "/notes?" .. query).status)
    end
  end)
end)

describe("json-api input", function()
  it("says field by field what is wrong", function()
    local flare <close> = load()
    local cases = {
      { {}, { title = "is missing" } },
      { '{"title":null}', { title = "must be a string" } },
      { { title = "" }, { title = "must have at least 1 characters" } },
      { { title = ("ö"):rep(121) }, { title = "must have at most 120 characters" } },
      { '{"title":"\255"}', { title = "must be a string" } },
      { { title = 1, done = "yes" }, { title = "must be a string", done = "must be true or false" } },
      { { title = "x", owner = "me" }, { owner = "is unknown" } },
      { '["x"]', { ["1"] = "is unknown", title = "is missing" } },
      { { title = "x", tags = "a" }, { tags = "must be a list" } },
      { { title = "x", tags = { a = 1 } }, { tags = "must be a list" } },
      { '{"title":"x","tags":["a",null]}', { tags = "item 2 must be a string" } },
      { { title = "x", tags = { "a", "b c" } }, { tags = "item 2 must match ^[%w-]+$" } },
      { '{"title":"x","tags":["1","2","3","4","5","6","7","8","9"]}', { tags = "must have at most 8 items" } },
    }
    for _, case in ipairs(cases) do
      local response, answer = ask(flare, "POST", "/notes", case[1])
      assert.equal(422, response.status)
      assert.same({ error = "the note is not right", faults = case[2] }, answer)
    end
    assert.equal(201, ask(flare, "POST", "/notes", { title = ("ö"):rep(120) }).status)
  end)

  it("answers 400 to what is no JSON object", function()
    local flare <close> = load()
    for _, body in ipairs { "{", "", "null", '"text"', "{'title':'x'}", ("["):rep(5000) } do
      local response, answer = ask(flare, "POST", "/notes", body)
      assert.equal(400, response.status)
      assert.same({ error = "the body is not a JSON object" }, answer)
    end
  end)

  it("answers 415 to another type, and takes a charset", function()
    local flare <close> = load()
    assert.equal(415, ask(flare, "POST", "/notes", "title=x", { ["content-type"] = "text/plain" }).status)
    assert.equal(415, ask(flare, "POST", "/notes", "{}", { ["content-type"] = "application/jsonx" }).status)
    assert.equal(201,
      ask(flare, "POST", "/notes", { title = "x" }, { ["content-type"] = "application/json; charset=utf-8" }).status)
  end)

  it("answers 413 to a body that is too large", function()
    local flare <close> = load()
    assert.equal(413, ask(flare, "POST", "/notes", { title = "x", text = ("x"):rep(32 * 1024) }).status)
  end)

  it("answers 413 or 503 when the store refuses, and logs it", function()
    local flare <close> = load { max_kv_value_bytes = 300 }
    local response, answer = ask(flare, "POST", "/notes", { title = "x", text = ("x"):rep(300) })
    assert.equal(413, response.status)
    assert.same({ error = "the note cannot be stored: too large" }, answer)
    flare:fail("spark_set", 4)
    response, answer = ask(flare, "POST", "/notes", { title = "x" })
    assert.equal(503, response.status)
    assert.same({ error = "the note cannot be stored: quota" }, answer)
    assert.response(response).has.log("error", "^spark%.set note:%w+: quota$")
    flare:fail("spark_list", true)
    assert.equal(503, ask(flare, "GET", "/notes").status)
  end)
end)

describe("json-api rate limit", function()
  local function times(flare, n, headers)
    for _ = 1, n do assert.equal(200, ask(flare, "GET", "/notes", nil, headers).status) end
  end

  it("counts down, and answers 429 with Retry-After when nothing is left", function()
    local flare <close> = load()
    local response = ask(flare, "GET", "/notes")
    assert.equal("100", response.headers["x-ratelimit-limit"])
    assert.equal("99", response.headers["x-ratelimit-remaining"])
    assert.equal("40", response.headers["x-ratelimit-reset"])
    assert.is_nil(response.headers["retry-after"])
    times(flare, 99)
    flare:advance(10)
    local answer
    response, answer = ask(flare, "GET", "/notes")
    assert.equal(429, response.status)
    assert.equal("30", response.headers["retry-after"])
    assert.equal("0", response.headers["x-ratelimit-remaining"])
    assert.same({ error = "too many requests: see retry-after" }, answer)
  end)

  it("lets a client in again when the window has passed", function()
    local flare <close> = load()
    times(flare, 100)
    flare:advance(39)
    local response = ask(flare, "GET", "/notes")
    assert.equal(429, response.status)
    assert.equal("1", response.headers["retry-after"])
    flare:advance(1)
    response = ask(flare, "GET", "/notes")
    assert.equal(200, response.status)
    assert.equal("99", response.headers["x-ratelimit-remaining"])
    assert.equal("60", response.headers["x-ratelimit-reset"])
  end)

  it("counts each key for itself, and all without a key together", function()
    local flare <close> = load()
    local nobody = { ["x-api-key"] = false }
    times(flare, 10, nobody)
    assert.equal(429, ask(flare, "GET", "/notes", nil, nobody).status)
    times(flare, 1, { ["x-api-key"] = "another" })
    times(flare, 1)
  end)

  it("keeps no key in the store, and nothing beyond its window", function()
    local flare <close> = load()
    for _, key in ipairs { "spec", "with spaces / and ü", "\255\254", ("x"):rep(2000) } do
      times(flare, 1, { ["x-api-key"] = key })
    end
    local count = 0
    for key, value in pairs(flare:contents "spark") do
      assert.matches("^rate:%x+:28333333$", key)
      assert.equal("1", value)
      count = count + 1
    end
    assert.equal(4, count)
    flare:advance(60)
    assert.same({}, flare:contents "spark")
  end)

  it("serves a request that cannot be counted, and says so in the log", function()
    local flare <close> = load { writes_spark_kv = false }
    local response = ask(flare, "GET", "/notes")
    assert.equal(200, response.status)
    assert.response(response).has.log("warn", "rate limit not counted:\tno capability")
  end)

  it("writes nothing for a request that it refuses", function()
    local flare <close> = load()
    times(flare, 100)
    local response = ask(flare, "POST", "/notes", { title = "x" })
    assert.equal(429, response.status)
    assert.is_nil(response.calls.spark_set)
  end)
end)
