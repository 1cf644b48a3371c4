# runtime_blob.S - the runtimes inside the executable: the macros are their paths (mk/native.mk).
	.section .rodata
	.globl runtime_blob_core
	.globl runtime_blob_full
	.globl runtime_blob_bytecode
	.globl runtime_blob_end
	.hidden runtime_blob_core
	.hidden runtime_blob_full
	.hidden runtime_blob_bytecode
	.hidden runtime_blob_end
	.p2align 4
runtime_blob_core:
	.incbin RUNTIME_CORE_WASM
runtime_blob_full:
	.incbin RUNTIME_WASM
runtime_blob_bytecode:
	.incbin RUNTIME_BYTECODE_WASM
runtime_blob_end:
	.section .note.GNU-stack,"",@progbits
