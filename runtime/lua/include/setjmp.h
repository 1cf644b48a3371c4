/*
 * setjmp.h - empty. ldo.c includes it but uses nothing of it, since LUAI_THROW is defined (lua_config.h);
 * wasi-libc has no setjmp.h, or one that requires exception handling.
 */
