# runtime_blob.S - runtime.wasm inside the executable; RUNTIME_WASM is its path (Makefile).
	.section .rodata
	.globl runtime_blob
	.globl runtime_blob_end
	.hidden runtime_blob
	.hidden runtime_blob_end
	.p2align 4
runtime_blob:
	.incbin RUNTIME_WASM
runtime_blob_end:
	.section .note.GNU-stack,"",@progbits
