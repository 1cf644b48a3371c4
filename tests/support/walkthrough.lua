-- walkthrough.lua - follows a page of docs/ as a reader does: its blocks of Lua are files of a project, its blocks of
-- `console` are commands with their output. Pages with single examples are docs_spec.lua's.
--
-- A block of Lua begins with `-- PATH`. In a console block, a line `$ COMMAND` is run by the shell in the project's
-- folder (`cd` changes it) and must succeed; a line that ends with `\` is continued. The lines after it are its whole
-- output; `...` stands for any text in a line or, alone, for any lines. `flaron-lua dev` stays in the background, on a
-- free port instead of 8787. A command `flaronctl` is not run: it is Flaron's.
local serving = require "serving"
local support = require "support"

local walkthrough = {}

local root = select(2, support.run "pwd"):gsub("\n", "")

--- The executable under test, as an absolute path.
walkthrough.tool = support.flaron_lua:sub(1, 1) == "/" and support.flaron_lua or root .. "/" .. support.flaron_lua

--- The absolute path of this folder.
walkthrough.root = root

-- The blocks of a page: each with its language, the line of its fence, and its lines.
local function read_blocks(page)
  local blocks, block, number = {}, nil, 0
  for line in assert(support.read(page)):gmatch "([^\n]*)\n" do
    number = number + 1
    if block and line == "```" then
      blocks[#blocks + 1], block = block, nil
    elseif block then
      block[#block + 1] = line
    elseif line:find "^```" then
      block = { language = line:sub(4), line = number }
    end
  end
  assert(block == nil, "a block of " .. page .. " does not end")
  return blocks
end

-- The path of a block of Lua, and its content.
local function file_of(page, block)
  local path = (block[1] or ""):match "^%-%- (%S+%.%l+)$"
  return assert(path, ("%s:%d: the block names no file"):format(page, block.line)), table.concat(block, "\n") .. "\n"
end

--- The files of a page, from paths to contents; a later file replaces an earlier one of the same path.
function walkthrough.files(page)
  local files = {}
  for _, block in ipairs(read_blocks(page)) do
    if block.language == "lua" then
      local path, content = file_of(page, block)
      files[path] = content
    end
  end
  return files
end

-- The commands of a console block, each with its line and its output lines.
local function commands_of(block)
  local commands = {}
  local going_on
  for i, line in ipairs(block) do
    local command = line:match "^%$ (.*)$"
    if command then
      commands[#commands + 1] = { line = block.line + i, text = command }
    elseif going_on then
      commands[#commands].text = commands[#commands].text .. "\n" .. line
    else
      table.insert(assert(commands[#commands], "output before a command"), line)
    end
    going_on = (command or going_on) and line:find "\\$"
  end
  return commands
end

--- Whether a text matches the shown lines.
function walkthrough.shows(lines, text)
  local pattern = {}
  text = text:gsub("\r\n", "\n"):gsub("([^\n])$", "%1\n")
  for _, line in ipairs(lines) do
    if line == "..." then
      pattern[#pattern + 1] = ".*"
    else
      pattern[#pattern + 1] = line:gsub("%p", "%%%0"):gsub("%%%.%%%.%%%.", "[^\n]*") .. "\n"
    end
  end
  return text:find("^" .. table.concat(pattern) .. "$") ~= nil
end

-- A reader: the current folder, and a server in the background.
local Reader = {}
Reader.__index = Reader

function Reader:close()
  if self.dev then serving.stop(self.dev.pid) end
end

Reader.__close = Reader.close

-- Starts `flaron-lua dev` on any free port, and waits until it has printed the shown lines; returns its output, with
-- its port replaced by 8787 and the page's by 9787.
function Reader:serve(words, shown)
  self:close()
  self.dev = { log = root .. "/" .. support.folder() .. "/dev" }
  self.dev.pid = serving.start(("cd %s; exec %s dev %s --port 0"):format(support.quote(self.folder),
    support.quote(walkthrough.tool), words), self.dev.log)
  local text = ""
  serving.wait(function()
    text = support.read(self.dev.log .. ".err") or ""
    self.dev.port = text:match "on http://[%d.]+:(%d+)/"
    self.dev.page_port = text:match "stores: http://localhost:(%d+)/"
    text = text:gsub(":" .. (self.dev.port or "?"), ":8787"):gsub(":" .. (self.dev.page_port or "?"), ":9787")
    return walkthrough.shows(shown, text)
  end, 5)
  return 0, text
end

-- Runs a command; returns its exit code and all its output.
function Reader:run(command, shown)
  command = command:gsub("build/flaron%-lua", "flaron-lua") -- the name of an executable that is not installed
  local folder, dev_words = command:match "^cd (%S+)$", command:match "^flaron%-lua dev(.*)$"
  if folder then
    self.folder = self.folder .. "/" .. folder
    return 0, ""
  elseif dev_words then
    return self:serve(dev_words, shown)
  elseif command:find "^flaronctl " then
    return 0, ""
  end
  if self.dev then command = command:gsub(":8787", ":" .. self.dev.port):gsub(":9787", ":" .. self.dev.page_port) end
  local preload = command:find "^flaron%-lua test" and support.sanitizer or ""
  local code, output = support.run(
    ("cd %s && unset LUA_CPATH LUA_PATH LUA_CPATH_5_4 LUA_PATH_5_4; PATH=%s:$PATH; exec 2>&1; %s%s"):format(
      support.quote(self.folder), support.quote(walkthrough.tool:match "^(.*)/"), preload, command))
  return code, output
end

--- Follows a page from its first line to its last: writes its files, into the folder `place` if given, runs its
--- commands and compares their output. Returns the final folder and the commands that were run.
function walkthrough.follow(page, place)
  local reader <close> = setmetatable({ folder = root .. "/" .. support.folder() }, Reader)
  local done = {}
  for _, block in ipairs(read_blocks(page)) do
    if block.language == "lua" then
      local path, content = file_of(page, block)
      support.project({ [path] = content }, reader.folder .. (place and "/" .. place or ""))
    elseif block.language == "console" then
      for _, command in ipairs(commands_of(block)) do
        local code, output = reader:run(command.text, command)
        done[#done + 1] = command.text
        if code ~= 0 or not walkthrough.shows(command, output) then
          error(("%s:%d: %s\nprints, with exit code %d:\n%s"):format(page, command.line, command.text, code, output), 0)
        end
      end
    end
  end
  return reader.folder, done
end

return walkthrough
