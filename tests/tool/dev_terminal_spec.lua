-- flaron-lua dev in a terminal: its keys, and what it says when a port is taken.
local serving = require "serving"
local support = require "support"

local quote = support.quote

describe("keys of dev", function()
  local project, folder

  setup(function()
    project, folder = support.project "return function() return { body = 'hi' } end", support.folder()
    local _, here = support.run "pwd"
    folder = here:gsub("%s+$", "") .. "/" .. folder
    support.write(folder .. "/xdg-open", ("#!/bin/sh\necho \"$1\" >%s/opened\n"):format(quote(folder)))
    support.run("chmod +x " .. quote(folder) .. "/xdg-open")
  end)

  -- What dev writes in a terminal in which `keys` are pressed: a shell's words that write them, and that wait by `await WORD
  -- [FILE]` for what is shown. The terminal stays open until its shell has said how dev left it; a signal from a key does not
  -- end that shell.
  local function pressed(keys, words)
    local command = ([[trap : INT; %s dev %s --port 0 %s
      stty -a | grep -o -e '[-]*icanon' -e '[-]*echo ' | tr '\n' ' '; echo over]]):format(quote(support.flaron_lua), project, words or "")
    local shown = folder .. "/shown"
    support.run(([[n=0 shown=%s
      await() { until grep -q "$1" "${2-$shown}" 2>/dev/null || [ $n -gt 400 ]; do sleep 0.02; n=$((n + 1)); done; }
      rm -f "$shown"
      { await ' on http'; %s; await '^[^S]*over'; } | PATH=%s:$PATH timeout 20 script -qefc %s "$shown" >/dev/null]]):format(quote(shown),
      keys, quote(folder), quote(command)))
    return (support.read(shown):gsub("\r", ""):gsub("^Script started[^\n]*\n", ""):gsub("over\n.*$", ""))
  end

  it("open it, clear the screen, reload and quit, and leave the terminal as it was", function()
    local output = pressed(("await 'keys:'; printf c; await '2J'; printf r; await ' reloaded'; printf xo; await http %s; printf q")
      :format(quote(folder .. "/opened")))
    local url, rest = output:match "on (http://127.0.0.1:%d+/) .-\nkeys: o opens it, c clears the screen, r reloads, q quits\n(.*)$"
    assert.is_string(url, output)
    assert.matches("^\27%[H\27%[2J\27%[3J[^\n]* on " .. url .. " .-\nkeys: [^\n]+\n[^\n]+ reloaded[^\n]* in %d+ ms\nended\n", rest)
    assert.equal(url .. "\n", support.read(folder .. "/opened"))
    assert.matches("ended\nicanon echo *$", output)
  end)

  it("are no keys without a terminal, and with --json", function()
    assert.is_nil(pressed("printf '\\003'", "--json"):find "keys:")
    local dev = serving.serve(project)
    dev.stop()
    assert.is_nil(support.read(dev.log .. ".err"):find "keys:")
  end)

  it("leave the terminal as it was when a signal ends it", function()
    assert.matches("ended\nicanon echo *$", pressed "await 'keys:'; printf '\\003'")
  end)
end)

describe("a port that is taken", function()
  it("is told with the process that has it, and what to say instead", function()
    local project = support.project "return print"
    local dev = serving.serve(project)
    finally(function() dev.stop() end)
    local function try(words)
      local code, _, errors = support.run(("timeout 10 %s dev %s %s"):format(quote(support.flaron_lua), project, words))
      return code .. " " .. errors
    end
    local function taken(port, advice)
      return ("1 flaron-lua dev: cannot listen on 127.0.0.1:%s: process %d (flaron-lua) does; %s\n"):format(port, dev.pid, advice)
    end
    assert.equal(taken(dev.port, "--port takes another, --port 0 any that is free"), try("--port " .. dev.port))
    assert.equal(taken(dev.page_port, "--page-port takes another; without it one that is free is found"),
      try("--port 0 --page-port " .. dev.page_port))
  end)
end)
