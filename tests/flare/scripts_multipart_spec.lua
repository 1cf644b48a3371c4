-- scripts_multipart_spec.lua - flaron.multipart: forms as browsers send them, forms that are none, limits, and time.
local evaluate = require "evaluate"
local support = require "support"

local TYPE = "multipart/form-data; boundary=B"

describe("flaron.multipart", function()
  local flare

  setup(function()
    flare = evaluate.open({ requires_body = true }, { ["flare.lua"] = "return { modules = { 'flaron.multipart' } }" })
  end)

  teardown(function() flare:close() end)

  local function parse(body, content_type, options)
    local code = ("return require 'flaron.multipart'.form(%s)"):format(options or "")
    return flare:run(code, { method = "POST", body = body, headers = { ["content-type"] = content_type or TYPE } })
  end

  -- A body of the lines given, each with its end.
  local function lines(...) return table.concat({ ... }, "\r\n") .. "\r\n" end

  -- The one part that has a Content-Disposition.
  local function part_of(disposition, content)
    local values = parse(lines("--B", "Content-Disposition: " .. disposition, "", content or "x", "--B--"))
    return values[1] and values[1].parts[1], values[2]
  end

  it("reads what browsers and curl send", function()
    local boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
    local form = parse(lines("--" .. boundary, 'Content-Disposition: form-data; name="title"', "", "Käse", "--" .. boundary,
      'Content-Disposition: form-data; name="file"; filename="a b.txt"', "Content-Type: text/plain", "", "one\r\ntwo\r\n",
      "--" .. boundary, 'content-disposition: form-data; name="file"; filename="c.bin"', "CONTENT-TYPE:application/octet-stream", "",
      "\0\255\r\n\r\n-", "--" .. boundary, 'Content-Disposition: form-data; name="title"', "", "", "--" .. boundary .. "--"),
      "multipart/form-data; boundary=" .. boundary)[1]
    assert.same({ title = "Käse" }, form.fields)
    assert.equal("a b.txt", form.files.file.filename)
    assert.same({ "Käse", "one\r\ntwo\r\n", "\0\255\r\n\r\n-", "" },
      { form.parts[1].body, form.parts[2].body, form.parts[3].body, form.parts[4].body })
    assert.same({
      name = "file", filename = "c.bin", content_type = "application/octet-stream", body = "\0\255\r\n\r\n-",
      headers = { ["content-disposition"] = 'form-data; name="file"; filename="c.bin"', ["content-type"] = "application/octet-stream" },
    }, form.parts[3])
  end)

  it("takes every byte of a content as it is", function()
    local all = {}
    for byte = 0, 255 do all[#all + 1] = string.char(byte) end
    all = table.concat(all)
    for _, content in ipairs { all, "", "\r\n", "\r\n\r\n", "--b", "x--B--", "\n--B\n", "\r--B", "\r\n--", "\r\n-B" } do
      assert.equal(content, part_of('form-data; name="a"', content).body, ("%q"):format(content))
    end
  end)

  it("takes only the boundary for one, and blanks behind it for nothing", function()
    local content = "x\r\n--BB\r\n--B-\r\n--B x\r\n--B--x\r\n--B \t\n"
    assert.equal(content, part_of('form-data; name="a"', content).body)
    local form = parse("passed over\r\n--BB\r\n--B \t\r\n" .. lines('Content-Disposition: form-data; name="a"', "", "1", "--B\t",
      'Content-Disposition: form-data; name="b"', "", "2", "--B-- ", "passed over", "--B", "x"))[1]
    assert.same({ a = "1", b = "2" }, form.fields)
    assert.same({ a = "1" }, parse('--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--B--')[1].fields)
    assert.same({ a = "1" }, parse('\r\n--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--B--  ')[1].fields)
    assert.same({ parts = {}, fields = {}, files = {} }, parse "--B--\r\n"[1])
  end)

  it("reads boundaries as the header may write them", function()
    for header, boundary in pairs {
      ['multipart/form-data; boundary="a b:c"'] = "a b:c", ["Multipart/Form-Data;BOUNDARY=x"] = "x",
      ["multipart/form-data ; charset=utf-8 ; boundary=x"] = "x", ["multipart/form-data; boundary=x;"] = "x",
      ["multipart/form-data; boundary=" .. ("x"):rep(70)] = ("x"):rep(70), ["multipart/form-data; boundary=a.%-b"] = false,
      ["multipart/form-data; boundary=a.+*-b"] = false, ["multipart/form-data; boundary=(.+)"] = "(.+)",
    } do
      local delimiter = "--" .. (boundary or "a.%-b")
      local body = lines(delimiter, 'Content-Disposition: form-data; name="a"', "", "1", delimiter .. "--")
      local values = parse(body, header)
      if boundary then assert.same({ a = "1" }, values[1] and values[1].fields, header) else assert.is_nil(values[1]) end
    end
  end)

  it("reads names and file names with quotes, UTF-8 and more", function()
    for disposition, expected in pairs {
      ['form-data; name="a\\"b\\\\c"'] = { 'a"b\\c' }, ['form-data; name="a%22b%0d%0Ac%25%41"'] = { 'a"b\r\nc%25%41' },
      ['form-data; name=plain; filename=plain.txt'] = { "plain", "plain.txt" }, ['form-data; name=""'] = { "" },
      ['form-data; name="ä€😀"; filename="日本.txt"'] = { "ä€😀", "日本.txt" }, ['form-data; name="a;b=c"; filename=""'] = { "a;b=c", "" },
      ['form-data; name="f"; filename="C:\\dir\\x.txt"'] = { "f", "C:\\dir\\x.txt" },
      ['form-data; filename="../../etc/passwd"; name="f"'] = { "f", "../../etc/passwd" },
      ["form-data; name=f; filename*=UTF-8''%e2%82%ac%20rates; filename=\"EURO\""] = { "f", "€ rates" },
      ["form-data; name=f; filename*=utf-8'en'a.txt"] = { "f", "a.txt" }, ["form-data; name=f; filename*=ISO-8859-1''%A3"] = { "f", "£" },
      ['FORM-DATA;NAME="a" ; x=y'] = { "a" }, ['form-data; name="\255"'] = { "\255" },
    } do
      local part, message = part_of(disposition)
      assert.same(expected, part and { part.name, part.filename }, disposition .. " " .. tostring(message))
    end
  end)

  it("says what is wrong and where", function()
    local function wrong(body, message, position, content_type, options)
      assert.same({ nil, message, position, n = 3 }, parse(body, content_type, options), message)
    end
    local head, good = 'Content-Disposition: form-data; name="a"', lines("--B", 'Content-Disposition: form-data; name="a"', "", "1")
    wrong("x", "the content-type is 'text/plain', not multipart/form-data", 0, "text/plain")
    wrong("x", "the content-type has no boundary", 0, "multipart/form-data")
    wrong("x", "content-type: the quotes of boundary do not end", 0, 'multipart/form-data; boundary="x')
    wrong("x", "content-type: a parameter is not of the form name=value: 'boundary'", 0, "multipart/form-data; boundary")
    wrong("x", "content-type: boundary is there twice", 0, "multipart/form-data; boundary=a; boundary=b")
    wrong("x", "content-type: text stands behind the value of boundary", 0, 'multipart/form-data; boundary="a"b')
    for _, boundary in ipairs { '""', '"a "', ("x"):rep(71), '"a\\"b"', "ä", "a*b" } do
      wrong("x", "the boundary of the content-type is not one of RFC 2046", 0, "multipart/form-data; boundary=" .. boundary)
    end
    wrong("", "the boundary is nowhere in the body", 1)
    wrong("x--B\r\n", "the boundary is nowhere in the body", 1)
    wrong("--B\n" .. head .. "\n\n1\n--B--\n", "the boundary is nowhere in the body", 1)
    wrong(good, "part 1: no boundary ends it", 6)
    wrong(good .. lines("--B", head, "", "2", "--BB"), "part 2: no boundary ends it", #good + 6)
    wrong(lines("--B", head, "--B--"), "part 1: its headers do not end with an empty line", 6)
    wrong(lines("--B", head, "1", "", "x", "--B--"), "part 1: line 2 of its headers is not of the form name: value", 6)
    wrong(lines("--B", head, " more: 1", "", "x", "--B--"), "part 1: line 2 of its headers is not of the form name: value", 6)
    wrong(lines("--B", head .. "\nx: y", "", "x", "--B--"), "part 1: line 1 of its headers is not of the form name: value", 6)
    wrong(lines("--B", "x : y", "", "x", "--B--"), "part 1: line 1 of its headers is not of the form name: value", 6)
    wrong(lines("--B", head, head, "", "x", "--B--"), "part 1: its header content-disposition is there twice", 6)
    wrong(lines("--B", "", "x", "--B--"), "part 1: it has no header content-disposition", 6)
    wrong(good .. lines("--B", "Content-Disposition: attachment; name=a", "", "x", "--B--"),
      "part 2: content-disposition is 'attachment', not form-data", #good + 6)
    wrong(lines("--B", "Content-Disposition: form-data; filename=a", "", "x", "--B--"), "part 1: content-disposition has no name", 6)
    wrong(lines("--B", 'Content-Disposition: form-data; name="a', "", "x", "--B--"),
      "part 1: content-disposition: the quotes of name do not end", 6)
    wrong(lines("--B", "Content-Disposition: form-data; name=a; name=b", "", "x", "--B--"),
      "part 1: content-disposition: name is there twice", 6)
    for _, extended in ipairs { "a.txt", "UTF-8''%FF", "UTF-8''a b", "KOI8-R''a", "UTF-8''%4" } do
      wrong(lines("--B", ("Content-Disposition: form-data; name=a; filename*=\"%s\""):format(extended), "", "x", "--B--"),
        "part 1: content-disposition: filename* is not of the form UTF-8''text", 6)
    end
    wrong(lines("--B", head, "Content-Transfer-Encoding: base64", "", "x", "--B--"),
      "part 1: content-transfer-encoding 'base64' is not decoded here", 6)
  end)

  it("says that there is no content type, which may be when the request has none", function()
    assert.same({ nil, "there is no content-type", 0, n = 3 }, flare:run "return require 'flaron.multipart'.form()")
  end)

  it("holds its limits, to the byte", function()
    local head = 'Content-Disposition: form-data; name="a"'
    local two = lines("--B", head, "", "123", "--B", head, "", "4567", "--B--")
    assert.truthy(parse(two, TYPE, "{ parts = 2, part_bytes = 4, header_bytes = " .. #head .. " }")[1])
    local function message(options) return parse(two, TYPE, options)[2] end
    assert.equal("there are more than 1 parts", message "{ parts = 1 }")
    assert.equal("part 2: it has 4 bytes, more than the 3 that it may", message "{ part_bytes = 3 }")
    assert.equal(("part 1: its headers are longer than %d bytes"):format(#head - 1), message("{ header_bytes = " .. #head - 1 .. " }"))
    assert.truthy(parse(two, TYPE, "{ parts = math.maxinteger, header_bytes = math.maxinteger, part_bytes = math.maxinteger }")[1])
    local many = lines("--B", head, "", "") .. ("--B\r\n" .. head .. "\r\n\r\n\r\n"):rep(99)
    assert.equal(100, #parse(many .. "--B--")[1].parts)
    assert.equal("there are more than 100 parts", parse(many .. "--B\r\n" .. head .. "\r\n\r\n\r\n--B--")[2])
    assert.equal("part 1: its headers are longer than 8192 bytes",
      parse(lines("--B", head, "x: " .. ("y"):rep(8200), "", "", "--B--"))[2])
  end)

  it("takes one pass, whatever is in the body", function()
    local head = 'Content-Disposition: form-data; name="a"\r\n'
    for name, body in pairs {
      ["false boundaries"] = "--B\r\n" .. head .. "\r\n" .. ("\r\n--Bx"):rep(300000) .. "\r\n--B--",
      ["boundaries with blanks"] = "--B\r\n" .. head .. "\r\n" .. ("\r\n--B" .. (" "):rep(5000) .. "x"):rep(300) .. "\r\n--B--",
      ["line ends"] = "--B\r\n" .. head .. "\r\n" .. ("\r\n"):rep(900000) .. "--B--",
      ["parts without an empty line"] = ("--B\r\n" .. head):rep(30000) .. "--B--",
      ["blanks in headers"] = "--B\r\n" .. head .. ("x" .. (" "):rep(60) .. ": y\r\n"):rep(20000) .. "\r\n\r\n--B--",
    } do
      local begin = os.clock()
      flare:run("local form, message = require 'flaron.multipart'.form { header_bytes = 4000000, parts = 1000000 } return message",
        { method = "POST", body = body, headers = { ["content-type"] = TYPE } })
      assert.is_true(os.clock() - begin < 3, name)
    end
  end)

  it("refuses options that make no sense, at the line that gives them", function()
    for options, message in pairs {
      ["{ parts = -1 }"] = "option 'parts' of multipart.%s: -1 is negative",
      ["{ part_bytes = 1.5 }"] = "option 'part_bytes' of multipart.%s: integer expected, got float",
      ["{ part = 1 }"] = "unknown option 'part' of multipart.%s: did you mean 'parts'?",
    } do
      assert.equal(message:format "form", flare:fault(("require 'flaron.multipart'.form(%s)"):format(options)))
      assert.equal(message:format "parse", flare:fault(("require 'flaron.multipart'.parse('', '', %s)"):format(options)))
    end
    local answer = support.answer "\nrequire 'flaron.multipart'.form { parts = -1 }"
    assert.matches("^main%.lua:4: option 'parts' of multipart%.form: %-1 is negative", support.log(answer, "error"))
  end)
end)
