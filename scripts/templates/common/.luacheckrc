-- .luacheckrc - for luacheck, and for `flaron-lua check`, which knows what a flare has and what it lacks.
std = "lua54"
exclude_files = { ".types" }
files["spec"].std = "lua54+busted"
