-- check.lua - what `flaron-lua check` asks luacheck: its own warnings, and, on the syntax tree it makes, which
-- functions of a flare the code uses, and what it calls by a wrong name. It also edits flare.lua.
--
-- It is a flare, packed with luacheck's modules from where they are installed (cli/check/check_code.c), so nothing of a
-- project runs outside of the sandbox. Its assets are "source/N", the text of the project's Nth file, and
-- "manifest", that of flare.lua when there is one. In front of it stand record.lua, rights.lua, answers.lua, requests.lua
-- and
--
--   input = {
--     runtime = { globals = , modules = },        what probe.lua found
--     files = { { name = , ours = }, ... },       of the project; ours: it comes with flaron-lua
--     without = { name, ... },                    the libraries that flare.lua leaves out
--     fix = { set = { key, ... }, add = { key = { string, ... } } },   what to put into flare.lua, or nil
--   }
--   config = {
--     folder = ,           the project's, an absolute path
--     anchor = , options = what .luacheckrc says (config.lua) and the folder it is in, or nil
--   }
--
-- It answers with records (record.lua):
--
--   luacheck                luacheck cannot do it: why
--   warning, error          a finding, by luacheck or here; of a name that there is not, a NUL, the name, a NUL, and each
--                           that there is and a NUL
--   note                    what is said of all rocks together, or of a place
--   syntax                  luacheck's parser refuses the file
--   use                     a function, or the name of a module (or "flaron") that goes to where it cannot be
--                           followed; a NUL; for a call, each argument ("=" and its string, or "?") and a NUL
--   right                   the same of a ready-made module (rights.lua): how the function is called, a NUL, and then
--                           as for use, of the SDK's function that it needs
--   handler                 where the main script names ws_open or its kin
--   key                     a key of flare.lua; a NUL; for a list, a string in it and a NUL
--   fixed                   the new text of flare.lua
--   unfixable               where and why it cannot be edited
--   done                    this was all
-- luacheck: read globals input record rights look_at_answers follow_requests, globals config
local flaron = require "flaron"

-- What luacheck asks of the system: where it is. The rest is not there, and nothing here asks for it.
package.loaded.lfs = {
  currentdir = function() return config.folder end,
  attributes = function() end,
}

local luacheck_config = require "luacheck.config"
local check_state = require "luacheck.check_state"
local luacheck = require "luacheck"
local parser = require "luacheck.parser"
local runner = require "luacheck.runner"
local utils = require "luacheck.utils"
require "luacheck.stages" -- all that read_tree names
local argument = require "flaron.internal.argument"

local records = {}
local function write(...) records[#records + 1] = record(...) end

local modules = input.runtime.modules

-- Calls a function; a file that is nested too deeply for it is passed over (false), every other error goes on.
local function try(f, ...)
  local good, result = pcall(f, ...)
  if good then return true, result end
  local message = tostring(result)
  if message:find("stack overflow", 1, true) then return false end
  error(result, 0)
end

-- ---- trees ----

-- A file's state after luacheck's first stages: `ast`, in which each name knows its variable. nil: it is not Lua, or
-- nested too deeply.
local function read_tree(source)
  local state = check_state.new(source)
  local function run()
    for _, stage in ipairs { "parse", "unwrap_parens", "linearize" } do
      require("luacheck.stages." .. stage).run(state)
    end
  end
  local good, fault = pcall(run)
  if good then return state end
  if not utils.is_instance(fault, parser.SyntaxError) then try(error, fault, 0) end
end

local function place(state, node)
  return node.line, state:offset_to_column(node.line, node.offset)
end

-- The expression that a name always stands for; nil for a global, a parameter, or what is assigned twice.
local function value_of(node)
  local only
  for _, value in ipairs(node.var and node.var.values or {}) do
    if not value.empty then
      if only then return nil end
      only = value
    end
  end
  if not only or only.type == "arg" or only.type == "loop" or only.type == "loopi" then return nil end
  if only.secondaries and only.secondaries[1] ~= only then return nil end -- a further value of a call
  return only.node
end

-- The string that an expression is; nil when it is known only when it runs.
local function constant(node, depth)
  depth = depth or 0
  if not node or depth > 20 then return nil end
  if node.tag == "String" then return node[1] end
  if node.tag == "Id" then return constant(value_of(node), depth + 1) end
  if node.tag == "Op" and node[1] == "concat" then
    local left, right = constant(node[2], depth + 1), constant(node[3], depth + 1)
    return left and right and left .. right
  end
end

-- Whether an expression is a global of this name.
local function is_global(node, name) return node and node.tag == "Id" and node[1] == name and not node.var end

-- The module that `pcall(require, "name")` gives as its second value; nil: the call is no such.
local function tried_module(node)
  if not node or node.tag ~= "Call" then return nil end
  local at = is_global(node[1], "pcall") and 3 or is_global(node[1], "xpcall") and 4
  local name = at and is_global(node[2], "require") and constant(node[at])
  return name and modules[name] and name or nil
end

local resolve

-- What a name stands for, as resolve has it: also of `local ok, m = pcall(require, "m")`, and `local m = ok and m or nil`.
local function resolve_value(node, depth)
  if not node or depth > 20 then return nil end
  if node.tag == "Id" then
    local only
    for _, value in ipairs(node.var and node.var.values or {}) do
      if not value.empty and not (value.node and value.node.tag == "Nil") then -- `if not ok then m = nil end`
        if only then return nil end
        only = value
      end
    end
    local row = only and only.secondaries
    if row and row[2] == only then return tried_module(only.node) end
    return resolve_value(value_of(node), depth + 1)
  elseif node.tag == "Op" and node[1] == "and" then
    return resolve_value(node[3], depth + 1)
  elseif node.tag == "Op" and node[1] == "or" and (node[3].tag == "Nil" or node[3].tag == "False") then
    return resolve_value(node[2], depth + 1)
  end
  return resolve(node, depth + 1)
end

-- What an expression is: "flaron", "flaron.spark", "flaron.spark.set"; nil: nothing of the kind.
function resolve(node, depth)
  depth = depth or 0
  if not node or depth > 20 then return nil end
  if node.tag == "Id" then return resolve_value(node, depth) end
  if node.tag == "Paren" then return resolve(node[1], depth + 1) end
  if node.tag == "Call" and is_global(node[1], "require") then
    local name = node[2] and node[2].tag == "String" and node[2][1]
    return modules[name] and name or nil
  end
  if node.tag == "Call" and is_global(node[1], "select") and node[2] and node[2].tag == "Number" and node[2][1] == "2" then
    return tried_module(node[3])
  end
  if node.tag == "Index" and node[2].tag == "String" then
    local base = resolve(node[1], depth + 1)
    return base and modules[base] and base .. "." .. node[2][1] or nil
  end
end

local function is_rock(name) return name:find "^lua_modules/" ~= nil end

-- What stands behind a message about a name that there is not: the name, and those that there are, the keys of `names`.
local function instead(name, names)
  local all = { "", name }
  for candidate in pairs(names or {}) do all[#all + 1] = tostring(candidate) end
  return table.concat(all, "\0") .. "\0"
end

-- ---- what a file uses ----

local handlers = { handle_request = true, ws_open = true, ws_message = true, ws_close = true }

local written = {} -- fields that the project itself gives to modules, by full name

-- "flaron.spark.set" as users write it.
local function short(path) return (path:gsub("^flaron%.(.)", "%1")) end

-- ---- what ready-made modules need ----

local parameters = {} -- by variable: a function's parameter that may be a router's request, "guess" or "named"
local passed = {} -- by variable: the kind of object that a function's parameter gets (requests.lua)
local made_fields = {} -- by name of a field: the kind of what the project stores there
local made_modules = {} -- by file: the kind of what a module returns

-- The kind of object (rights.makes) that an expression is; nil when it is none, or not known. Of a request that is not known to
-- come from a router, a second result: "named" for its name, "guess" for a function's first parameter.
local function kind_of(node, depth)
  depth = depth or 0
  if not node or depth > 20 then return nil end
  if node.tag == "Paren" then return kind_of(node[1], depth + 1) end
  if node.tag == "Op" and node[1] == "and" then return kind_of(node[3], depth + 1) end
  if node.tag == "Op" and node[1] == "or" then
    local kind, doubt = kind_of(node[2], depth + 1)
    if kind then return kind, doubt end
    return kind_of(node[3], depth + 1)
  end
  if node.tag == "Id" then
    local single = node.var and #node.var.values == 1
    if single and passed[node.var] then return passed[node.var] end
    if single and parameters[node.var] then return "req", parameters[node.var] end
    return kind_of(value_of(node), depth + 1)
  end
  if node.tag == "Index" and node[2].tag == "String" then return made_fields[node[2][1]] end
  if node.tag == "Invoke" then
    local kind = kind_of(node[1], depth + 1)
    return kind and rights.makes[kind .. ":" .. node[2][1]]
  end
  if node.tag ~= "Call" then return nil end
  local name = node[1].tag == "Id" and node[1][1] == "require" and not node[1].var and constant(node[2])
  if name then return made_modules[name:gsub("%.", "/")] end
  return rights.makes[resolve(node[1]) or ""]
end

-- Notes which parameters may be a router's request: the first of a function, but a method's own, and any that is called so.
local function note_parameters(node)
  if node.tag == "Function" then
    for n, parameter in ipairs(node[1]) do
      local name = parameter[1]
      local named = name == "req" or name == "request"
      if parameter.var and not parameter.implicit and name ~= "self" and (n == 1 or named) then
        parameters[parameter.var] = named and "named" or "guess"
      end
    end
  end
  for _, child in ipairs(node) do
    if type(child) == "table" then note_parameters(child) end
  end
end

-- Notes that a field has what an expression is. A field with a request is one where it is sure to be one, or named so.
local function note_field(name, value)
  local kind, doubt = kind_of(value)
  if kind == "req" and (doubt == "guess" or made_fields[name]) then return end
  if kind then made_fields[name] = kind end
end

-- Notes the fields that objects are stored in, and what the module returns.
local function note_made(file, node)
  if node.tag == "Set" then
    for n, name in ipairs(node[1]) do
      if name.tag == "Index" and name[2].tag == "String" then note_field(name[2][1], node[2][n]) end
    end
  elseif node.tag == "Pair" and node[1].tag == "String" then
    note_field(node[1][1], node[2])
  end
  for _, child in ipairs(node) do
    if type(child) == "table" then note_made(file, child) end
  end
  local last = node == file.state.ast and node[#node]
  local kind = last and last.tag == "Return" and kind_of(last[1])
  local name = kind and input.files[file.number].name:gsub("%.lua$", ""):gsub("/init$", "")
  while name do -- it may be required from any folder that modules are looked for in
    made_modules[name] = kind
    name = name:match "/(.*)"
  end
end

-- Whether a table, as it is written, has a field of this name.
local function has_field(written_table, name)
  for _, pair in ipairs(written_table) do
    if pair.tag == "Pair" and pair[1].tag == "String" and pair[1][1] == name then return true end
  end
  return false
end

-- Writes what a row of rights.lua says of a call, `arguments` being its first argument's place in the node.
local function write_right(file, row, shown, call, first)
  for _, one in ipairs(row) do write_right(file, one, shown, call, first) end
  if not row.call then return end
  local function write_one(node, said, text)
    local line, column = place(file.state, node)
    if text and row.suffix then text = text:gsub("/$", "") .. row.suffix end
    local parts = { said, row.call, text and not text:find("%z") and "=" .. text or "?" }
    write("right", file.number, line, column, table.concat(parts, "\0") .. "\0")
  end
  local given = call and call[first]
  if row.argument then
    local text = constant(given)
    return write_one(file.at, text and row.call == "request.header" and ('%s "%s"'):format(shown, text) or shown, text)
  end
  if not row.fields then return write_one(file.at, shown, row.text or "") end
  if given and given.tag == "Id" then given = value_of(given) end
  if not given or given.tag ~= "Table" then return write_one(file.at, shown) end
  if row.unless and has_field(given, row.unless) then return end
  for _, pair in ipairs(given) do
    for _, field in ipairs(row.fields) do
      if pair.tag == "Pair" and pair[1].tag == "String" and pair[1][1] == field then
        local value = pair[2].tag == "Id" and value_of(pair[2]) or pair[2]
        if value.tag ~= "Table" then
          write_one(pair[2], shown, constant(value))
        else
          for _, item in ipairs(value) do write_one(item, shown, constant(item.tag == "Pair" and item[2] or item)) end
        end
      end
    end
  end
end

-- The method of an object that an expression is when it is taken as a value: the object's kind, and its name. `req.header`
local function method_of(node, depth)
  depth = depth or 0
  if not node or depth > 20 then return nil end
  if node.tag == "Id" then return method_of(value_of(node), depth + 1) end
  if node.tag == "Paren" then return method_of(node[1], depth + 1) end
  if node.tag == "Op" and node[1] == "and" then return method_of(node[3], depth + 1) end
  local kind, doubt
  if node.tag == "Index" then kind, doubt = kind_of(node[1]) end
  local name = kind and doubt ~= "guess" and constant(node[2]) -- of a guess it may be an answer's field
  if name and rights.methods[kind][name] then return kind, name end
end

-- A method of an object that a ready-made module made, and its call, when it is called here.
local function use_method(file, kind, name, call, first)
  local row = kind and rights.methods[kind][name]
  if row then write_right(file, row, kind .. ":" .. name, call, first) end
end

-- What of the table `ngx` an expression is, "req.read_body"; "" for the table itself, nil: nothing of it.
local function ngx_path(node, depth)
  depth = depth or 0
  if not node or depth > 20 then return nil end
  if node.tag == "Id" then return ngx_path(value_of(node), depth + 1) end
  if node.tag == "Call" then
    if node[1].tag == "Id" and node[1][1] == "require" and not node[1].var then
      return constant(node[2]) == "flaron.openresty" and "" or nil
    end
    return ngx_path(node[1], depth + 1) == "req.get_headers" and "req.get_headers()" or nil
  end
  local base = node.tag == "Index" and ngx_path(node[1], depth + 1)
  local name = base and constant(node[2])
  return name and (base == "" and name or base .. "." .. name) or nil
end

-- Writes what a use of `ngx` needs: a field, or with `method` one of a dictionary's.
local function use_ngx(file, node, method)
  local path = ngx_path(node)
  if not path then return end
  local shown = "ngx." .. path .. (method and ":" .. method or "")
  local key = path:gsub("^var%.cookie_.*", "var.cookie_")
  if path:find "^var%.http_" or path:find "^req%.get_headers%(%)" then key = path:lower() end
  if method then key = path:find "^shared%." and "shared:" .. method or "" end
  file.at = node
  if rights.ngx[key] then write_right(file, rights.ngx[key], shown) end
end

local lost -- the first place where an object is lost: { file, node }

local function use(file, path, call)
  local module, name = path:match "^(.*)%.([^.]+)$"
  local row = rights.functions[module] and rights.functions[module][name]
  if row then write_right(file, row, short(path), call, 2) end
  local parts = { short(path) }
  for n = 2, call and #call or 0 do
    local text = constant(call[n])
    parts[#parts + 1] = text and not text:find("%z") and "=" .. text or "?"
  end
  local line, column = place(file.state, file.at)
  write("use", file.number, line, column, table.concat(parts, "\0") .. "\0")
end

local visit

local function visit_all(file, nodes, from)
  for n = from or 1, #nodes do
    if type(nodes[n]) == "table" then visit(file, nodes[n]) end
  end
end

-- Looks at the field that an index names; what it is of cannot be followed when the name is not constant.
local function visit_index(file, node)
  local base = resolve(node[1])
  if not (base and modules[base]) then
    use_ngx(file, node)
    return visit_all(file, node)
  end
  if node[1].tag == "Index" then visit_index(file, node[1]) end
  if node[2].tag ~= "String" then
    file.at = node
    use(file, base)
    return visit(file, node[2])
  end
  local name = node[2][1]
  if modules[base][name] or written[base .. "." .. name] then return end
  local line, column = place(file.state, node[2])
  write("error", file.number, line, column, ("%s has no '%s'"):format(short(base), name) .. instead(name, modules[base]))
end

-- Warns of a header's name with a '_', as OpenResty takes them: here it is sent as it is.
local function look_at_header(file, node)
  local name = constant(node)
  if not name or not name:find "_" or input.files[file.number].ours or is_rock(input.files[file.number].name) then return end
  local line, column = place(file.state, node)
  write("warning", file.number, line, column, ("header '%s' has a '_': was '%s' meant?"):format(name, (name:gsub("_", "-"))))
end

-- `headers = { content_type = "text/html" }`, of an answer or of a fetch.
local function look_at_headers(file, node)
  if node[1].tag ~= "String" or node[1][1] ~= "headers" or node[2].tag ~= "Table" then return end
  for _, field in ipairs(node[2]) do
    if field.tag == "Pair" then look_at_header(file, field[1]) end
  end
end

-- A call: of a function we know, with its arguments.
local function visit_call(file, node)
  local path = resolve(node[1])
  if path and not modules[path] then
    file.at = node[1]
    use(file, path, node)
    if path == "flaron.response.set_header" and node[2] then look_at_header(file, node[2]) end
    if node[1].tag == "Index" then visit_index(file, node[1]) end
    return visit_all(file, node, 2)
  end
  if resolve(node) then return end -- require "flaron", whatever is made of it
  local tried = is_global(node[1], "pcall") and 1 or is_global(node[1], "xpcall") and 2 or 0
  local called = tried > 0 and 2 or 1
  local kind, name = method_of(node[called])
  if not kind then return visit_all(file, node) end
  file.at = node[called] -- req.body(req)
  use_method(file, kind, name, node, 3 + tried)
  if node[called].tag == "Index" then visit(file, node[called][1]) end
  visit_all(file, node, called + 1)
end

-- `spark:get(key)` hands over the module as the key.
local function visit_method(file, node)
  local base = resolve(node[1])
  if not (base and modules[base]) then
    file.at = node[1]
    use_method(file, kind_of(node[1]), node[2][1], node, 3)
    use_ngx(file, node[1], node[2][1])
    return visit_all(file, node)
  end
  local line, column = place(file.state, node[2])
  write("error", file.number, line, column, ("%s:%s: its functions are called with '.', not ':'")
    :format(short(base), node[2][1]))
  visit_all(file, node, 3)
end

-- `local set = spark.set`: another name for it, when it is always that.
local function visit_assignment(file, node)
  local names, values = node[1], node[2] or {}
  for n = 1, #values do
    local name, value = names[n], values[n]
    local path = resolve(value)
    local always = name and name.tag == "Id" and value_of(name) == value
    if path and always then
      if value.tag == "Index" then visit_index(file, value) end
    elseif always and method_of(value) then
      if value.tag == "Index" then visit(file, value[1]) end -- what calls it is looked at there
    elseif path and value.tag == "Call" then
      file.at = value
      use(file, path)
    else
      visit(file, value)
    end
  end
  if node.tag == "Local" then return end
  for _, name in ipairs(names) do
    local base = name.tag == "Index" and resolve(name[1])
    if base and modules[base] and name[2].tag == "String" then
      if name[1].tag == "Index" then visit_index(file, name[1]) end
    elseif name.tag == "Index" then
      visit_all(file, name)
    end
  end
end

function visit(file, node)
  if node.tag == "Local" or node.tag == "Set" then return visit_assignment(file, node) end
  if node.tag == "Call" and not resolve(node) then return visit_call(file, node) end
  if node.tag == "Invoke" then return visit_method(file, node) end
  if node.tag == "Pair" then look_at_headers(file, node) end
  local path = resolve(node)
  if path then -- handed to somebody, who may do anything with it
    if node.tag == "Index" then visit_index(file, node) end
    file.at = node
    return use(file, path)
  end
  local kind, name = method_of(node)
  if kind and (node.tag == "Index" or node.tag == "Id") then -- handed over as well
    file.at = node
    use_method(file, kind, name)
  end
  if node.tag == "Index" then
    local of, doubt = kind_of(node[1])
    if of and not doubt and not constant(node[2]) then lost = lost or { file, node } end -- any method
    return visit_index(file, node)
  end
  visit_all(file, node)
end

-- Notes the fields of modules that a file writes, and tells where it makes a field or a global of a handler.
local function note_written(file, node)
  for _, name in ipairs(node.tag == "Set" and node[1] or {}) do
    local path = name.tag == "Index" and resolve(name)
    if path then written[path] = true end
  end
  for _, name in ipairs(node.tag == "Set" and node[1] or node.tag == "Pair" and { node } or {}) do
    local word = name.tag == "Id" and not name.var and name or name.tag == "Pair" and name[1]
      or name.tag == "Index" and name[2] or {}
    if type(word[1]) == "string" and word[1]:find "^ws_" then
      local line, column = place(file.state, word)
      write("handler", file.number, line, column, word[1] .. "\0")
    end
  end
  for _, child in ipairs(node) do
    if type(child) == "table" then note_written(file, child) end
  end
end

-- The function that an expression is; nil when it is none, or not known.
local function function_of(node)
  local value = node and (node.tag == "Function" and node or node.tag == "Id" and value_of(node))
  return value and value.tag == "Function" and value or nil
end

-- ---- what handlers answer ----

local looked_at = {} -- functions whose answers were

-- Looks at what a handler, if the expression is one, returns; `whose` is "" or " of GET /users".
local function look_at_answer(file, node, whose, routed)
  local fn = function_of(node)
  local function report(at, message, name, names)
    local line, column = place(file.state, at)
    write("error", file.number, line, column, message .. (name and instead(name, names) or ""))
  end
  local tools = { value_of = value_of, constant = constant, report = report }
  if fn then look_at_answers(tools, fn, "the answer" .. whose, routed, looked_at) end
end

-- Looks at the functions that a call hands to a router: handlers and middleware.
local function look_at_routes(file, node)
  if node.tag == "Invoke" and kind_of(node[1]) == "app" and rights.methods.app[node[2][1]] then
    local name = node[2][1]
    local pattern = constant(node[name == "route" and 4 or 3])
    local method = name == "route" and node[3] and (constant(node[3]) or constant(node[3][1])) or name
    local whose = name == "use" and " of a middleware" or pattern and (" of %s %s"):format(method:upper(), pattern) or ""
    for n = 3, #node do look_at_answer(file, node[n], whose, true) end
  elseif node.tag == "Call" and resolve(node[1]) == "flaron.router.new" and node[2] and node[2].tag == "Table" then
    for _, field in ipairs(node[2]) do
      if field.tag == "Pair" and field[1].tag == "String" then look_at_answer(file, field[2], " of " .. field[1][1], true) end
    end
  end
  for _, child in ipairs(node) do
    if type(child) == "table" then look_at_routes(file, child) end
  end
end

-- Tells of a name of the main script that is nearly a handler's: nobody calls it.
local function look_at_near(file, word)
  local name = word and type(word[1]) == "string" and (word.tag == "String" or word.tag == "Id") and word[1]
  if not name or handlers[name] or argument.nearest(name:lower(), handlers) == "" then return end
  local line, column = place(file.state, word)
  write("warning", file.number, line, column, ("'%s' is no handler, so nobody calls it%s")
    :format(name, argument.nearest(name:lower(), handlers)))
end

-- Tells of `return app.handler`, which lacks its call.
local function look_at_method(file, node)
  local kind, name = method_of(node)
  if not kind then return end
  local line, column = place(file.state, node)
  write("error", file.number, line, column, ("%s.%s is a method and no handler: call it %s:%s(...), with a colon")
    :format(kind, name, kind, name))
end

-- Looks at the handlers of the main script: warns of one with parameters, since it is called without arguments.
local function look_at_handler(file)
  local state, number = file.state, file.number
  local found = {}
  local function take(node, name)
    look_at_method(file, node)
    local value = function_of(node)
    if value then found[#found + 1] = value end
    if name == "handle_request" then look_at_answer(file, node, "", false) end
  end
  local function take_handlers(fields)
    for _, field in ipairs(fields) do
      if field.tag == "Pair" then look_at_near(file, field[1]) end
      if field.tag == "Pair" and handlers[field[1][1]] then take(field[2], field[1][1]) end
    end
  end
  local last = state.ast[#state.ast]
  local answer = last and last.tag == "Return" and last[1]
  if answer and answer.tag == "Id" then answer = value_of(answer) or answer end
  if answer and answer.tag == "Table" then take_handlers(answer) elseif answer then take(answer, "handle_request") end
  for _, node in ipairs(state.ast) do
    for n, name in ipairs(node.tag == "Set" and node[1] or {}) do
      local field = name.tag == "Id" and not name.var and name[1] or name.tag == "Index" and name[2][1]
      look_at_near(file, name.tag == "Id" and not name.var and name or name.tag == "Index" and name[2])
      if handlers[field] then take((node[2] or {})[n], field) end
    end
  end
  for _, value in ipairs(found) do
    local first = value[1][1]
    if first and first.tag == "Id" then
      local line, column = place(state, first)
      write("warning", number, line, column,
        ("a handler gets no arguments, so '%s' is nil: what was asked is in flaron.request, the event in flaron.ws"):format(first[1]))
    end
  end
end

-- Follows the objects of ready-made modules through the project's own files.
local function follow(trees)
  local own = {}
  for _, file in ipairs(trees) do
    file.name = input.files[file.number].name
    if not input.files[file.number].ours then own[#own + 1] = file end
  end
  local tools = { value_of = value_of, constant = constant, resolve = resolve, kind_of = kind_of, function_of = function_of,
    method_of = method_of, is_global = is_global }
  function tools.pass(variable, kind)
    local new = passed[variable] == nil
    if new then passed[variable] = kind end
    return new
  end
  function tools.fields()
    for _, file in ipairs(own) do try(note_made, file, file.state.ast) end
  end
  try(follow_requests, own, tools, function(file, node) lost = lost or { file, node } end)
end

-- Says once where an object goes that no right is seen of any more.
local function tell_lost()
  if not lost then return end
  local file, node = lost[1], lost[2]
  local line, column = place(file.state, node)
  write("note", file.number, line, column, "what is asked of a request or a session that goes here is not seen: "
    .. "flare.lua may lack requires_body or requires_raw_auth for it")
end

local function look_at_files()
  local trees = {}
  for number in ipairs(input.files) do
    local state = read_tree(flaron.asset("source/" .. number))
    if state then
      trees[#trees + 1] = { state = state, number = number }
      try(note_written, trees[#trees], state.ast)
    end
  end
  for _, file in ipairs(trees) do
    if modules["flaron.router"] and not input.files[file.number].ours then try(note_parameters, file.state.ast) end
  end
  follow(trees)
  for _, file in ipairs(trees) do
    if file.number == 1 then try(look_at_handler, file) end
    local name = input.files[file.number].name
    if not input.files[file.number].ours and not is_rock(name) then try(look_at_routes, file, file.state.ast) end
    try(visit_all, file, file.state.ast)
  end
  tell_lost()
end

-- ---- names that there are not ----

-- What other Luas have: whoever only reads such a name, and neither calls nor indexes it, knows that it may be nil.
local elsewhere = {}
for _, name in ipairs { "bit", "bit32", "debug.getfenv", "debug.setfenv", "gcinfo", "getfenv", "jit", "loadstring", "math.mod",
  "module", "newproxy", "ngx", "package.loaders", "package.seeall", "setfenv", "string.gfind", "table.clear", "table.foreach",
  "table.foreachi", "table.getn", "table.maxn", "table.new", "table.setn", "unpack" } do elsewhere[name] = true end

local testing = { ["and"] = true, ["or"] = true, ["not"] = true, eq = true, ne = true }
local asking = { type = true, tostring = true, rawequal = true, rawget = true }

-- The name of a global, or of a global's field: "jit", "table.getn".
local function global_name(node)
  if node.tag == "Id" then return not node.var and node[1] or nil end
  if node.tag ~= "Index" or node[1].tag ~= "Id" or node[2].tag ~= "String" then return nil end
  local base = node[1].var and value_of(node[1]) or node[1]
  return base and base.tag == "Id" and not base.var and base[1] .. "." .. node[2][1] or nil
end

-- Calls `found` with each name that an expression tests for being nil, and with its node when that stands there.
local function each_test(node, found, depth)
  depth = depth or 0
  if depth > 20 then return end
  local name = global_name(node)
  if name then return found(name, node) end
  if node.tag == "Paren" then return each_test(node[1], found, depth + 1) end
  if node.tag == "Op" and testing[node[1]] then
    for n = 2, #node do each_test(node[n], found, depth + 1) end
  elseif node.tag == "Call" and asking[global_name(node[1])] then
    for n = 2, #node do each_test(node[n], found, depth + 1) end
    if node[1][1] == "rawget" and node[2] and global_name(node[2]) == "_G" then
      local asked = constant(node[3])
      if asked then found(asked) end
    end
  elseif node.tag == "Id" then -- a local: `local has_jit = type(jit) == "table"`
    local value = value_of(node)
    if value then each_test(value, function(tested) found(tested) end, depth + 1) end
  end
end

-- The names in `guards` and those that an expression tests.
local function with_tests(guards, node)
  local all = setmetatable({}, { __index = guards })
  each_test(node, function(name) all[name] = true end)
  return all
end

-- Whether a block is left at its end.
local function leaves(block)
  local last = block[#block]
  if not last then return false end
  return last.tag == "Return" or last.tag == "Break" or last.tag == "Goto"
    or last.tag == "Call" and (global_name(last[1]) == "error" or global_name(last[1]) == "os.exit")
end

local look

local function look_all(seen, nodes, guards, from)
  for n = from or 1, #nodes do
    if type(nodes[n]) == "table" then guards = look(seen, nodes[n], guards) or guards end
  end
end

-- Notes a name as one that may be nil. A field is one where what it is a field of is there.
local function mark(seen, node, guards)
  if node.tag ~= "Index" then
    seen.tested[node] = true
  elseif input.runtime.globals[global_name(node):match "^[^.]*"] or guards[node[1][1]] then
    seen.tested[node[1]] = true
  end
end

local function look_at_test(seen, node, guards)
  each_test(node, function(_, tested)
    if tested then mark(seen, tested, guards) end
  end)
  look(seen, node, guards)
end

-- A name that is read; `plain`: neither called nor indexed, nor part of a sum.
local function look_at_name(seen, node, name, guards, plain)
  local base = node.tag == "Index" and node[1]
  local guarded = guards[name] or (base and not base.var and guards[base[1]])
  if guarded or (plain and elsewhere[name]) then mark(seen, node, guards) end
  seen.names[#seen.names + 1] = { node = base or node, name = name }
end

-- Looks at a statement or an expression whose names in `guards` were tested. Returns, for a statement after which more of
-- them are, all those.
function look(seen, node, guards)
  local tag = node.tag
  local name = global_name(node)
  if name then return look_at_name(seen, node, name, guards, true) end
  if tag == "Op" and testing[node[1]] then
    look_at_test(seen, node[2], guards)
    if node[3] then look_at_test(seen, node[3], with_tests(guards, node[2])) end
  elseif tag == "Call" and asking[global_name(node[1])] then
    for n = 2, #node do look_at_test(seen, node[n], guards) end
  elseif tag == "If" then
    local tested, left = guards, false
    for n = 1, #node - 1, 2 do
      look_at_test(seen, node[n], tested)
      tested = with_tests(tested, node[n])
      look_all(seen, node[n + 1], tested)
      left = left or leaves(node[n + 1])
    end
    if #node % 2 == 1 then
      look_all(seen, node[#node], tested)
      left = left or leaves(node[#node])
    end
    return left and tested or nil
  elseif tag == "While" then
    look_at_test(seen, node[1], guards)
    look_all(seen, node[2], with_tests(guards, node[1]))
  elseif tag == "Set" then
    for _, to in ipairs(node[1]) do
      local set = global_name(to)
      if set then seen.set[set] = true else look(seen, to, guards) end
    end
    look_all(seen, node[2], guards)
  elseif tag == "Index" or tag == "Call" or tag == "Invoke" or tag == "Op" then -- where nil is an error
    for n = tag == "Op" and 2 or 1, #node do
      local inner = type(node[n]) == "table" and global_name(node[n])
      local plain = n > 1 and (tag == "Call" or tag == "Invoke")
      if inner then
        look_at_name(seen, node[n], inner, guards, plain)
      elseif type(node[n]) == "table" then
        look(seen, node[n], guards)
      end
    end
  else
    look_all(seen, node, guards)
  end
end

-- Looks at a whole file: which globals it reads (`names`), which of those are tested (`tested`, by node), and which it sets.
local function look_at_globals(state)
  local seen = { names = {}, tested = {}, set = {} }
  try(look_all, seen, state.ast, {})
  return seen
end

-- Whether a flare has a global, or a field of one; `set` has those that the files set.
local function is_there(name, set)
  local globals = input.runtime.globals
  local base, field = name:match "^([^.]*)%.(.*)$"
  base = base or name
  if set[name] or set[base] or base == "_ENV" then return true end
  if not field or not globals[base] then return globals[base] ~= nil end
  return base == "package" or type(globals[base]) ~= "table" or globals[base][field] ~= nil or globals._G == globals[base]
end

-- What rocks name and a flare has not, in one note: each name with the first place of it.
local function note_rocks()
  local rocks, set, first, names = {}, {}, {}, {}
  for number, file in ipairs(input.files) do
    local state = read_tree(flaron.asset("source/" .. number))
    if state then
      local seen = look_at_globals(state)
      for name in pairs(seen.set) do set[name] = true end
      if is_rock(file.name) then rocks[#rocks + 1] = { name = file.name, seen = seen } end
    end
  end
  for _, rock in ipairs(rocks) do
    for _, read in ipairs(rock.seen.names) do
      local name = read.name
      if not rock.seen.tested[read.node] and not is_there(name, set) then
        local base = name:match "^[^.]*"
        if not input.runtime.globals[base] then name = base end
        if not first[name] then names[#names + 1] = name end
        first[name] = first[name] or ("%s:%d"):format(rock.name, read.node.line)
      end
    end
  end
  if #names == 0 then return end
  table.sort(names)
  for n, name in ipairs(names) do names[n] = ("%s (%s)"):format(name, first[name]) end
  write("note", 0, 0, 0, "rocks name what a flare has not: " .. table.concat(names, ", "))
end

-- Tells where files name what flare.lua leaves out, as a global or to `require`, and which ready-made modules do.
local function look_at_left_out()
  if #input.without == 0 then return end
  local left_out = {}
  local said = (" is not in this flare: flare.lua has without = { \"%s\" }"):format(table.concat(input.without, '", "'))
  local required = {} -- names of modules
  for _, name in ipairs(input.without) do left_out[name], required[name] = true, name ~= "load" end
  left_out.loadfile, left_out.dofile = left_out.load, left_out.load
  local function report(file, node, name)
    local line, column = place(file.state, node)
    write("error", file.number, line, column, name .. said)
  end
  local function look_at_requires(file, node)
    local name = node.tag == "Call" and is_global(node[1], "require") and constant(node[2])
    if required[name or ""] then report(file, node, name) end
    for _, child in ipairs(node) do
      if type(child) == "table" then look_at_requires(file, child) end
    end
  end
  local ready = {} -- by name: the files of ready-made modules
  local function note_ready(name, file)
    ready[name] = ready[name] or {}
    if ready[name][#ready[name]] ~= file then table.insert(ready[name], file) end
  end
  for number, of in ipairs(input.files) do
    local state = read_tree(flaron.asset("source/" .. number))
    local file, seen = { state = state, number = number }, state and look_at_globals(state) or { names = {} }
    for _, read in ipairs(seen.names) do
      local name = read.name:match "^[^.]*"
      if left_out[name] and not seen.set[name] then
        if of.ours then note_ready(name, of.name) else report(file, read.node, name) end
      end
    end
    if state and not of.ours then try(look_at_requires, file, state.ast) end
  end
  for _, name in ipairs(input.without) do
    if ready[name] then
      write("warning", 0, 0, 0, ("without: %s is used by %s"):format(name, table.concat(ready[name], ", ")))
    end
  end
end

-- The places, "LINE:COLUMN", of names in a file that are tested before they are used, or only tested.
local function tested_places(source)
  local state, places = read_tree(source), {}
  for node in pairs(state and look_at_globals(state).tested or {}) do
    places[table.concat({ place(state, node) }, ":")] = true
  end
  return places
end

-- ---- luacheck's own warnings ----

-- What is there, in luacheck's form.
local function standard()
  local globals = {}
  for name, fields in pairs(input.runtime.globals) do
    local known
    if type(fields) == "table" and name ~= "package" then
      known = {}
      for field in pairs(fields) do known[field] = { other_fields = true } end
    end
    globals[name] = known and { fields = known } or { other_fields = true }
  end
  globals._G = { other_fields = true, read_only = false }
  local writable = {}
  for name in pairs(handlers) do writable[name] = {} end
  return { read_globals = globals, globals = writable }
end

-- The standards that a .luacheckrc makes itself stay in force beside ours; "lua54" and its like do not.
local function name_standards(rc)
  local names = "flaron"
  local stds = type(rc.options.stds) == "table" and rc.options.stds or {}
  for name in (type(rc.options.std) == "string" and rc.options.std or ""):gmatch "[^+%s]+" do
    if name ~= "flaron" and rawget(stds, name) then names = names .. "+" .. name end
  end
  return names
end

-- The project's configuration as luacheck's own loader would give it: with its options for specs and the like.
local function load_config()
  local default = luacheck_config.load_config(false, false)
  if not config.options then return default end
  local options = config.options
  options.cache, options.jobs = nil, nil -- files of its own, threads: not here
  local files = type(options.files) == "table" and options.files or {}
  options.files = options.files == nil and files or options.files
  for pattern, defaults in pairs(default.options.files) do
    local own = files[pattern]
    if own == nil then
      files[pattern] = defaults
    elseif type(own) == "table" and own.std == nil then
      own.std = defaults.std
    end
  end
  return { options = options, config_path = ".luacheckrc", anchor_dir = config.anchor }
end

-- Whether a .luacheckrc says how long lines may be.
local function states_length(options)
  for key, value in pairs(options) do
    if tostring(key):find "line_length$" then return true end
    if key == "files" and type(value) == "table" then
      for _, own in pairs(value) do
        if type(own) == "table" and states_length(own) then return true end
      end
    end
  end
  return false
end

-- Whether an event says that a variable is not used which is there to be closed: luacheck passes over attributes.
local function is_closed(event, source)
  if not event.name or not event.code:find "^[23]" then return false end
  local number = 0
  for line in (source .. "\n"):gmatch "([^\n]*)\n" do
    number = number + 1
    if number == event.line then return line:find("%f[%w_]" .. event.name .. "%s*<%s*close%s*>") ~= nil end
  end
end

local function ask_luacheck()
  local rc = load_config()
  luacheck_config.load_config = function() return rc end -- which runner.new calls
  local checker, message = runner.new { std = name_standards(rc), stds = { flaron = standard() } }
  if not checker then return write("luacheck", 0, 0, 0, message) end
  local inputs, numbers = {}, {}
  for number, file in ipairs(input.files) do
    if not file.ours and not is_rock(file.name) then -- what others wrote
      inputs[#inputs + 1] = { string = flaron.asset("source/" .. number), filename = file.name }
      numbers[file.name] = number
    end
  end
  local get_report = luacheck.get_report
  luacheck.get_report = function(source) -- called by the checker, which keeps what has `fatal` as it is
    local good, found = try(get_report, source)
    return good and found or { fatal = "syntax", msg = "it is nested too deeply" }
  end
  local report = assert(checker:check(inputs))
  local set = {} -- globals that the project makes
  for _, file in ipairs(report) do
    for _, event in ipairs(file) do
      if event.code == "111" then set[event.name] = true end
    end
  end
  for _, file in ipairs(report) do
    local source = flaron.asset("source/" .. numbers[file.filename])
    local tested = file.fatal and {} or tested_places(source)
    if file.fatal then write("syntax", numbers[file.filename], 0, 0, file.msg) end
    for _, event in ipairs(file) do
      -- Line lengths and white space are a matter of taste, which a project states in its .luacheckrc.
      local taste = event.code:sub(1, 1) == "6" and not rc.config_path
        or event.code:find "^63" and not states_length(rc.options)
      local absent = event.code == "113" or event.code == "143"
      local fine = absent and tested[event.line .. ":" .. event.column] or is_closed(event, source)
      local wrong = event.code == "143" or (event.code == "113" and not set[event.name])
      if event.code == "011" then
        write("syntax", numbers[file.filename], event.line, event.column, luacheck.get_message(event))
      elseif not taste and not fine then
        local globals = input.runtime.globals
        local hint = event.code == "113" and event.name == "ngx"
            and ", which is of OpenResty: docs/from-openresty.md says what a flare has for it"
          or event.code == "113" and instead(event.name, globals)
          or event.code == "143" and type(globals[event.name]) == "table" and instead(event.field, globals[event.name])
        write(wrong and "error" or "warning", numbers[file.filename], event.line, event.column,
          luacheck.get_message(event) .. (hint or ""))
      end
    end
  end
end

-- ---- flare.lua ----

-- The text of flare.lua, and the byte order mark that it begins with, or ""; nil when there is none.
local function read_manifest()
  local text = flaron.asset "manifest"
  local first = text and text:match "^\xEF\xBB\xBF" or ""
  return text and text:sub(#first + 1), first
end

-- The table that flare.lua returns, when that is all it does; else nil, where it is not so and why.
local function manifest_table(state)
  local last = state.ast[#state.ast]
  if not last or last.tag ~= "Return" then return nil, last, "it does not end with 'return'" end
  local fields = last[1]
  if #last ~= 1 or fields.tag ~= "Table" then return nil, last, "it does not return a table written there" end
  for _, field in ipairs(fields) do
    if field.tag ~= "Pair" or field[1].tag ~= "String" then return nil, field, "a key is not written as a name" end
  end
  return fields
end

local function find_key(fields, name)
  for _, field in ipairs(fields) do
    if field[1][1] == name then return field end
  end
end

local function tell_keys()
  local source = read_manifest()
  local state = source and read_tree(source)
  local fields = state and manifest_table(state)
  for _, field in ipairs(fields or {}) do
    local line, column = place(state, field[1])
    write("key", 0, line, column, field[1][1] .. "\0")
    for _, item in ipairs(field[2].tag == "Table" and field[2] or {}) do
      if item.tag == "String" then
        line, column = place(state, item)
        write("key", 0, line, column, field[1][1] .. "\0" .. item[1] .. "\0")
      end
    end
  end
end

-- ---- editing flare.lua ----

-- A string as Lua source.
local function quote(text)
  return '"' .. text:gsub('[%c"\\]', function(c)
    return c:find "%c" and ("\\%03d"):format(c:byte()) or "\\" .. c
  end) .. '"'
end

-- The byte after the first `offset` characters of a file.
local function byte_at(state, offset) return #state.source:get_substring(1, offset) end

-- The comma behind the last item of a table, which may stand behind comments; false when there is none.
local function has_separator(text)
  while true do
    text = text:gsub("^%s+", "")
    local level = text:match "^%-%-%[(=*)%["
    if level then
      text = text:sub(select(2, text:find("]" .. level .. "]", 1, true)) + 1)
    elseif text:find "^%-%-" then
      text = text:gsub("^[^\n]*", "")
    else
      return text:find "^[,;]" ~= nil
    end
  end
end

-- Adds items (Lua source) to a table as edits: a list of { from, to, text }, bytes from + 1 to `to` are replaced.
local function add_items(state, source, node, items, edits)
  local close = byte_at(state, node.end_offset) - 1
  local last = node[#node]
  local line_start = close - #source:sub(1, close):match "[^\n]*$"
  local own_line = source:sub(line_start + 1, close):find "^%s*$" and line_start > byte_at(state, node.offset)
  local behind = last and byte_at(state, last.end_offset)
  local separated = not last or has_separator(source:sub(behind + 1, close))
  if own_line then
    local first = last and byte_at(state, node[1].offset) - 1
    local indent = first and source:sub(1, first):match "[^\n]*$" or ""
    if not indent:find "^%s*$" or not last then indent = source:sub(line_start + 1, close) .. "  " end
    if not separated then edits[#edits + 1] = { behind, behind, "," } end
    local eol = source:find "\r\n" and "\r\n" or "\n"
    for _, item in ipairs(items) do edits[#edits + 1] = { line_start, line_start, indent .. item .. "," .. eol } end
  else
    local before = source:sub(1, close):match "%s*$"
    local text = table.concat(items, ", ")
    if last and not separated then
      edits[#edits + 1] = { behind, behind, ", " .. text }
    else
      edits[#edits + 1] = { close - #before, close - #before, " " .. text .. (before == "" and " " or "") }
    end
  end
end

local function apply(source, edits)
  for n, edit in ipairs(edits) do edit[4] = n end
  table.sort(edits, function(a, b) return a[1] < b[1] or (a[1] == b[1] and a[4] < b[4]) end)
  local parts, at = {}, 0
  for _, edit in ipairs(edits) do
    parts[#parts + 1] = source:sub(at + 1, edit[1]) .. edit[3]
    at = edit[2]
  end
  return table.concat(parts) .. source:sub(at + 1)
end

local function fix()
  local source, first = read_manifest()
  local state = read_tree(source)
  local fields, node, why
  if state then fields, node, why = manifest_table(state) end
  local function refuse(at, reason)
    local line, column = 1, 1
    if at then line, column = place(state, at) end
    write("unfixable", 0, line, column, reason)
  end
  if not fields then return refuse(node, why or "it cannot be read") end
  local edits, new = {}, {}
  for _, name in ipairs(input.fix.set) do
    local field = find_key(fields, name)
    if field and field[2].tag ~= "False" then return refuse(field, name .. " is not written as false") end
    if field then
      edits[#edits + 1] = { byte_at(state, field[2].offset) - 1, byte_at(state, field[2].end_offset), "true" }
    else
      new[#new + 1] = name .. " = true"
    end
  end
  for _, list in ipairs(input.fix.add) do
    local field = find_key(fields, list.key)
    local items = {}
    for _, item in ipairs(list) do items[#items + 1] = quote(item) end
    if field and field[2].tag ~= "Table" then return refuse(field, list.key .. " is not a list written there") end
    if field then
      add_items(state, source, field[2], items, edits)
    else
      new[#new + 1] = ("%s = { %s }"):format(list.key, table.concat(items, ", "))
    end
  end
  if #new > 0 then add_items(state, source, fields, new, edits) end
  write("fixed", 0, 0, 0, first .. apply(source, edits))
end

local function handle_request()
  if input.fix then
    fix()
  else
    tell_keys()
    ask_luacheck()
    note_rocks()
    look_at_left_out()
    look_at_files()
  end
  write("done", 0, 0, 0, "")
  return { body = table.concat(records) }
end

return { handle_request = handle_request }
