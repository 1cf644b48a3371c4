---@meta flaron
-- flaron.lua - the modules of a flare for lua-language-server: names, types and the text of docs/api.md.
-- Nothing here runs. `workspace.library` of its settings must name the folder of this file.
-- luacheck: no max comment line length, ignore 212 241

--- A value that JSON can represent. Null is `flaron.json.null`.
---@alias flaron.Json string|number|boolean|lightuserdata|table|nil

--- A hash algorithm. Every host has the first four.
---@alias flaron.HashAlgorithm "sha1"|"sha256"|"sha512"|"md5"|"sha384"|"blake2b"|"blake3"

--- An algorithm that signs a token. The last two need a private key in PEM.
---@alias flaron.JwtAlgorithm "HS256"|"HS384"|"HS512"|"RS256"|"EdDSA"

---@alias flaron.TimeFormat
---| "unix" # seconds since 1970
---| "ms" # milliseconds since 1970
---| "ns" # nanoseconds since 1970
---| "rfc3339" # for logs and JSON
---| "iso8601" # the same
---| "http" # for headers

---@alias flaron.SparkCode
---| 1 # invalid ttl
---| 2 # too large
---| 3 # write limit
---| 4 # quota
---| 5 # not available
---| 6 # internal error
---| 7 # read limit
---| 8 # bad key
---| 9 # no capability

---@alias flaron.SparkMessage
---| "invalid ttl" # the time to live is negative or too long
---| "too large" # the value is over `max_kv_value_bytes`
---| "write limit" # too many writes, or a second pull, in this invocation
---| "quota" # the site's store is full
---| "not available" # this edge has no store, or the origin cannot be reached
---| "internal error" # the store failed
---| "read limit" # reserved
---| "bad key" # the key breaks the rules of a key
---| "no capability" # the manifest does not have `writes_spark_kv`

---@alias flaron.PlasmaCode
---| 1 # not available
---| 2 # write limit
---| 3 # too large
---| 4 # bad key
---| 5 # no capability
---| 6 # internal error

---@alias flaron.PlasmaMessage
---| "not available" # this edge has no store
---| "write limit" # too many writes in this invocation
---| "too large" # the value is over `max_kv_value_bytes`
---| "bad key" # the key breaks the rules of a key
---| "no capability" # the manifest does not have `writes_plasma_kv`
---| "internal error" # the store failed

---@alias flaron.WsCode
---| 1 # send limit
---| 2 # too large
---| 3 # send error

---@alias flaron.WsMessage
---| "send limit" # too many messages in this invocation
---| "too large" # the message is larger than the host takes
---| "send error" # there is no connection, or it is closed

--- The answer of `handle_request`.
---@class flaron.Answer
---@field status? integer from 100 to 599
---@field headers? table<string, string>
---@field body? string

---@alias flaron.Action 1|2|3

--- An HTTP request.
---@alias flaron.RequestHandler fun(): flaron.Action|flaron.Answer|nil

--- An event of a WebSocket connection.
---@alias flaron.EventHandler fun()

--- The table that a main script returns.
---@class flaron.Handlers
---@field handle_request? flaron.RequestHandler an HTTP request
---@field ws_open? flaron.EventHandler a WebSocket connection was opened
---@field ws_message? flaron.EventHandler a message from the client
---@field ws_close? flaron.EventHandler the connection was closed

---@class flaron.FetchOptions
---@field method? string default `"GET"`
---@field headers? table<string, string>
---@field body? string UTF-8 text

---@class flaron.FetchResponse
---@field status integer
---@field headers table<string, string> names are in lower case; a look-up ignores case
---@field body string
---@field lossy? integer how many bytes of the body were not UTF-8 and are lost, as the local edge counts them

--- The table that flare.lua returns.
---@class flaron.Manifest
---@field name? string the name of the flare; default: none
---@field main? string the path of the main script, when a folder is packed; default: `"main.lua"`
---@field modules? string[] modules to pack that no constant `require` names; may be patterns; default: none
---@field assets? string[] files to pack, for `flaron.asset` and `io`; may be patterns; default: none
---@field paths? string[] further places to look for modules, with `?` for the name: `"vendor/?.lua"`; 100 at most; default: none
---@field memory? integer|string limit of memory: bytes, or a number with `K` or `M`, as for `--memory`; from 1M to 4095M; default: `"32M"`
---@field vars? table<string, string> the variables of `os.getenv`. They are part of the flare, so they are no place for secrets; default: none
---@field bytecode? boolean `load` accepts bytecode of `string.dump`, if its mode is `"b"` or `"bt"`. Manipulated bytecode can do anything within the flare, though not outside of it: never load bytecode from outside; default: `false`
---@field without? string[] libraries of Lua that the flare does not have: `"io"`, `"debug"`, `"load"`, `"coroutine"`, `"math"`, `"os"`, `"table"`, `"utf8"`; default: none
---@field requires_body? boolean the flare gets the request body; default: `false`
---@field requires_raw_auth? boolean the flare gets `Authorization`, `Cookie` and `X-Flaron-*`; default: `false`
---@field writes_spark_kv? boolean the flare may write to Spark; default: `false`
---@field writes_plasma_kv? boolean the flare may write to Plasma; default: `false`
---@field allowed_secrets? string[] names of the secrets that the flare may use; default: none
---@field allowed_fetch_urls? string[] URLs that it may fetch; `*` stands for any run of characters, before the path without `/ ? # @ : \`; default: none
---@field max_fetch_requests? integer fetches per invocation; default: 16
---@field max_kv_value_bytes? integer bytes of a value in Spark or Plasma; default: 65536
---@field max_spark_pull_per_invocation? integer keys of the only `spark.pull` of an invocation; default: the host's
---@field websocket? boolean the flare takes WebSocket connections; default: `false`
---@field ws_protocols? string[] sub-protocols of WebSockets that the flare speaks; default: none

--- `require "flaron"` gives a table with the constants, `asset` and all modules. `require "flaron.spark"` gives
--- one module, and so on for each name.
---@class flaron
---@field RESPOND 1 the flare answers
---@field TRANSFORM 2 the origin answers, the flare transforms
---@field PASS_THROUGH 3 the origin answers
local flaron = {}

--- The bytes of a file that the manifest names in `assets`; at start-up, too. `io.open` reads them as well.
---
--- Raises: `contains a NUL`.
---@param path string the path as it stands in the manifest.
---@return string|nil content the bytes; `nil` when there is no such asset.
function flaron.asset(path) end

--- What was asked. Nothing is kept: each call asks the host.
---@class flaron.request
local request = {}
flaron.request = request

--- The method of the request, as the client sent it: methods are case-sensitive (RFC 9110, 9.1), and those that everybody knows
--- are in upper case.
---@return string|nil method such as `"GET"`.
---@return string? message `"not available"` when the host has none.
function request.method() end

--- The full URL of the request, with path and query.
---@return string|nil url such as `"https://example.com/a?b=c"`.
---@return string? message `"not available"` when the host has none.
function request.url() end

--- The value of a request header; the name's case does not matter.
---
--- Limits: `Authorization`, `Cookie` and `X-Flaron-*` are withheld unless the manifest has `requires_raw_auth`.
--- The host has no way to list headers.
---@param name string the name of the header.
---@return string|nil value `nil` when there is no such header, it is empty or the host withholds it.
function request.header(name) end

--- The body of the request.
---
--- Limits: `""` unless the manifest has `requires_body`, and for a body over 10 MiB.
---@return string body the bytes; `""` when there is none.
function request.body() end

--- The answer. It is held back until the handler has ended well, so an error sends nothing of it.
---@class flaron.response
local response = {}
flaron.response = response

--- Sets the status; it is 200 when never set.
---
--- Raises: for another number or no integer.
---
--- Limits: one below 200 ends no request (RFC 9110, 15.2). Answered with, it is the 500 of a failed invocation, with a line in
--- the log; where the origin answers, it is not sent.
---@param code integer from 100 to 599.
function response.set_status(code) end

--- Sets a header; the same name, in any case, overwrites.
---
--- Raises: `empty header name`, `header name with CR, LF or NUL`, `header name with a character that HTTP does
--- not allow`, `header value with CR, LF or NUL`.
---
--- Limits: the ABI cannot append, so a response has one header of a name: one `set-cookie`. Headers of the connection
--- (`connection`, `transfer-encoding` and their like) and a `content-length` that is not the body's are dropped with a warning.
---@param name string a token of RFC 9110.
---@param value string any bytes but CR, LF and NUL.
function response.set_header(name, value) end

--- Sets the body; a later call replaces it.
---@param bytes string the body.
function response.set_body(bytes) end

--- Sets the body; a later call replaces it.
---@param bytes string the body.
function response.set_body_str(bytes) end

--- Requests to other servers.
---@class flaron.beam
local beam = {}
flaron.beam = beam

--- Makes an HTTP request and waits for the answer.
---
--- Raises: `contains a NUL` for the URL; for the options `timeout: unknown option: method, headers and body are
--- known`, `headers: not a table`, `method: not a string`, `not UTF-8: the host takes text here` and the like.
---
--- Limits: 16 fetches an invocation, or the manifest's `max_fetch_requests`; only URLs that match
--- `allowed_fetch_urls`. A body that is not UTF-8 comes with U+FFFD for each wrong byte. The host follows
--- redirects and sets the time-out.
---@param url string an http or https URL.
---@param options? flaron.FetchOptions `method` (string, default `"GET"`), `headers` (a table from names to strings) and `body` (UTF-8 text); another field is an error.
---@return flaron.FetchResponse|nil answer `status` (integer), `headers` (a table) and `body` (string). Names in `headers` are in lower case; looking one up in another case finds it. Every status is an answer, 404 and 500 too. `lossy` (integer or nil): how many bytes of the body were not UTF-8 and are lost, as the local edge counts them.
---@return string? message `"fetch failed"` when the host says no more: not allowed, too many requests, time-out, no such host. Else the host's own message, such as `"the URL is empty"`.
function beam.fetch(url, options) end

--- The key-value store of this edge. Values may expire. It is kept on disk and shared by all invocations of the
--- site on this edge, not by other edges.
---@class flaron.spark
local spark = {}
flaron.spark = spark

--- Reads a value.
---
--- Raises: `contains a NUL`.
---@param key string the key.
---@return string|nil value the bytes, which may be `""`; `nil` when the key is not there, has expired or is bad.
---@return integer? ttl seconds left; `nil` when it never expires.
function spark.get(key) end

--- Writes a value.
---
--- Raises: `contains a NUL`.
---@param key string the key.
---@param value string the bytes.
---@param ttl? integer seconds to live; 0, the default, means that it never expires.
---@return true|nil done `true` when it was written.
---@return flaron.SparkMessage? message why not.
---@return flaron.SparkCode? code the number of the message.
function spark.set(key, value, ttl) end

--- Removes a key; one that is not there is no error.
---
--- Raises: `contains a NUL`.
---
--- Limits: counts as a write. The ABI has no code for it: a refusal is a warning in the log of the local edge.
---@param key string the key.
function spark.delete(key) end

--- The keys that are there.
---@return string[]|nil keys a list, which may be empty.
---@return string? message `"not available"` when the host gives no list.
function spark.list() end

--- Moves keys from another edge to this one.
---
--- Raises: `contains a NUL` for the origin, `key 1 is a number, not a string`, `key 1 contains a NUL`, `not
--- UTF-8: the host takes text here`.
---
--- Limits: once an invocation; at most `max_spark_pull_per_invocation` keys. A local edge without neighbours answers
--- `nil, "not available", 5`; `flaron-lua dev --edges 3` has them, as `edge-1` to `edge-3` ([edges.md](edges.md)).
---@param origin string the name of the other edge.
---@param keys string[] the keys to move.
---@return integer|nil count how many were moved.
---@return flaron.SparkMessage? message why not.
---@return flaron.SparkCode? code the number of the message: 3, 5, 6, 8 or 9.
function spark.pull(origin, keys) end

--- The key-value store that all edges share. A key holds a value, where the last writer wins, or a counter,
--- where all additions count. The edges tell each other after the fact.
---@class flaron.plasma
local plasma = {}
flaron.plasma = plasma

--- Reads a value; that of a counter is its number in decimal.
---
--- Raises: `contains a NUL`.
---@param key string the key.
---@return string|nil value the bytes; `nil` when the key is not there, is bad or holds an empty value.
function plasma.get(key) end

--- Writes a value; a counter of that name ends.
---
--- Raises: `contains a NUL`.
---@param key string the key.
---@param value string the bytes.
---@return true|nil done `true` when it was written.
---@return flaron.PlasmaMessage? message why not.
---@return flaron.PlasmaCode? code the number of the message.
function plasma.set(key, value) end

--- Removes a key; one that is not there is no error.
---
--- Raises: `contains a NUL`.
---@param key string the key.
---@return true|nil done `true` also when the key was not there.
---@return flaron.PlasmaMessage? message why not.
---@return flaron.PlasmaCode? code the number of the message.
function plasma.delete(key) end

--- Adds to a counter, or subtracts from it; one that is not there begins at 0.
---
--- Raises: `contains a NUL`; for a delta that is not an integer.
---@param key string the key.
---@param delta? integer how much; 1 when absent; may be negative.
---@return integer|nil value the new value.
---@return string? message `"refused"`; the ABI does not say why. The key may hold a value, the counter may leave 64 bits, or a write is not allowed.
function plasma.increment(key, delta) end

--- Adds to a counter, or subtracts from it; one that is not there begins at 0.
---
--- Raises: `contains a NUL`; for a delta that is not an integer.
---@param key string the key.
---@param delta? integer how much; 1 when absent; may be negative.
---@return integer|nil value the new value.
---@return string? message `"refused"`; the ABI does not say why. The key may hold a value, the counter may leave 64 bits, or a write is not allowed.
function plasma.decrement(key, delta) end

--- The keys that are there, values and counters.
---@return string[]|nil keys a list, which may be empty.
---@return string? message `"not available"` when the host gives no list.
function plasma.list() end

--- Values that only the host's configuration knows.
---@class flaron.secrets
local secrets = {}
flaron.secrets = secrets

--- Reads a secret.
---
--- Raises: `contains a NUL`.
---@param name string its name.
---@return string|nil value `nil` when it is not set, is empty or is not in `allowed_secrets`.
function secrets.get(name) end

--- Cryptography by the host. Keys are named secrets: the script never sees them. All string arguments must be
--- UTF-8, since the ABI carries them in JSON. Encode other bytes first, for example with
--- `encoding.base64_encode`.
---@class flaron.crypto
local crypto = {}
flaron.crypto = crypto

--- The hash of a text.
---
--- Raises: `not UTF-8: the host takes text here`.
---@param algorithm flaron.HashAlgorithm `"sha1"`, `"sha256"`, `"sha512"` or `"md5"` on every host; `"sha384"`, `"blake2b"` and `"blake3"` on some. The local edge has all but `"blake3"`.
---@param input string UTF-8 text.
---@return string|nil hex lower-case hexadecimal.
---@return string? message `"algorithm not supported"`.
function crypto.hash(algorithm, input) end

--- The HMAC-SHA-256 of a text.
---
--- Raises: `not UTF-8: the host takes text here`.
---@param secret_name string the name of the secret that is the key.
---@param input string UTF-8 text.
---@return string|nil hex lower-case hexadecimal, 64 digits.
---@return string? message `"no such secret"` when it is not set or not allowed.
function crypto.hmac(secret_name, input) end

--- A signed JSON Web Token, in compact form.
---
--- Raises: `claims are a list, not named`, `not UTF-8: the host takes text here`, or what JSON cannot say, such
--- as `Cannot serialise function: type not supported`.
---@param algorithm flaron.JwtAlgorithm `"HS256"`, `"HS384"` or `"HS512"`; `"RS256"` and `"EdDSA"` where the host has them, with a private key in PEM as the secret.
---@param secret_name string the name of the secret that is the key.
---@param claims table<string, flaron.Json> any table that JSON can say; numbers stay numbers.
---@return string|nil token header, claims and signature.
---@return string? message `"algorithm not supported or no such secret"`.
function crypto.sign_jwt(algorithm, secret_name, claims) end

--- Encrypts a text with AES-GCM.
---
--- Raises: `not UTF-8: the host takes text here`.
---
--- Limits: the local edge takes a key of 32 bytes, as they are, as 64 hexadecimal digits or in base64.
---@param secret_name string the name of the secret that is the key.
---@param plaintext string UTF-8 text.
---@return string|nil base64 nonce, ciphertext and tag; different each time.
---@return string? message `"no such secret, or no AES key"`.
function crypto.encrypt_aes(secret_name, plaintext) end

--- Decrypts what `crypto.encrypt_aes` made.
---
--- Raises: `not UTF-8: the host takes text here`.
---@param secret_name string the name of the secret that is the key.
---@param base64 string the encrypted text.
---@return string|nil plaintext the bytes.
---@return string? message `"cannot be decrypted"`: no such secret, no AES key, changed or no base64. Also when the plaintext is empty, since the host cannot hand it over.
function crypto.decrypt_aes(secret_name, base64) end

--- Random bytes that nobody can predict.
---
--- Raises: for a number out of range.
---
--- Limits: the host gives 256 at a time; more take several calls of it.
---@param n integer how many, from 0 to 16777216.
---@return string|nil bytes raw bytes, not hexadecimal.
---@return string? message `"not available"` when the host gives none.
function crypto.random_bytes(n) end

--- Base64, hexadecimal and URL encoding by the host. All take and give bytes, and give `""` for `""`.
---@class flaron.encoding
local encoding = {}
flaron.encoding = encoding

--- Encodes bytes in standard base64 with padding.
---@param bytes string any bytes.
---@return string|nil text the base64.
---@return string? message `"not available"` when the host does not answer.
function encoding.base64_encode(bytes) end

--- Decodes standard base64 with padding.
---@param text string the base64.
---@return string|nil bytes what was encoded.
---@return string? message `"not base64"`.
function encoding.base64_decode(text) end

--- Encodes bytes in lower-case hexadecimal.
---@param bytes string any bytes.
---@return string|nil text two digits for each byte.
---@return string? message `"not available"` when the host does not answer.
function encoding.hex_encode(bytes) end

--- Decodes hexadecimal, in either case.
---@param text string the digits.
---@return string|nil bytes what was encoded.
---@return string? message `"not hexadecimal"`.
function encoding.hex_decode(text) end

--- Encodes bytes for a query or a form.
---
--- Limits: some hosts may write a space as `%20`. `encoding.url_decode` reads both.
---@param bytes string any bytes.
---@return string|nil text a space becomes `+`, other reserved bytes `%XX`.
---@return string? message `"not available"` when the host does not answer.
function encoding.url_encode(bytes) end

--- Decodes what `encoding.url_encode` made; a `+` is a space.
---@param text string the encoded text.
---@return string|nil bytes what was encoded.
---@return string? message `"not URL-encoded"` when a `%` is not followed by two digits.
function encoding.url_decode(text) end

--- Identifiers, made by the host.
---@class flaron.id
local id = {}
flaron.id = id

--- A random UUID, version 4 of RFC 9562.
---@return string|nil uuid 36 characters.
---@return string? message `"not available"` when the host does not answer.
function id.uuid_v4() end

--- A UUID that sorts by time, version 7 of RFC 9562.
---@return string|nil uuid 36 characters.
---@return string? message `"not available"` when the host does not answer.
function id.uuid_v7() end

--- A ULID: sorts by time.
---@return string|nil ulid 26 characters of Crockford's base32.
---@return string? message `"not available"` when the host does not answer.
function id.ulid() end

--- A KSUID: sorts by the second.
---@return string|nil ksuid 27 characters of base62.
---@return string? message `"not available"` when the host does not answer.
function id.ksuid() end

--- A Nano ID: random, safe in URLs.
---
--- Raises: for a length out of range.
---@param length? integer from 1 to 1024; 21 when absent.
---@return string|nil nanoid characters of `A-Z a-z 0-9 _ -`.
---@return string? message `"not available"` when the host does not answer.
function id.nanoid(length) end

--- A snowflake: a 64-bit number that sorts by time.
---@return string|nil snowflake decimal digits; `math.tointeger` makes a number of them.
---@return string? message `"not available"` when the host does not answer.
function id.snowflake() end

--- The host's clock. `os.time`, `os.date` and `os.clock` use it too.
---@class flaron.time
local time = {}
flaron.time = time

--- The time now, in UTC.
---
--- Raises: `invalid format 'x': unix, ms, ns, rfc3339, iso8601 or http expected`.
---@param format? flaron.TimeFormat the form of the answer; `"unix"` when absent.
---@return integer|string|nil now an integer for `"unix"`, `"ms"` and `"ns"`, else a string.
---@return string? message `"not available"` or `"not a timestamp"` when the host gives no such time.
function time.now(format) end

--- Lines for the log. The host keeps at most 100 lines an invocation and cuts each at 4 KiB.
---@class flaron.logging
local logging = {}
flaron.logging = logging

--- Writes a line of the level that the name says; the arguments are joined by tabs, as `print` does.
---@param ... any what to write; `tostring` converts it.
function logging.info(...) end

--- Writes a line of the level that the name says; the arguments are joined by tabs, as `print` does.
---@param ... any what to write; `tostring` converts it.
function logging.warn(...) end

--- Writes a line of the level that the name says; the arguments are joined by tabs, as `print` does.
---@param ... any what to write; `tostring` converts it.
function logging.error(...) end

--- The WebSocket connection that an event came from. The manifest says `websocket`; the local edge does not ask
--- for it.
---@class flaron.ws
local ws = {}
flaron.ws = ws

--- Sends a message to the client. No call chooses its type: in `dev` an answer to a binary message is binary, any other is text if
--- its bytes are UTF-8. Both names do the same.
---@param bytes string the message.
---@return true|nil done `true` when the host took it.
---@return flaron.WsMessage? message why not.
---@return flaron.WsCode? code the number of the message.
function ws.send(bytes) end

--- Sends a message to the client. No call chooses its type: in `dev` an answer to a binary message is binary, any other is text if
--- its bytes are UTF-8. Both names do the same.
---@param bytes string the message.
---@return true|nil done `true` when the host took it.
---@return flaron.WsMessage? message why not.
---@return flaron.WsCode? code the number of the message.
function ws.send_text(bytes) end

--- Closes the connection.
---
--- Raises: for a code out of range.
---@param code? integer one that RFC 6455, section 7.4 lets an endpoint send: 1000 to 1003, 1007 to 1014, 3000 to 4999; 1000 when absent.
function ws.close(code) end

--- The name of the connection; it stays the same as long as the connection lasts. In `dev` it is 32 random hexadecimal digits, so no
--- two connections have the same one, on several edges and after a restart either. What it is in production no public document
--- tells: take it as a text that is unique among the connections that are open.
---@return string|nil conn_id `nil` when there is no connection.
function ws.conn_id() end

--- What happened.
---@return "open"|"message"|"close"|nil type `nil` when there is no event.
function ws.event_type() end

--- The message that came in.
---@return string data the bytes; `""` when there are none.
function ws.event_data() end

--- The message that came in.
---@return string data the bytes; `""` when there are none.
function ws.event_text() end

--- The code that the client closed the connection with.
---@return integer code 0 outside of `ws_close`.
function ws.close_code() end

--- lua-cjson. It is also there as `require "cjson"`; `require "cjson.safe"` returns `nil, message` where this
--- one raises an error. It needs no host and works at start-up. It is as OpenResty has it: `array_mt`,
--- `empty_array_mt` and the settings below are that one's. What differs: integers are exact both ways, floats are
--- written with all the digits that they need, and decoding is strict.
---@class flaron.json
---@field null lightuserdata null, in both directions; it counts as true in a condition
---@field empty_array lightuserdata encodes as `[]`; an empty table encodes as `{}`
---@field empty_array_mt table a metatable: an empty table with it encodes as `[]`
---@field array_mt table a metatable: a table with it always encodes as an array of its first `#t` elements
---@field _NAME string
---@field _VERSION string
local json = {}
flaron.json = json

--- The JSON text of a value.
---
--- Raises: `Cannot serialise function: type not supported` and the like: for NaN and infinity, for arrays with
--- large gaps (`excessively sparse array`), for more than 1000 nested tables. For a wrong number of arguments,
--- under the name `cjson.encode`.
---@param value flaron.Json a table, string, number, boolean, `nil` or `json.null`. A table with only positive integer keys is an array. A number as another key becomes a string.
---@return string text on one line. Bytes that are not UTF-8 are copied as they are.
function json.encode(value) end

--- The value of a JSON text.
---
--- Raises: `Expected value but found T_END at character 1` and the like; for more than 1000 nested values. For
--- an argument that is not a string, under the name `cjson.decode`.
---@param text string one JSON value, as RFC 8259 has it. A byte order mark that it begins with is passed over.
---@return flaron.Json value arrays and objects become tables, null becomes `json.null`. A number without fraction or exponent is an integer when 64 bits can hold it, else a float; `-0` is the float.
function json.decode(text) end

--- Another instance of the module, with settings of its own.
---@return flaron.json json with the default settings.
function json.new() end

--- How deeply values may be nested.
---
--- Raises: `expected integer between 1 and 2147483647`.
---@param depth? integer from 1 to 1000, as much as the stack is sure to hold.
---@return integer depth the setting, 1000 by default.
function json.encode_max_depth(depth) end

--- How deeply values may be nested.
---
--- Raises: `expected integer between 1 and 2147483647`.
---@param depth? integer from 1 to 1000, as much as the stack is sure to hold.
---@return integer depth the setting, 1000 by default.
function json.decode_max_depth(depth) end

--- What becomes of arrays with gaps.
---@param convert? boolean an array that is too sparse becomes an object and is no error.
---@param ratio? integer too sparse means that the greatest index is more than this many times the count; 0 is never.
---@param safe? integer arrays up to this index are never too sparse.
---@return boolean convert the setting, `false` by default.
---@return integer ratio the setting, 2 by default.
---@return integer safe the setting, 10 by default.
function json.encode_sparse_array(convert, ratio, safe) end

--- How many digits a float is written with.
---
--- Raises: `expected integer between 1 and 16`.
---@param digits? integer from 1 to 16.
---@return integer digits the setting; at 14, the default, as many more as are needed to read back the same float.
function json.encode_number_precision(digits) end

--- Whether an empty table is `{}`, or `[]`.
---@param enabled? boolean|"on"|"off" `false` writes `[]`, for all tables that have no metatable to say otherwise.
---@return boolean enabled the setting, `true` by default.
function json.encode_empty_table_as_object(enabled) end

--- Whether `/` is written as `\/`. Both are the same to whoever reads JSON, but not to a signature of the text.
---@param enabled? boolean|"on"|"off" `false` leaves it as it is.
---@return boolean enabled the setting, `true` by default.
function json.encode_escape_forward_slash(enabled) end

--- Whether arrays that are decoded get the metatable `json.array_mt`, so that `[]` stays `[]` when it is encoded
--- again.
---@param enabled? boolean|"on"|"off" `true` gives it to them.
---@return boolean enabled the setting, `false` by default.
function json.decode_array_with_array_mt(enabled) end

--- Whether the buffer is kept from one `encode` to the next, which is faster.
---@param keep? boolean `false` frees it.
---@return boolean keep the setting, `true` by default.
function json.encode_keep_buffer(keep) end

--- What becomes of NaN and infinity, which JSON does not have.
---
--- Raises: `Infinity, NaN, and/or hexadecimal numbers are not supported.` for `true`.
---@param setting? boolean|"null" `"null"` writes null, `false` raises an error.
---@return boolean|"null" setting the setting, `false` by default.
function json.encode_invalid_numbers(setting) end

--- Whether numbers that JSON does not have are read: `NaN`, `Infinity`, `+1`, `01`.
---@param setting? boolean `true` reads them.
---@return boolean setting the setting, `false` by default.
function json.decode_invalid_numbers(setting) end

return flaron
