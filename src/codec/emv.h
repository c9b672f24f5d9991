/*
 * Data of payment cards (EMV 4.3 Book 3): objects that a card's records and a
 * terminal hold, lists by which a card says what it wants to be told, where its
 * records are, accounts on it, track 2, and how the cardholder is to be
 * checked.
 *
 * Everything is bounded and copied: a uk_emv_set owns its bytes, may be copied
 * as a whole, and is wiped by whoever filled it, because it holds the account's
 * number. UK_ERR_FORMAT for anything that is not as the standard says.
 */
#ifndef UK_EMV_H
#define UK_EMV_H

#include "tlv.h"

enum {
	UK_EMV_OBJECTS = 96,
	UK_EMV_STORE = 4096,
	UK_EMV_DATA_MAX = 252,   /* what fits into one command */
	UK_EMV_RECORDS_MAX = 64, /* that a locator may name in all */
	UK_EMV_AID_MAX = 16,
	UK_EMV_LABEL_MAX = 16,
	UK_EMV_PAN_MAX = 19
};

/* Tags by their names in the standard, annex A. */
enum {
	UK_EMV_AID = 0x4f,
	UK_EMV_LABEL = 0x50,
	UK_EMV_TRACK2 = 0x57,
	UK_EMV_PAN = 0x5a,
	UK_EMV_ENTRY = 0x61,
	UK_EMV_FCI = 0x6f,
	UK_EMV_RECORD = 0x70,
	UK_EMV_FORMAT_2 = 0x77,
	UK_EMV_FORMAT_1 = 0x80,
	UK_EMV_AIP = 0x82,
	UK_EMV_DF_NAME = 0x84,
	UK_EMV_PRIORITY = 0x87,
	UK_EMV_SFI = 0x88,
	UK_EMV_RESPONSE_CODE = 0x8a,
	UK_EMV_CDOL1 = 0x8c,
	UK_EMV_CDOL2 = 0x8d,
	UK_EMV_CVM_LIST = 0x8e,
	UK_EMV_ISSUER_DATA = 0x91,
	UK_EMV_AFL = 0x94,
	UK_EMV_TVR = 0x95,
	UK_EMV_DATE = 0x9a,
	UK_EMV_TYPE = 0x9c,
	UK_EMV_FCI_PART = 0xa5,
	UK_EMV_NAME = 0x5f20,
	UK_EMV_EXPIRY = 0x5f24,
	UK_EMV_CURRENCY = 0x5f2a,
	UK_EMV_SEQUENCE = 0x5f34,
	UK_EMV_AMOUNT = 0x9f02,
	UK_EMV_OTHER = 0x9f03,
	UK_EMV_IAD = 0x9f10,
	UK_EMV_COUNTRY = 0x9f1a,
	UK_EMV_TIME = 0x9f21,
	UK_EMV_AC = 0x9f26,
	UK_EMV_CID = 0x9f27,
	UK_EMV_CAPABILITIES = 0x9f33,
	UK_EMV_CVM_RESULT = 0x9f34,
	UK_EMV_ATC = 0x9f36,
	UK_EMV_UN = 0x9f37,
	UK_EMV_PDOL = 0x9f38,
	UK_EMV_CARD_CURRENCY = 0x9f42,
	UK_EMV_MERCHANT = 0x9f4e,
	UK_EMV_FCI_ISSUER = 0xbf0c
};

/* Cryptogram information data, 9F27: the upper two bits. */
enum { UK_EMV_AAC = 0x00, UK_EMV_TC = 0x40, UK_EMV_ARQC = 0x80 };

/* --- objects ------------------------------------------------------------- */

struct uk_emv_set {
	struct {
		uint32_t tag;
		uint16_t at, n;
	} items[UK_EMV_OBJECTS];
	size_t count, used;
	uint8_t store[UK_EMV_STORE];
};

/* UK_ERR_EXISTS if it is there already: no object may come twice (Book 3,
 * 10.2). UK_ERR_TOO_SMALL if there is no room. */
UK_RESULT uk_emv_put(struct uk_emv_set *s, uint32_t tag, uk_bytes value);
bool uk_emv_get(const struct uk_emv_set *s, uint32_t tag, uk_bytes *value);
/* The same, of exactly n bytes. */
bool uk_emv_get_n(
    const struct uk_emv_set *s, uint32_t tag, size_t n, uk_bytes *value);
/* Primitive objects one after the other; constructed ones are left out. Bytes
 * 00 between objects mean nothing (annex B1). */
UK_RESULT uk_emv_collect(struct uk_emv_set *s, uk_bytes objects);
/* Those of these tags that the set has, in this order. */
void uk_emv_write(
    const struct uk_emv_set *s, const uint32_t *tags, size_t n, uk_buf *out);

/* An answer to GET PROCESSING OPTIONS or GENERATE AC in either format (6.5.8.4,
 * 6.5.5.4): AIP and AFL; or CID, ATC, AC and, if it is there, IAD. */
UK_RESULT uk_emv_read_options(struct uk_emv_set *s, uk_bytes answer);
UK_RESULT uk_emv_read_ac(struct uk_emv_set *s, uk_bytes answer);

/* --- lists --------------------------------------------------------------- */

struct uk_emv_wish {
	uint32_t tag;
	size_t n;
};
/* The next of a data object list; false at its end and if it is none:
 * uk_read_end tells. */
bool uk_emv_dol_next(uk_reader *dol, struct uk_emv_wish *out);
/* Values only, each of the length the list says (5.4): cut or filled as its
 * format is, zeros for what the set does not have. At most UK_EMV_DATA_MAX. */
UK_RESULT uk_emv_dol_fill(
    uk_bytes dol, const struct uk_emv_set *s, uk_buf *out);

struct uk_emv_file {
	uint8_t sfi, first, last, offline;
};
/* The next of an application file locator (10.2); as above. */
bool uk_emv_afl_next(uk_reader *afl, struct uk_emv_file *out);

/* --- accounts ------------------------------------------------------------ */

struct uk_emv_app {
	uint8_t aid[UK_EMV_AID_MAX];
	size_t aid_len;
	char label[UK_EMV_LABEL_MAX + 1]; /* may be empty */
	uint8_t priority;                 /* 1 first; 0: none */
};
/* What an entry 61 of a directory holds (Book 1, 12.2.3). */
UK_RESULT uk_emv_app_read(uk_bytes entry, struct uk_emv_app *out);

struct uk_track2 {
	char pan[UK_EMV_PAN_MAX + 1];
	char expiry[5];  /* YYMM */
	char service[4]; /* service code */
};
/* Tag 57 (ISO/IEC 7813). The caller wipes *out, also on failure. */
UK_RESULT uk_emv_track2(uk_bytes value, struct uk_track2 *out);
/* Tag 5A: digits, then F. */
UK_RESULT uk_emv_pan(uk_bytes value, char pan[UK_EMV_PAN_MAX + 1]);
/* What may be shown: the first six and the last four digits, and never fewer
 * than six stars between (PCI DSS 3.4.1); shorter numbers show less. */
void uk_mask_pan(const char *pan, char masked[UK_EMV_PAN_MAX + 1]);

/* A number of BCD digits, as amounts (n12), dates and codes are. */
void uk_put_bcd(uk_buf *out, uint64_t v, size_t bytes);
UK_RESULT uk_read_bcd(uk_bytes bcd, uint64_t *v); /* at most 9 bytes */

/* --- the cardholder ------------------------------------------------------ */

enum uk_cvm { UK_CVM_FAILED, UK_CVM_NONE, UK_CVM_ONLINE_PIN, UK_CVM_SIGNATURE };
struct uk_cvm_choice {
	enum uk_cvm method;
	uint8_t result[3]; /* 9F34 */
};
/* By the card's list (10.5), for a terminal that takes PINs for the bank and
 * signatures but shows no PIN to the card. amount in minor units; own_currency:
 * it is in the card's currency. Malformed lists are UK_ERR_FORMAT; an empty one
 * is UK_CVM_NONE. */
UK_RESULT uk_cvm_choose(uk_bytes list, uint64_t amount, bool own_currency,
    struct uk_cvm_choice *out);

#endif
