/*
 * setjmp.h - nothing. ldo.c includes it, but with LUAI_THROW defined (lua_config.h) it uses nothing of it,
 * and wasi-libc has none or one that wants exception handling.
 */
