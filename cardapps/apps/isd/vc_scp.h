/*
 * Secure channels of GlobalPlatform, the card's side: SCP02 (GlobalPlatform
 * 2.3.1, appendix E) with the options i = 15 and 55, and SCP03 (amendment D
 * 1.1.2) with i = 00, 10, 20, 30, 60 and 70, keys of 128, 192 and 256 bits,
 * MACs of 8 bytes.
 *
 * A session begins with INITIALIZE UPDATE (challenges, session keys), is open
 * when the host has proved itself by EXTERNAL AUTHENTICATE, and ends at the
 * first command whose protection is not what it must be. Whatever fails leaves
 * it closed, with its keys wiped.
 */
#ifndef VC_SCP_H
#define VC_SCP_H

#include "apdu.h"
#include "sw.h"
#include "vc_sym.h"

enum vc_scp_level { /* P1 of EXTERNAL AUTHENTICATE */
	VC_SCP_C_MAC = 0x01,
	VC_SCP_C_DEC = 0x02,
	VC_SCP_R_MAC = 0x10,
	VC_SCP_R_ENC = 0x20
};

enum {
	VC_SCP_02 = 0x02,
	VC_SCP_03 = 0x03,
	VC_SCP_CHALLENGE = 8,
	VC_SCP_CRYPTOGRAM = 8,
	VC_SCP_MAC = 8,
	VC_SCP_SEQUENCE = 3, /* SCP02 uses the last two bytes */
	VC_SCP_CLA = 0x04    /* says that a command is protected */
};

/* What a session is made from. */
struct vc_scp_start {
	uint8_t protocol, options; /* "i" */
	uk_bytes enc, mac, dek;    /* the static keys, of one length */
	uk_bytes aid;              /* of the security domain */
	uk_bytes host;             /* the host's challenge */
	uk_bytes sequence;
	uk_bytes card; /* the card's challenge: 6 bytes for SCP02, else 8 */
};

struct vc_scp_ops;

struct vc_scp {
	const struct vc_scp_ops *ops; /* NULL: closed */
	struct vc_crypto *crypto;
	bool open; /* the host has proved itself */
	uint8_t level, options;
	size_t key; /* length */
	uint8_t enc[VC_SYM_KEY_MAX], mac[VC_SYM_KEY_MAX], rmac[VC_SYM_KEY_MAX],
	    dek[VC_SYM_KEY_MAX];
	uint8_t chain[VC_SYM_BLOCK_MAX]; /* the MAC before this one */
	bool chained;                    /* there was one */
	uint32_t counter;                /* SCP03: enciphered commands */
	uint8_t host_cryptogram[VC_SCP_CRYPTOGRAM];
};

/* Do we have this protocol with this option and keys of this length? */
bool vc_scp_known(uint8_t protocol, uint8_t options, size_t key);
size_t vc_scp_challenge_size(uint8_t protocol);

/* start without card: a challenge for it, random or computed as the option
 * says. */
UK_RESULT vc_scp_challenge(
    struct vc_crypto *c, const struct vc_scp_start *start, uk_buf *out);
/* Begins; what was open before is closed. */
UK_RESULT vc_scp_begin(struct vc_scp *scp, struct vc_crypto *c,
    const struct vc_scp_start *start, uint8_t cryptogram[VC_SCP_CRYPTOGRAM]);
/* EXTERNAL AUTHENTICATE, class byte as sent: 9000 and open, or closed and why
 * not: 6985 nothing begun, 6A86 level, 6700, 6300 cryptogram, 6982 MAC. */
uint16_t vc_scp_authenticate(struct vc_scp *scp, const uk_cmd *cmd);
void vc_scp_close(struct vc_scp *scp);

/* The command without its protection; data may be a view into what plain
 * writes. 9000; or 6982, and the session is closed. Without an open session
 * only unprotected commands pass. */
uint16_t vc_scp_unwrap(
    struct vc_scp *scp, const uk_cmd *cmd, uk_buf *plain, uk_cmd *out);
/* Protects the answer in out, as the level asks. The status word, which it
 * changes only when it fails. */
uint16_t vc_scp_wrap(struct vc_scp *scp, uint16_t sw, uk_buf *out);

/* Key material that came under the data encryption key; out: as long as in. */
UK_RESULT vc_scp_decipher_key(
    const struct vc_scp *scp, uk_bytes in, uint8_t *out);

#endif
