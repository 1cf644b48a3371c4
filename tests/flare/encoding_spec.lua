-- encoding_spec.lua - flaron.encoding. RFC 4648's vectors: vectors_spec.lua; every byte: binary_spec.lua.
local evaluate = require "evaluate"

describe("encoding", function()
  local flare

  setup(function() flare = evaluate.open() end)
  teardown(function() flare:close() end)

  local function encoded(name, input)
    return flare:value(("return encoding.%s(%q)"):format(name, input))
  end

  it("writes base64 with the standard alphabet and padding", function()
    assert.equal("+/+/", encoded("base64_encode", "\xfb\xff\xbf"))
    assert.equal("AA==", encoded("base64_encode", "\0"))
    assert.equal("\xfb\xff\xbf", encoded("base64_decode", "+/+/"))
  end)

  it("writes lower-case hex and reads either case", function()
    assert.equal("00ff1a", encoded("hex_encode", "\0\xff\x1a"))
    assert.equal("\xab\xcd\xef", encoded("hex_decode", "abCDeF"))
  end)

  it("writes a space as +, reads + and %20", function()
    assert.equal("a+b%2Bc%26d%3D%25%2F%C3%A4~._-", encoded("url_encode", "a b+c&d=%/ä~._-"))
    assert.equal("a b c+", encoded("url_decode", "a+b%20c%2B"))
    assert.equal("ä/?", encoded("url_decode", "%c3%A4/?"))
  end)

  it("gives the empty string for the empty string, and does not ask the host", function()
    for name in ("base64 hex url"):gmatch "%S+" do
      local values, response = flare:run(("return encoding.%s_encode '', encoding.%s_decode ''"):format(name, name))
      assert.same({ n = 2, "", "" }, values)
      assert.is_nil(response.calls["encoding_" .. name .. "_encode"])
      assert.is_nil(response.calls["encoding_" .. name .. "_decode"])
    end
  end)

  local bad = {
    base64_decode = { "not base64", "A", "AA", "AAA", "A===", "====", "AA=A", "AA==AA==", "AB==", "AAE=x",
      "A-_A", "AAAA\n", "\0\0\0\0" },
    hex_decode = { "not hexadecimal", "a", "abc", "0g", "0x", " 0", "\0\0" },
    url_decode = { "not URL-encoded", "%", "%1", "%g0", "%0g", "abc%", "%%20" },
  }
  for name, inputs in pairs(bad) do
    for i = 2, #inputs do
      it(("has nil and a message for %s(%q)"):format(name, inputs[i]), function()
        assert.same({ n = 2, nil, inputs[1] }, flare:run(("return encoding.%s(%q)"):format(name, inputs[i])))
      end)
    end
  end

  for name in ("base64_encode base64_decode hex_encode hex_decode url_encode url_decode"):gmatch "%S+" do
    it(("refuses what is no string: %s"):format(name), function()
      local full = ("bad argument #1 to 'encoding.%s' (string expected, got "):format(name)
      assert.equal(full .. "no value)", flare:fault(("encoding.%s()"):format(name)))
      assert.equal(full .. "nil)", flare:fault(("encoding.%s(nil)"):format(name)))
      assert.equal(full .. "table)", flare:fault(("encoding.%s {}"):format(name)))
    end)

    it(("works on 1 MiB: %s"):format(name), function()
      local other = name:find "_encode" and name:gsub("_encode", "_decode") or name
      if other == name then
        local encode = name:gsub("_decode", "_encode")
        assert.is_true(flare:value(([[
          local text = ("flaron\0\1\2"):rep(1024 * 1024 // 9)
          return encoding.%s(encoding.%s(text)) == text]]):format(name, encode)))
      else
        assert.is_true(flare:value(("return #encoding.%s(('\\255'):rep(1 << 20)) > 1 << 20"):format(name)))
      end
    end)
  end

  it("takes a number for its text", function()
    assert.equal("MTI=", flare:value "return encoding.base64_encode(12)")
  end)
end)
