-- Keys that somebody chose to collide, by the seed that everybody knows who has the sources (tests/support/collide.c), take
-- a flare no longer than others do: in JSON, queries, cookies and names, short and long.
local support = require "support"

local COUNT, BITS = 10000, 14 -- as many keys in a table of 2^14 places, all in one of them

-- The body is one key a line, but for JSON.
local source = [[
local flaron = require "flaron"
local url = require "flaron.url"
local cookie = require "flaron.cookie"

local kinds = {}

function kinds.json(body) return flaron.json.decode(body) end

function kinds.query(body) return url.query(body) end

function kinds.cookie(body) return cookie.parse(body) end

function kinds.names(body)
  local t = {}
  for name in body:gmatch "%S+" do t[name] = "1" end
  return t
end

-- Each is there for a moment; the table stays.
function kinds.visits(body)
  local t = {}
  for name in body:gmatch "%S+" do
    t[name] = "1"
    t[name] = nil
  end
  for name in body:gmatch "%S+" do t[name] = "1" end
  return t
end

-- What is in tables of before, and a traversal that goes on meanwhile, stay as they are.
function kinds.traversal(body)
  local t, old, seen = {}, {}, 0
  for name in body:gmatch "%S+" do
    old[#old + 1] = name
    if #old == 10 then break end
  end
  for i = 1, 90 do t["other" .. i] = "1" end
  for _, name in ipairs(old) do t[name] = "1" end
  local more = body:gmatch "%S+"
  local all = {}
  for name in pairs(t) do
    seen = seen + (t[name] and 1 or 0)
    for _ = 1, 200 do
      local next_name = more()
      if next_name then all[next_name .. ""] = "1" end
    end
  end
  assert(seen == 100)
  for i, name in ipairs(old) do
    local copy = ("<" .. name):sub(2)
    assert(copy == name and t[copy] == "1" and all[copy] == "1" and next(all, copy) == next(all, name))
    t[copy] = i
    assert(t[name] == i)
  end
  for name in more do all[name] = "1" end
  return all
end

return function()
  local body = flaron.request.body()
  local t = kinds[flaron.request.header "x-kind"](body)
  local n = 0
  for name, value in pairs(t) do
    if t[name .. ""] == value and rawget(t, name) == value then n = n + 1 end
  end
  for name in pairs(t) do t[name] = nil end
  assert(next(t) == nil)
  return { body = tostring(n) }
end]]

local join = {
  json = function(keys) return '{"' .. table.concat(keys, '":1,"') .. '":1}' end,
  query = function(keys) return table.concat(keys, "=1&") .. "=1" end,
  cookie = function(keys) return table.concat(keys, "=1; ") .. "=1" end,
  names = function(keys) return table.concat(keys, "\n") end,
  visits = function(keys) return table.concat(keys, "\n") end,
  traversal = function(keys) return table.concat(keys, "\n") end,
}

describe("keys that were chosen to collide", function()
  local folder, chosen, others

  -- Keys of `size` bytes as the flare's sources give them, and as chance does.
  local function make(size)
    local keys, random = {}, {}
    local code, out = support.run(("%s/tests/collide %s %d %d %d"):format(support.native, folder, COUNT, BITS, size))
    assert.equal(0, code)
    for key in out:gmatch "%S+" do
      keys[#keys + 1] = key
      random[#random + 1] = key:sub(1, -9) .. ("%08x"):format(#random * 2654435761 & 0xFFFFFFFF)
    end
    assert.equal(COUNT, #keys)
    chosen[size], others[size] = keys, random
  end

  setup(function()
    folder, chosen, others = support.project(source), {}, {}
    make(8)
    make(48)
  end)

  -- The microseconds that requests of a kind take with chosen keys and with others, the least of some in turn: more
  -- where the machine has other things to do.
  local function times(kind, chosen_keys, other_keys, fail)
    local flare <close> = support.load(folder .. "/")
    flare:fail("crypto_random_bytes", fail)
    local least = { math.huge, math.huge }
    for round = 1, 30 do
      for i, keys in ipairs { chosen_keys, other_keys } do
        local response = flare:request { headers = { ["x-kind"] = kind }, body = join[kind](keys) }
        assert.equal(tostring(#keys), response.body)
        least[i] = math.min(least[i], response.cpu_us)
      end
      local ratio = least[1] / least[2]
      if round >= 3 and (ratio < 2 or ratio > 4) then break end
    end
    return least[1], least[2]
  end

  for _, size in ipairs { 8, 48 } do
    for _, kind in ipairs { "json", "query", "cookie", "names", "visits", "traversal" } do
      it(("take no longer than others: %d bytes, %s"):format(size, kind), function()
        local flooded, plain = times(kind, chosen[size], others[size])
        assert.is_true(flooded < 2 * plain, ("%d microseconds, others %d"):format(flooded, plain))
      end)
    end
  end

  it("do collide: they take long where the host gives no random bytes", function()
    for _, size in ipairs { 8, 48 } do
      local function few(keys) return table.move(keys, 1, 3000, 1, {}) end
      local flooded, plain = times("json", few(chosen[size]), few(others[size]), true)
      assert.is_true(flooded > 4 * plain, ("%d microseconds, others %d"):format(flooded, plain))
    end
  end)

  it("are the only ones that make the flare ask for a seed", function()
    local flare <close> = support.load(folder .. "/")
    local function asked(keys)
      local response = flare:request { headers = { ["x-kind"] = "json" }, body = join.json(keys) }
      return response.calls.crypto_random_bytes or 0
    end
    assert.equal(0, asked(others[8]))
    assert.equal(1, asked(chosen[8]))
  end)
end)
