# unwind.S - the three symbols that tools/unwind looks for, and the state that is in no image.
#
# Lua throws by calling unwind_throw and catches by calling unwind_try (lua_config.h). They are here and
# not in C, so that no optimiser draws conclusions from their bodies: unwind_throw *returns*, and
# tools/unwind makes every caller return too, up to unwind_try. See docs/internals/runtime.md.
#
# The globals here and C's stack pointer are the only state outside of linear memory. life_ran is a global
# because restoring the image must not reset it. entry_reset sets the other two, since a trap leaves them
# with any value.

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

# void unwind_try(Pfunc f, lua_State *L, void *ud): calls f(L, ud) and catches what it throws. The functions
# that were unwound have not restored C's stack pointer, so this restores it: the caller may catch in a loop.
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

# int life_is_kept(void): 0 before life_set_kept was called in this instance, then 1, or 2 since life_set_moved.
	.globl	life_is_kept
	.type	life_is_kept,@function
life_is_kept:
	.functype	life_is_kept () -> (i32)
	global.get	life_ran
	end_function

# void life_set_kept(void): records that the copy of the image is complete, and strings in it are where it says.
	.globl	life_set_kept
	.type	life_set_kept,@function
life_set_kept:
	.functype	life_set_kept () -> ()
	i32.const	1
	global.set	life_ran
	end_function

# void life_set_moved(void): records that lists of strings in the image may have changed since life_set_kept.
	.globl	life_set_moved
	.type	life_set_moved,@function
life_set_moved:
	.functype	life_set_moved () -> ()
	global.get	life_ran
	i32.eqz
	br_if	0
	i32.const	2
	global.set	life_ran
	end_function

# void entry_reset(void): empties C's stack and stops unwinding. Only a function that has no frame on that stack
# and that the host calls may call it.
	.globl	entry_reset
	.type	entry_reset,@function
entry_reset:
	.functype	entry_reset () -> ()
	i32.const	__stack_high
	global.set	__stack_pointer
	i32.const	0
	global.set	unwinding
	end_function

# The first initialised data of the module: runtime.wasm is linked with this file first, so constants
# (.rodata) are below it and all data that can change is above. life.c restores from here on.
	.section	.data.life_data_start,"",@
	.globl	life_data_start
	.p2align	4
life_data_start:
	.int32	1
	.size	life_data_start, 4
