-- comments_spec.lua - what a comment names exists: files of ours, by their path or its end, or of Lua and lua-cjson.
local support = require "support"

local function list(command)
  local lines = {}
  local _, out = support.run(command)
  for line in out:gmatch "[^\n]+" do lines[#lines + 1] = line end
  return lines
end

local files = list "git ls-files --cached --others --exclude-standard"

-- Ends of all paths: "host.h", "host/host.h", "edge/host/host.h".
local known = {}
local function know(path)
  known[path] = true
  for at in path:gmatch "/()" do known[path:sub(at)] = true end
end
for _, path in ipairs(files) do know(path) end
for _, path in ipairs(list "find build/src/lua/src build/src/lua-cjson -name '*.[ch]'") do know(path) end
-- What make makes, wabt's header, and names that stand for others.
for _, path in ipairs { "lua_layout.h", "runtime_wasm2c.h", "runtime_wasm2c.c", "embedded.S", "wasm-rt.h", "_test.c", "_private.h",
  "lib/common/socket/evloop.c.h" } do know(path) end

-- The comment of a line, if it has one: not a parser, but no string of ours looks like a comment that names a file.
local function comment_of(path, line)
  if path:find "%.[chS]$" or path:find "%.def$" then
    return line:match "^%s*%*(.*)" or line:match "/%*(.*)" or line:match "^%s*#%s(.*)"
  end
  if path:find "%.lua$" then return line:match "^%s*%-%-(.*)" or line:match "%s%-%-%s([^\"]*)$" end
  return line:match "^%s*#(.*)"
end

local extensions = {}
for extension in ("c h S def md sh mk"):gmatch "%a+" do extensions[extension] = true end

describe("the files that comments name exist:", function()
  for _, path in ipairs(files) do
    local kind = path:match "%.(%a+)$" or path
    local project = path:find "^examples/" or path:find "^bench/sites/"
    if (extensions[kind] or kind == "lua" or path == "Makefile") and kind ~= "md" and not project then
      it("in " .. path, function()
        local number = 0
        for line in (assert(support.read(path)) .. "\n"):gmatch "([^\n]*)\n" do
          number = number + 1
          for name in (comment_of(path, line) or ""):gmatch "[%w_./*-]+" do
            name = name:gsub("%.+$", "")
            local extension = name:match "[%w_]%.(%a+)$"
            if extensions[extension] and not name:find "%*" and not name:find "%u%u" and not name:find "^%.%./" then
              assert.is_true(known[name], ("%s:%d: there is no %s"):format(path, number, name))
            end
          end
        end
      end)
    end
  end
end)
