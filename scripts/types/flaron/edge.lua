---@meta flaron.edge
-- edge.lua - the Lua module flaron.edge, for lua-language-server: names, types and the text of docs/api.md.
-- Nothing here runs.
-- luacheck: no max comment line length, ignore 212 241

---@class flaron.edge.Options
---@field secrets? table<string, string> secrets, from names to values; `allowed_secrets` still holds; default: none
---@field now? number stops the clock at this time, in seconds since 1970; default: the machine's clock
---@field spark? table<string, string> initial content of Spark, from keys to strings; default: empty
---@field plasma? table<string, string|integer> initial content of Plasma, from keys to strings or, for counters, integers; default: empty
---@field store? boolean `false`: the edge has no store; default: `true`
---@field random_seed? integer seed of ids and random bytes; 0 is true randomness; default: 0
---@field edges? table<string, table<string, string>> content of other edges' Spark, for `spark.pull`: from origins to keys to values; default: none
---@field machine_id? integer 0 to 1023, part of snowflakes; default: 1
---@field cpu_ms? integer CPU time limit of an invocation in milliseconds; 0 is no limit. Ignored by another `engine`; default: 0
---@field memory? integer limit of memory in bytes; default: the manifest's
---@field strip? boolean leave debug information out, as `pack --strip` does; default: `false`
---@field engine? string[] the command of another engine (`edge/engine/engine_process.h`); default: the words of the environment variable `FLARON_ENGINE`, else this process
---@field conform? string path of a report of `flaron-lua conform`, which the host follows as far as it can; default: what the environment variable `FLARON_CONFORM` names, else none
---@field requires_body? boolean give the request body to the flare; default: the manifest's
---@field requires_raw_auth? boolean give `Authorization`, `Cookie` and `X-Flaron-*` to the flare; default: the manifest's
---@field writes_spark_kv? boolean allow writing to Spark; default: the manifest's
---@field writes_plasma_kv? boolean allow writing to Plasma; default: the manifest's
---@field max_body? integer bytes of a request body; a larger one is withheld; default: 10 MiB
---@field max_log_lines? integer log lines per invocation; default: 100
---@field max_log_line? integer bytes of a log line; default: 4096
---@field max_ws_sends? integer messages per invocation; default: 1000
---@field max_ws_message? integer bytes of a message; default: 1 MiB
---@field max_ws_bytes? integer bytes of all messages per invocation; default: 16 MiB
---@field max_kv_value_bytes? integer bytes of a value in Spark or Plasma; default: 65536
---@field max_spark_reads? integer reads per invocation; default: no limit
---@field max_spark_writes? integer writes per invocation; default: 1000
---@field max_plasma_writes? integer writes per invocation; default: 1000
---@field max_spark_pull_per_invocation? integer keys of a pull; default: 1000
---@field spark_quota_bytes? integer bytes of all keys and values in Spark; default: 16 MiB
---@field max_fetch_requests? integer fetches per invocation; default: 16
---@field max_fetch_body? integer bytes of a fetched body; a fetch of a larger one fails; default: 10 MiB
---@field fetch_timeout_ms? integer time limit of a fetch, redirects included; default: 30000

---@class flaron.edge.Request
---@field method? string default `"GET"`, or `"POST"` with `json` or `form`; `get` and its like are sent in upper case
---@field url? string a whole URL; default `"http://localhost/"`
---@field path? string in place of `url`: the part after `http://localhost`, with the slash
---@field query? string|table<string, string|number|boolean|table> added to the URL; a table is encoded, and a value may be a list
---@field headers? table<string, string>
---@field cookies? table<string, string> sent as the header `Cookie`
---@field body? string default `""`
---@field json? any in place of `body`: a value to send as JSON; `edge.null` is null
---@field form? table<string, string|number|boolean|table> in place of `body`: fields of an HTML form, as in `query`

---@class flaron.edge.ClientOptions
---@field url? string what stands before the `path` of a request. It is HTTPS, or `Secure` cookies would not come back; default: `"https://localhost/"`
---@field headers? table<string, string> headers of each request; `Authorization` and its like go to the host of `url` alone; default: none
---@field cookies? table<string, string> cookies that it has at first, from names to values, for the host of `url`; default: none
---@field follow? boolean|integer follow redirects: `true` is at most 20; default: `false`

---@class flaron.edge.ClientRequest : flaron.edge.Request
---@field follow? boolean|integer in place of the client's

---@class flaron.edge.ClientResponse : flaron.edge.Response
---@field url string the URL that was asked at last, with its fragment
---@field redirects flaron.edge.ClientResponse[] the answers that led to it, in order

---@class flaron.edge.Cookie
---@field name string
---@field value string
---@field domain string the host that set it, or what its `Domain` says
---@field host_only boolean it goes to `domain` alone
---@field path string
---@field expires? number seconds since 1970; `nil`: it ends with the client
---@field secure boolean
---@field http_only boolean
---@field same_site? string

---@class flaron.edge.Event
---@field conn_id? string default `"connection-1"`
---@field data? string default `""`
---@field close_code? integer default 0
---@field url? string of the request that opened the connection, as `path`, `query` and `cookies` are
---@field path? string
---@field query? string|table<string, string|number|boolean|table>
---@field headers? table<string, string> of the request that opened the connection
---@field cookies? table<string, string>

---@class flaron.edge.LogLine
---@field level "info"|"warn"|"error"
---@field text string

---@class flaron.edge.Response
---@field status integer the status that the flare set; 200 when it set none
---@field headers table<string, string> the headers that it set, with names as the flare wrote them
---@field body string the body that it set
---@field action "respond"|"transform"|"pass_through" `"respond"`, `"transform"` or `"pass_through"`. Status, headers and body are only sent with `"respond"`: else `logs` has a warning about them
---@field logs flaron.edge.LogLine[] the log: `level` (`"info"`, `"warn"` or `"error"`) and `text`; includes warnings of the edge
---@field failed boolean the flare trapped or could not be stopped. After an error in the script it is `false`, with a 500
---@field error? string why the handler did not end well, with a traceback: the error that the script raised and did not catch, or what `failed` is about. 64 KiB at most: of a longer one the middle is `...`
---@field locals? string after an error in the script: the local variables of each of its levels, shortened: a line `FILE:LINE`, then `NAME = VALUE` behind a tab for each. Secrets that the flare read are `*`; engines in another process have none
---@field json fun(): any `response.json()` or `response:json()` is the body as a value; raises when it is no JSON
---@field fetches flaron.edge.Request[] what was fetched, redirects too: `method`, `url`, `headers` and `body`
---@field cpu_us integer CPU time in microseconds; with another `engine`, time on the clock
---@field peak integer bytes of its own memory that the invocation had at most; 0 with another `engine`
---@field memory integer bytes of memory afterwards
---@field calls table<string, integer> number of calls of each import, from names to integers
---@field frames string[] messages sent by `ws.send`
---@field close_code? integer the code with which the flare closed the connection

---@class flaron.edge.FetchAnswer
---@field status? integer default 200
---@field headers? table<string, string>
---@field body? string

---@alias flaron.edge.FetchStub fun(request: flaron.edge.Request): flaron.edge.FetchAnswer?, string?

--- The local edge for specs, in native Lua 5.4. It packs a project and calls it, with a clock, stores and
--- servers that the spec controls. It is no part of a flare.
---@class flaron.edge
---@field version string the version of flaron-lua
---@field null lightuserdata stands for a JSON null in native Lua
local edge = {}

--- Packs a project and makes it ready.
---
--- Raises: for an unknown option or one of a wrong type.
---@param what string|table<string, string> the path of a main script, of its folder or of a packed `.wasm`; or a table from paths to contents, with `"main.lua"` in it.
---@param options? flaron.edge.Options secrets, stores, clock and limits, by name.
---@return flaron.edge.Flare|nil flare a flare, which `<close>` may hold.
---@return string? message why it cannot be packed, with the script's file and line.
function edge.load(what, options) end

--- Loads a flare on several edges, each with stores, an instance and a clock of its own. What changes in Plasma they tell
--- each other when the spec says so, as edges do ([edges.md](edges.md#how-writes-meet)); what is in Spark stays where it is.
---
--- Raises: for an unknown option or one of a wrong type, and a number that is out of range.
---@param count integer how many edges, 2 to 9.
---@param what? string|table<string, string> as of `edge.load`; default `"main.lua"`.
---@param options? flaron.edge.Options as of `edge.load`, for each edge. Plasma is what all know at first; `machine_id` and `random_seed` are the first edge's, and the others count on from there. `edges` and `store` are not for a cluster.
---@return flaron.edge.Cluster|nil cluster a list of flares, `cluster[1]` and so on, which `<close>` may hold.
---@return string? message why it cannot be packed, with the script's file and line.
function edge.cluster(count, what, options) end

--- Several edges with a flare each, which `edge.cluster` made.
---@class flaron.edge.Cluster
---@field [integer] flaron.edge.Flare the flare of an edge, counted from 1
local cluster = {}

--- Has the edges tell each other what changed in Plasma, until none has anything to say to another.
---
--- Raises: when there is no such edge.
---@param a? integer only over the links of this edge.
---@param b? integer only over the link from `a` to this one.
function cluster:gossip(a, b) end

--- Cuts links: nothing that changes goes over them, and `spark.pull` fails. Another edge may still go between.
---
--- Raises: when there is no such edge.
---@param a? integer the links of this edge; default: all.
---@param b? integer only the link from `a` to this one.
function cluster:partition(a, b) end

--- Mends links. What was not told goes over them with the next gossip.
---
--- Raises: when there is no such edge.
---@param a? integer the links of this edge; default: all.
---@param b? integer only the link from `a` to this one.
function cluster:heal(a, b) end

--- Makes all flares what `edge.cluster` made them, and mends all links, as happens after each of busted's tests.
function cluster:reset() end

--- Ends the flares of the cluster; `<close>` and the collector do so too. One that is closed by itself ends the gossip of all.
function cluster:close() end

--- A flare that was loaded.
---@class flaron.edge.Flare
local flare = {}

--- Calls `handle_request` once.
---
--- Raises: when the flare has no `handle_request` or is closed; for an unknown field and what no client could send; an error of a stub.
---
--- Limits: the flare sees the URL as a server would: without a fragment, and with the path `/` where it has none.
---@param request? flaron.edge.Request its fields are listed below.
---@return flaron.edge.Response|nil response what came of it.
---@return string? message why there is no engine.
function flare:request(request) end

--- Calls `ws_open`, `ws_message` or `ws_close` once.
---
--- Raises: when the flare has no such handler or is closed; for an unknown field.
---@param type "open"|"message"|"close" which.
---@param event? flaron.edge.Event `conn_id` (default `"connection-1"`), `data` (default `""`), `close_code` (default 0), and `url` (or `path` and `query`), `headers` and `cookies` of the request that opened the connection.
---@return flaron.edge.Response|nil response what came of it, with `frames` and `close_code`.
---@return string? message why there is no engine.
function flare:event(type, event) end

--- Opens a connection, which the flare is told of by `ws_open` if it has that handler.
---
--- Raises: for an unknown field.
---@param request? flaron.edge.Request `url` (or `path` and `query`), `headers` and `cookies` of the request that opens it.
---@return flaron.edge.WebSocket connection a connection with a `conn_id` of its own.
function flare:websocket(request) end

--- A connection that `flare:websocket` opened.
---@class flaron.edge.WebSocket
---@field conn_id string the result of `ws.conn_id`
---@field response? flaron.edge.Response the response to the latest event, as of `flare:event`
---@field close_code? integer the code with which either side closed it; `nil` while it is open
local websocket = {}

--- Sends a message to the flare, which handles it by `ws_message`.
---
--- Raises: when the connection is closed, or the flare has no `ws_message`.
---@param data string the message.
---@return flaron.edge.Response response what came of it.
function websocket:send(data) end

--- Takes the next message that the flare sent on the connection.
---@return string? message `nil` when there is none.
function websocket:receive() end

--- Closes the connection, which the flare is told of by `ws_close` if it has that handler.
---
--- Raises: when the connection is closed.
---@param code? integer why; 1000 is the usual one, and the default.
---@return flaron.edge.Response? response what came of it.
function websocket:close(code) end

--- Makes a visitor, who keeps the cookies that the flare sets and sends them back, as browsers do by RFC 6265: by path,
--- domain, time to live on the flare's clock, and `Secure`.
---
--- Raises: for an unknown option and what no client could send.
---@param options? flaron.edge.ClientOptions `url`, `headers`, `cookies` and `follow`, by name.
---@return flaron.edge.Client client a client with a jar of its own. After each of busted's tests it has the cookies that it was made with.
function flare:client(options) end

--- A visitor of a flare, whom `flare:client` made.
---@class flaron.edge.Client
local client = {}

--- Calls `handle_request` with the client's cookies and headers, and keeps what cookie the answer sets. With `follow`, as
--- an option or a field, it goes on to where the answer leads, in the order and with the methods of RFC 9110, 15.4: 303
--- makes a `GET` of all but `HEAD`, 301 and 302 make one of `POST`, and 307 and 308 ask the same again.
---
--- Raises: as `flare:request` does; for more redirects than are followed, and one that is to no URL of HTTP.
---@param request? flaron.edge.ClientRequest as of `flare:request` but for `cookies`, and `follow`.
---@return flaron.edge.ClientResponse|nil response what came of it, with `url`, that was asked at last, and `redirects`, the answers that led to it.
---@return string? message why there is no engine.
function client:request(request) end

--- Follows one redirect: asks what the latest answer leads to.
---
--- Raises: when the latest answer leads nowhere.
---@return flaron.edge.ClientResponse|nil response what came of it.
---@return string? message why there is no engine.
function client:follow() end

--- Opens a connection as `flare:websocket` does, with the client's cookies and headers.
---@param request? flaron.edge.Request `url` (or `path` and `query`) and `headers`.
---@return flaron.edge.WebSocket connection a connection with a `conn_id` of its own.
function client:websocket(request) end

--- The value of a cookie that the client has, for whatever host and path.
---@param name string its name.
---@return string? value `nil` when there is none, or its time is over.
function client:cookie(name) end

--- All cookies that the client has, the oldest first.
---@return flaron.edge.Cookie[] cookies each with `name`, `value`, `domain`, `host_only`, `path`, `expires` (seconds since 1970, or `nil`), `secure`, `http_only` and `same_site`.
function client:cookies() end

--- Gives the client a cookie, as if an answer had set it.
---@param header string the value of a header `Set-Cookie`.
---@param url? string what the answer was to; default: the client's.
---@return boolean kept `false` when no client would keep it.
function client:set_cookie(header, url) end

--- Makes the client what `flare:client` made it.
function client:clear() end

--- Answers fetches of the URLs that a pattern matches; the latest stub is asked first.
---
--- Raises: for an unknown field of an answer.
---@param pattern string a Lua pattern.
---@param answer flaron.edge.FetchAnswer|flaron.edge.FetchStub `status` (default 200), `headers` and `body`; or a function that gets the fetch, one table with `method`, `url`, `headers` and `body`, and returns such a table. `nil` and a message mean that the fetch failed with it, `nil` alone that the host gave no answer.
function flare:stub_fetch(pattern, answer) end

--- Makes an import fail from now on.
---
--- Raises: when there is no such import, or it has no such message.
---@param import string its name in the ABI, such as `"spark_set"`.
---@param code? integer|string|boolean what it answers with, or the message that stands for it, such as `"quota"`; `true` is 0. One that hands bytes over answers with nothing. `nil` or `false`: it works again.
function flare:fail(import, code) end

--- Answers the next calls of an import in place of the host: for ids, the clock and signatures that are to be the same
--- each time. Further calls go to the host again.
---
--- Raises: when there is no such import, or it answers nothing of the kind.
---@param import string its name in the ABI, such as `"id_uuid"`.
---@param answers table one a call, as the ABI has them: strings, or `false` for no answer; integers for an import that answers with a number.
function flare:answer(import, answers) end

--- Stops the clock at a time.
---@param seconds? number since 1970; `nil` gives the machine's clock back.
function flare:set_time(seconds) end

--- Moves a clock that stands.
---
--- Raises: when the clock does not stand.
---@param seconds number how far; may be negative.
function flare:advance(seconds) end

--- What is in a store, as a flare would read it.
---
--- Raises: when the flare has no store.
---@param store "spark"|"plasma" which.
---@return table<string, string> values from keys to values; a counter is its number in decimal.
function flare:contents(store) end

--- Makes the flare what `edge.load` made it: a fresh instance, the stores, the clock, no stubs, no failures. Stubs,
--- failures and a clock that were set outside of busted's tests stay.
function flare:reset() end

--- The packed flare.
---@return string bytes the `.wasm` file.
function flare:wasm() end

--- Ends the flare and frees what it holds; `<close>` and the collector do so too.
function flare:close() end

return edge
