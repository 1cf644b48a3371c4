/*
 * collector.c - Lua's garbage collector, without its generational mode.
 *
 * The mode is for programs that run long: freezing the image leaves it (life.c), and few invocations collect
 * anything. So `collectgarbage "generational"` is taken, and answers as it should, but what runs then is the
 * incremental collector: 1.7 KB less.
 */
#define LUA_CORE
#include "lgc.h"
#include "lstate.h"

/* Where the collector asks for the mode, it is the incremental one, whatever it is called. */
#undef isdecGCmodegen
#define isdecGCmodegen(g) 0
#undef KGC_INC
#define KGC_INC (g->gckind)

static void change_mode(lua_State *L, int mode);
#define luaC_changemode change_mode

#include "lgc.c"

#undef luaC_changemode

void luaC_changemode(lua_State *L, int mode) { G(L)->gckind = (lu_byte)mode; }
