-- .luacheckrc - luacheck's configuration for `make lint`.
std = "lua54"
max_line_length = 140
exclude_files = { "build" }
files["**/*_spec.lua"].std = "lua54+busted"
files["tests/support.lua"].std = "lua54+busted"
files["scripts/library"].ignore = { "212", "241", "221", "211" } -- declarations: nothing is used
files["scripts/flaron"].self = false -- methods that need no state
files["scripts/flaron"].max_comment_line_length = false -- annotations
