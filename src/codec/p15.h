/*
 * ISO/IEC 7816-15 objects: what the directory files of a card hold.
 *
 * One object at a time, read strictly and bounded: fields that are unknown or
 * not needed are skipped, fields that are too long for us are an error. The
 * same struct is written by the virtual card and read by the driver; its bytes
 * are pinned in the unit test to examples made by other people's tools.
 */
#ifndef UK_P15_H
#define UK_P15_H

#include "keyalg.h"

enum {
	UK_P15_LABEL_MAX = 64,
	UK_P15_ID_MAX = 32,
	UK_P15_PATH_MAX = 16,
	UK_P15_TIME_LEN = 15
};

enum uk_p15_kind {
	UK_P15_PRKEY,
	UK_P15_PUKEY,
	UK_P15_CERT,
	UK_P15_DATA,
	UK_P15_PIN
};

enum uk_p15_flags { UK_P15_PRIVATE = 1, UK_P15_MODIFIABLE = 2 };
enum uk_p15_access {
	UK_P15_SENSITIVE = 1,
	UK_P15_EXTRACTABLE = 2,
	UK_P15_ALWAYS_SENSITIVE = 4,
	UK_P15_NEVER_EXTRACTABLE = 8,
	UK_P15_LOCAL = 16
};
enum uk_p15_pin_flags {
	UK_P15_PIN_CASE = 1 << 0,
	UK_P15_PIN_LOCAL = 1 << 1,
	UK_P15_PIN_NO_CHANGE = 1 << 2,
	UK_P15_PIN_NO_UNBLOCK = 1 << 3,
	UK_P15_PIN_INITIALIZED = 1 << 4,
	UK_P15_PIN_PADDED = 1 << 5,
	UK_P15_PIN_UNBLOCKING = 1 << 6,
	UK_P15_PIN_SO = 1 << 7
};

typedef struct uk_p15_path {
	uint8_t p[UK_P15_PATH_MAX];
	size_t n;
	bool has_range; /* index and length given */
	uint32_t index, length;
} uk_p15_path;

typedef struct uk_p15_object {
	enum uk_p15_kind kind;
	char label[UK_P15_LABEL_MAX + 1];
	uint32_t flags;                 /* enum uk_p15_flags */
	uint8_t auth_id[UK_P15_ID_MAX]; /* PIN object that opens this one */
	size_t auth_id_len;
	uint32_t user_consent;     /* 1 = PIN before every use; 0 = absent */
	uint8_t id[UK_P15_ID_MAX]; /* keys, certificates: iD; PIN: its authId */
	size_t id_len;
	uk_p15_path path;
	/* keys */
	enum uk_key_type key_type; /* RSA, or P256 for any curve until known */
	uint32_t bits;             /* modulus or field length; 0 = not told */
	uint32_t usage;            /* bits as in 7816-15, encrypt = bit 0 */
	uint32_t access;           /* enum uk_p15_access */
	uint32_t key_ref;
	bool native;
	/* certificates */
	bool authority;
	uk_bytes direct; /* value inside the directory itself (view), or none */
	/* data */
	char application[UK_P15_LABEL_MAX + 1];
	/* PINs */
	uint32_t pin_flags, pin_type, pin_min, pin_stored, pin_max;
	uint8_t pin_ref, pin_pad;
} uk_p15_object;

/* The next object of a directory file of this kind. false at the end (also at
 * padding with 00 or FF) or on malformed input: uk_read_ok(r) tells which.
 * Objects of a choice we do not know (e.g. other certificate types) are
 * skipped. */
bool uk_p15_next(uk_reader *r, enum uk_p15_kind kind, uk_p15_object *out);
UK_RESULT uk_put_p15(uk_buf *out, const uk_p15_object *o);

/* EF.OD: which file holds which kind. */
typedef struct uk_p15_odf_entry {
	uint8_t choice; /* A0 PrKDF, A1 PuKDF, A4 CDF, A5 trusted, A7 DODF, A8
			   AODF */
	uk_p15_path path;
} uk_p15_odf_entry;
bool uk_p15_odf_next(uk_reader *r, uk_p15_odf_entry *out);
void uk_put_p15_odf(uk_buf *out, uint8_t choice, uint16_t fid);

/* EF.CIAInfo (TokenInfo). */
typedef struct uk_p15_info {
	uint8_t serial[UK_P15_ID_MAX];
	size_t serial_len;
	char manufacturer[UK_P15_LABEL_MAX + 1];
	char label[UK_P15_LABEL_MAX + 1];
	uint32_t flags; /* readonly 1, loginRequired 2, prnGeneration 4 */
	/* "YYYYMMDDHHMMSSZ", or "" if it is not there or in another form; and
	 * where it stands in the file. Read only, not written. */
	char last_update[UK_P15_TIME_LEN + 1];
	size_t last_update_at;
} uk_p15_info;
UK_RESULT uk_p15_info_parse(uk_bytes file, uk_p15_info *out);
UK_RESULT uk_put_p15_info(uk_buf *out, const uk_p15_info *info);

#endif
