/*
 * The pairing conversation: once for a host and a terminal. The terminal shows
 * a code, a person types it at the host, and both come to the same secret
 * (cpace.h), by which secure.h knows them from then on. docs/terminal.md,
 * section 4.
 *
 *   host -> terminal   'P' version sid share name
 *   terminal -> host   1 share key name, or 0: it shows no code
 *   host -> terminal   2 tag
 *   terminal -> host   3 tag, or 0: the code was another one
 *
 * Each with its length in two bytes in front. A code is good for one
 * conversation, however it ends.
 */
#ifndef TRM_PAIRING_H
#define TRM_PAIRING_H

#include "cpace.h"
#include "secure.h"

enum {
	TRM_PAIRING_CODE = 8,   /* digits */
	TRM_PAIRING_POINT = 65, /* P-256, uncompressed: signs statements */
	TRM_PAIRING_NAME = TRM_CPACE_NAME_MAX - TRM_PAIRING_POINT,
	TRM_PAIRING_RECORD = 2 + 2 + 16 + 33 + 128 + 64 /* longest */
};

/* What a side knows of the other one afterwards. */
struct trm_paired {
	struct trm_secret secret;
	uint8_t point[TRM_PAIRING_POINT]; /* at the host: the terminal's */
	char name[TRM_PAIRING_NAME + 1];  /* as the other side called itself */
};

enum trm_pairing_state {
	TRM_PAIRING_GOES_ON,
	TRM_PAIRING_DONE,  /* paired is filled in */
	TRM_PAIRING_FAILED /* another code, or not this protocol */
};

/* Wiped whole by its owner at the end. */
struct trm_pairing {
	enum trm_pairing_state state;
	bool host;
	unsigned step;
	uint8_t code[TRM_PAIRING_CODE];
	char name[TRM_PAIRING_NAME + 1];  /* our own */
	uint8_t point[TRM_PAIRING_POINT]; /* the terminal's own */
	struct trm_cpace cpace;
	struct trm_paired paired;
};

/* The host begins: out is the first record. UK_ERR_ARGUMENT: the code is not
 * eight digits. */
UK_RESULT trm_pairing_host(
    struct trm_pairing *p, uk_bytes code, const char *name, uk_buf *out);
/* The terminal, with the code it shows and its public key. */
UK_RESULT trm_pairing_terminal(
    struct trm_pairing *p, uk_bytes code, const char *name, uk_bytes point);

/* One record without its length; the answer, if there is one, goes to out.
 * A failure is final and stands in p->state, too. */
UK_RESULT trm_pairing_feed(struct trm_pairing *p, uk_bytes record, uk_buf *out);

#endif
