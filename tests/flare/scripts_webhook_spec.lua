-- scripts_webhook_spec.lua - flaron.webhook: the examples that the senders publish, forged ones, and what is told of them.
local evaluate = require "evaluate"

local SLACK_BODY = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
  .. "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
  .. "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
  .. "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"

-- The documents of GitHub, Slack and Svix have these three; that of Stripe is made with openssl.
local senders = {
  github = {
    secret = "It's a Secret to Everybody", body = "Hello, World!", now = 1,
    headers = { ["x-hub-signature-256"] = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17" },
  },
  stripe = {
    secret = "whsec_test_secret", body = '{"id":"evt_1"}', now = 1492774577,
    headers = { ["stripe-signature"] = "t=1492774577,v1=799c4ba7bb339f3c8601adfd112f0e477c930a268be1243d341abb8286501c2f" },
  },
  slack = {
    secret = "8f742231b10e8888abcd99yyyzzz85a5", body = SLACK_BODY, now = 1531420618,
    headers = {
      ["x-slack-signature"] = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
      ["x-slack-request-timestamp"] = "1531420618",
    },
  },
  standard = {
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", body = '{"test": 2432232314}', now = 1614265330,
    headers = {
      ["webhook-id"] = "msg_p5jXN8AQM9LWM0D4loKWxJek", ["webhook-timestamp"] = "1614265330",
      ["webhook-signature"] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
  },
}

describe("flaron.webhook", function()
  local flare

  setup(function()
    local secrets = { OTHER = "another", PLAIN = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", WRONG = "whsec_not base64" }
    for name, sender in pairs(senders) do secrets[name] = sender.secret end
    flare = evaluate.open({ requires_body = true, secrets = secrets, now = 1 },
      { ["flare.lua"] = [[return { allowed_secrets = {
        'github', 'stripe', 'slack', 'standard', 'OTHER', 'PLAIN', 'WRONG', 'NONE' } }]] }, { "flaron.webhook" })
  end)

  teardown(function() flare:close() end)

  -- What check says of a sender's example: the body, or nil and the reason. `change` has other headers (false for none), another
  -- body, another time, and more options.
  local function check(name, change)
    change = change or {}
    local sender = senders[name]
    local headers = {}
    for header, value in pairs(sender.headers) do headers[header] = value end
    for header, value in pairs(change.headers or {}) do headers[header] = value or nil end
    flare.flare:set_time(change.now or sender.now)
    local values = flare:run(("return require 'flaron.webhook'.new({ from = %q, %s }):check()"):format(name,
      change.options or ("secret = %q"):format(name)), { method = "POST", body = change.body or sender.body, headers = headers })
    return values[1], values[2]
  end

  local function reason(name, change)
    local body, why = check(name, change)
    assert.is_nil(body)
    return why
  end

  for name, sender in pairs(senders) do
    it("takes what " .. name .. " signed, and gives the body", function()
      assert.equal(sender.body, (check(name)))
    end)

    it("refuses another body of " .. name .. ", another secret and no secret", function()
      assert.equal("forged", reason(name, { body = sender.body .. " " }))
      assert.equal("forged", reason(name, { body = "" }))
      assert.equal(name == "standard" and "bad secret" or "forged", reason(name, { options = "secret = 'OTHER'" }))
      assert.equal("no such secret", reason(name, { options = "secret = 'NONE'" }))
    end)

    it("takes a secret of " .. name .. " that was replaced", function()
      local options = ("secret = 'PLAIN', old_secrets = { 'NONE', 'WRONG', %q }"):format(name)
      assert.equal(sender.body, (check(name, { options = options })))
    end)

    it("refuses headers of " .. name .. " that are missing, changed or too long", function()
      for header, value in pairs(sender.headers) do
        assert.equal("no signature", reason(name, { headers = { [header] = false } }), header)
        for i = 1, #value, 13 do
          local c = value:sub(i, i)
          local changed = value:sub(1, i - 1) .. (c == "0" and "1" or "0") .. value:sub(i + 1)
          assert.is_string(reason(name, { headers = { [header] = changed } }), changed)
        end
        for _, text in ipairs { "x", "=", ",", "v1", "sha256=", "v0=zz", value:sub(1, -2) .. "\255", ("a"):rep(5000) } do
          local why = reason(name, { headers = { [header] = text } })
          if header ~= "webhook-id" then assert.is_true(why == "malformed" or why == "forged", text .. ": " .. why) end
        end
        assert.equal("malformed", reason(name, { headers = { [header] = ("a"):rep(5000) } }), header)
      end
    end)
  end

  it("takes times that are away by the tolerance and no more", function()
    for _, name in ipairs { "stripe", "slack", "standard" } do
      local sender = senders[name]
      local options = ("secret = %q, tolerance = 10"):format(name)
      assert.equal(sender.body, (check(name, { now = sender.now + 300 })))
      assert.equal("too old", reason(name, { now = sender.now + 301 }))
      assert.equal(sender.body, (check(name, { now = sender.now - 300 })))
      assert.equal("too new", reason(name, { now = sender.now - 301 }))
      assert.equal(sender.body, (check(name, { now = sender.now + 10, options = options })))
      assert.equal("too old", reason(name, { now = sender.now + 11, options = options }))
    end
    for _, at in ipairs { "1e9", "0x10", "-5", "1531420618.0", "99999999999999999999", "1 2" } do
      assert.equal("malformed", reason("slack", { headers = { ["x-slack-request-timestamp"] = at } }))
    end
  end)

  it("takes one good signature of several, and not too many", function()
    local bad = ("0"):rep(64)
    local good = senders.stripe.headers["stripe-signature"]:match "v1=(%x+)"
    local function stripe(text) return { headers = { ["stripe-signature"] = text } } end
    assert.truthy(check("stripe", stripe(("t=1492774577,v1=%s,v1=%s"):format(bad, good))))
    assert.truthy(check("stripe", stripe(("t=1492774577,v1=%s,v1=%s"):format(good, bad))))
    assert.equal("malformed", reason("stripe", stripe(("t=1492774577,v0=%s"):format(good))))
    assert.equal("malformed", reason("stripe", stripe(("v1=%s"):format(good))))
    assert.equal("malformed", reason("stripe", stripe(("t=1492774577,t=1492774577,v1=%s"):format(good))))
    assert.truthy(check("stripe", stripe("t=1492774577" .. (",v1=" .. bad):rep(15) .. ",v0=aa,v1=" .. good)))
    assert.equal("malformed", reason("stripe", stripe("t=1492774577" .. (",v1=" .. bad):rep(16) .. ",v1=" .. good)))

    good = senders.standard.headers["webhook-signature"]
    local function standard(text) return { headers = { ["webhook-signature"] = text } } end
    assert.truthy(check("standard", standard("v1,AAAA v1a,BBBB " .. good)))
    assert.truthy(check("standard", standard(good .. " v2,AAAA")))
    assert.equal("malformed", reason("standard", standard(good:gsub("v1", "v1a"))))
    assert.equal("malformed", reason("standard", standard(("v1,AAAA "):rep(16) .. good)))
    assert.equal("malformed", reason("standard", { headers = { ["webhook-id"] = "msg.1" } }))
  end)

  it("takes a secret of Standard Webhooks without its prefix, and says that one is no base64", function()
    assert.truthy(check("standard", { options = "secret = 'PLAIN'" }))
    assert.equal("bad secret", reason("standard", { options = "secret = 'WRONG'" }))
  end)

  it("takes bodies that are not UTF-8", function()
    -- printf '\xff\x00\xfe' | openssl dgst -sha256 -hmac another
    local headers = { ["x-hub-signature-256"] = "sha256=6dc07482a6937e06b8721e92f2263ee5560d750b7fb75fbfdb5dc3b79e4529c8" }
    assert.equal("\255\0\254", (check("github", { options = "secret = 'OTHER'", body = "\255\0\254", headers = headers })))
  end)

  it("refuses options that make no sense", function()
    for options, message in pairs {
      ["{ secret = 'K' }"] = "option 'from' of webhook.new: missing",
      ["{ from = 'slack' }"] = "option 'secret' of webhook.new: missing",
      ["{ from = 'gitlab', secret = 'K' }"] = [[option 'from' of webhook.new: "github", "stripe", "slack" or "standard" expected]],
      ["{ from = 'slack', secret = 'K', old_secrets = { 5 } }"] =
        "option 'old_secrets' of webhook.new: item 1: string expected, got number",
      ["{ from = 'slack', secret = 'K', tolerance = -1 }"] = "option 'tolerance' of webhook.new: -1 is not from 0 to 4294967295",
      ["{ from = 'github', secret = 'K', tolerance = 5 }"] = "option 'tolerance' of webhook.new: github signs no time",
      ["{ from = 'slack', secret = 'K', tolerence = 5 }"] = "unknown option 'tolerence' of webhook.new: did you mean 'tolerance'?",
    } do
      local fault = flare:fault(("require 'flaron.webhook'.new(%s)"):format(options))
      assert.truthy(fault:find(message, 1, true), fault)
    end
  end)
end)
