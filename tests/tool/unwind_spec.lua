-- tools/unwind seen from outside: what the executable does to modules, on two engines.
--
-- The modules are tests/tool/unwind/*.wat; wat2wasm, wasm-validate and wasm-interp come from wabt, V8
-- comes with Node. UNWIND names the executable, BUILD the folder for temporary files.

local UNWIND = os.getenv("UNWIND") or "build/unwind"
local DIR = (os.getenv("BUILD") or "build") .. "/test-unwind"

-- Runs every exported function without parameters in order, in the words of wasm-interp, which does
-- the same. Imported functions do nothing.
local ON_NODE = [[
const fs = require("fs");
const module = new WebAssembly.Module(fs.readFileSync(process.argv[1]));
const imports = {};
for (const {module: m, name} of WebAssembly.Module.imports(module))
  (imports[m] ??= {})[name] = () => 0;
const instance = new WebAssembly.Instance(module, imports);
for (const {name, kind} of WebAssembly.Module.exports(module)) {
  if (kind !== "function" || instance.exports[name].length > 0) continue;
  let answer;
  try { answer = instance.exports[name]() ?? ""; } catch (e) { answer = "error"; }
  console.log(name + "() => " + answer);
}]]

-- Files and programs --------------------------------------------------------------------------

local function quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read("a")
  file:close()
  return bytes
end

local function write(path, bytes)
  local file = assert(io.open(path, "wb"))
  assert(file:write(bytes))
  assert(file:close())
  return path
end

local function exists(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

-- Runs a program: { how = "exit" or "signal", code, out, err }.
local function run(...)
  local words = {}
  for i, word in ipairs({ ... }) do
    words[i] = quote(word)
  end
  local out, err = DIR .. "/stdout", DIR .. "/stderr"
  local command = table.concat(words, " ") .. " >" .. quote(out) .. " 2>" .. quote(err)
  local _, how, code = os.execute(command)
  return { how = how, code = code, out = read(out), err = read(err) }
end

-- Runs a program that has to succeed and answers what it printed.
local function succeed(...)
  local result = run(...)
  if result.how ~= "exit" or result.code ~= 0 then
    error(table.concat({ ... }, " ") .. ": " .. result.err .. result.out, 2)
  end
  return result.out
end

-- Modules -------------------------------------------------------------------------------------

-- The bytes of tests/tool/unwind/NAME.wat.
local function assemble(name)
  local path = DIR .. "/" .. name .. ".wasm"
  succeed("wat2wasm", "--debug-names", "tests/tool/unwind/" .. name .. ".wat", "-o", path)
  return read(path)
end

-- The bytes of a module given as text.
local function assemble_text(text)
  local path = DIR .. "/text.wasm"
  succeed("wat2wasm", write(DIR .. "/text.wat", text), "-o", path)
  return read(path)
end

-- Runs the rewriter over a module, with further options after.
local function unwind(bytes, ...)
  os.remove(DIR .. "/out.wasm")
  return run(UNWIND, write(DIR .. "/in.wasm", bytes), "-o", DIR .. "/out.wasm", ...)
end

-- The module as the rewriter leaves it; it has to be valid.
local function rewritten(bytes)
  local result = unwind(bytes)
  assert.same({ "exit", 0, "", "" }, { result.how, result.code, result.out, result.err })
  succeed("wasm-validate", DIR .. "/out.wasm")
  return read(DIR .. "/out.wasm")
end

-- What an engine's lines say: { name = number, "error" or, without a result, "" }.
local function answers(lines)
  local found = {}
  for name, answer in lines:gmatch("([%w_]+)%(%) => ?([^\n]*)") do
    answer = answer:gsub("^[if]%d+:", "")
    found[name] = tonumber(answer) or answer:match("^error") or answer
  end
  return found
end

-- Runs all exports of a module on both engines, which have to agree.
local function play(bytes)
  local path = write(DIR .. "/play.wasm", bytes)
  local wabt = succeed("wasm-interp", "--dummy-import-func", "--run-all-exports", path)
  local node = answers(succeed("node", "-e", ON_NODE, path))
  assert.same(node, answers(wabt))
  return node, wabt
end

-- An unsigned LEB128 number at `at`, and the place after it.
local function leb(bytes, at)
  local value, shift = 0, 0
  while true do
    local byte = bytes:byte(at)
    at = at + 1
    value = value | (byte & 0x7F) << shift
    shift = shift + 7
    if byte < 0x80 then
      return value, at
    end
  end
end

-- The sections of a module as { { id, payload }, ... }.
local function sections(bytes)
  local found, at = {}, 9
  while at <= #bytes do
    local size, first = leb(bytes, at + 1)
    found[#found + 1] = { id = bytes:byte(at), payload = bytes:sub(first, first + size - 1) }
    at = first + size
  end
  return found
end

-- The payload of the first section with that id.
local function payload(bytes, id)
  for _, section in ipairs(sections(bytes)) do
    if section.id == id then
      return section.payload
    end
  end
end

-- The function bodies of a module, their sizes included, counted from 1.
local function bodies(bytes)
  local code = payload(bytes, 10)
  local count, at = leb(code, 1)
  local found = {}
  for i = 1, count do
    local size, first = leb(code, at)
    found[i] = code:sub(at, first + size - 1)
    at = first + size
  end
  return found
end

-- The names of a module's exports, sorted.
local function exports(bytes)
  local list = payload(bytes, 7)
  local count, at = leb(list, 1)
  local names = {}
  for i = 1, count do
    local size, first = leb(list, at)
    names[i] = list:sub(first, first + size - 1)
    at = select(2, leb(list, first + size + 1))
  end
  table.sort(names)
  return names
end

-- A custom section of fewer than 128 bytes.
local function custom(name, body)
  local content = string.char(#name) .. name .. body
  return string.char(0, #content) .. content
end

-- patch.wat with `code` in place of the first of the nops in $patched, its function 2.
local function patched(code)
  local bytes = assemble("patch")
  local nops = ("\1"):rep(12)
  local at = assert(bytes:find(nops, 1, true))
  return bytes:sub(1, at - 1) .. code .. bytes:sub(at + #code)
end

-- Asserts that the rewriter refuses a module with that sentence and leaves no file.
local function refuses(bytes, sentence)
  local result = unwind(bytes)
  local said = "unwind: " .. DIR .. "/in.wasm: " .. sentence .. "\n"
  assert.same({ "exit", 1, "", said }, { result.how, result.code, result.out, result.err })
  assert.is_false(exists(DIR .. "/out.wasm"))
end

-- The specs -----------------------------------------------------------------------------------

setup(function()
  assert(os.execute("rm -rf " .. quote(DIR) .. " && mkdir -p " .. quote(DIR)))
end)

describe("a throw", function()
  it("leaves functions of every result type, and nothing behind it runs", function()
    local expected = { none = 10, i32 = 10, i64 = 10, f32 = 10, f64 = 10 }
    assert.same(expected, (play(rewritten(assemble("results")))))
  end)

  it("did run what stands behind it before the rewriter came", function()
    local found = play(assemble("results"))
    assert.equal(12, found.none)
  end)

  it("leaves nested blocks, loops and ifs with values on the stack", function()
    local found = play(rewritten(assemble("nesting")))
    assert.equal(1, found.thrown)
  end)

  it("does not disturb the same blocks when it does not happen", function()
    local before = play(assemble("nesting"))
    local after = play(rewritten(assemble("nesting")))
    assert.equal(before.not_thrown, after.not_thrown)
  end)

  it("passes through call_indirect, also by another index of the same type", function()
    assert.same({ through_table = 10, quiet = 42 }, (play(rewritten(assemble("indirect")))))
  end)

  it("passes an imported function by", function()
    local _, calls = play(rewritten(assemble("quiet")))
    local ticks = {}
    for tick in calls:gmatch("env%.tick%(i32:(%d)%)") do
      ticks[#ticks + 1] = tick
    end
    assert.same({ "1", "3" }, ticks)
  end)

  it("is found behind the padded indices that LLVM writes", function()
    -- call 0x80 0x80 0x80 0x80 0x00 (unwind_throw), unreachable
    local found = play(rewritten(patched("\x10\x80\x80\x80\x80\x00\x00")))
    assert.same({ run = 1 }, found)
  end)

  it("is found behind a call_indirect with padded indices", function()
    -- unreachable, call_indirect 0 0, call unwind_throw: $patched is in the table, so both throw; the second is
    -- the last thing it does
    local bytes = patched("\x00\x11\x80\x80\x00\x80\x00\x10\x00")
    rewritten(bytes)
    assert.matches("2 of 4 functions can throw, 1 checks", unwind(bytes, "--report").out)
  end)
end)

describe("a catch", function()
  local found

  setup(function()
    found = play(rewritten(assemble("catch")))
  end)

  it("goes on behind unwind_try", function()
    assert.equal(17, found.go_on)
  end)

  it("takes the flag down", function()
    assert.equal(0, found.flag_is_down)
  end)

  it("works a second time", function()
    assert.equal(17, found.twice)
  end)

  it("inside a catch leaves the outer one alone", function()
    assert.equal(2137, found.catch_in_catch)
  end)

  it("may throw again to the one outside", function()
    assert.equal(421357, found.throw_again)
  end)

  it("that catches nothing changes nothing", function()
    assert.equal(67, found.nothing_thrown)
  end)
end)

describe("the rewritten module", function()
  it("does not export the markers", function()
    local bytes = assemble("indirect")
    local before = { "quiet", "through_table", "unwind_throw", "unwind_try", "unwinding" }
    assert.same(before, exports(bytes))
    assert.same({ "quiet", "through_table" }, exports(rewritten(bytes)))
  end)

  it("keeps functions that cannot throw byte for byte", function()
    local bytes = assemble("quiet")
    local before, after = bodies(bytes), bodies(rewritten(bytes))
    assert.equal(#before, #after)
    local changed = {}
    for i, body in ipairs(before) do
      if body ~= after[i] then
        changed[#changed + 1] = i
      end
    end
    -- unwind_throw, unwind_try, then $body_throw, the only one that calls what can throw
    assert.same({ 3 }, changed)
  end)

  it("has no check where no function of the type in the table can throw", function()
    local bytes = assemble("indirect")
    local before, after = bodies(bytes), bodies(rewritten(bytes))
    -- without imports: 1 $throw, 2 $try, 3 $count_by, 4 $double, 6 $thrower (its call is its last), 7 $quiet
    for _, i in ipairs({ 1, 2, 3, 4, 6, 7 }) do
      assert.equal(before[i], after[i])
    end
    -- 5 $not_in_table, 8 $body_indirect, 9 $body_direct
    for _, i in ipairs({ 5, 8, 9 }) do
      assert.not_equal(before[i], after[i])
    end
  end)

  it("has the checks the design describes", function()
    -- $not_in_table: no locals, block, block i32, call 0, global.get 0, br_if 1, i32.const 1, call 2, i32.const 0,
    -- the end of the inner block, return, the end of the outer one, i32.const 0, and the function's end
    local wrapped = bodies(rewritten(assemble("indirect")))[5]
    assert.equal("\x17\x00\x02\x40\x02\x7F\x10\x00\x23\x00\x0D\x01\x41\x01\x10\x02\x41\x00\x0B\x0F\x0B\x41\x00\x0B", wrapped)
    -- $body_indirect, without a result: br_if 0 after the call_indirect
    assert.matches("\x11\x01\x00\x23\x00\x0D\x00", bodies(rewritten(assemble("indirect")))[8], 1, true)
  end)

  it("has no check where a function only computes until it ends, and one where it does more", function()
    local text = [[(module
      (memory 1)
      (global $unwinding (export "unwinding") (mut i32) (i32.const 0))
      (global $sp (export "__stack_pointer") (mut i32) (i32.const 0))
      (func $throw (export "unwind_throw") (global.set $unwinding (i32.const 1)))
      (func (export "unwind_try") (param i32 i32 i32))
      %s)]]
    local function checks(code)
      local bytes = assemble_text(text:format("(func (param i32) (result i32) (local i32)" .. code .. ")"))
      rewritten(bytes)
      return tonumber(unwind(bytes, "--report").out:match("(%d+) checks"))
    end
    local done = "(global.set $sp (i32.add (local.get 0) (i32.const 16))) (i32.const 1)"
    assert.equal(0, checks("(call $throw) (local.set 1 (local.get 0)) " .. done))
    assert.equal(0, checks("(block (if (local.get 0) (then (call $throw) (br 1)) (else (unreachable)))) " .. done))
    assert.equal(0, checks("(if (local.get 0) (then (call $throw)) (else (unreachable))) " .. done))
    assert.equal(0, checks("(loop (block (call $throw)) (return (i32.const 2))) (unreachable)"))
    assert.equal(1, checks("(loop (call $throw) (br 0)) (unreachable)"))
    assert.equal(1, checks("(call $throw) (loop) " .. done))
    assert.equal(1, checks("(call $throw) (if (local.get 0) (then (return (i32.const 2)))) " .. done))
    assert.equal(1, checks("(block (call $throw) (br_if 0 (local.get 0)) (unreachable)) " .. done))
    assert.equal(1, checks("(call $throw) (i32.store (i32.const 0) (local.get 0)) " .. done))
    assert.equal(1, checks("(call $throw) (i32.div_u (local.get 0) (local.get 1))"))
    assert.equal(1, checks("(call $throw) (i32.trunc_f64_s (f64.const 1))"))
    assert.equal(1, checks("(call $throw) (i32.load (local.get 0))"))
    assert.equal(1, checks("(call $throw) (unreachable)"))
    assert.equal(1, checks("(call $throw) (call $throw) " .. done))
  end)

  it("believes an export 'unwind_never NAME', and does not have it", function()
    local text = [[(module
      (global $unwinding (export "unwinding") (mut i32) (i32.const 0))
      (func $throw (export "unwind_throw") (global.set $unwinding (i32.const 1)))
      (func (export "unwind_try") (param i32 i32 i32))
      (func $never (export "unwind_never never") (call $throw) (call $throw))
      (func (export "caller") (call $never) (call $never)))]]
    local bytes = assemble_text(text)
    assert.same(bodies(bytes), bodies(rewritten(bytes)))
    assert.same({ "caller" }, exports(rewritten(bytes)))
  end)

  it("keeps all other sections byte for byte", function()
    local bytes = assemble("quiet")
    local before, after = sections(bytes), sections(rewritten(bytes))
    assert.equal(#before, #after)
    for i, section in ipairs(before) do
      assert.equal(section.id, after[i].id)
      if section.id ~= 7 and section.id ~= 10 then
        assert.equal(section.payload, after[i].payload)
      end
    end
  end)

  it("has no custom sections that speak of offsets in code", function()
    local bytes = assemble("patch")
    for _, name in ipairs({ ".debug_info", "reloc.CODE", "sourceMappingURL", "linking" }) do
      bytes = bytes .. custom(name, "\0\0")
    end
    bytes = bytes .. custom("producers", "\0") .. custom("linking.not", "x")
    local kept = {}
    for _, section in ipairs(sections(rewritten(bytes))) do
      if section.id == 0 then
        kept[#kept + 1] = section.payload:sub(2, 1 + section.payload:byte())
      end
    end
    assert.same({ "name", "producers", "linking.not" }, kept)
  end)

  it("comes out the same each time, and may replace its input", function()
    local bytes = assemble("catch")
    local once = rewritten(bytes)
    assert.equal(once, rewritten(bytes))
    local path = write(DIR .. "/same.wasm", bytes)
    succeed(UNWIND, path, "-o", path)
    assert.equal(once, read(path))
  end)
end)

describe("--report", function()
  it("says how many functions can throw, how many checks there are and what they take", function()
    local bytes = assemble("indirect")
    local result = unwind(bytes, "--report")
    -- 3 checks of 4 bytes, 2 functions wrapped in 9 bytes, and a code section that now needs a second byte for
    -- its size; 3 exports less, each a name with its length, a kind and an index
    local lost = #"unwind_throw" + #"unwind_try" + #"unwinding" + 3 * 3
    local after = #bytes + 3 * 4 + 2 * 9 + 1 - lost
    assert.equal(after, #read(DIR .. "/out.wasm"))
    local line = "unwind: 5 of 11 functions can throw, 3 checks, %d -> %d bytes\n"
    assert.equal(line:format(#bytes, after), result.out)
  end)
end)

describe("--keep", function()
  it("drops all other exports and makes traps of their functions", function()
    local bytes = assemble_text [[(module
      (table funcref (elem $both $gone))
      (type $t (func (result i32)))
      (func $both (export "kept") (export "other") (result i32) (i32.const 1))
      (func $gone (export "gone") (result i32) (i32.const 2))
      (func (export "through_table") (result i32) (call_indirect (type $t) (i32.const 1))))]]
    local result = unwind(bytes, "--keep", "kept,through_table")
    assert.same({ 0, "" }, { result.code, result.err })
    local out = read(DIR .. "/out.wasm")
    succeed("wasm-validate", DIR .. "/out.wasm")
    assert.same({ "kept", "through_table" }, exports(out))
    assert.same({ kept = 1, through_table = "error" }, (play(out)))
  end)

  it("takes '*' at a name's end for whatever follows", function()
    local bytes = assemble_text [[(module
      (func (export "part_a")) (func (export "part_")) (func (export "part")) (func (export "a_part_b")))]]
    for keep, names in pairs { ["part_*"] = { "part_", "part_a" }, ["part_b*,part"] = { "part" }, ["part_a*"] = { "part_a" } } do
      assert.equal(0, unwind(bytes, "--keep", keep).code)
      assert.same(names, exports(read(DIR .. "/out.wasm")))
    end
  end)

  it("refuses what is no module", function()
    assert.equal(1, unwind("hello", "--keep", "x").code)
  end)
end)

describe("bad input", function()
  it("that is no module is refused", function()
    refuses("", "it is not a WebAssembly module: it is shorter than the magic number")
    refuses("hello, world", "it is not a WebAssembly module: it does not begin with \\0asm")
    refuses("\0asm\2\0\0\0", "it is not a WebAssembly module of version 1")
  end)

  it("that is cut off anywhere is refused with one line", function()
    for _, name in ipairs({ "patch", "quiet" }) do
      local bytes = assemble(name)
      for size = 0, #bytes - 1 do
        local result = unwind(bytes:sub(1, size))
        local where = name .. " cut off at " .. size
        assert.equal("exit", result.how, where)
        if result.code == 0 then
          -- without its last section it may be whole again
          succeed("wasm-validate", DIR .. "/in.wasm")
        else
          assert.equal(1, result.code, where)
          assert.matches("^unwind: [^\n]+in%.wasm: [^\n]+\n$", result.err, 1, where)
          assert.is_false(exists(DIR .. "/out.wasm"), where)
        end
      end
    end
  end)

  it("with an instruction it does not know is refused by its number and name", function()
    local opcodes = {
      ["\x12\x00"] = "0x12 (return_call)",
      ["\x13\x00\x00"] = "0x13 (return_call_indirect)",
      ["\x06\x40"] = "0x06 (try)",
      ["\x08\x00"] = "0x08 (throw)",
      ["\x1F\x40\x00"] = "0x1F (try_table)",
      ["\x1C\x01\x7F"] = "0x1C (select with a type)",
      ["\x25\x00"] = "0x25 (table.get)",
      ["\xD2\x00"] = "0xD2 (ref.func)",
      ["\xFD\x0C"] = "0xFD (SIMD)",
      ["\xFE\x00"] = "0xFE (threads)",
      ["\xFF"] = "0xFF",
      ["\xC5"] = "0xC5",
      ["\xFC\x12"] = "0xFC 0x12",
      ["\x02\x00"] = "0x02 with block type 0x00",
      ["\x04\x7B"] = "0x04 with block type 0x7B",
      ["\x28\x42\x00"] = "0x28 with alignment 2^66",
    }
    for code, name in pairs(opcodes) do
      refuses(patched(code), "function 2: opcode " .. name .. " is not one this rewriter knows")
    end
  end)

  it("with blocks that do not fit the body is refused", function()
    refuses(patched("\x0B"), "function 2: bytes follow its end")
    refuses(patched("\x02\x40"), "function 2: it ends too early")
    refuses(patched("\x05"), "function 2: an else stands outside an if")
    refuses(patched("\x04\x40\x05\x05"), "function 2: an else stands outside an if")
    refuses(patched("\x02\x40\x05"), "function 2: an else stands outside an if")
  end)

  it("with an index out of range is refused", function()
    local indices = {
      ["\x10\x63"] = "function 99 of 4",
      ["\x10\x04"] = "function 4 of 4",
      ["\x11\x07\x00"] = "type 7 of 4",
      ["\x11\x00\x01"] = "table 1 of 1",
      ["\x20\x02"] = "local 2 of 2",
      ["\x23\x01"] = "global 1 of 1",
      ["\x0C\x01"] = "label 1 of 1",
      ["\x0E\x01\x00\x05"] = "label 5 of 1",
      ["\x3F\x01"] = "memory 1 of 1",
      ["\xFC\x09\x00"] = "data segment 0 of 0",
      ["\xFC\x0D\x01"] = "element segment 1 of 1",
    }
    for code, what in pairs(indices) do
      refuses(patched(code), "function 2: it refers to " .. what)
    end
  end)

  it("with a number that is too long is refused", function()
    local long, wide = "\x10\x80\x80\x80\x80\x80\x00", "\x10\xFF\xFF\xFF\xFF\x1F"
    refuses(patched(long), "function 2: a number does not fit into 32 bits")
    refuses(patched(wide), "function 2: a number does not fit into 32 bits")
    refuses(
      patched("\x41\xFF\xFF\xFF\xFF\x0F"),
      "function 2: a signed number does not fit into 32 bits"
    )
    refuses(
      patched("\x42" .. ("\xFF"):rep(9) .. "\x01"),
      "function 2: a signed number does not fit into 64 bits"
    )
  end)

  it("with bytes behind a section's last entry is refused", function()
    -- an export section of 0 entries and one byte too many
    refuses("\0asm\1\0\0\0\7\2\0\0", "the export section: bytes follow its last entry")
  end)

  it("with sections twice or out of order is refused", function()
    refuses("\0asm\1\0\0\0\1\1\0\1\1\0", "it has two sections of one kind")
    refuses("\0asm\1\0\0\0\3\1\0\1\1\0", "its sections are out of order")
    refuses("\0asm\1\0\0\0\10\1\0\12\1\0", "its sections are out of order")
    refuses("\0asm\1\0\0\0\13\1\0", "it has a section of an unknown kind")
  end)

  it("with more functions than bodies is refused", function()
    local start = "\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0"
    refuses(start, "the function section has 1 functions, but there is no code section")
    local two = "the function section has 1 functions, but the code section has 2"
    refuses(start .. "\10\7\2\2\0\x0B\2\0\x0B", two)
  end)

  it("in which unwind_throw was inlined already is refused", function()
    -- i32.const 1, global.set $unwinding
    local inlined = "function 2: it sets the global unwinding itself; "
      .. "was unwind_throw inlined before?"
    refuses(patched("\x41\x01\x24\x00"), inlined)
  end)

  it("in which a function that can throw has two results is refused", function()
    local text = read("tests/tool/unwind/patch.wat")
    local quiet = "(func (result i32 i64) (i32.const 1) (i64.const 2)))"
    rewritten(assemble_text((text:gsub("%)%s*$", quiet))))
    local loud = "(func (result i32 i64) (call $throw) (i32.const 1) (i64.const 2)))"
    refuses(
      assemble_text((text:gsub("%)%s*$", loud))),
      "function 4: it can throw and has 2 results, which this rewriter does not know"
    )
  end)
end)

describe("a marker", function()
  local UNWINDING = '(export "unwinding" (global $unwinding))'
  local text

  setup(function()
    text = read("tests/tool/unwind/patch.wat")
  end)

  -- patch.wat without the export `old`, and with `new` among its fields.
  local function with(old, new)
    local first, last = text:find(old, 1, true)
    assert(first, old)
    local without = text:sub(1, first - 1) .. text:sub(last + 1)
    return assemble_text((without:gsub("%)%s*$", new .. ")")))
  end

  it("that is missing is named", function()
    refuses(with('(export "unwind_throw")', ""), "it has no export unwind_throw")
    refuses(with('(export "unwind_try")', ""), "it has no export unwind_try")
    refuses(with(UNWINDING, ""), "it has no export unwinding")
  end)

  it("of another kind is refused", function()
    local memory = with('(export "unwind_throw")', '(export "unwind_throw" (memory 0))')
    refuses(memory, "its export unwind_throw is not a function")
    local func = with(UNWINDING, '(export "unwinding" (func $throw))')
    refuses(func, "its export unwinding is not a global")
  end)

  it("of another type is refused", function()
    local three = with('(export "unwind_throw")', '(export "unwind_throw" (func $try))')
    refuses(three, "its export unwind_throw is not of type () -> ()")
    local none = with('(export "unwind_try")', '(export "unwind_try" (func $throw))')
    refuses(none, "its export unwind_try is not of type (i32, i32, i32) -> ()")
    local other = '(func (export "unwind_try") (param i32 i64 i32))'
    local wide = with('(export "unwind_try")', other)
    refuses(wide, "its export unwind_try is not of type (i32, i32, i32) -> ()")
    for _, global in ipairs({ "i32 (i32.const 0)", "(mut i64) (i64.const 0)" }) do
      local odd = with(UNWINDING, '(global (export "unwinding") ' .. global .. ")")
      refuses(odd, "its export unwinding is not a mutable i32 global")
    end
  end)

  it("that is imported is refused", function()
    local imported = '(import "env" "throw" (func $outer)) (export "unwind_throw" (func $outer))'
    local bytes = text:gsub('%(export "unwind_throw"%)', ""):gsub("%(module", function(module)
      return module .. " " .. imported
    end)
    refuses(assemble_text(bytes), "its export unwind_throw is imported")
  end)
end)

describe("the command line", function()
  -- Asserts that the rewriter calls itself misused with that sentence.
  local function misused(sentence, ...)
    local result = run(UNWIND, ...)
    local said = "unwind: " .. sentence .. " (see unwind --help)\n"
    assert.same({ 2, "", said }, { result.code, result.out, result.err })
  end

  it("is explained by --help", function()
    local help = succeed(UNWIND, "--help")
    assert.matches("^usage: unwind IN%.wasm %-o OUT%.wasm %[%-%-report%]\n", help)
  end)

  it("that makes no sense ends with 2", function()
    misused("the input is missing")
    misused("the input is missing", "-o", "out.wasm")
    misused("the output is missing: -o OUT.wasm", "in.wasm")
    misused("-o needs the name of a file", "in.wasm", "-o")
    misused("-o is given twice", "in.wasm", "-o", "a.wasm", "-o", "b.wasm")
    misused("there is one input too many: b.wasm", "a.wasm", "b.wasm", "-o", "c.wasm")
    misused("there is no option --verbose", "a.wasm", "-o", "c.wasm", "--verbose")
  end)

  it("with an input that cannot be read ends with 1", function()
    local missing = run(UNWIND, DIR .. "/missing.wasm", "-o", DIR .. "/out.wasm")
    assert.equal(1, missing.code)
    assert.equal("unwind: " .. DIR .. "/missing.wasm: No such file or directory\n", missing.err)
    local folder = run(UNWIND, DIR, "-o", DIR .. "/out.wasm")
    assert.equal(1, folder.code)
    assert.equal("unwind: " .. DIR .. ": Is a directory\n", folder.err)
  end)
end)

describe("the output", function()
  -- The names in the folder that only these tests use.
  local function listing(folder)
    return succeed("ls", "-A", folder)
  end

  local folder, input

  before_each(function()
    folder = DIR .. "/output"
    assert(os.execute("rm -rf " .. quote(folder) .. " && mkdir -p " .. quote(folder)))
    input = write(DIR .. "/in.wasm", assemble("catch"))
  end)

  it("is the only file that is left", function()
    succeed(UNWIND, input, "-o", folder .. "/out.wasm")
    assert.equal("out.wasm\n", listing(folder))
  end)

  it("that has no folder to go to leaves nothing", function()
    local result = run(UNWIND, input, "-o", folder .. "/missing/out.wasm")
    assert.equal(1, result.code)
    assert.matches("out%.wasm: No such file or directory\n$", result.err)
    assert.equal("", listing(folder))
  end)

  it("does not take the place of what is no file", function()
    local result = run(UNWIND, input, "-o", folder)
    assert.equal(1, result.code)
    assert.matches("it is there already and is not a regular file\n$", result.err)
    assert.equal("", listing(folder))
  end)

  it("that cannot be written to its end leaves nothing", function()
    local script = "trap '' XFSZ; ulimit -f 0; exec %s %s -o %s 2>&1"
    local command = script:format(quote(UNWIND), quote(input), quote(folder .. "/out.wasm"))
    local pipe = assert(io.popen(command))
    local said = pipe:read("a")
    local _, how, code = pipe:close()
    assert.same({ "exit", 1 }, { how, code })
    assert.equal("unwind: " .. folder .. "/out.wasm: File too large\n", said)
    assert.equal("", listing(folder))
  end)

  it("of an earlier run stays when the input is refused", function()
    local output = write(folder .. "/out.wasm", "earlier")
    assert.equal(1, run(UNWIND, write(DIR .. "/bad.wasm", "bad"), "-o", output).code)
    assert.equal("earlier", read(output))
    assert.equal("out.wasm\n", listing(folder))
  end)
end)
