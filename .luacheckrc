-- .luacheckrc - luacheck's configuration for `make lint`.
std = "lua54"
max_line_length = 140
exclude_files = { "build" }
files["**/*_spec.lua"].std = "lua54+busted"
files["ci/budget.lua"].std = "lua54+busted"
files["tests/support/support.lua"].std = "lua54+busted"
files["scripts/types"].ignore = { "212", "241", "221", "211" } -- declarations: nothing is used
files["scripts/modules/flaron"].self = false -- methods that need no state
files["scripts/modules/flaron"].max_comment_line_length = false -- annotations
