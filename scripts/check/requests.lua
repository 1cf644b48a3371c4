-- requests.lua - which parameters of a project's functions get a router's request, or another object of a ready-made module: part of
-- check.lua, which gives it the means to read a tree. Calls are followed by what they name: a function, or any function that the
-- project keeps in a field of that name. What gets an object otherwise is told as the place where it is lost.
-- luacheck: globals follow_requests

local ROUTES = { get = true, post = true, put = true, patch = true, delete = true, head = true, options = true, any = true, route = true,
  use = true, group = true }
local DEEPEST = 20 -- names that stand for names
local PASSES = 8 -- each follows the objects by one call more

-- Follows objects through all trees. `tools` has of check.lua: value_of, constant, resolve, kind_of, function_of, is_global(node, name),
-- pass(variable, kind), which is told that a parameter gets such an object and returns whether that is new, and fields(), which notes what
-- is stored in fields by what is known so far. Calls `lose(file, node)` for each place that a request is lost at.
function follow_requests(trees, tools, lose)
  local kept, returned = {}, {} -- lists of functions: by field or global, by file without ".lua"
  local guessed = false -- whether a router gets handlers that are not known: then any first parameter may be a request
  local last = false -- whether this is the pass that tells what is lost

  local function keep(lists, name, fn)
    lists[name] = lists[name] or {}
    table.insert(lists[name], fn)
  end

  local function collect(node)
    if node.tag == "Pair" then
      local name, fn = tools.constant(node[1]), tools.function_of(node[2])
      if name and fn then keep(kept, name, fn) end
    elseif node.tag == "Set" then
      for n, to in ipairs(node[1]) do
        local name = to.tag == "Index" and tools.constant(to[2]) or to.tag == "Id" and not to.var and to[1]
        local fn = name and tools.function_of((node[2] or {})[n])
        if fn then keep(kept, name, fn) end
      end
    end
    for _, child in ipairs(node) do
      if type(child) == "table" then collect(child) end
    end
  end

  -- The functions that an expression may be; nil: not known.
  local function functions(node, depth)
    depth = depth or 0
    if not node or depth > DEEPEST then return nil end
    local fn = tools.function_of(node)
    if fn then return { fn } end
    if node.tag == "Paren" then return functions(node[1], depth + 1) end
    if node.tag == "Op" and (node[1] == "and" or node[1] == "or") then
      return functions(node[3], depth + 1) or functions(node[2], depth + 1)
    end
    if node.tag == "Id" and node.var then return functions(tools.value_of(node), depth + 1) end
    if node.tag == "Id" then return kept[node[1]] end
    if node.tag == "Index" then return kept[tools.constant(node[2])] end
    if node.tag == "Call" and tools.is_global(node[1], "require") then
      local name = tools.constant(node[2])
      return name and returned[name:gsub("%.", "/")]
    end
  end

  -- The kind of what is handed over, when it is one for sure, or may be one when any first parameter may be.
  local function kind_of(node)
    local kind, doubt = tools.kind_of(node)
    if kind and (doubt ~= "guess" or guessed) then return kind, doubt end
  end

  local changed

  -- Hands the arguments of a call, from `first` of a node on, to the parameters from `at` on.
  local function hand(file, node, callees, first, at, known)
    for n = first, #node do
      local kind, doubt = kind_of(node[n])
      local place = at + n - first
      local lost = kind == "req" and not doubt and not callees and not known and place > 1
      for _, fn in ipairs(kind and callees or {}) do
        local parameter = fn[1][place]
        local rest = fn[1][#fn[1]]
        if parameter and parameter.tag == "Id" then
          changed = tools.pass(parameter.var, kind) or changed
        elseif kind == "req" and not doubt and rest and rest.tag == "Dots" then
          lost = true
        end
      end
      if lost and last then lose(file, node) end
    end
  end

  -- A handler, or middleware, that a router gets.
  local function route(node)
    if not node or tools.constant(node) or node.tag == "Table" then return end
    local callees = functions(node)
    if not callees and not tools.kind_of(node) then guessed = true end
    for _, fn in ipairs(callees or {}) do
      local parameter = fn[1][1]
      if parameter and parameter.tag == "Id" and parameter[1] ~= "self" then changed = tools.pass(parameter.var, "req") or changed end
    end
  end

  local function look_at_call(file, node)
    local callee = node[1]
    if tools.resolve(callee) == "flaron.router.new" and node[2] and node[2].tag == "Table" then
      for _, field in ipairs(node[2]) do
        if field.tag == "Pair" and field[2].tag == "Function" then route(field[2]) end
      end
    elseif tools.is_global(callee, "pcall") then
      hand(file, node, functions(node[2]), 3, 1, true)
    elseif tools.is_global(callee, "xpcall") then
      hand(file, node, functions(node[2]), 4, 1, true)
    elseif not tools.resolve(callee) then
      local known = tools.resolve(node) or callee.tag == "Id" and not callee.var or callee.tag == "Index" and tools.kind_of(callee[1])
        or callee.tag == "Index" and callee[1].tag == "Id" and not callee[1].var
        or callee.tag == "Id" and callee.var and tools.method_of(callee)
      hand(file, node, functions(callee), 2, 1, known)
    end
  end

  local function look_at_method(file, node)
    local kind, name = tools.kind_of(node[1]), node[2][1]
    if kind == "app" and ROUTES[name] then
      for n = 3, #node do route(node[n]) end
    elseif not tools.resolve(node[1]) then
      hand(file, node, kept[name], 3, 2, kind ~= nil)
    end
  end

  local function walk(file, node)
    if node.tag == "Call" then look_at_call(file, node) elseif node.tag == "Invoke" then look_at_method(file, node) end
    for _, child in ipairs(node) do
      if type(child) == "table" then walk(file, child) end
    end
  end

  for _, file in ipairs(trees) do
    collect(file.state.ast)
    local ending = file.state.ast[#file.state.ast]
    local fn = ending and ending.tag == "Return" and tools.function_of(ending[1])
    local name = fn and file.name:gsub("%.lua$", ""):gsub("/init$", "")
    while name do -- it may be required from any folder that modules are looked for in
      keep(returned, name, fn)
      name = name:match "/(.*)"
    end
  end
  local function pass_once()
    changed = false
    tools.fields()
    for _, file in ipairs(trees) do walk(file, file.state.ast) end
  end

  pass_once()
  for _ = 2, PASSES do
    pass_once() -- at least twice: what one module returns, another may store in a field
    if not changed then break end
  end
  last = true
  pass_once()
end
