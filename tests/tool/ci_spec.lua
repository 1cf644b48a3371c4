-- ci_spec.lua - ci/: the script that users' CI calls, on repositories that are made here, and what action.yml and gitlab.yml hand
-- to it. Neither GitHub nor GitLab is asked: the lines that they would run are read from the files and run.
local support = require "support"

local quote = support.quote
local root = select(2, support.run "pwd"):gsub("\n", "")
local script = root .. "/ci/flaron-lua.sh"
local tool = support.flaron_lua:sub(1, 1) == "/" and support.flaron_lua or root .. "/" .. support.flaron_lua
local scratch = root .. "/" .. support.folder()

-- With a sanitizer, its runtime must be there before Lua's: a program of the same name does that.
if support.sanitizer ~= "" then
  local wrapper = scratch .. "/flaron-lua"
  support.write(wrapper, ('#!/bin/sh\n%sexec %s "$@"\n'):format(support.sanitizer, quote(tool)))
  support.run("chmod +x " .. wrapper)
  tool = wrapper
end

-- What is set on a machine of CI, and must not come from the one that this runs on.
local clean = "env -u GITHUB_ACTIONS -u GITHUB_BASE_REF -u GITHUB_OUTPUT -u GITHUB_PATH -u GITHUB_STEP_SUMMARY"
  .. " -u CI_MERGE_REQUEST_DIFF_BASE_SHA GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1"

local git = "git -c user.name=a -c user.email=a@example.com -c init.defaultBranch=main -c advice.detachedHead=false "

-- Runs a command in a folder, as on a machine of CI.
local function shell(folder, command)
  return support.run(("cd %s && %s sh -c %s"):format(quote(folder), clean, quote(command)))
end

-- Runs the script in a repository, with words that the shell reads and variables before them.
local function ci(folder, words, variables)
  return shell(folder, ("TMPDIR=%s FLARON_LUA=%s %s %s %s"):format(quote(folder .. "/.git/tmp"), quote(tool), variables or "", script,
    words))
end

local main = [[
local flaron = require "flaron"
return function()
  flaron.response.set_body("hello")
end
]]
local spec = [[
local edge = require "flaron.edge"
it("says hello", function()
  assert.equal("hello", assert(edge.load "main.lua"):request().body)
end)
]]
local good = { ["main.lua"] = main, ["flare.lua"] = "return { name = 'a' }", ["spec/a_spec.lua"] = spec }

local function with(changes)
  local files = {}
  for path, content in pairs(good) do files[path] = content end
  for path, content in pairs(changes) do files[path] = content end
  return files
end

-- A repository whose branch main has the first files and whose branch `change`, checked out, the second ones, in the folder `inside`.
local function repository(base, head, inside)
  local folder = root .. "/" .. support.folder()
  local project = inside and folder .. "/" .. inside or folder
  local function commit(files)
    support.run(("mkdir -p %s"):format(quote(project)))
    support.project(files, project)
    assert.equal(0, (shell(folder, git .. "add -A && " .. git .. "commit -qm a --allow-empty")))
  end
  assert.equal(0, (shell(folder, git .. "init -q . && mkdir .git/tmp && echo flaron-reports >.gitignore")))
  commit(base)
  assert.equal(0, (shell(folder, git .. "switch -qc change")))
  commit(head)
  return folder
end

-- Nothing of the base is left: no work tree, no folder.
local function assert_nothing_left(folder)
  assert.equal("", (select(2, shell(folder, "ls .git/tmp; ls .git/worktrees 2>/dev/null; git status --short"))))
end

describe("ci/flaron-lua.sh", function()
  it("does all steps, and tells GitHub the flare, its size and the table", function()
    local folder = repository(good, good)
    assert.equal(0, (shell(folder, git .. "update-ref refs/remotes/origin/main main && " .. git .. "branch -qD main")))
    local code, output, errors = ci(folder, "check test pack budget --request https://example.com/ --max-cpu 900000 --runs 3"
      .. " --request 'POST https://example.com/x'",
      "GITHUB_ACTIONS=true GITHUB_BASE_REF=main GITHUB_OUTPUT=.git/out GITHUB_STEP_SUMMARY=.git/summary")
    assert.same({ 0, "" }, { code, errors }, output)
    assert.matches("^::group::flaron%-lua check\n%. packs to %d+ bytes\n0 errors, 0 warnings\n::endgroup::\n::group::flaron%-lua test\n",
      output)
    assert.matches("1 success / 0 failures", output, 1, true)
    assert.matches("name='says hello'", (support.read(folder .. "/flaron-reports/test.xml")), 1, true)

    local size = #support.read(folder .. "/flaron-reports/flare.wasm")
    assert.equal(("flare=%s/flaron-reports/flare.wasm\nsize=%d\n"):format(folder, size), (support.read(folder .. "/.git/out")))
    local summary = support.read(folder .. "/.git/summary")
    assert.equal(summary, (support.read(folder .. "/flaron-reports/budget.md")))
    assert.is_number(output:find(summary, 1, true))
    assert.matches(("\n| size, bytes | %d | %d | +0.0 %% | +5 %% |\n"):format(size, size), summary, 1, true)
    assert.matches("\n| CPU of `GET https://example%.com/`, µs | %d+ | %d+ | [+-][%d.]+ %% | %+900000 %% |\n", summary)
    assert.matches("\n| memory of `POST https://example%.com/x`, bytes | %d+ | %d+ | %+[%d.]+ ?%%? | %+10 %% |\n$", summary)
    assert_nothing_left(folder)
  end)

  it("fails when size, CPU time or memory grow by more than they may, and names each", function()
    local folder = repository(good, with {
      ["more.lua"] = ("return '%s'"):format(("0123456789"):rep(5000)),
      ["main.lua"] = main:gsub("function%(%)", "%0\n  local t = {} for i = 1, 100000 do t[i] = i * 1.5 end require 'more'"),
    })
    local code, output, errors = ci(folder, "budget --base main --request https://example.com/ --runs 3", "GITHUB_ACTIONS=true")
    assert.same({ 1, "flaron-lua.sh: budget failed\n" }, { code, errors }, output)
    assert.matches("\n| size, bytes | %d+ | %d+ | %*%*%+[%d.]+ %%%*%* over | %+5 %% |\n", output)
    for _, what in ipairs { "size: %d+ bytes", "CPU of `GET https://example.com/`: %d+ µs",
      "memory of `GET https://example.com/`: %d+ bytes" } do
      assert.matches(("\n::error title=flaron%%-lua budget::%s, were %%d+: %%+[%%d.]+ ?%%%%?2?5?, and %%+%%d+ %%%%25 is what it may grow")
        :format(what), output)
    end
    assert_nothing_left(folder)
    code, output = ci(folder, "budget", "FLARON_BASE=main FLARON_MAX_SIZE=900000")
    assert.equal(0, code, output)
  end)

  it("goes on after a step that fails, and ends with 1", function()
    local folder = repository(good, with { ["main.lua"] = main:gsub("hello", "goodbye") })
    local code, output, errors = ci(folder, "test pack")
    assert.equal(1, code)
    assert.matches("flaron-lua.sh: test failed\n", errors, 1, true)
    assert.matches("0 successes / 1 failure", output, 1, true)
    assert.matches("<failure>", (support.read(folder .. "/flaron-reports/test.xml")), 1, true)
    assert.is_string((support.read(folder .. "/flaron-reports/flare.wasm")))
  end)

  it("tells what check finds as annotations, with the paths that the repository has, or in a file", function()
    local folder = repository(good, with { ["main.lua"] = main:gsub("local", "lokal", 1) }, "site")
    local code, output = ci(folder, "-C site check", "GITHUB_ACTIONS=true")
    assert.equal(1, code)
    assert.matches("\n::error title=flaron-lua check,file=site/main.lua,line=1", output, 1, true)
    for format, name in pairs { sarif = "check.sarif", junit = "check.xml" } do
      code, output = ci(folder, "-C site check --format " .. format)
      assert.equal(1, code)
      assert.matches("^site/main.lua:1[:%d]*: error: ", output)
      assert.matches("site/main.lua", (support.read(folder .. "/flaron-reports/" .. name)), 1, true)
    end
    code, output = ci(folder, "-C site pack budget --base main")
    assert.equal(1, code, output)
    assert.is_nil(support.read(folder .. "/flaron-reports/budget.md"))
  end)

  it("has nothing to compare with where there is no base, no project in it, or one that cannot be packed", function()
    local folder = repository(good, good)
    local code, output, errors = ci(folder, "budget")
    assert.same({ 0, "flaron-lua.sh: no base: this is no pull or merge request, and there is no --base\n" }, { code, errors })
    assert.matches("| size, bytes | - | ", output, 1, true)
    folder = repository({}, good, "site")
    code, output, errors = ci(folder, "budget -C site", "CI_MERGE_REQUEST_DIFF_BASE_SHA=main")
    assert.same({ 0, "flaron-lua.sh: the base has no 'site'\n" }, { code, errors })
    assert.matches("| size, bytes | - | ", output, 1, true)
    folder = repository(with { ["main.lua"] = "return {" }, good)
    code, output, errors = ci(folder, "budget --base main -C main.lua")
    assert.equal(0, code)
    assert.matches("main.lua:1: .*\nflaron%-lua%.sh: the base cannot be packed\n$", errors)
    assert.matches("| size, bytes | - | ", output, 1, true)
    assert_nothing_left(folder)
  end)

  it("takes rocks that git does not keep from the head", function()
    local rocks = with { ["main.lua"] = "local rock = require 'rock'\n" .. main, [".gitignore"] = "lua_modules\n" }
    local folder = repository(rocks, rocks)
    support.project({ ["lua_modules/share/lua/5.4/rock.lua"] = "return 1" }, folder)
    local code, output, errors = ci(folder, "budget --base main")
    assert.same({ 0, "" }, { code, errors }, output)
    assert.matches("| +0.0 % |", output, 1, true)
  end)

  it("runs no hook of the repository, and leaves nothing when it is ended", function()
    local folder = repository(good, good)
    -- In place of flaron-lua: it ends the script as soon as that packs the base.
    support.write(folder .. "/.git/tool",
      ("#!/bin/sh\ncase $2 in */base/*) kill -TERM $PPID ;; esac\nexec %s \"$@\"\n"):format(quote(tool)))
    support.write(folder .. "/.git/hooks/post-checkout", ("#!/bin/sh\ntouch %s\n"):format(quote(folder .. "/hooked")))
    assert.equal(0, (shell(folder, "chmod +x .git/tool .git/hooks/post-checkout")))
    local code, output = ci(folder, "budget --base main --flaron-lua .git/tool")
    assert.same({ 143, "" }, { code, output })
    assert_nothing_left(folder)
  end)

  it("measures the requests of a file of Lua, with stores and stubs, and says which one fails", function()
    local files = with {
      ["main.lua"] = [[
local flaron = require "flaron"
return function()
  if flaron.request.url():find "/cart$" then error("it is\nbroken | `so`") end
  return { body = flaron.spark.get "greeting" .. flaron.beam.fetch("https://api.example.com/").body .. flaron.secrets.get "API_KEY" }
end
]],
      ["flare.lua"] = "return { allowed_fetch_urls = { 'https://api.example.com/*' }, allowed_secrets = { 'API_KEY' } }",
      ["budget.lua"] = support.read("docs/ci.md"):match("\n```\n(%-%- budget%.lua\n.-\n)```\n"):gsub('"home"', '"the | home page"')
        :gsub('name = "buy", ', ""),
    }
    local folder = repository(files, files)
    local code, output = ci(folder, "budget --base main --runs 2 --max-cpu 900000 --requests budget.lua")
    assert.equal(1, code)
    assert.matches("\n| CPU of `the %? home page`, µs | %d+ | %d+ |", output)
    assert.matches("\n| CPU of `POST /cart`, µs | - | - | - |", output, 1, true)
    assert.matches("\nbudget: POST /cart failed: main.lua:3: it is\n", output, 1, true)
    for content, message in pairs {
      ["return 1"] = "budget.lua: it returns number, not a table", ["return {"] = "unexpected symbol near <eof>",
      ["return { { colour = 1 } }"] = "colour",
    } do
      support.write(folder .. "/budget.lua", content)
      local errors
      code, output, errors = ci(folder, "budget --base main --runs 1 --requests budget.lua")
      assert.same({ 1, "" }, { code, output })
      assert.matches(message, errors, 1, true)
    end
  end)

  it("refuses words that it does not know, before it does anything", function()
    local folder = repository(good, good)
    for words, message in pairs {
      [""] = "one step or more is expected", ["chekc"] = "'chekc' is no step", ["--colour check"] = "unknown option '--colour'",
      ["check --format"] = "option '--format' lacks its value", ["check --format xml"] = "text, github, sarif or junit, not 'xml'",
      ["budget --max-size 5%"] = "--max-size takes a whole number, not '5%'", ["budget --runs 0"] = "--runs takes 1 or more",
      ["check -C nowhere"] = "there is no project 'nowhere'", ["budget --requests nowhere"] = "there is no file 'nowhere'",
      ["install"] = "install needs --package", ["install --package a.zip"] = "a .deb or .tar.gz, not 'a.zip'",
    } do
      local code, output, errors = ci(folder, words)
      assert.same({ 2, "" }, { code, output }, words)
      assert.matches("flaron-lua.sh: ", errors, 1, true)
      assert.matches(message, errors, 1, true)
    end
    local code, _, errors = ci(folder, "budget --base nowhere")
    assert.equal(2, code)
    assert.matches("'nowhere' have in common cannot be found", errors, 1, true)
    assert.matches("fetch-depth: 0", errors, 1, true)
    code, _, errors = ci(folder, "budget --runs 1 --request 'a b c'")
    assert.equal(1, code)
    assert.matches("'a b c' is no request: URL or METHOD URL is", errors, 1, true)
    assert_nothing_left(folder)
  end)

  it("installs a .tar.gz, by its checksum, and the steps after it use what it brought", function()
    local folder = repository(good, good)
    support.project({ ["flaron-lua-1/bin/flaron-lua"] = "#!/bin/sh\necho \"unpacked $*\"\n", ["other/README"] = "" }, folder .. "/.git/p")
    assert.equal(0, (shell(folder .. "/.git/p", "chmod +x */bin/* && tar -czf ../a.tar.gz flaron-lua-1 && tar -czf ../b.tar.gz other")))
    local sum = select(2, shell(folder, "sha256sum <.git/a.tar.gz")):match "%x+"
    local words = "--prefix .git/prefix --flaron-lua flaron-lua --package "
    local code, output, errors = ci(folder, ("install check %s .git/a.tar.gz --sha256 %s"):format(words, sum), "GITHUB_PATH=.git/path")
    assert.same({ 0, "unpacked check . --format text\n", "" }, { code, output, errors })
    assert.equal(folder .. "/.git/prefix/bin\n", (support.read(folder .. "/.git/path")))
    code, output, errors = ci(folder, ("install %s file://%s/.git/a.tar.gz --sha256 %s"):format(words, folder, sum:reverse()))
    assert.same({ 1, "-: FAILED\n" }, { code, (output:gsub("^.*: FAILED", "-: FAILED")) })
    assert.matches("install failed", errors, 1, true)
    code, output, errors = ci(folder, "install " .. words .. ".git/b.tar.gz")
    assert.same({ 1, "" }, { code, output })
    assert.matches("there is no bin/flaron-lua in its folder", errors, 1, true)
  end)
end)

-- ---- what GitHub and GitLab read ----

-- A file of YAML as a table. Perl has this parser itself; it takes the simple YAML that these files are to be.
local function yaml(path)
  local code, output, errors = support.run("perl -MCPAN::Meta::YAML -MJSON::PP -e "
    .. "'print JSON::PP->new->encode(CPAN::Meta::YAML->read($ARGV[0])->[0])' " .. path)
  assert.equal(0, code, errors)
  return assert(require("dkjson").decode(output))
end

-- The variables that stand behind the options in the help, and those of them that have a default there.
local function variables()
  local code, help = support.run(script .. " --help")
  assert.equal(0, code)
  local names, defaults, option = {}, {}, nil
  for line in help:gmatch "\n  ([^\n]*)" do
    option = line:match "^%-%-([%w-]+)" or line:match "^%-%w, %-%-([%w-]+)" or option
    local name = line:match "  (FLARON_[%u%d_]+)"
    if name then names[name], defaults[name] = "--" .. option, line:match "%(default (%d+)%)" end
  end
  return names, defaults, help
end

-- A folder of programs that say what they are called with, in place of those that need a network or root.
local function programs()
  local folder = root .. "/" .. support.folder()
  for _, name in ipairs { "apt-get", "sudo", "curl" } do
    support.write(folder .. "/" .. name, '#!/bin/sh\necho "${0##*/} $*"\n')
  end
  support.run(("chmod +x %s/*"):format(folder))
  return folder
end

describe("action.yml", function()
  local action = yaml "action.yml"
  local install, run = table.unpack(action.runs.steps)

  -- The text of a value of a step, with expressions as GitHub would fill them in: inputs by their names.
  local function filled(text, inputs)
    return (text:gsub("%${{ (.-) }}", function(expression)
      local input = expression:match "^inputs%.([%w-]+)$"
      if input then return inputs[input] or action.inputs[input].default end
      if expression == "github.action_path" then return root end
      return ({ ["github.server_url"] = "https://example.com", ["github.action_repository"] = "owner/name" })[expression] or "amd64"
    end))
  end

  -- Runs the script of a step in a folder, as GitHub does.
  local function run_step(step, folder, inputs, more)
    local set = { "GITHUB_ACTIONS=true" }
    for name, value in pairs(step.env) do set[#set + 1] = name .. "=" .. quote(filled(value, inputs)) end
    return shell(folder, ("%s %s sh -e -c %s"):format(table.concat(set, " "), more or "", quote(step.run)))
  end

  it("hands each input to the script, and has its defaults", function()
    local names, defaults = variables()
    local used = {}
    for _, step in ipairs(action.runs.steps) do
      assert.equal("sh", step.shell)
      assert.is_nil(step.run:find("${{", 1, true)) -- what somebody wrote into a pull request must not become a script
      for name, value in pairs(step.env) do
        if name:find "^FLARON_" then
          assert.is_truthy(names[name] or name == "FLARON_STEPS", name)
          local input = value:match "^%${{ inputs%.([%w-]+) }}$"
          assert.is_truthy(input and action.inputs[input], name)
          if defaults[name] then assert.equal(defaults[name], action.inputs[input].default, name) end
          used[input] = true
        end
      end
    end
    for input, about in pairs(action.inputs) do
      assert.is_true(used[input] or input == "version", input)
      assert.is_string(about.description)
    end
    for _, output in pairs(action.outputs) do assert.matches("^%${{ steps%.run%.outputs%.%l+ }}$", output.value) end
  end)

  it("runs the steps that it is told, on the project that it is told", function()
    local folder = repository(good, good, "site")
    local inputs = { steps = "check pack", project = "site", reports = "out" }
    local code, output, errors = run_step(run, folder, inputs, "GITHUB_OUTPUT=.git/out FLARON_LUA=" .. quote(tool))
    assert.same({ 0, "" }, { code, errors }, output)
    assert.matches(("^flare=%s/out/flare.wasm\nsize=%%d+\n$"):format(folder:gsub("%p", "%%%0")), (support.read(folder .. "/.git/out")))
  end)

  it("installs the .deb of a release, or the package that it is given", function()
    local folder = repository(good, good)
    local path = "PATH=" .. programs() .. ":$PATH"
    local code, output, errors = run_step(install, folder, { version = "1.2.3" }, path)
    assert.same({ 0, "" }, { code, errors })
    assert.matches("curl [^\n]* https://example%.com/owner/name/releases/download/v1%.2%.3/flaron%-lua_1%.2%.3_amd64%.deb\n", output)
    assert.matches("apt%-get install [^\n]*/flaron%-lua_1%.2%.3_amd64%.deb\n", output)
    code, output = run_step(install, folder, { package = "it's $(here).deb" }, path)
    assert.equal(0, code)
    assert.is_number(output:find("apt-get install --yes --no-install-recommends " .. folder .. "/it's $(here).deb\n", 1, true), output)
  end)
end)

describe("ci/gitlab.yml", function()
  local job = yaml("ci/gitlab.yml")["flaron-lua"]

  it("sets variables that the script knows, and keeps what it writes", function()
    local names = variables()
    for name in pairs(job.variables) do assert.is_truthy(names[name] or name == "FLARON_STEPS" or name == "GIT_DEPTH", name) end
    assert.equal("flaron-reports/*.xml", job.artifacts.reports.junit)
    assert.same({ "flaron-reports" }, job.artifacts.paths)
  end)

  it("runs the script that the package brings", function()
    local folder = repository(good, good)
    local set = {}
    for name, value in pairs(job.variables) do set[#set + 1] = name .. "=" .. quote(value) end
    set[#set + 1] = "FLARON_PACKAGE=https://example.com/a.deb CI_MERGE_REQUEST_DIFF_BASE_SHA=main FLARON_MAX_CPU=900000"
    local lines = table.concat(job.script, "\n"):gsub("/usr/share/flaron%-lua/ci", (root:gsub("%%", "%%%%")) .. "/ci")
    local code, output, errors = shell(folder, ("PATH=%s:$PATH FLARON_LUA=%s %s sh -e -c %s"):format(programs(), quote(tool),
      table.concat(set, " "), quote(lines)))
    assert.same({ 0, "" }, { code, errors }, output)
    assert.matches("curl %-fsSL %-o /tmp/flaron%-lua.deb https://example.com/a.deb\napt%-get install ", output)
    for _, name in ipairs { "check.xml", "test.xml", "flare.wasm", "budget.md" } do
      assert.is_string((support.read(folder .. "/flaron-reports/" .. name)), name)
    end
    assert.is_number(support.read("tools/install.sh"):find('put 755 ci/flaron-lua.sh "$share/flaron-lua/ci/flaron-lua.sh"\n', 1, true))
  end)
end)

describe("docs/ci.md", function()
  local page = support.read "docs/ci.md"

  it("names each option, each variable and each input", function()
    local names = variables()
    for name, option in pairs(names) do
      assert.is_number(page:find("`" .. name .. "`", 1, true), name)
      assert.is_number(page:find("`" .. option .. "`", 1, true), option)
    end
    for input in pairs(yaml("action.yml").inputs) do assert.is_number(page:find("`" .. input .. "`", 1, true), input) end
  end)
end)
