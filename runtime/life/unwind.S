# unwind.S - the three names that tools/unwind looks for, and the state that no image holds.
#
# Lua throws by calling unwind_throw and catches by calling unwind_try (lua_config.h). They stand here,
# not in C, so that no optimiser sees their bodies and draws conclusions: unwind_throw *returns*, and it
# is tools/unwind that makes every caller return too, up to unwind_try. See docs/internals/runtime.md.
#
# The globals here, and C's stack pointer, are all there is outside of linear memory. life_ran is one because
# restoring the image must not set it back; the other two are set by entry_reset, since what a trap ends leaves
# them as they were.

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

# int life_is_kept(void): 1 once life_set_kept was called in this instance, 0 before.
	.globl	life_is_kept
	.type	life_is_kept,@function
life_is_kept:
	.functype	life_is_kept () -> (i32)
	global.get	life_ran
	end_function

# void life_set_kept(void): says that the copy of the image is whole.
	.globl	life_set_kept
	.type	life_set_kept,@function
life_set_kept:
	.functype	life_set_kept () -> ()
	i32.const	1
	global.set	life_ran
	end_function

# void entry_reset(void): C's stack is empty, and nothing unwinds. For a function that has no frame on that stack,
# which nothing of the flare called.
	.globl	entry_reset
	.type	entry_reset,@function
entry_reset:
	.functype	entry_reset () -> ()
	i32.const	__stack_high
	global.set	__stack_pointer
	i32.const	0
	global.set	unwinding
	end_function

# The first initialised data of the module: runtime.wasm is linked with this file in front, so constants
# (.rodata) lie below it and all that can change lies above. life.c restores from here on.
	.section	.data.life_data_start,"",@
	.globl	life_data_start
	.p2align	4
life_data_start:
	.int32	1
	.size	life_data_start, 4
