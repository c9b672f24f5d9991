/*
 * What a personaliser gives a payment application: the data of one account, in
 * one piece.
 *
 * Whatever is 0, NULL or empty gets what is said beside it.
 */
#ifndef VC_EMV_PERSO_H
#define VC_EMV_PERSO_H

#include "secret.h"
#include "vc_card.h"

/* How the card makes its cryptograms (as stored). */
enum vc_emv_scheme {
	VC_EMV_CSK = 1,       /* EMV 4.3 common session keys, triple DES */
	VC_EMV_PBOC_3DES = 2, /* PBOC 2.0 debit */
	VC_EMV_PBOC_SM4 = 3   /* PBOC 3.0 debit with SM4 */
};

enum { VC_EMV_KEY_SIZE = 16, VC_EMV_RECORDS_MAX = 16, VC_EMV_LOG_MAX = 30 };

/* One more record for terminals to read. */
struct vc_emv_record {
	uint8_t sfi, number; /* SFI 3 to 10, numbers from 1 on */
	uk_bytes content;    /* of the template 70 */
};

struct vc_emv_perso {
	enum vc_emv_scheme scheme;
	const char *pan;                /* 12 to 19 digits */
	uint8_t sequence;               /* of the PAN: 0 to 99 */
	const char *effective, *expiry; /* YYMMDD */
	const char *holder;             /* 2 to 26 characters; none */
	const char *label;              /* 1 to 16; "PBOC DEBIT" */
	unsigned country, currency;     /* numeric codes; 156 (China, CNY) */
	uint8_t priority;               /* among the card's accounts: 1 first */
	uint8_t issuer_key[VC_EMV_KEY_SIZE]; /* the card's own is derived */
	uint8_t key_index;                   /* which of the issuer's keys */
	uint16_t aip;      /* application interchange profile; worked out */
	uk_bytes pdol;     /* what the terminal is to tell at the beginning */
	const uk_pin *pin; /* 4 to 12 digits; none, and no PIN is asked for */
	uk_bytes cvm;      /* list of how a holder is checked; worked out */
	uint8_t pin_tries; /* 3 */
	uint8_t pin_spent; /* so many of them are gone already */
	/* Transactions in a row that the bank need not see; the next one must
	 * go to it. */
	uint8_t offline_most;
	uint8_t log_entries; /* of approved transactions; no log */
	uint16_t atc;        /* transactions made until now */
	uint16_t atc_last;   /* the last that there will be; FFFF */
	const struct vc_emv_record *records;
	size_t record_count;
};

/* The application with this name, whole; it must be one of the kind "emv". It
 * starts anew: counters, log and PIN of an earlier personalisation are gone.
 * Saved. UK_ERR_NOT_FOUND: no such application; UK_ERR_FORMAT: a value is not
 * as said above; else as vc_nv_commit. */
UK_RESULT vc_emv_personalise(
    struct vc_card *card, uk_bytes aid, const struct vc_emv_perso *perso);

#endif
