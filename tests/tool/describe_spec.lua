-- What flaron-lua makes of the tables of its commands' words: the man page and the completion of bash, zsh and fish.
-- Where they are installed is in install_spec.lua.
local support = require "support"

local root = select(2, support.run "pwd"):gsub("\n", "")

-- What `flaron-lua WORD...` prints; it must do so well.
local function printed(...)
  local code, output, errors = support.cli(...)
  assert.same({ 0, "" }, { code, errors })
  return output
end

-- The commands, as --help lists them.
local function commands()
  local names = {}
  for name in printed("--help"):gmatch "\n  (%l+) " do names[#names + 1] = name end
  return names
end

-- The completion of a shell as a file, and a folder with files to complete.
local function completion(shell)
  local folder = root .. "/" .. support.folder()
  support.write(folder .. "/completion", printed("--completion", shell))
  support.run(("mkdir -p '%s/here/a folder' && cd %s/here && touch main.lua flare.wasm notes.txt 'two words.lua'"):format(folder, folder))
  return folder .. "/completion", folder .. "/here"
end

describe("the man page", function()
  local function text()
    local path = support.folder() .. "/flaron-lua.1"
    support.write(path, printed "--man")
    local code, output, errors = support.run("mandoc -T utf8 -W style,stop " .. path)
    assert.same({ 0, "" }, { code, errors })
    return (output:gsub(".\b", ""))
  end

  it("passes mandoc's check and tells of each command all that its help tells", function()
    local page = text():gsub("%s+", " ")
    assert.matches("^FLARON%-LUA%(1%) User Commands FLARON%-LUA%(1%) NAME flaron%-lua %- Lua 5.4 for the Flaron edge ", page)
    local n = 0
    for _, command in ipairs(commands()) do
      local usage, help = printed(command, "--help"):match "^usage: (.-)\n\n(.*)$"
      for _, what in ipairs { usage, help } do
        for line in what:gmatch "[^\n]+" do
          for words in (line .. "  "):gmatch " *(%S.-)  " do
            -- A line's words may be broken elsewhere, so both lose their white space.
            local solid = words:gsub("%s", ""):gsub("%.$", "")
            assert.is_number(page:gsub(" ", ""):find(solid, 1, true), command .. ": " .. words)
            n = n + 1
          end
        end
      end
    end
    assert.is_true(n > 50)
    for _, title in ipairs { "SYNOPSIS", "OPTIONS", "COMMANDS", "EXIT STATUS", "FILES", "SEE ALSO" } do
      assert.is_number(page:find(" " .. title .. " ", 1, true), title)
    end
  end)

  it("bears the date that it is given", function()
    local _, page = support.run("SOURCE_DATE_EPOCH=86400 " .. support.quote(support.flaron_lua) .. " --man")
    assert.matches("^%.TH FLARON\\%-LUA 1 1970%-01%-02 \"flaron\\%-lua %d", page)
  end)
end)

describe("options", function()
  -- Each as the fish completion has it: command, letter, name, and whether it takes a value.
  local function options()
    local all = {}
    for line in printed("--completion", "fish"):gmatch "[^\n]+" do
      local command, rest = line:match "^complete %-c flaron%-lua %-n '__flaron_lua_command (%l+)'( %-[sl] .*)$"
      if command then
        local words = rest:match "^(.-) %-d '" or rest
        all[#all + 1] = { command = command, letter = words:match "^ %-s (%a)", name = words:match " %-l ([%l-]+)",
          takes = words:find " %-x" ~= nil or words:find " %-r" ~= nil }
      end
    end
    assert.is_true(#all > 50)
    return all
  end

  it("are taken as help and completion have them, with a value or without", function()
    for _, option in ipairs(options()) do
      local help = printed(option.command, "--help")
      for _, word in ipairs { option.letter and "-" .. option.letter or "", option.name and "--" .. option.name or "" } do
        local what = option.command .. " " .. word
        if word ~= "" and option.name ~= "help" then
          assert.is_number(help:find("\n  [^\n]*" .. word:gsub("%-", "%%-") .. "%f[^%w-]"), what)
        end
        if word ~= "" and option.takes then
          local code, _, errors = support.cli(option.command, word)
          assert.equal(2, code, what)
          assert.is_number(errors:find(word, 1, true), what)
          assert.matches("lacks", errors, 1, true)
        elseif word:find "^%-%-" and option.command ~= "test" then -- there it may be busted's
          local code, _, errors = support.cli(option.command, word .. "=x")
          assert.equal(2, code, what)
          assert.is_number(errors:find(("option '%s' takes no value"):format(word), 1, true), what .. ": " .. errors)
        end
      end
    end
  end)

  it("are all in the usage", function()
    for _, option in ipairs(options()) do
      local usage = printed(option.command, "--help"):match "^(.-)\n\n"
      local word = option.name and "--" .. option.name or "-" .. option.letter
      if option.name ~= "help" then assert.is_number(usage:find("[%[|]" .. word:gsub("%-", "%%-") .. "%f[^%w-]"), usage .. word) end
    end
  end)
end)

describe("completion", function()
  it("is of bash, zsh and fish, and of no other shell", function()
    for _, shell in ipairs { "bash", "zsh", "fish" } do
      local path = completion(shell)
      assert.same({ 0, "", "" }, { support.run(("%s -n %s"):format(shell, path)) })
      assert.equal(support.read(path), printed("--completion=" .. shell))
    end
    for _, words in ipairs { { "csh" }, { "zsh fish" }, {} } do
      local code, output, errors = support.cli("--completion", table.unpack(words))
      assert.same({ 2, "" }, { code, output })
      assert.matches("^flaron%-lua: %-%-completion takes bash, zsh or fish, not '" .. (words[1] or "") .. "'[^\n]*\n", errors)
    end
  end)

  -- What bash offers for the last of the words.
  local function bash(words)
    local path, here = completion "bash"
    local list = {}
    for i, word in ipairs(words) do list[i] = support.quote(word) end
    local code, output, errors = support.run(([[cd %s && exec bash -c '
      source %s
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
      _flaron_lua
      printf "%%s\n" "${COMPREPLY[@]}"' bash flaron-lua %s]]):format(here, path, table.concat(list, " ")))
    assert.same({ 0, "" }, { code, errors })
    local offered = {}
    for line in output:gmatch "[^\n]+" do offered[#offered + 1] = line end
    table.sort(offered)
    return offered
  end

  it("of bash offers commands, options, verbs, words and files", function()
    local all = bash { "" }
    for _, command in ipairs(commands()) do
      assert.is_number((" " .. table.concat(all, " ") .. " "):find(" " .. command .. " ", 1, true), command)
    end
    assert.same({ "inspect" }, bash { "ins" })
    assert.same({ "--licenses" }, bash { "--l" })
    assert.same({ "--memory" }, bash { "pack", "main.lua", "--m" })
    assert.same({ "--persist", "--plasma", "--prefix", "--project" }, bash { "kv", "get", "--p" })
    assert.same({ "delete" }, bash { "kv", "d" })
    assert.same({}, bash { "kv", "get", "" })
    assert.same({ "bash" }, bash { "--completion", "b" })
    assert.same({ "a folder", "flare.wasm", "main.lua", "two words.lua" }, bash { "run", "" })
    assert.same({ "two words.lua" }, bash { "run", "two\\ w" })
    assert.same({ "two words.lua" }, bash { "run", "'two w" })
    assert.same({ "a folder", "flare.wasm" }, bash { "inspect", "" })
    assert.same({ "a folder" }, bash { "run", "--persist", "" })
    assert.same({ "a folder" }, bash { "run", "--persist", "=", "a" })
    assert.same({ "a folder" }, bash { "run", "--persist", "=" })
    assert.same({}, bash { "run", "--method", "" })
    assert.same({ "notes.txt" }, bash { "pack", "--output", "no" })
  end)

  it("of fish offers the same with what it means", function()
    local path, here = completion "fish"
    -- What fish offers for a line.
    local function fish(line)
      local code, output, errors = support.run(("cd %s && HOME=%s fish -N -c %s"):format(here, here,
        support.quote(("source %s; complete -C '%s'"):format(path, line))))
      assert.same({ 0, "" }, { code, errors })
      return "\n" .. output
    end
    local all = fish "flaron-lua "
    for _, command in ipairs(commands()) do
      local summary = printed(command, "--help"):match "\n\n([^\n]*)%.\n"
      assert.is_number(all:find(("\n%s\t%s\n"):format(command, summary), 1, true), command)
    end
    assert.equal("\n--strip\tleave debug information out; OUT.map keeps the lines\n", fish "flaron-lua pack --s")
    assert.equal("\ndelete\tremove a value or a counter\n", fish "flaron-lua kv d")
    assert.matches("^\nbash\t[^\n]*\nfish\t[^\n]*\nzsh\t[^\n]*\n$", fish "flaron-lua --completion ")
    assert.matches("\nmain.lua\n", fish "flaron-lua pack ")
    assert.equal("\na folder/\tDirectory\n", fish "flaron-lua run --persist ")
  end)

  it("of zsh offers the same on a terminal", function()
    local path, here = completion "zsh"
    support.run(("mkdir %s.d && cp %s %s.d/_flaron-lua"):format(path, path, path))
    support.write(path .. ".try", [[
      zmodload zsh/zpty
      cd $1
      zpty shell zsh -f -i
      zpty -w shell "PS1=; fpath=($2 \$fpath); autoload -Uz compinit; compinit -u -D; bindkey '^I' list-choices; stty -echo; print REA''DY"
      zpty -r -m shell lines '*READY*' || exit 1
      shift 2
      for line last; do
        zpty -w -n shell "$line"$'\t'
        zpty -r -m shell lines "*$last*" || exit 1
        print -r -- "$lines"
        zpty -w -n shell $'\x15'
      done
      zpty -d shell]])
    local names, words = commands(), {}
    table.sort(names)
    -- Lines, and what of their completion comes last; it waits for that.
    for _, word in ipairs { "flaron-lua ", names[#names] .. " *-- ", "flaron-lua pack --s",
      "keeps the lines", "flaron-lua kv ", "list *set",
      "flaron-lua run ", "two* words.lua" } do
      words[#words + 1] = support.quote(word)
    end
    local code, output = support.run(("timeout 60 zsh -f %s.try %s %s.d %s"):format(path, here, path, table.concat(words, " ")))
    assert.equal(0, code)
    for _, command in ipairs(names) do assert.matches("%f[%l]" .. command .. " +%-%- ", output) end
    assert.matches("%-%-strip +%-%- leave debug information out", output)
    assert.matches("add +clear +delete +export +get +import +list +set", output)
    assert.matches("a\\ folder/ +flare.wasm +main.lua +two\\ words.lua", output)
    assert.is_nil(output:find("notes.txt", 1, true))
  end)
end)
