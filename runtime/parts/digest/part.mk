# part.mk - digest: BearSSL 0.6 as Debian's pool has it, of which only the files here are compiled (README.md).

BEARSSL := $(B)/src/bearssl
BEARSSL_POOL := pool/main/b/bearssl/bearssl_0.6+dfsg.1.orig.tar.xz
BEARSSL_TARBALL ?= $(B)/src/$(notdir $(BEARSSL_POOL))
BEARSSL_SHA256 := 102a625bd8f6155260867a50c508df8d8c3f796985dd744df1a68e5cd1a79004

$(B)/bearssl.stamp: $(call flags,bearssl,$(BEARSSL_TARBALL) $(BEARSSL_SHA256)) | $(TOOLS)
	$(Q)tools/setup.sh source $(BEARSSL_TARBALL) $(BEARSSL_SHA256) $(BEARSSL_POOL) $(BEARSSL)
	@touch $@

BEARSSL_FILES := \
  $(addprefix codec/,ccopy dec32be dec32le dec64be enc32be enc32le enc64be) \
  $(addprefix hash/,md5 sha1 sha2big sha2small) kdf/hkdf mac/hmac \
  $(addprefix int/,i31_add i31_bitlen i31_decmod i31_decode i31_decred i31_encode i31_fmont i31_iszero i31_modpow i31_modpow2 \
    i31_montmul i31_mulacc i31_muladd i31_ninv31 i31_reduce i31_rshift i31_sub i31_tmont i32_div32) \
  $(addprefix ec/,ec_p256_m31 ec_prime_i31 ec_secp256r1 ec_secp384r1 ec_secp521r1 ecdsa_i31_bits ecdsa_i31_sign_raw \
    ecdsa_i31_vrfy_raw) rand/hmac_drbg rsa/rsa_i31_priv

# What BearSSL cannot find out by itself of Wasm: 64-bit multiplication of one instruction, loads that need no alignment.
BEARSSL_DEFINES := -DBR_64=1 -DBR_LE_UNALIGNED=1 -DBR_LOMUL=0 -DBR_SLOW_MUL=0 -DBR_CT_MUL31=0 -DBR_INT128=0 -DBR_USE_URANDOM=0 \
  -DBR_USE_UNIX_TIME=0 -DBR_RDRAND=0
BEARSSL_FLAGS := $(WASM_FLAGS) -O2 -fno-strict-aliasing -w $(BEARSSL_DEFINES) -I$(BEARSSL)/inc -I$(BEARSSL)/src
BEARSSL_STAMP := $(call flags,wasm-bearssl,$(WASM_CC) $(BEARSSL_FLAGS))

$(W)/bearssl/%.o: $(B)/bearssl.stamp $(BEARSSL_STAMP)
	@mkdir -p $(@D)
	$(Q)$(WASM_CC) $(BEARSSL_FLAGS) -c $(BEARSSL)/src/$*.c -o $@

PART_OBJECTS += $(patsubst %,$(W)/bearssl/%.o,$(BEARSSL_FILES))
$(patsubst %.c,$(W)/%.o,$(wildcard runtime/parts/digest/*.c)): $(B)/bearssl.stamp
$(call flags_of,runtime,$(patsubst runtime/%.c,%,$(wildcard runtime/parts/digest/*.c)),$(BEARSSL_DEFINES) -isystem $(BEARSSL)/inc -isystem $(BEARSSL)/src)
$(call flags_of,runtime,parts/digest/curves,-O2)

PART_STAMPS += $(B)/bearssl.stamp
PART_NOTICES += BearSSL:0.6:MIT:$(BEARSSL)/LICENSE.txt
