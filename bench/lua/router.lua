-- router: paths matched against routes with parameters, handlers called.
local routes = {}

local function route(method, pattern, handler)
  local names = {}
  local expression = pattern:gsub(":(%a+)", function(name)
    names[#names + 1] = name
    return "([^/]+)"
  end)
  routes[#routes + 1] = { method = method, expression = "^" .. expression .. "$", names = names, handler = handler }
end

local function dispatch(method, path)
  for _, entry in ipairs(routes) do
    if entry.method == method then
      local values = table.pack(path:match(entry.expression))
      if values[1] then
        local parameters = {}
        for i, name in ipairs(entry.names) do parameters[name] = values[i] end
        return entry.handler(parameters)
      end
    end
  end
  return "not found"
end

route("GET", "/", function() return "home" end)
route("GET", "/users", function() return "users" end)
route("GET", "/users/:id", function(p) return "user " .. p.id end)
route("POST", "/users/:id", function(p) return "changed " .. p.id end)
route("GET", "/users/:id/posts/:post", function(p) return p.id .. "/" .. p.post end)
route("GET", "/files/:folder/:name", function(p) return p.folder .. ":" .. p.name end)

local function run(n)
  local size = 0
  for i = 1, n do
    size = size + #dispatch("GET", "/") + #dispatch("GET", "/users/" .. i) + #dispatch("POST", "/users/7")
      + #dispatch("GET", "/users/" .. i .. "/posts/3") + #dispatch("GET", "/files/a/b.txt") + #dispatch("GET", "/none")
  end
  return size
end

return { n = 20000, small = 30, run = run }
