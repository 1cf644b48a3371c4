#!/bin/sh
# run.sh - fuzzes the parsers of untrusted bytes, one after the other, under ASan and UBSan. Called by
# `make fuzz`; SECONDS_EACH says how long each is fuzzed (60; 0: only its seeds are tried). What is found stays in
# build/fuzz/NAME-*.
set -eu

seconds=${SECONDS_EACH:-60}
limit=-max_total_time=$seconds what="fuzzing %s for $seconds seconds\n"
[ "$seconds" != 0 ] || limit=-runs=0 what='trying the seeds of %s\n'
out=build/fuzz
clang=/usr/lib/llvm-19/bin/clang
flags='-std=c11 -D_GNU_SOURCE -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Iedge -Ibindings -Itools -Iruntime -Ibuild/wasm'

rss=4096 # MB that one may take
lua=      # an archive of a native Lua, for targets that need one

# All of the edge as it is built for the executable: what a target needs besides the sources that it names.
rest=$out/rest.a
mkdir -p "$out"
rm -f "$rest"
# shellcheck disable=SC2046 # paths without spaces
ar rcs "$rest" $(find build/native/edge build/native/embedded.o build/native/runtime_wasm2c.o -name '*.o' ! -path '*/lua/*')

# NAME SEEDS SOURCES...: builds and runs one. The sources, and the target's own stand-ins, come before the rest.
fuzz() {
  name=$1 seeds=$2
  shift 2
  # shellcheck disable=SC2059 # one of two
  printf "$what" "$name"
  mkdir -p "$out/$name"
  # shellcheck disable=SC2086 # words
  $clang $flags "tests/fuzz/fuzz_$name.c" "$@" $lua "$rest" -Wl,--allow-multiple-definition \
    -o "$out/fuzz_$name" -ljansson -lcrypto -lpthread -lcurl -lsqlite3 -lnghttp2 -lwslay -lssl -lm
  # shellcheck disable=SC2086 # words
  "$out/fuzz_$name" "$limit" -artifact_prefix="$out/$name-" -rss_limit_mb="$rss" -timeout=20 \
    -print_final_stats=0 \
    "$out/$name" $seeds >"$out/$name.log" 2>&1 || { tail -40 "$out/$name.log"; exit 1; }
}

mkdir -p "$out/seeds-wasm" "$out/seeds-lua" "$out/seeds-text"
for wat in tests/tool/unwind/*.wat; do wat2wasm "$wat" -o "$out/seeds-wasm/$(basename "$wat").wasm"; done
cp build/wasm/lowered.wasm "$out/seeds-wasm/"
mkdir -p "$out/seeds-flare"
for example in examples/*/; do
  build/native/flaron-lua pack "$example" -o "$out/seeds-flare/$(basename "$example").wasm" >/dev/null
  cp "$example/main.lua" "$out/seeds-lua/$(basename "$example").lua"
done
mkdir -p "$out/seeds-record"
printf '{"API_KEY": "0123456789abcdef"}' >"$out/secrets.json"
chmod 600 "$out/secrets.json"
for example in hello json-api secret-jwt edge-ops; do
  build/native/flaron-lua run "examples/$example" --url 'http://localhost/?user=ada' --secrets "$out/secrets.json" \
    --persist "$out/state" --record "$out/seeds-record/$example.json" >/dev/null 2>&1
done
mkdir -p "$out/seeds-store"
build/native/flaron-lua kv set a b --persist "$out/store"
build/native/flaron-lua kv set v w --plasma --persist "$out/store"
build/native/flaron-lua kv add c 5 --plasma --persist "$out/store"
sqlite3 "$out/store/stores.db" 'PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM' >/dev/null
cp "$out/store/stores.db" "$out/seeds-store/"
mkdir -p "$out/seeds-page"
printf 'PUT kv/spark key=a%%3Ab\n{"text":"x","ttl":9}' >"$out/seeds-page/text"
printf 'PUT kv/plasma key=n\n{"add":"-1"}' >"$out/seeds-page/counter"
printf 'PUT kv/plasma key=n\n{"base64":"eA=="}' >"$out/seeds-page/base64"
printf 'GET kv/spark prefix=a\n' >"$out/seeds-page/list"
printf 'DELETE kv/spark key=a\n' >"$out/seeds-page/delete"
printf 'aGVsbG8=' >"$out/seeds-text/base64"
printf '00ff' >"$out/seeds-text/hex"

mkdir -p "$out/seeds-gossip"
# A delta of a counter, and a question: size, type, fields (edge/gossip/gossip_wire.h).
printf '\120\0\0\0\003\1\0\0\0\0\0\0\0\1\0\0\0k\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\1\0\0\0a\5\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0' \
  >"$out/seeds-gossip/delta"
printf '\027\0\0\0\005................\1\1\0\0\0k' >"$out/seeds-gossip/pull"

mkdir -p "$out/seeds-map"
build/native/flaron-lua pack --strip examples/json-api -o "$out/stripped.wasm" >/dev/null
{ cat "$out/stripped.map"; printf '\0error: ?%s:9: no\n\t?%s:1: in function <?%s:1>\n' \
  "$(sed 's/.*"hash":"\([0-9a-f]*\)".*/\1/' "$out/stripped.map")" 00000000 00000000; } >"$out/seeds-map/json-api"

mkdir -p "$out/seeds-pattern"
# Function, positions and kind of replacement; subject, pattern (of even size), replacement. The last three go as deep
# as patterns may.
lua5.4 - "$out/seeds-pattern/" <<'END'
for i, seed in ipairs {
  { "\0\x80\0\3", "key=value  f(x)=", "(%w+)=(%a+.)" },
  { "\1\1\x80\3", "a[b] THE (q(i))", "%b()%S-.?()$" },
  { "\2\xff\x80\2", "THE (quick) fox", "%f[%a]%u*%A+()" },
  { "\3\x80\x80\3", "one two  at", "(%w)(%w+)." },
  { "\3\x80\x80\x33", "one two  at", "(%w)(%w+).", "%2<%0>%1%%" },
  { "\4\2\xfd\3", "bytes", "" },
  { "\5\2\xfd\3", "parts", "" },
  { "\1\x80\x80\2", ("a"):rep(255), ("a?"):rep(199) },
  { "\1\x80\x80\2", ("x"):rep(151) .. ("ab"):rep(49), ("x?"):rep(151) .. ("a?ab"):rep(49) },
  { "\1\x80\x80\2", ("x"):rep(197) .. "y", "(" .. ("x?"):rep(197) .. ".?)zz" },
} do
  local how, subject, pattern, replacement = table.unpack(seed)
  local file <close> = assert(io.open(arg[1] .. i, "wb"))
  file:write(how, string.char(#subject, #pattern // 2), subject, pattern, replacement or "")
end
END

fuzz unwind "$out/seeds-wasm" tools/unwind_rewrite.c edge/flare/wasm.c
fuzz flare "$out/seeds-flare" edge/flare/flare.c edge/flare/parts.c edge/flare/runtime.c edge/base/text.c edge/flare/wasm.c
fuzz modules "$out/seeds-lua" edge/pack/modules.c edge/pack/requires.c edge/flare/parts.c edge/base/text.c
fuzz linemap "$out/seeds-map" edge/pack/linemap.c edge/base/text.c
fuzz encoding "$out/seeds-text" edge/base/encoding.c edge/base/text.c
rss=2048 # a few records at a time, each bounded
fuzz record "$out/seeds-record" edge/record/record.c edge/record/redact.c edge/base/json_bytes.c edge/base/text.c edge/host/*.c
rss=4096
fuzz store "$out/seeds-store" edge/store/*.c edge/base/file.c edge/base/text.c
mkdir -p "$out/seeds-http1"
printf '@POST /a?b HTTP/1.1\r\nHost: x:80\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello' >"$out/seeds-http1/length"
printf '@POST http://x/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n5;a="b"\r\nhello\r\n0\r\nT: u\r\n\r\n' \
  >"$out/seeds-http1/chunked"
printf '\340A;a="b\\""\r\n0123456789\r\n0\r\nT: u\r\n\r\n' >"$out/seeds-http1/body"
fuzz http1 "$out/seeds-http1" edge/server/http1.c edge/base/http.c edge/base/text.c
fuzz gossip "$out/seeds-gossip" edge/gossip/gossip_wire.c edge/base/text.c
# shellcheck disable=SC2046 # paths without spaces
fuzz pattern "$out/seeds-pattern" -Iruntime -Ibuild/src/lua-stock/src runtime/lua/fast/string_pattern.c runtime/lua/fast/string_slice.c \
  $(find build/src/lua-stock/src -name 'l*.c' ! -name lua.c ! -name luac.c ! -name lstrlib.c) -lm
# The optional parts, beside a native Lua, which is compiled once.
stock="-w -Iruntime -Ibuild/src/lua-stock/src"
lua=$out/lua-stock.a
rm -rf "$out/lua" "$lua"
mkdir -p "$out/lua"
# shellcheck disable=SC2016 # the inner shell expands them
find build/src/lua-stock/src -name 'l*.c' ! -name lua.c ! -name luac.c -print0 |
  CLANG="$clang $flags -w" OUT=$out/lua xargs -0 -P "$(nproc)" -I{} sh -c '$CLANG -c {} -o "$OUT/$(basename {} .c).o"'
# shellcheck disable=SC2086 # words
$clang $flags $stock -c runtime/lua/nested_calls.c -o "$out/lua/nested_calls.o"
ar rcs "$lua" "$out"/lua/*.o
mkdir -p "$out/seeds-regex" "$out/seeds-lpeg"
lua5.4 - "$out/seeds-regex/" <<'END'
for i, seed in ipairs {
  { 0, 5, "(a+)+$", ("a"):rep(40) .. "b" },
  { 0x80000, 0, "(?<n>\\w)|\\R(?=x)", "a\r\nxé" },
  { 0, 4, "(?:a|b)*+c{2,65535}", "ababcc" },
  { 0x80000, 3, "[\\p{L}-]++(?1)?(x)\\1", "ä-éxx" },
  { 0x20008, 2, "(?|(a)|(b))(?(1)c|d)(*SKIP)(*F)|(?R)?z", "acz" },
  { 0, 1, "(?<=a{100}|bc)\\K(*sr:.*)", ("a"):rep(120) },
} do
  local options, which, pattern, subject = table.unpack(seed)
  local file <close> = assert(io.open(arg[1] .. i, "wb"))
  file:write(string.pack("<I4BB", options, which, #pattern), pattern, subject)
end
END
printf 'list <- {| item (", " item)* |} item <- {%%w+} -> f / "[" list "]"\0a, [b, c]' >"$out/seeds-lpeg/list"
printf '{:a: [a-z\303]+ :} =a {~ . -> "%%0%%0" ~}* !. / { (&. .) => f }^-3 %%s\0abab' >"$out/seeds-lpeg/captures"
# shellcheck disable=SC2046,SC2086 # words
fuzz regex "$out/seeds-regex" -DHAVE_CONFIG_H -DPCRE2_CODE_UNIT_WIDTH=8 -DREX_NOEMBEDDEDTEST '-DVERSION="2.9.2"' -Iruntime/parts/pcre2 \
  -Ibuild/src/pcre2/src $stock $(ls build/src/lrexlib/src/common.c build/src/lrexlib/src/pcre2/*.c runtime/parts/pcre2/regex.c) \
  $(for f in auto_possess chartables compile config context dfa_match error extuni find_bracket jit_compile maketables match match_data \
    newline ord2utf pattern_info script_run string_utils study substring tables ucd valid_utf xclass; do
    echo build/src/pcre2/src/pcre2_$f.c; done)
# shellcheck disable=SC2086 # words
fuzz lpeg "$out/seeds-lpeg" $stock build/src/lpeg/lptree.c build/src/lpeg/lpcode.c build/src/lpeg/lpvm.c build/src/lpeg/lpcap.c \
  build/src/lpeg/lpcset.c runtime/parts/lpeg/nesting.c
mkdir -p "$out/seeds-zlib" "$out/seeds-digest"
printf 'hello hello hello' | gzip -n >"$out/seeds-zlib/gzip"
lua5.4 - "$out/seeds-digest/" <<'END'
for which = 0, 7 do
  local size = which == 6 and 32 or which == 7 and 48 or 256
  local file <close> = assert(io.open(arg[1] .. which, "wb"))
  local e = which < 6 and "\1\0\1" or ("\5"):rep(size)
  file:write(string.pack("<BI2I2", which, size, #e), ("\xc3"):rep(size), e, ("\7"):rep(which < 6 and size or 2 * size))
end
for which = 6, 7 do -- a private number, which RFC 7518 gives the size of
  local file <close> = assert(io.open(arg[1] .. "sign" .. which, "wb"))
  file:write(string.pack("<Bs2s2s2s2s2s2s2", 64 + which, ("\5"):rep(which == 6 and 32 or 48), "", "", "", "", "", ""))
end
END
# Private keys in DER and PEM; then the one of RSA as its numbers: those of PKCS#1 without version and d.
for key in 'RSA -pkeyopt rsa_keygen_bits:2048' 'EC -pkeyopt ec_paramgen_curve:P-256' 'EC -pkeyopt ec_paramgen_curve:P-384'; do
  # shellcheck disable=SC2086 # words
  openssl genpkey -algorithm $key -out "$out/key.pem" 2>/dev/null
  name=$(echo "$key" | tr -cd A-Z0-9)
  { printf '\200'; openssl pkey -in "$out/key.pem" -outform DER; } >"$out/seeds-digest/pkcs8-$name"
  { printf '\200'; openssl pkey -in "$out/key.pem" -traditional | sed /-----/d | base64 -d; } >"$out/seeds-digest/old-$name"
  { printf '\300'; cat "$out/key.pem"; } >"$out/seeds-digest/pem-$name"
done
printf '\300{jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI' >"$out/seeds-digest/jwk"
lua5.4 - "$out/seeds-digest/" <<'END'
local file <close> = assert(io.open(arg[1] .. "old-RSA2048", "rb"))
local der, numbers = file:read "a":sub(6), {}
while der ~= "" do
  local size, at = der:byte(2), 3
  if size > 0x80 then size, at = string.unpack(size == 0x81 and ">B" or ">I2", der, 3) end
  numbers[#numbers + 1], der = der:sub(at, at + size - 1), der:sub(at + size)
end
for which = 0, 5 do
  local to <close> = assert(io.open(arg[1] .. "sign" .. which, "wb"))
  to:write(string.pack("<Bs2s2s2s2s2s2s2", 64 + which, numbers[2], numbers[3], numbers[5], numbers[6], numbers[7], numbers[8], numbers[9]))
end
END
# shellcheck disable=SC2046,SC2086 # words
fuzz zlib "$out/seeds-zlib" $stock -DZLIB_CONST -Ibuild/src/zlib runtime/parts/zlib/compress.c \
  $(for f in adler32 crc32 deflate inffast inflate inftrees trees zutil; do echo build/src/zlib/$f.c; done)
# BearSSL's tables have functions under other types of pointers: the same on every machine, but UBSan minds.
# shellcheck disable=SC2046,SC2086 # words
fuzz digest "$out/seeds-digest" $stock -fno-sanitize=function -DBR_LE_UNALIGNED=0 -Ibuild/src/bearssl/inc -Ibuild/src/bearssl/src runtime/parts/digest/*.c \
  $(find build/src/bearssl/src/codec build/src/bearssl/src/hash build/src/bearssl/src/int build/src/bearssl/src/kdf build/src/bearssl/src/mac \
    -name '*.c' ! -name '*pclmul*' ! -name '*pwr8*' ! -name 'pem*') build/src/bearssl/src/ec/ec_prime_i31.c build/src/bearssl/src/ec/ec_p256_m31.c build/src/bearssl/src/ec/ec_secp*.c \
  build/src/bearssl/src/ec/ecdsa_i31_bits.c build/src/bearssl/src/ec/ecdsa_i31_vrfy_raw.c build/src/bearssl/src/ec/ecdsa_i31_sign_raw.c \
  build/src/bearssl/src/rand/hmac_drbg.c build/src/bearssl/src/rsa/rsa_i31_priv.c
lua=
mkdir -p "$out/seeds-dap"
# DAP: a session with one request of each kind, and frames that are none.
lua5.4 - "$out/seeds-dap/" <<'END'
local function frame(command, arguments)
  local json = ('{"seq":1,"type":"request","command":"%s","arguments":%s}'):format(command, arguments or "{}")
  return ("Content-Length: %d\r\n\r\n%s"):format(#json, json)
end
local session = frame("initialize", '{"adapterID":"x","pathFormat":"uri"}') .. frame("launch", '{"headers":{"a":["b"]},"url":"http://x/"}')
for _, command in ipairs { "threads", "evaluate", "cancel", "disconnect" } do session = session .. frame(command) end
for i, seed in ipairs { "@" .. session, "@Content-Length: 99\r\nContent-Type: x\r\n\r\n{}", "\1Content-Length: 2\r\n\r\n{}" .. session } do
  local file <close> = assert(io.open(arg[1] .. i, "wb"))
  file:write(seed)
end
END
fuzz dap "$out/seeds-dap" edge/debug/dap*.c edge/base/json_fast.c edge/base/text.c
fuzz page "$out/seeds-page" edge/dev/page.c edge/project/kv.c
echo 'nothing found'
