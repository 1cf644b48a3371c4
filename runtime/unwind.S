# unwind.S - the three names that tools/unwind looks for, and the state that no image holds.
#
# Lua throws by calling unwind_throw and catches by calling unwind_try (lua_config.h). They stand here,
# not in C, so that no optimiser sees their bodies and draws conclusions: unwind_throw *returns*, and it
# is tools/unwind that makes every caller return too, up to unwind_try. See docs/internals.md.
#
# life_ran is a Wasm global because restoring the image must not set it back.

	.globaltype	__stack_pointer, i32
	.globaltype	unwinding, i32
	.globaltype	life_ran, i32

	.globl	unwinding
unwinding:

life_ran:

# void unwind_throw(void): starts to unwind.
	.globl	unwind_throw
	.type	unwind_throw,@function
unwind_throw:
	.functype	unwind_throw () -> ()
	i32.const	1
	global.set	unwinding
	end_function

# void unwind_try(Pfunc f, lua_State *L, void *ud): calls f(L, ud); whatever it throws ends here. What was thrown
# through has not set C's stack back, which is done here: the caller may catch in a loop.
	.globl	unwind_try
	.type	unwind_try,@function
unwind_try:
	.functype	unwind_try (i32, i32, i32) -> ()
	.local	i32
	global.get	__stack_pointer
	local.set	3
	local.get	1
	local.get	2
	local.get	0
	call_indirect	(i32, i32) -> ()
	local.get	3
	global.set	__stack_pointer
	i32.const	0
	global.set	unwinding
	end_function

# int life_first(void): 1 when this instance is asked for the first time, 0 ever after.
	.globl	life_first
	.type	life_first,@function
life_first:
	.functype	life_first () -> (i32)
	global.get	life_ran
	i32.eqz
	i32.const	1
	global.set	life_ran
	end_function

# The first initialised data of the module: runtime.wasm is linked with this file in front, so constants
# (.rodata) lie below it and all that can change lies above. life.c restores from here on.
	.section	.data.life_data_start,"",@
	.globl	life_data_start
	.p2align	4
life_data_start:
	.int32	1
	.size	life_data_start, 4
