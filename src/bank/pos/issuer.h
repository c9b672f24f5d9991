/*
 * What an issuer computes for its payment cards: their keys, the cryptogram
 * that a card must have made (ARQC, TC, AAC), and the answer by which the card
 * knows its issuer (ARPC).
 *
 * EMV 4.3 Book 2: A1.4 card keys, A1.3 session keys, 8.1 cryptograms, 8.2
 * answers. PBOC 2.0 part 5 (JR/T 0025.5) derives session keys differently,
 * PBOC 3.0 part 17 has SM4 in place of triple DES. All keys are 16 bytes;
 * whoever gets one wipes it.
 */
#ifndef BANK_ISSUER_H
#define BANK_ISSUER_H

#include "crypto.h"
#include "emv.h"

/* As stored. */
enum bank_scheme {
	BANK_SCHEME_CSK = 1,      /* EMV 4.3 common session keys */
	BANK_SCHEME_PBOC = 2,     /* PBOC 2.0, triple DES */
	BANK_SCHEME_PBOC_SM4 = 3, /* PBOC 3.0, SM4 */
	BANK_SCHEME_COUNT = 4
};

enum {
	BANK_CARD_KEY = 16,
	BANK_AC = 8,
	BANK_ARPC_2 = 4,
	BANK_SIGNED_MAX = 96 /* what a cryptogram is of */
};

/* "csk", "pboc", "pboc-sm4"; false for another name. */
bool bank_scheme_by_name(const char *name, enum bank_scheme *out);

/* From the issuer's key: option A, and B for PANs of more than 16 digits. pan:
 * digits as text, at most 19. */
UK_RESULT bank_card_key(uk_crypto *c, enum bank_scheme scheme,
    uk_bytes issuer_key, uk_bytes pan, uint8_t sequence,
    uint8_t key[BANK_CARD_KEY]);
UK_RESULT bank_session_key(uk_crypto *c, enum bank_scheme scheme,
    uk_bytes card_key, uint16_t atc, uint8_t key[BANK_CARD_KEY]);
UK_RESULT bank_cryptogram(uk_crypto *c, enum bank_scheme scheme,
    uk_bytes session_key, uk_bytes data, uint8_t ac[BANK_AC]);
/* Method 1 (8.2.1), with the authorisation response code, 2 bytes. */
UK_RESULT bank_arpc_1(uk_crypto *c, enum bank_scheme scheme,
    uk_bytes session_key, uk_bytes arqc, uk_bytes arc, uint8_t arpc[BANK_AC]);
/* Method 2 (8.2.2), with the card status update, 4 bytes, and proprietary data
 * of 0 to 8. */
UK_RESULT bank_arpc_2(uk_crypto *c, enum bank_scheme scheme,
    uk_bytes session_key, uk_bytes arqc, uk_bytes csu, uk_bytes proprietary,
    uint8_t arpc[BANK_ARPC_2]);

/* What the cryptogram in such data is of: table 26's objects, AIP, ATC, and the
 * card verification results inside 9F10. UK_ERR_FORMAT: something is missing or
 * not of its length. */
UK_RESULT bank_signed_data(const struct uk_emv_set *emv, uk_buf *out);

#endif
