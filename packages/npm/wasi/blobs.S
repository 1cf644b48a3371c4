# blobs.S - the runtimes inside the packer: edge/flare/runtime_blob.S in the words of Wasm's assembler.
	.section .rodata.runtime_blob,"",@
	.globl runtime_blob_core
	.globl runtime_blob_full
	.globl runtime_blob_bytecode
	.globl runtime_blob_end
	.p2align 4
runtime_blob_core:
	.incbin RUNTIME_CORE_WASM
	.size runtime_blob_core, runtime_blob_full - runtime_blob_core
runtime_blob_full:
	.incbin RUNTIME_WASM
	.size runtime_blob_full, runtime_blob_bytecode - runtime_blob_full
runtime_blob_bytecode:
	.incbin RUNTIME_BYTECODE_WASM
	.size runtime_blob_bytecode, runtime_blob_end - runtime_blob_bytecode
runtime_blob_end:
	.byte 0
	.size runtime_blob_end, 1
