-- release_test_spec.lua - tests/release, as far as it needs neither root nor other systems: that its steps notice what is wrong, what
-- docker.sh finds in a Dockerfile. The rest is `make test-release`.
local support = require "support"

local here = "tests/release/"

-- Runs the steps with an executable; gives exit code and output.
local function inside(executable, folder, without)
  return support.run(("h=$PWD/%s; cd %s && WITHOUT='%s' sh $h/inside.sh %s $h/probe $PWD/work"):format(here, folder, without, executable))
end

describe("tests/release/inside.sh", function()
  -- Left out: what takes long or a client, and what the specs of these commands try.
  local without = "test check check-fault survive websocket tls cpu-limit-in-c"

  it("passes with a flaron-lua that is good, and prints the sums of what must be the same everywhere", function()
    local folder = support.folder()
    local code, output = inside((support.flaron_lua:gsub("^[^/]", "$h/../../%0")), folder, without)
    assert.equal(0, code, output)
    for step in ("new pack run numbers guard-pages deep-stack cpu-limit memory-limit replay dev request kill-9 end"):gmatch "%S+" do
      assert.matches("ok " .. step .. "\n", output, 1, true)
    end
    for step in without:gmatch "%S+" do if not step:find "^cpu" then assert.matches("-- " .. step .. "\n", output, 1, true) end end
    local _, sums = output:gsub("\n= [%w.]+ %x+", "")
    assert.equal(5, sums)
  end)

  it("fails with one that is not, and counts the steps", function()
    local folder = support.project { ["bad"] = "#!/bin/sh\necho 'HTTP/1.1 200 OK'\n" }
    support.run(("chmod +x %s/bad"):format(folder))
    local code, output = inside("$PWD/bad", folder, without)
    assert.not_equal(0, code)
    assert.equal(select(2, ("\n" .. output):gsub("\nno ", "")), code)
    for step in ("guard-pages deep-stack cpu-limit memory-limit dev"):gmatch "%S+" do
      assert.matches("no " .. step .. "\n", output, 1, true)
    end
  end)
end)

describe("tests/release/docker.sh check", function()
  local GOOD = [[
FROM debian:12-slim
ARG TARGETARCH
# A comment
ADD a-*-${TARGETARCH}.tar.gz /opt/
RUN set -eu; \
  apt-get update; \
  # within
  apt-get install -y --no-install-recommends ca-certificates; \
  rm -rf /var/lib/apt/lists/*
USER somebody
WORKDIR /project
EXPOSE 8787
ENTRYPOINT ["a"]
CMD ["dev", "--host", "0.0.0.0"]
]]

  local function check(text)
    local folder = support.project { Dockerfile = text }
    return support.run(("%sdocker.sh check %s/Dockerfile"):format(here, folder))
  end

  it("finds nothing in a good file, nor in ours", function()
    assert.same({ 0, "", "" }, { check(GOOD) })
    assert.same({ 0, "", "" }, { support.run(here .. "docker.sh check $(git ls-files '*Dockerfile')") })
  end)

  it("tells file, line and what is wrong", function()
    for _, case in ipairs {
      { "debian:12%-slim", "debian", "Dockerfile:1: an image with a version: debian" },
      { "debian:12%-slim", "debian:latest", "Dockerfile:1: an image with a version: debian:latest" },
      { "ADD a", "ADD https://example.org/a", "Dockerfile:4: ADD of an URL: nothing checks it" },
      { "a%-%*[^ ]+", "a.txt", "Dockerfile:4: COPY serves for what is not unpacked" },
      { "set %-eu; ", "", "Dockerfile:5: steps after one that fails are carried out: set -eu" },
      { " %-%-no%-install%-recommends", "", "Dockerfile:5: apt-get install without --no-install-recommends" },
      { "; \\\n  rm [^\n]+", "", "Dockerfile:5: the lists of apt stay in the layer" },
      { "USER somebody\n", "", "it would run as root: USER" },
      { "USER somebody", "USER root", "it would run as root: USER" },
      { "WORKDIR /project", "WORKDIR project", "Dockerfile:11: WORKDIR is absolute" },
      { "8787", "http", "Dockerfile:12: EXPOSE takes a port" },
      { '%["a"%]', "a", "Dockerfile:13: ENTRYPOINT is a list, so that signals reach it" },
      { "EXPOSE", "VOLUME", "Dockerfile:12: an instruction that docker.sh does not know: VOLUME" },
    } do
      local text, count = GOOD:gsub(case[1], (case[2]:gsub("%%", "%%%%")))
      assert.equal(1, count, case[1])
      local code, output = check(text)
      assert.equal(1, code, case[3])
      assert.matches(case[3], output, 1, true)
    end
  end)
end)

-- What `make release` makes is not at hand here: an archive of our own stands for it.
describe("tools/deb.sh of an archive", function()
  local _, version = support.cli "--version"
  version = version:match "%d+%.%d+%.%d+"

  local function package(architecture)
    local name = ("flaron-lua-%s-linux-arm64"):format(version)
    local folder = support.project {
      [name .. "/bin/flaron-lua"] = "#!/bin/sh\nreadlink -f \"$0\"\n",
      [name .. "/share/lua/5.4/busted/runner.lua"] = "",
      [name .. "/share/man/man1/flaron-lua.1.gz"] = "man",
      [name .. "/share/zsh/site-functions/_flaron-lua"] = "zsh",
      [name .. "/share/doc/flaron-lua/README.md"] = "readme",
      [name .. "/share/doc/flaron-lua/copyright"] = "licences\n==== Full texts ====\nGPL\n",
    }
    support.run(("cd %s && chmod +x %s/bin/flaron-lua && tar -czf %s.tar.gz %s"):format(folder, name, name, name))
    local code, output, errors = support.run(("SOURCE_DATE_EPOCH=1 tools/deb.sh %s/deb %s %s"):format(folder, folder, architecture))
    return folder, output:match "made (%S+)", code, errors
  end

  it("depends on no other package, and shares no folder with those of its Lua modules", function()
    local folder, deb = package "arm64"
    assert.equal(("%s/flaron-lua_%s_arm64.deb"):format(folder, version), deb)
    local _, control = support.run("dpkg-deb --field " .. deb)
    assert.matches("\nArchitecture: arm64\n", control, 1, true)
    assert.matches("\nRecommends: ca-certificates\n", control, 1, true)
    assert.is_nil(control:find("Depends:", 1, true))
    local out = folder .. "/out"
    support.run(("dpkg-deb --extract %s %s"):format(deb, out))
    for path, content in pairs { ["/usr/share/man/man1/flaron-lua.1.gz"] = "man", ["/usr/share/zsh/vendor-completions/_flaron-lua"] = "zsh",
      ["/usr/share/doc/flaron-lua/README.md"] = "readme", ["/usr/share/doc/flaron-lua/copyright"] = "licences\n",
      ["/usr/lib/flaron-lua/share/doc/flaron-lua/README.md"] = "readme", ["/usr/lib/flaron-lua/share/lua/5.4/busted/runner.lua"] = "" } do
      assert.equal(content, (support.read(out .. path)), path)
    end
    local _, place = support.run(out .. "/usr/bin/flaron-lua")
    assert.matches("/usr/lib/flaron%-lua/bin/flaron%-lua\n$", place)
    assert.is_nil((support.read(out .. "/usr/share/lua/5.4/busted/runner.lua")))
  end)

  it("says which archive is missing", function()
    local folder, _, code, errors = package "amd64"
    assert.equal(1, code)
    assert.equal(("deb.sh: there is no %s/flaron-lua-%s-linux-amd64.tar.gz: make release\n"):format(folder, version), errors)
  end)
end)
