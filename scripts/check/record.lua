-- record.lua - how the scripts of `flaron-lua check` tell what they found; cli/check/check_code.c puts it in front of
-- each of them, and reads what it makes.
-- luacheck: globals record

--- A finding as bytes: a line with its kind, the number of the file, line, column and the size of the text; the text.
function record(kind, file, line, column, text)
  local head = ("%s %d %d %d %d\n"):format(kind, file, line, column, #text)
  return head .. text .. "\n" -- format of Lua 5.1 ends a text at its first NUL
end
