/*
 * A payment application: debit as PBOC 2.0/3.0 and EMV 4.3 have it, without
 * public keys.
 *
 * A transaction is a sequence: SELECT, GET PROCESSING OPTIONS (which counts
 * it), READ RECORD, VERIFY, GENERATE AC, and if the card wants the bank's
 * answer, EXTERNAL AUTHENTICATE and GENERATE AC again. What comes in another
 * order is 6985. Schemes (scheme), data object lists (dol), the transaction
 * (tx) and what the card thinks of it (risk), records and log (read), the PIN
 * (pin), personalisation (perso). vc_pse.h is the directory.
 */
#ifndef VC_EMV_H
#define VC_EMV_H

#include "vc_app.h"
#include "vc_emv_perso.h"

enum {
	VC_EMV_PIN = 0x80,
	VC_EMV_KEY = 1, /* VC_NV_KEY: the card's key */
	VC_EMV_AC = 8,  /* size of a cryptogram */
	VC_EMV_CVR = 4,
	VC_EMV_LOG_SFI = 11,
	VC_EMV_LOG_ENTRY = 45
};

/* The type of a cryptogram, as in P1 and in the answer. */
enum vc_emv_type {
	VC_EMV_AAC = 0x00,  /* declined */
	VC_EMV_TC = 0x40,   /* approved */
	VC_EMV_ARQC = 0x80, /* the bank is to say */
	VC_EMV_TYPES = 0xc0
};

enum vc_emv_setting { /* VC_NV_DATA objects */
	VC_EMV_SET_PROFILE = 1,
	VC_EMV_SET_COUNTERS = 2,
	VC_EMV_SET_FCI = 3, /* in A5, before BF0C */
	VC_EMV_SET_PDOL = 4,
	VC_EMV_SET_AFL = 5,
	VC_EMV_SET_CDOL1 = 6,
	VC_EMV_SET_CDOL2 = 7,
	VC_EMV_SET_LOG = 8,  /* entries, the newest first */
	VC_EMV_SET_ENTRY = 9 /* for the directory: priority, then its 61 */
};

/* What does not change. */
struct vc_emv_profile {
	enum vc_emv_scheme scheme;
	uint8_t key_index, offline_most, log_entries;
	uint16_t aip, atc_last;
};

/* What does. */
struct vc_emv_counters {
	uint16_t atc, last_online;
	bool unfinished; /* the bank was asked, and nobody told what it said */
	bool denied;     /* its last answer was not genuine */
};

enum vc_emv_phase {
	VC_EMV_SELECTED,
	VC_EMV_BEGUN, /* GET PROCESSING OPTIONS */
	VC_EMV_ASKED, /* ARQC given */
	VC_EMV_ENDED
};

struct vc_emv {
	struct vc_app app;
	enum vc_emv_phase phase;
	bool pin_good, pin_failed;       /* in this transaction */
	bool bank_good, bank_failed;     /* EXTERNAL AUTHENTICATE */
	bool was_unfinished, was_denied; /* when it began */
	uint8_t ac[VC_EMV_AC];           /* the ARQC */
};

extern const struct vc_app_ops vc_emv_ops;

static inline struct vc_emv *vc_emv_of(struct vc_app *app)
{
	return (struct vc_emv *)app;
}

/* --- vc_emv.c --------------------------------------------------------------
 */

uk_bytes vc_emv_get(const struct vc_emv *e, enum vc_emv_setting which);
UK_RESULT vc_emv_put(/* pending */
    struct vc_emv *e, enum vc_emv_setting which, uk_bytes value);
/* false: not personalised. */
bool vc_emv_profile(const struct vc_emv *e, struct vc_emv_profile *out);
struct vc_emv_counters vc_emv_counters(const struct vc_emv *e);
UK_RESULT vc_emv_put_counters(/* pending */
    struct vc_emv *e, const struct vc_emv_counters *c);

/* --- vc_emv_scheme.c -------------------------------------------------------
 */

/* The card's key from the issuer's (EMV 4.3 Book 2, A1.4: option A, and B for
 * PANs of more than 16 digits). pan: digits as text. */
UK_RESULT vc_emv_card_key(struct vc_crypto *c, enum vc_emv_scheme scheme,
    uk_bytes issuer_key, uk_bytes pan, uint8_t sequence,
    uint8_t key[VC_EMV_KEY_SIZE]);
UK_RESULT vc_emv_session_key(struct vc_crypto *c, enum vc_emv_scheme scheme,
    uk_bytes card_key, uint16_t atc, uint8_t key[VC_EMV_KEY_SIZE]);
UK_RESULT vc_emv_mac(struct vc_crypto *c, enum vc_emv_scheme scheme,
    uk_bytes session_key, uk_bytes data, uint8_t ac[VC_EMV_AC]);
/* The bank's answer, method 1; arc: its authorisation response code. */
UK_RESULT vc_emv_arpc(struct vc_crypto *c, enum vc_emv_scheme scheme,
    uk_bytes key, uk_bytes ac, uk_bytes arc, uint8_t arpc[VC_EMV_AC]);
/* Issuer application data, 9F10. */
void vc_emv_put_iad(uk_buf *out, const struct vc_emv_profile *p, uk_bytes cvr);

/* --- vc_emv_dol.c ----------------------------------------------------------
 */

/* How long the data for this list is; false if it is no list. */
bool vc_emv_dol_size(uk_bytes dol, size_t *n);
/* One element in data for this list; none if it is not in the list. */
uk_bytes vc_emv_dol_get(uk_bytes dol, uk_bytes data, uint32_t tag);
/* The same with exactly n bytes: zeros if it is not there or not so long. */
void vc_emv_dol_put(
    uk_buf *out, uk_bytes dol, uk_bytes data, uint32_t tag, size_t n);

/* --- vc_emv_risk.c ---------------------------------------------------------
 */

struct vc_emv_request {
	enum vc_emv_type asked; /* by the terminal */
	bool second;
	uk_bytes dol, data;
};

/* What the card gives. */
enum vc_emv_type vc_emv_decide(
    const struct vc_emv *e, const struct vc_emv_request *q);
/* Card verification results for that: 03 and three bytes of bits. */
void vc_emv_cvr(const struct vc_emv *e, const struct vc_emv_request *q,
    enum vc_emv_type given, uint8_t cvr[VC_EMV_CVR]);

/* --- vc_emv_tx.c, vc_emv_read.c, vc_emv_pin.c ------------------------------
 */

vc_command_fn vc_emv_begin, vc_emv_generate, vc_emv_external;
vc_command_fn vc_emv_read, vc_emv_get_data;
/* Pending: one more entry in the log, if there is one. */
UK_RESULT vc_emv_log(
    struct vc_emv *e, const struct vc_emv_request *q, uint16_t atc);
extern const uk_bytes vc_emv_log_format; /* 9F4F */
vc_command_fn vc_emv_verify;

#endif
