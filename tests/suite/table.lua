-- table.lua - what of Lua's test suite is stepped over, file by file, in the order of all.lua, and why. No text of the suite is here.
--
-- lines    how many the file has; another number is another version of the suite
-- ends     the line on which its main chunk ends
-- returns  what it returns, where all.lua asks for it
-- cuts     lines that are taken out, or get the text of the fifth field: { first, last, reason, what }
-- skips    lines that the file itself steps over, since there is no T, or no such locale; they must not run
-- dumps    lines between which `load` takes the bytecode of string.dump without a mode, as it does in stock Lua
-- whole    the reason why nothing of it is run
--
-- suite.lua has the reasons, and holds the rest.
return {
  { name = "main.lua", whole = "processes" },
  {
    name = "gc.lua", lines = 695, ends = 695,
    skips = {
      { 360, 391, "T", "errors in finalizers, stored warnings" },
      { 401, 433, "T", "userdata of the test library" },
      { 483, 488, "T", "stored warnings" },
      { 563, 601, "T", "colours of objects" },
      { 606, 614, "T", "colours of objects" },
      { 619, 634, "T", "limits of memory" },
      { 657, 677, "T", "what is said when the state is closed" },
    },
  },
  { name = "db.lua", lines = 1054, ends = 1053, dumps = { { 54, 58 }, { 999, 1053 } } },
  { name = "calls.lua", lines = 497, ends = 497, dumps = { { 335, 496 } } },
  {
    name = "strings.lua", lines = 526, ends = 525,
    skips = {
      { 436, 436, "locale", "order of letters in other locales" },
      { 440, 443, "locale", "letters of other locales" },
      { 467, 521, "T", "lua_pushfstring" },
    },
  },
  { name = "literals.lua", lines = 343, ends = 343, skips = { { 298, 316, "locale", "a decimal comma" } } },
  { name = "tpack.lua", lines = 322, ends = 321 },
  {
    name = "attrib.lua", lines = 527, ends = 526, returns = "27",
    cuts = {
      { 55, 70, "files", "the message of require lists files of package.path" },
      { 134, 134, "files", "writing modules" },
      { 137, 142, "files", "looking for them" },
      { 157, 189, "files", "requiring them" },
      { 207, 207, "files", "writing modules" },
      { 210, 222, "files", "requiring them" },
      { 238, 241, "files", "the message of require lists files of package.path" },
    },
  },
  { name = "gengc.lua", lines = 172, ends = 130, skips = { { 132, 172, "T", "ages of userdata" } } },
  {
    name = "locals.lua", lines = 1181, ends = 1178, returns = "5",
    skips = {
      { 111, 142, "T", "sizes of tables" },
      { 616, 780, "T", "variables to be closed in C" },
      { 1063, 1132, "T", "variables to be closed in coroutines of C" },
    },
  },
  { name = "constructs.lua", lines = 406, ends = 406 },
  { name = "code.lua", lines = 449, ends = 6, skips = { { 8, 449, "T", "lists of instructions" } } },
  { name = "big.lua", lines = 82, ends = 82, coroutine = true, returns = "ba" },
  { name = "cstack.lua", lines = 197, ends = 197, skips = { { 147, 194, "T", "sizes of the stack" } } },
  {
    name = "nextvar.lua", lines = 825, ends = 825,
    skips = {
      { 14, 18, "T", "sizes of tables" },
      { 87, 218, "T", "sizes of tables" },
      { 543, 572, "T", "userdata as tables" },
    },
  },
  { name = "pm.lua", lines = 440, ends = 439 },
  { name = "utf8.lua", lines = 259, ends = 258 },
  { name = "api.lua", lines = 1547, ends = 6, skips = { { 8, 1547, "T", "the API of C" } } },
  { name = "events.lua", lines = 504, ends = 502, returns = "12", skips = { { 323, 344, "T", "userdata" } } },
  { name = "vararg.lua", lines = 151, ends = 150 },
  { name = "closure.lua", lines = 280, ends = 280 },
  {
    name = "coroutine.lua", lines = 1175, ends = 993,
    skips = { { 534, 758, "T", "hooks and continuations of C" }, { 995, 1175, "T", "the API of C" } },
  },
  { name = "goto.lua", lines = 271, ends = 271 },
  {
    name = "errors.lua", lines = 700, ends = 700, dumps = { { 278, 290 } },
    skips = { { 96, 119, "T", "messages in C" }, { 257, 269, "T", "luaL_tolstring" } },
  },
  { name = "math.lua", lines = 1024, ends = 1024 },
  { name = "sort.lua", lines = 311, ends = 311 },
  { name = "bitwise.lua", lines = 363, ends = 362 },
  {
    name = "verybig.lua", lines = 152, ends = 151, returns = "10",
    cuts = {
      { 141, 142, "files", "a temporary file: its text goes into a table", "local text = {} io.write = function(...) "
        .. "for _, s in ipairs { ... } do text[#text + 1] = s end end" },
      { 147, 149, "files", "running it: the text is loaded", "local result = load(table.concat(text))()" },
    },
  },
  {
    name = "files.lua", lines = 951, ends = 949,
    cuts = {
      { 49, 55, "files", "a temporary file", 'local file, f, msg = "no-file" do' },
      { 67, 69, "files", "opening it" },
      { 79, 80, "files", "writing it" },
      { 87, 96, "files", "writing it" },
      { 102, 243, "files", "reading what was written" },
      { 248, 332, "files", "reading what was written" },
      { 338, 715, "files", "reading and loading what was written" },
      { 718, 724, "processes", "the name of the program" },
      { 730, 766, "processes", "popen, execute" },
      { 770, 775, "files", "tmpfile" },
    },
  },
  { name = "heavy.lua", lines = 173, ends = 173 },
  { name = "bwcoercion.lua", helper = true },
  { name = "tracegc.lua", helper = true },
}
