/*
 * What may be signed: the terminal reads the commands that pass, and lets the
 * transaction key of a card sign what a person has approved on its own screen,
 * once, and nothing else.
 *
 * Known are the U-key application (docs/card-profile.md: key 02, PSO: COMPUTE
 * DIGITAL SIGNATURE) and PIV (SP 800-73-4: key 9C, GENERAL AUTHENTICATE). The
 * hash that a command would have signed is computed here from the text that was
 * shown, never taken from the host.
 */
#ifndef TRM_GATE_H
#define TRM_GATE_H

#include "apdu.h"
#include "txtext.h"

enum trm_hash { TRM_SHA256, TRM_SHA384, TRM_SHA512, TRM_HASHES };
enum { TRM_HASH_MAX = 64 };
/* Appends the hash. */
typedef uk_err trm_hash_fn(
    void *arg, enum trm_hash which, uk_bytes message, uk_buf *out);

enum trm_verdict {
	TRM_PASS,   /* the card may have it */
	TRM_SIGNS,  /* so, and its answer is the signature over the text */
	TRM_REFUSED /* not approved */
};

/* Of one slot. By value; all zero after power on. */
struct trm_gate {
	bool approved; /* text may be signed, once */
	uint8_t text[UK_TX_MAX];
	size_t text_n;
	/* what the host has chosen on the card */
	uint8_t algorithm; /* of the U-key's key 02; 0: none */
	uint8_t field;     /* bytes of r and of s that the signature which was
			    * let through last has as DER; 0: it has none */
	/* a chain of commands that is being sent */
	uint8_t chain[UK_TX_MAX + 256];
	size_t chain_n;
	bool chain_bad;
};

/* A person has approved this text; what was approved before is not any more. */
UK_RESULT trm_gate_approve(struct trm_gate *g, uk_bytes text);
/* Nothing is approved: the card was reset or taken out, or the host has asked
 * for another text. */
void trm_gate_forget(struct trm_gate *g);

/* Looks at a command before the card gets it. strict: the transaction keys sign
 * nothing but what was approved; otherwise other signatures pass, and only lose
 * the approval. */
enum trm_verdict trm_gate_check(struct trm_gate *g, uk_bytes apdu, bool strict,
    trm_hash_fn *hash, void *arg);

/* The signature in the answer to the command that was let through (TRM_SIGNS),
 * as docs/protocol.md has it: r||s of curves. PIV answers 7C { 82 signature },
 * and SEQUENCE { r, s } for curves (SP 800-73-4 part 2, 3.2.4). UK_ERR_FORMAT,
 * UK_ERR_TOO_SMALL. */
UK_RESULT trm_gate_signature(
    const struct trm_gate *g, uk_bytes answer, uk_buf *out);

#endif
