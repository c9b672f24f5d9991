/*
 * The driver of PIV cards: NIST SP 800-73-4 (part 2: the card's commands) and
 * SP 800-78-4 (algorithms), with Yubico's additions where a card has them.
 *
 * A PIV card has no directory. Every key reference has a place for a
 * certificate, and only that, or Yubico's metadata, tells whether there is a
 * key and which: so all objects are vague (card.h) until somebody asks, and
 * then only as much of a certificate is fetched as tells the type of its key.
 *
 * Private to this folder, except for uk_piv_ops. Every answer of the card is
 * checked before a byte of it is used.
 */
#ifndef UK_PIV_DRIVER_H
#define UK_PIV_DRIVER_H

#include "card.h"
#include "x509.h"

extern const struct uk_card_ops uk_piv_ops;
extern const uint8_t uk_piv_aid[9]; /* without the version */

enum {
	PIV_OBJECT_MAX = 16384, /* a data object; cards have 3 KB and less */
	PIV_CERT_MAX = 32768,   /* a certificate, unpacked */
	PIV_KEYS = 24,
	PIV_RETIRED = 4 /* the first of the retired keys among them */
};

/* SP 800-73-4 part 1, table 3: data objects. */
enum piv_tag {
	PIV_TAG_DISCOVERY = 0x7e,
	PIV_TAG_CHUID = 0x5fc102,
	PIV_TAG_HISTORY = 0x5fc10c
};

/* SP 800-78-4, table 6-2. */
enum piv_alg {
	PIV_ALG_3DES = 0x03,
	PIV_ALG_RSA3072 = 0x05,
	PIV_ALG_RSA1024 = 0x06,
	PIV_ALG_RSA2048 = 0x07,
	PIV_ALG_AES128 = 0x08,
	PIV_ALG_AES192 = 0x0a,
	PIV_ALG_AES256 = 0x0c,
	PIV_ALG_P256 = 0x11,
	PIV_ALG_P384 = 0x14,
	PIV_ALG_RSA4096 = 0x16 /* Yubico, and SP 800-78-5 */
};

enum { PIV_KEY_ADMIN = 0x9b };

enum piv_fact { PIV_UNKNOWN, PIV_NO, PIV_YES };

/* What was learnt about one key reference. */
struct piv_key {
	enum piv_fact key;  /* is there one? type and bits then */
	enum piv_fact cert; /* is there one? */
	bool broken;        /* ... which cannot be read */
	enum uk_key_type type;
	unsigned bits;
	bool own_policy; /* always: metadata said it */
	bool always, never;
	bool brought;       /* made elsewhere: metadata, or we, said it */
	uk_blob der;        /* the certificate, once it was read */
	uk_public_key *pub; /* told by the card itself, or NULL */
};

struct piv {
	uk_card base;
	struct piv_key keys[PIV_KEYS];
	enum piv_fact discovery; /* YES: asked, pin_ref is right */
	uint8_t pin_ref;         /* 80 application PIN, 00 global PIN */
	enum piv_fact history;   /* YES: asked, retired is right */
	size_t retired;          /* retired keys with certificates on card */
	bool has_history;
	enum piv_fact yubico;   /* has Yubico's commands */
	bool yubico_name;       /* ... one of which told the serial number */
	enum piv_fact metadata; /* ... and tells about keys (from 5.3 on) */
	enum piv_fact lengths;  /* takes extended length */
	bool admin;             /* the management key was proved */
	/* SHA-256 of the answer to reset; and, with the CHUID, of what the
	 * cache goes by */
	uint8_t origin[32], proof[32];
	uint8_t object[PIV_OBJECT_MAX]; /* the data object read last */
};

static inline struct piv *piv_of(uk_card *c)
{
	return (struct piv *)c;
}

/* Sends one command that is not about a PIN: status words that only VERIFY and
 * its kin may use are UK_ERR_CARD_STATUS. The card's "no such thing" words lose
 * their .sw, which would mean to the core that another application is selected.
 */
UK_RESULT piv_send(uk_card *c, const uk_cmd *cmd, uk_buf *out);
/* As uk_channel_transmit_until; once more in short pieces if the card turns out
 * not to take long ones. */
UK_RESULT piv_transmit(uk_card *c, const uk_cmd *cmd, uk_buf *out, uint16_t *sw,
    uk_channel_enough *enough, void *arg);
UK_RESULT piv_expected(uk_err err);

/* --- piv_keys.c: the key references --------------------------------------- */

/* Place among the keys; references, tags and CKA_IDs go with it. */
uint8_t piv_key_ref(size_t place);
uint32_t piv_cert_tag(size_t place);
bool piv_is_cert_tag(uint32_t tag);
/* Fills in everything that does not depend on the key itself. */
void piv_name_key(size_t place, uk_object *out);
void piv_name_cert(size_t place, uk_object *out);
/* CKA_ID 01 to 18 (hexadecimal) to the place; false for others. */
bool piv_place_of_id(uk_bytes id, size_t *place);
static inline size_t piv_place(const uk_object *o)
{
	return o->ref;
}
/* 0 if no PIV card has such keys. */
uint8_t piv_alg_of(enum uk_key_type type, unsigned bits);
bool piv_alg_key(uint8_t alg, enum uk_key_type *type, unsigned *bits);
uint32_t piv_usage(size_t place, enum uk_key_type type);

/* --- piv_data.c: data objects --------------------------------------------- */

/* GET DATA: the content of the object, a view into piv->object, good until the
 * next one. UK_ERR_NOT_FOUND (without .sw): there is none, or it is empty. All
 * reading of public data goes through this one. */
UK_RESULT piv_get_data(uk_card *c, uint32_t tag, uk_bytes *content);
/* The beginning of a certificate, as much as tells its key; *whole: it is all
 * there, and the content of the object is *content. */
UK_RESULT piv_get_beginning(uk_card *c, uint32_t tag, enum uk_key_type *type,
    unsigned *bits, bool *whole, uk_bytes *content);
/* PUT DATA. Empty content deletes. */
UK_RESULT piv_put_data(uk_card *c, uint32_t tag, uk_bytes content);
/* A certificate data object (SP 800-73-4 part 1, 3.1.3 and table 10), unpacked
 * if it is packed. */
UK_RESULT piv_take_cert(uk_bytes content, uk_blob *der);
UK_RESULT piv_put_cert(uk_buf *out, uk_bytes der);
/* What its owner calls the card: a view into piv->object; none is UK_OK. */
UK_RESULT piv_ask_name(uk_card *c, uk_bytes *name);
/* That, or its maker's number, as the card's serial number. */
uk_err piv_read_name(uk_card *c);
/* The former only: UK_ERR_CARD_UNKNOWN if there is none. */
uk_err piv_read_chuid(uk_card *c);

/* --- piv_recall.c: what was read in another program ----------------------- */

/* What the cache goes by: the card's answer to reset; then, with every CHUID
 * that is read, this card as it is now. */
void piv_recall_origin(struct piv *p);
void piv_recall_chuid(struct piv *p, uk_bytes chuid);
/* When the card's serial number is known. */
void piv_recall_open(uk_card *c);
/* The whole answer to GET DATA for a certificate when it was read last. Only
 * for comparing with what the card says now. */
uk_bytes piv_recall_object(uk_card *c, uint32_t tag);
/* The answer (none: there is no such object), if cards are to be believed
 * without asking. */
bool piv_recall_believed(uk_card *c, uint32_t item, uk_bytes *answer);
/* What was read just now; answer none: there is nothing. */
void piv_note_answer(uk_card *c, uint32_t item, uk_bytes answer);
/* It is about to be changed, or was found to be wrong. */
void piv_note_change(uk_card *c, uint32_t item);
/* The kind of a key (type, bits, policy), for finding it; whether it still is
 * that shows when it is used or looked at. */
bool piv_recall_key(uk_card *c, size_t place, struct piv_key *out);
void piv_note_key(uk_card *c, size_t place, const struct piv_key *k);
/* Yubico's version (none: the card is not theirs). */
bool piv_recall_version(uk_card *c, uk_bytes *version);
void piv_note_version(uk_card *c, uk_bytes version);
/* It has the application PIN, and no other comes into question. */
bool piv_recall_pin(uk_card *c);
void piv_note_pin(uk_card *c, bool application_only);

/* Items of the cache beside data objects, which go by their tags. */
enum {
	PIV_ITEM_KEY = 0x100,      /* + place */
	PIV_ITEM_METADATA = 0x200, /* + place */
	PIV_ITEM_VERSION = 0x300,
	PIV_ITEM_PIN
};

/* --- piv_inflate.c -------------------------------------------------------- */

/* gzip (RFC 1952) or zlib (RFC 1950); UK_ERR_FORMAT if it is broken, or more
 * than PIV_CERT_MAX. */
UK_RESULT piv_inflate(uk_bytes packed, uk_blob *out);

/* --- piv_objects.c -------------------------------------------------------- */

uk_err piv_load_objects(uk_card *c);
uk_err piv_describe(uk_card *c, uk_object *o);
uk_err piv_read_object(uk_card *c, const uk_object *o, uk_blob *out);
uk_err piv_read_public(uk_card *c, const uk_object *key, uk_public_key *out);
/* Everything that was learnt may be over. */
void piv_forget(struct piv *p);
void piv_forget_key(struct piv_key *k);
/* 7F49 { 81 n 82 e } or { 86 point }, its content; for a key of this type. */
UK_RESULT piv_take_public(uk_bytes template, enum uk_key_type type,
    unsigned bits, uk_public_key *out);

/* --- piv_yubico.c --------------------------------------------------------- */

/* One command if it is not known yet. */
UK_RESULT piv_ask_yubico(uk_card *c);
/* What the card itself says about a key; UK_ERR_NOT_FOUND: there is none, or
 * the card does not tell. */
UK_RESULT piv_ask_metadata(uk_card *c, size_t place);
/* The serial number that Yubico has printed on it, if there is one. */
UK_RESULT piv_ask_serial(uk_card *c);
/* Is it still what c->info says? */
UK_RESULT piv_ask_serial_again(uk_card *c, bool *same);
/* The algorithm of the management key, 0 if the card does not tell. */
UK_RESULT piv_ask_admin_alg(uk_card *c, uint8_t *alg);

/* --- piv_pin.c ------------------------------------------------------------ */

uk_err piv_pin_state(uk_card *c, enum uk_pin_ref ref, uk_pin_state *out);
uk_err piv_verify(uk_card *c, enum uk_pin_ref ref, const uk_pin *pin);
uk_err piv_logout(uk_card *c);
uk_err piv_change_pin(
    uk_card *c, enum uk_pin_ref ref, const uk_pin *old, const uk_pin *pin);
uk_err piv_unblock(uk_card *c, const uk_pin *puk, const uk_pin *pin);
uk_err piv_reselect(uk_card *c);
uk_err piv_refresh(uk_card *c);

/* --- piv_admin.c ---------------------------------------------------------- */

/* The management key, in hexadecimal. UK_ERR_PIN_WRONG, UK_ERR_PIN_LENGTH. */
UK_RESULT piv_prove_admin(uk_card *c, const uk_pin *key);
UK_RESULT piv_change_admin(uk_card *c, const uk_pin *key);
uk_err piv_generate(uk_card *c, const struct uk_new_object *what, size_t *out);
uk_err piv_store(uk_card *c, const struct uk_new_object *what, size_t *out);
uk_err piv_destroy(uk_card *c, const uk_object *o);
/* Before the card gets another key there: what is remembered of the one that it
 * has. */
void piv_forget_kept_key(uk_card *c, size_t place);
/* It has got this one; takes *pub over. */
void piv_take_key(
    uk_card *c, size_t place, uk_public_key **pub, unsigned bits, bool brought);
/* The list says again what can be said without asking. *out (may be NULL): the
 * place of this object in c->objects. */
UK_RESULT piv_relist(
    uk_card *c, enum uk_object_kind kind, size_t place, size_t *out);

/* --- piv_import.c --------------------------------------------------------- */

uk_err piv_import(uk_card *c, const struct uk_new_object *what,
    const struct uk_private_key *key, size_t *out);

/* --- piv_use.c ------------------------------------------------------------ */

bool piv_can_sign(const uk_card *c, const struct uk_sign_request *r);
uk_err piv_sign(uk_card *c, const struct uk_sign_request *r, uk_buf *sig);
bool piv_can_decipher(
    const uk_card *c, const uk_object *key, enum uk_decipher_scheme scheme);
uk_err piv_decipher(uk_card *c, const uk_object *key,
    enum uk_decipher_scheme scheme, uk_bytes in, uk_buf *out);

#endif
