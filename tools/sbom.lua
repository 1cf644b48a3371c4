-- sbom.lua - the bill of materials of flaron-lua as an SPDX 2.3 document in JSON. `make sbom` calls it.
--
--   lua5.4 tools/sbom.lua SOURCE_DATE_EPOCH [NAME=SHA256:FILE]... <components.txt >flaron-lua.spdx.json
--
-- tools/licenses.sh supplies the components and their licences. NAME=SHA256:FILE gives the tarball of a component and
-- its checksum. The same input gives the same bytes. It reads only standard input and runs nothing.
local epoch = math.tointeger(tonumber(arg[1]))
if not epoch or epoch < 0 then
  io.stderr:write("sbom.lua: SOURCE_DATE_EPOCH is expected first, seconds since 1970, not '", tostring(arg[1]), "'\n")
  os.exit(2)
end

local tarballs = {}
for i = 2, #arg do
  local name, sum, file = arg[i]:match "^([^=]+)=(%x+):(.+)$"
  if not name or #sum ~= 64 then
    io.stderr:write("sbom.lua: NAME=SHA256:FILE is expected, not '", arg[i], "'\n")
    os.exit(2)
  end
  tarballs[name] = { sum = sum:lower(), file = file:match "[^/]*$" }
end

-- An object keeps the order of its fields: { { name, value }... } with `object` set; lists are plain tables.
local function object(fields)
  fields.object = true
  return fields
end

local function quote(text)
  return '"' .. text:gsub('[%c"\\]', function(c) return ("\\u%04x"):format(c:byte()) end) .. '"'
end

local function write(value, indent, out)
  if type(value) ~= "table" then
    out[#out + 1] = type(value) == "string" and quote(value) or tostring(value)
    return
  end
  local inner = indent .. "  "
  out[#out + 1] = value.object and "{" or "["
  for i, item in ipairs(value) do
    out[#out + 1] = (i > 1 and ",\n" or "\n") .. inner
    if value.object then
      out[#out + 1] = quote(item[1]) .. ": "
      item = item[2]
    end
    write(item, inner, out)
  end
  out[#out + 1] = (#value > 0 and "\n" .. indent or "") .. (value.object and "}" or "]")
end

-- FNV-1a of 64 bits: documents with different contents must have different names.
local function hash(text)
  local h = 0xcbf29ce484222325
  for i = 1, #text do h = (h ~ text:byte(i)) * 0x100000001b3 end
  return ("%016x"):format(h)
end

local function id_of(name) return "SPDXRef-Package-" .. name:gsub("[^%w.-]", "-") end

local list = io.read "a"
local packages, relationships, project = {}, {}, nil

local function relate(from, how, to)
  relationships[#relationships + 1] = object { { "spdxElementId", from }, { "relationshipType", how }, { "relatedSpdxElement", to } }
end

for line in list:gmatch "[^\n]+" do
  local kind, name, version, licence, source = line:match "^([%l-]+)\t([^\t]+)\t([^\t]+)\t([^\t]+)\t(%l*)$"
  if not kind then
    io.stderr:write("sbom.lua: a line of tools/licenses.sh list is expected, not '", line, "'\n")
    os.exit(1)
  end
  local id = id_of(name)
  local package = object {
    { "name", name }, { "SPDXID", id }, { "versionInfo", version },
    { "supplier", source == "debian" and "Organization: Debian" or "NOASSERTION" }, { "downloadLocation", "NOASSERTION" },
    { "filesAnalyzed", false }, { "licenseConcluded", "NOASSERTION" }, { "licenseDeclared", licence },
    { "copyrightText", "NOASSERTION" }, { "primaryPackagePurpose", kind == "flaron" and "APPLICATION" or "LIBRARY" },
  }
  if tarballs[name] then
    package[#package + 1] = { "packageFileName", tarballs[name].file }
    package[#package + 1] = { "checksums", { object { { "algorithm", "SHA256" }, { "checksumValue", tarballs[name].sum } } } }
    tarballs[name] = nil
  end
  if source == "debian" then
    local escaped = version:gsub("[^%w._-]", function(c) return ("%%%02X"):format(c:byte()) end)
    package[#package + 1] = { "externalRefs", { object { { "referenceCategory", "PACKAGE-MANAGER" }, { "referenceType", "purl" },
      { "referenceLocator", ("pkg:deb/debian/%s@%s"):format(name, escaped) } } } }
  end
  packages[#packages + 1] = package
  if kind == "flaron" then
    project = { id = id, name = name, version = version }
    relate("SPDXRef-DOCUMENT", "DESCRIBES", id)
  else
    relate(project.id, kind == "linked" and "DYNAMIC_LINK" or "CONTAINS", id)
  end
end
for name in pairs(tarballs) do
  io.stderr:write("sbom.lua: there is no component '", name, "' to have a tarball\n")
  os.exit(1)
end

local name = ("%s-%s"):format(project.name, project.version)
local namespace = ("https://spdx.org/spdxdocs/%s-%s"):format(name, hash(epoch .. "\n" .. list .. table.concat(arg, "\n")))
local out = {}
write(object {
  { "spdxVersion", "SPDX-2.3" }, { "dataLicense", "CC0-1.0" }, { "SPDXID", "SPDXRef-DOCUMENT" },
  { "name", name }, { "documentNamespace", namespace },
  { "creationInfo", object { { "created", os.date("!%Y-%m-%dT%H:%M:%SZ", epoch) }, { "creators", { "Tool: flaron-lua-sbom" } } } },
  { "documentDescribes", { project.id } },
  { "packages", packages }, { "relationships", relationships },
}, "", out)
io.write(table.concat(out), "\n")
