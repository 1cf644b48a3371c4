# runtime_blob.S - flare.wasm inside the executable; RUNTIME_WASM is its path (mk/native.mk). RUNTIME_BYTECODE_WASM is that of
# the one for flares that take bytecode; without it, which only soak and size are, it is the same one.
#ifndef RUNTIME_BYTECODE_WASM
#define RUNTIME_BYTECODE_WASM RUNTIME_WASM
#endif
	.section .rodata
	.globl runtime_blob
	.globl runtime_blob_bytecode
	.globl runtime_blob_end
	.hidden runtime_blob
	.hidden runtime_blob_bytecode
	.hidden runtime_blob_end
	.p2align 4
runtime_blob:
	.incbin RUNTIME_WASM
runtime_blob_bytecode:
	.incbin RUNTIME_BYTECODE_WASM
runtime_blob_end:
	.section .note.GNU-stack,"",@progbits
