---@meta zlib
-- The optional part zlib: docs/zlib.md.

---@class zlib
local zlib = {}

---@param bytes string
---@param level? integer  -1 to 9; default -1, zlib's own
---@return string gzip
function zlib.gzip(bytes, level) end

---@param gzip string
---@param limit? integer  bytes that it may make; default 8 MiB
---@return string|nil bytes
---@return string? message  "cut off", "trailing data", "too large" or "broken data"
function zlib.gunzip(gzip, limit) end

---A stream's function gives what comes out, whether that is the end, all bytes in and all bytes out.
---@alias zlib.Deflate fun(bytes?: string, flush?: "none"|"sync"|"full"|"finish"): string, boolean, integer, integer
---@alias zlib.Inflate fun(bytes?: string): string, boolean, integer, integer

---@param bytes string
---@param level? integer  -1 to 9; default -1, zlib's own
---@return string deflated  in zlib's format
---@overload fun(level?: integer, window?: integer): zlib.Deflate
function zlib.deflate(bytes, level) end

---@param deflated string  in zlib's format
---@param limit? integer  bytes that it may make; default 8 MiB
---@return string|nil bytes
---@return string? message  "cut off", "trailing data", "too large" or "broken data"
---@overload fun(window?: integer, limit?: integer): zlib.Inflate
function zlib.inflate(deflated, limit) end

---@param bytes string
---@param before? integer  the checksum of what comes before them
---@return integer checksum
---@overload fun(): fun(bytes: string): integer
function zlib.crc32(bytes, before) end

---@param bytes string
---@param before? integer  the checksum of what comes before them
---@return integer checksum
---@overload fun(): fun(bytes: string): integer
function zlib.adler32(bytes, before) end

---@return integer major
---@return integer minor
---@return integer revision
function zlib.version() end

return zlib
