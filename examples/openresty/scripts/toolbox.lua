local ngx = require "flaron.openresty"
-- content: the small functions that scripts live of.
local text = "a b+c/d?e=f&g%~é'(x)*!$\0\n"

ngx.say(ngx.escape_uri(text))
ngx.say(ngx.escape_uri(text, 0))
ngx.say(ngx.unescape_uri("a%20b+c%2Fd%zz%4"))
ngx.say(ngx.encode_base64("hello"), " ", ngx.encode_base64("hello", true), " ", ngx.encode_base64(""))
ngx.say(ngx.decode_base64("aGVsbG8="), " ", ngx.decode_base64("aGVsbG8"), " ", ngx.decode_base64("!!"))
ngx.say(ngx.md5("hello"), " ", ngx.encode_base64(ngx.md5_bin("hello")))
ngx.say(ngx.encode_base64(ngx.sha1_bin("hello")))
ngx.say(ngx.crc32_short("hello"), " ", ngx.crc32_long("hello"))
ngx.say(ngx.quote_sql_str("it's \"so\" \\ \n"))
ngx.say(ngx.http_time(784111777), " | ", ngx.cookie_time(1547031453))
ngx.say(ngx.parse_http_time("Sun, 06 Nov 1994 08:49:37 GMT"), " ", ngx.parse_http_time("yesterday"))
ngx.say(#ngx.today(), " ", #ngx.localtime(), " ", #ngx.utctime(), " ", ngx.time() > 1600000000, " ", ngx.now() >= ngx.time())
ngx.say(ngx.OK, " ", ngx.ERROR, " ", ngx.HTTP_GET, " ", ngx.HTTP_POST, " ", ngx.ERR, " ", ngx.get_phase(), " ", ngx.is_subrequest)

local args, err = ngx.decode_args("a=1&b=%20x+y&c&a=2&=z&d=", 0)
ngx.say(#args.a, args.a[2], args.b, args.c, args.d, err)
ngx.say(pcall(ngx.say, {}), " ", (pcall(ngx.say, { x = 1 })))
ngx.say(ngx.eof())
ngx.say("after the end")
