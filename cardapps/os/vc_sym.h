/*
 * Block ciphers and the MACs made of them: triple DES (NIST SP 800-67), AES
 * (FIPS 197) and SM4 (GB/T 32907), CBC (SP 800-38A), CMAC (SP 800-38B), and the
 * retail MAC (ISO/IEC 9797-1, algorithm 3).
 *
 * Single DES, which the retail MAC and some protocols want, is triple DES with
 * three equal keys.
 */
#ifndef VC_SYM_H
#define VC_SYM_H

#include "vc_crypto.h"

enum vc_sym_alg { VC_SYM_DES, VC_SYM_AES, VC_SYM_SM4 };
enum { VC_SYM_KEY_MAX = 32, VC_SYM_BLOCK_MAX = 16, VC_DES_BLOCK = 8 };

struct vc_sym {
	enum vc_sym_alg alg;
	uk_bytes key; /* DES: 8, 16 or 24 bytes; AES: 16, 24 or 32; SM4: 16 */
};

size_t vc_sym_block(enum vc_sym_alg alg);

enum vc_sym_way { VC_SYM_DECIPHER, VC_SYM_ENCIPHER };

/* CBC over whole blocks, no padding. iv: one block, or none for zeros; out: as
 * long as in, and may be the same place. UK_ERR_ARGUMENT: a length that does
 * not fit. */
UK_RESULT vc_sym_cbc(struct vc_crypto *c, const struct vc_sym *key,
    enum vc_sym_way way, uk_bytes iv, uk_bytes in, uint8_t *out);
/* Block by block. */
UK_RESULT vc_sym_ecb(struct vc_crypto *c, const struct vc_sym *key,
    enum vc_sym_way way, uk_bytes in, uint8_t *out);

/* Of the parts, one after the other; AES. */
UK_RESULT vc_cmac(struct vc_crypto *c, uk_bytes key, const uk_bytes *parts,
    size_t count, uint8_t mac[VC_SYM_BLOCK_MAX]);
/* Of the parts, padded by 80 00..; key: 16 bytes; iv: 8 bytes or none. */
UK_RESULT vc_retail_mac(struct vc_crypto *c, uk_bytes key, uk_bytes iv,
    const uk_bytes *parts, size_t count, uint8_t mac[VC_DES_BLOCK]);

/* First bytes of what a cipher makes of a constant: of zeros, AES of 01s
 * (GlobalPlatform 2.3.1, B.5 and B.6). */
enum { VC_KCV_SIZE = 3 };
UK_RESULT vc_sym_kcv(
    struct vc_crypto *c, const struct vc_sym *key, uint8_t kcv[VC_KCV_SIZE]);

#endif
