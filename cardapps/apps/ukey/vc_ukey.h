/*
 * The U-key application: docs/card-profile.md as a program.
 *
 * One struct holds what power-off forgets; everything else is in non-volatile
 * memory. Each command is one function, grouped in files as in the profile:
 * pin (section 3), key, import, envelope, alg and sign (4), proof (5 and 6),
 * data (7).
 */
#ifndef VC_UKEY_H
#define VC_UKEY_H

#include "vc_app.h"
#include "vc_files.h"
#include "vc_keys.h"

enum {
	VC_UKEY_LABEL_MAX = 32,
	VC_UKEY_SERIAL = 8,
	VC_UKEY_MARK = 8,
	/* references */
	VC_UKEY_PIN = 0x81,
	VC_UKEY_CONSENT = 0x82,
	VC_UKEY_PUK = 0x83,
	VC_UKEY_KEY_AUTH = 0x01,
	VC_UKEY_KEY_SIGN = 0x02,
	VC_UKEY_KEY_LAST = 0x0f,
	VC_UKEY_KEY_BANK = 0x10,
	/* usage byte */
	VC_UKEY_SIGNS = 0x01,
	VC_UKEY_DECIPHERS = 0x02,
	VC_UKEY_DERIVES = 0x04,
	VC_UKEY_RAW = 0x08,
	/* flags */
	VC_UKEY_WANTS_PROOF = 0x01,
	VC_UKEY_NOT_ALONE = 0x02 /* never written: worked out */
};

/* Settings: VC_NV_DATA objects. */
enum vc_ukey_setting {
	VC_UKEY_SET_LIFECYCLE = 1, /* 01 creation, 05 operational */
	VC_UKEY_SET_SERIAL = 2,
	VC_UKEY_SET_VERSION = 3, /* content version, 4 bytes */
	VC_UKEY_SET_FLAGS = 4,
	VC_UKEY_SET_LABEL = 5,
	VC_UKEY_SET_BANK = 6, /* the bank's point */
	VC_UKEY_SET_MARK = 7  /* of the content; none before a first change */
};

struct vc_ukey_env { /* MSE SET; ref 0: none */
	uint8_t alg, ref;
};

struct vc_ukey {
	struct vc_app app;
	struct vc_files files;
	bool login, consent, puk;                /* statuses of 81, 82, 83 */
	struct vc_ukey_env auth, sign, decipher; /* A4, B6, B8 */
	uint8_t challenge[32];
	size_t challenge_len; /* 0: none asked for */
	uint8_t proved[64];   /* H of the bank's proof */
	size_t proved_len;    /* 0: none */
};

extern const struct vc_app_ops vc_ukey_ops;

static inline struct vc_ukey *vc_ukey_of(struct vc_app *app)
{
	return (struct vc_ukey *)app;
}

/* --- vc_ukey_data.c --------------------------------------------------------
 */

uk_bytes vc_ukey_get(const struct vc_ukey *u, enum vc_ukey_setting which);
UK_RESULT vc_ukey_put(
    struct vc_ukey *u, enum vc_ukey_setting which, uk_bytes value);
bool vc_ukey_in_creation(const struct vc_ukey *u);
/* Pending: the content version grows by one, and gets another mark. */
UK_RESULT vc_ukey_bump(struct vc_ukey *u);
/* Bumps and commits. */
uint16_t vc_ukey_commit(struct vc_ukey *u);
/* The content of A5, profile section 1.1. */
void vc_ukey_put_status(struct vc_ukey *u, uk_buf *out);
vc_command_fn vc_ukey_get_data, vc_ukey_put_data, vc_ukey_activate;

/* --- vc_ukey_pin.c ---------------------------------------------------------
 */

vc_command_fn vc_ukey_verify, vc_ukey_change, vc_ukey_reset_counter;

/* --- vc_ukey_key.c ---------------------------------------------------------
 */

/* A key to be. */
struct vc_ukey_new_key {
	uint8_t kind, ref, usage;
};

/* The stored key; false if there is none. */
bool vc_ukey_key(const struct vc_ukey *u, uint8_t ref, uk_bytes *key);
/* May it be made, here and now? 9000, or 6A88, 6A81, 6A80, 6982. */
uint16_t vc_ukey_may_make(
    const struct vc_ukey *u, const struct vc_ukey_new_key *new);
/* Pending. */
UK_RESULT vc_ukey_put_key(
    struct vc_ukey *u, const struct vc_ukey_new_key *new, uk_bytes key);
vc_command_fn vc_ukey_generate;

/* --- vc_ukey_import.c ------------------------------------------------------
 */

/* Content of 7F48 in PUT DATA: imports or deletes a key; pending. */
uint16_t vc_ukey_put_private(struct vc_ukey *u, uk_bytes v);

/* --- vc_ukey_envelope.c ----------------------------------------------------
 */

struct vc_ukey_envelope {
	uint8_t opener;   /* reference of the key that opens it */
	uk_bytes point;   /* 04||x||y: the public half of what is inside */
	uk_bytes wrapped; /* an SM4 key, as C1 || C3 || C2 */
	uk_bytes scalar;  /* enciphered by SM4 in ECB mode */
};

/* Pending. 6A80: not an envelope for this card, or not what it says. */
uint16_t vc_ukey_put_envelope(struct vc_ukey *u,
    const struct vc_ukey_new_key *new, const struct vc_ukey_envelope *e);

/* --- vc_ukey_alg.c ---------------------------------------------------------
 */

/* Of a key; 01 if none was said (and on cards older than the byte). */
uint8_t vc_ukey_usage(const struct vc_ukey *u, uint8_t ref);
/* Pending. */
UK_RESULT vc_ukey_put_usage(struct vc_ukey *u, uint8_t ref, uint8_t usage);
void vc_ukey_drop_usage(struct vc_ukey *u, uint8_t ref);
/* May a key of this type at this place have this usage? */
bool vc_ukey_usage_fits(uint8_t ref, enum uk_key_type type, uint8_t usage);
/* Fills in all but the input. 6A88: no such key; 6A80: the algorithm does not
 * fit the key, its usage, or the purpose (usage bits). */
uint16_t vc_ukey_task(const struct vc_ukey *u, const struct vc_ukey_env *env,
    uint8_t purpose, struct vc_task *task);
/* The input, once the rest is there. Where the card is to hash it (SM2, Z), the
 * task's input is e, kept where the caller says. 6A80: it does not fit. */
uint16_t vc_ukey_give(struct vc_ukey *u, uint8_t alg, uk_bytes input,
    uint8_t e[VC_SM3_SIZE], struct vc_task *task);
uint16_t vc_ukey_run(
    struct vc_ukey *u, const struct vc_task *task, uk_buf *out);

/* --- vc_ukey_sign.c --------------------------------------------------------
 */

vc_command_fn vc_ukey_mse, vc_ukey_pso, vc_ukey_internal_auth;

/* --- vc_ukey_proof.c -------------------------------------------------------
 */

void vc_ukey_forget_challenge(struct vc_ukey *u);
void vc_ukey_forget_proof(struct vc_ukey *u);
vc_command_fn vc_ukey_get_challenge, vc_ukey_external_auth;

#endif
