-- flaron.multipart: reads multipart/form-data (RFC 7578), what browsers send for forms with files. One pass over the body,
-- whatever is in it.
--
-- What it does not do: it decodes no Content-Transfer-Encoding, which RFC 7578 gave up and browsers never sent, reads no
-- multipart within a part, and keeps everything in memory.
local argument = require "flaron.internal.argument"
local flaron = require "flaron"
local parameters_of = require "flaron.internal.parameters"

--- Forms with files.
---@class flaron.multipart
local multipart = {}

---@class flaron.multipart.Options
---@field parts? integer how many parts there may be; default 100
---@field header_bytes? integer bytes of the headers of a part; default 8192
---@field part_bytes? integer bytes of the content of a part; default: those of the body

---@class flaron.multipart.Part
---@field name string the name of the field
---@field body string the content, bytes
---@field filename? string as it was sent, of a file: not to be used as a path
---@field content_type? string as it was sent
---@field headers table<string, string> all headers, with names in lower case

---@class flaron.multipart.Form
---@field parts flaron.multipart.Part[] all, in order
---@field fields table<string, string> contents of the parts that are not files, by name; of those with the same name the first
---@field files table<string, flaron.multipart.Part> the parts that are files, by name; of those with the same name the first

local TYPES = { parts = "integer", header_bytes = "integer", part_bytes = "integer" }
local LONGEST_BOUNDARY = 70 -- RFC 2046, 5.1.1

-- What RFC 2046 has in a boundary; it does not end with a space.
local function is_boundary(text)
  return #text >= 1 and #text <= LONGEST_BOUNDARY and not text:find "[^%w'()+_,./:=? -]" and text:sub(-1) ~= " "
end

-- What browsers encode of a name, and nothing else of it: a quote and the ends of lines (HTML, "multipart/form-data encoding").
local function decode_name(text)
  return (text:gsub("%%22", '"'):gsub("%%0[Dd]", "\r"):gsub("%%0[Aa]", "\n"))
end

-- The headers of a part, by names in lower case; nil and what is wrong.
local function read_headers(text)
  local headers, number = {}, 0
  for line in (text == "" and "" or text .. "\r\n"):gmatch "(.-)\r\n" do
    number = number + 1
    local name, value = line:match "^([%w!#$%%&'*+.^_`|~-]+):[ \t]*(.*)$"
    if not name or value:find "[\0\r\n]" then return nil, ("line %d of its headers is not of the form name: value"):format(number) end
    name = name:lower()
    if headers[name] then return nil, ("its header %s is there twice"):format(name) end
    local last = value:find "[^ \t][ \t]*$"
    headers[name] = last and value:sub(1, last) or ""
  end
  return headers
end

-- Fills in what a part's Content-Disposition says; what is wrong, or nil.
local function read_disposition(part)
  local text = part.headers["content-disposition"]
  if not text then return "it has no header content-disposition" end
  local kind, parameters = parameters_of.header(text)
  if not kind then return "content-disposition: " .. parameters end
  if kind ~= "form-data" then return ("content-disposition is '%s', not form-data"):format(kind) end
  if not parameters.name then return "content-disposition has no name" end
  part.name = decode_name(parameters.name)
  part.filename = parameters.filename and decode_name(parameters.filename)
  local extended = parameters["filename*"]
  if extended then
    part.filename = parameters_of.extended(extended)
    if not part.filename then return "content-disposition: filename* is not of the form UTF-8''text" end
  end
  local encoding = (part.headers["content-transfer-encoding"] or "binary"):lower()
  if encoding ~= "binary" and encoding ~= "8bit" and encoding ~= "7bit" then
    return ("content-transfer-encoding '%s' is not decoded here"):format(encoding)
  end
end

-- The next delimiter of a body: where it begins, where what follows it begins, and whether it is the last one; nil when there
-- is none. A line that only begins with the boundary is none. `at` is where the line end in front of it may be.
local function find_delimiter(body, delimiter, at)
  local first, last
  if at == 1 and body:sub(1, #delimiter - 2) == delimiter:sub(3) then -- the first needs no line end in front
    first, last = 1, #delimiter - 2
  else
    first, last = body:find(delimiter, at, true)
  end
  while first do
    local closes = body:sub(last + 1, last + 2) == "--"
    local behind = body:match("^[ \t]*()", last + (closes and 3 or 1))
    if body:sub(behind, behind + 1) == "\r\n" then return first, behind + 2, closes end
    if closes and behind > #body then return first, behind, true end
    first, last = body:find(delimiter, last + 1, true)
  end
end

-- Where the headers of a part end, which begins at `from` and ends before `to`: the line end in front of the empty line. nil
-- and what is wrong. No more is looked at than there may be, so that all parts together take one pass.
local function find_headers_end(body, from, to, most)
  if body:sub(from, from + 1) == "\r\n" then return from - 2 end
  local text = body:sub(from, from + math.min(most, to - from) + 3)
  local at = text:find("\r\n\r\n", 1, true)
  if at then return from + at - 1 end
  if to - from > most then return nil, ("its headers are longer than %d bytes"):format(most) end
  return nil, "its headers do not end with an empty line"
end

-- A part that begins at `from` and ends before the delimiter at `to`; nil and what is wrong.
local function read_part(body, from, to, options)
  local stop, fault = find_headers_end(body, from, to, options.header_bytes or 8192)
  if not stop then return nil, fault end
  local headers
  headers, fault = read_headers(body:sub(from, stop - 1))
  if not headers then return nil, fault end
  local size = to - stop - 4
  if options.part_bytes and size > options.part_bytes then
    return nil, ("it has %d bytes, more than the %d that it may"):format(size, options.part_bytes)
  end
  local part = { headers = headers, content_type = headers["content-type"], body = body:sub(stop + 4, to - 1) }
  fault = read_disposition(part)
  if fault then return nil, fault end
  return part
end

-- The boundary that a Content-Type names; nil and what is wrong.
local function read_boundary(content_type)
  if not content_type then return nil, "there is no content-type" end
  local kind, parameters = parameters_of.header(content_type)
  if not kind then return nil, "content-type: " .. parameters end
  if kind ~= "multipart/form-data" then return nil, ("the content-type is '%s', not multipart/form-data"):format(kind) end
  local boundary = parameters.boundary
  if not boundary then return nil, "the content-type has no boundary" end
  if not is_boundary(boundary) then return nil, "the boundary of the content-type is not one of RFC 2046" end
  return boundary
end

-- Adds a part to a form.
local function add(form, part)
  form.parts[#form.parts + 1] = part
  local by_name = part.filename and form.files or form.fields
  if by_name[part.name] == nil then by_name[part.name] = part.filename and part or part.body end
end

-- What multipart.parse does, with arguments that are checked.
local function parse(body, content_type, options)
  local boundary, fault = read_boundary(content_type)
  if not boundary then return nil, fault, 0 end
  local delimiter, most = "\r\n--" .. boundary, options.parts or 100
  local form = { parts = {}, fields = {}, files = {} }
  local _, from, last = find_delimiter(body, delimiter, 1)
  if not from then return nil, "the boundary is nowhere in the body", 1 end
  while not last do
    local number = #form.parts + 1
    if number > most then return nil, ("there are more than %d parts"):format(most), from end
    local first, behind, closes = find_delimiter(body, delimiter, from)
    if not first then return nil, ("part %d: no boundary ends it"):format(number), from end
    local part
    part, fault = read_part(body, from, first, options)
    if not part then return nil, ("part %d: %s"):format(number, fault), from end
    add(form, part)
    from, last = behind, closes
  end
  return form
end

-- The option that is negative, and how; nil if none is.
local function fault_of(options)
  for name, value in pairs(options) do
    if value < 0 then return name, ("%d is negative"):format(value) end
  end
end

--- Reads a form that was sent as `multipart/form-data`.
---
--- Raises: for an option that is unknown, of a wrong type or negative.
---@param body string the bytes.
---@param content_type string? the value of the header `Content-Type`, which names the boundary.
---@param options? flaron.multipart.Options limits.
---@return flaron.multipart.Form|nil form what was sent.
---@return string? message what is wrong, and with which part.
---@return integer? position the byte of the body where that part begins; 0 when it is the header that is wrong.
function multipart.parse(body, content_type, options)
  argument.check(body, 1, "multipart.parse", "string")
  argument.optional(content_type, 2, "multipart.parse", "string")
  argument.optional(options, 3, "multipart.parse", "table")
  argument.options(options or {}, "multipart.parse", TYPES, fault_of)
  return parse(body, content_type, options or {})
end

--- Reads the form that the request is. The manifest must have `requires_body`: else the host withholds it.
---
--- Raises: as `multipart.parse` does.
---@param options? flaron.multipart.Options limits.
---@return flaron.multipart.Form|nil form as `multipart.parse` gives it.
---@return string? message as `multipart.parse` gives it.
---@return integer? position as `multipart.parse` gives it.
function multipart.form(options)
  argument.optional(options, 1, "multipart.form", "table")
  argument.options(options or {}, "multipart.form", TYPES, fault_of)
  return parse(flaron.request.body(), flaron.request.header "content-type", options or {})
end

return multipart
