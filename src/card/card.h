/*
 * What a card can do, whatever kind of card it is.
 *
 * A kind of card is one const table of small functions (struct uk_card_ops) in
 * a folder of its own and one row in registry.c. Kinds are told apart by
 * selecting their AID, never by ATR. A uk_card is one application of a card:
 * several may share a channel, and whoever uses one sees to it that it is the
 * selected one (uk_card_reselect). All calls below expect the caller to hold
 * the reader's lock and, where commands must not be interrupted, a transaction
 * (uk_channel_begin / uk_channel_end).
 *
 * Ownership: strings and views inside uk_card_info and uk_object belong to the
 * card and live until uk_card_close or the next uk_card_load_objects.
 */
#ifndef UK_CARD_H
#define UK_CARD_H

#include "cache.h"
#include "channel.h"
#include "keyalg.h"
#include "mem.h"
#include "secret.h"

enum {
	UK_SERIAL_MAX = 32,
	UK_LABEL_MAX = 64,
	UK_ID_MAX = 32,
	UK_OBJECTS_MAX = 64,
	UK_SIGNATURE_MAX = 512, /* RSA-4096 */
	UK_MODULUS_MAX = 512,
	/* Commands for one call of any function below, and for the opening of
	 * one application, whatever the card answers: then it is
	 * UK_ERR_CARD_MUTE. Honest cards need a tenth of it at most. */
	UK_CALL_COMMANDS_MAX = 1024
};

enum uk_pin_ref {
	UK_PIN_USER,    /* opens the session */
	UK_PIN_CONSENT, /* the same PIN, opening one signature */
	UK_PIN_SO       /* PUK, security officer */
};

typedef struct uk_pin_state {
	int tries_left; /* -1 = the card does not tell */
	int tries_max;  /* -1 = the card does not tell */
	bool is_set;
} uk_pin_state;

typedef struct uk_card_info {
	const char *kind; /* "ukey" */
	char model[17];   /* for CK_TOKEN_INFO, e.g. "U-key 1.0" */
	char manufacturer[33];
	char label[UK_LABEL_MAX + 1]; /* UTF-8 */
	uint8_t serial[UK_SERIAL_MAX];
	size_t serial_len;
	uint32_t content_version;
	size_t pin_min, pin_max; /* bytes */
	size_t so_pin_min, so_pin_max;
	bool pin_pad;    /* the reader takes PINs on a pad of its own */
	bool bank_proof; /* transaction key wants uk_card_prove_bank first */
	bool alone; /* says that there is no other application on the card */
	bool so_changes; /* keys and objects are the SO's to change; they come
			  * and go beside each other, so that a certificate may
			  * be older than its key */
} uk_card_info;

enum uk_object_kind {
	UK_OBJ_CERTIFICATE,
	UK_OBJ_PRIVATE_KEY,
	UK_OBJ_PUBLIC_KEY,
	UK_OBJ_DATA
};

/* Key usage as ISO/IEC 7816-15 numbers its bits. */
enum uk_usage {
	UK_USE_ENCRYPT = 1 << 0,
	UK_USE_DECRYPT = 1 << 1,
	UK_USE_SIGN = 1 << 2,
	UK_USE_SIGN_RECOVER = 1 << 3,
	UK_USE_WRAP = 1 << 4,
	UK_USE_UNWRAP = 1 << 5,
	UK_USE_VERIFY = 1 << 6,
	UK_USE_VERIFY_RECOVER = 1 << 7,
	UK_USE_DERIVE = 1 << 8,
	UK_USE_NON_REPUDIATION = 1 << 9
};

typedef struct uk_object {
	enum uk_object_kind kind;
	char label[UK_LABEL_MAX + 1]; /* UTF-8 */
	uint8_t id[UK_ID_MAX];        /* joins key and certificate: CKA_ID */
	size_t id_len;
	bool is_private; /* not to be seen before login */
	bool modifiable;
	/* keys */
	enum uk_key_type key_type;
	unsigned key_bits; /* modulus length or curve bits */
	uint32_t usage;    /* enum uk_usage */
	bool always_auth;  /* UK_PIN_CONSENT before every use */
	bool on_card;      /* made on the card, never extractable */
	bool open_use;     /* private keys: used without a login */
	char application[UK_LABEL_MAX + 1]; /* data objects */
	/* card kind's own reference: file, key reference, data object tag */
	uint32_t ref;
	/* Private keys that were described from memory (cache.h): type, bits
	 * and usage are as they were, and using the key shows whether they
	 * still are. To be sure, uk_card_describe once more, as vague. */
	bool recalled;
	/* There may be such an object: uk_card_describe tells, and the fields
	 * of keys above. So nobody reads a whole card to find one key. */
	bool vague;
} uk_object;

/* A public key as read from the card or from a certificate. */
typedef struct uk_public_key {
	enum uk_key_type type;
	uint8_t modulus[UK_MODULUS_MAX];
	size_t modulus_len; /* no leading zeros */
	uint8_t exponent[8];
	size_t exponent_len;
	uint8_t point[1 + 2 * 66]; /* 04 || x || y */
	size_t point_len;
} uk_public_key;

struct uk_sign_request {
	const uk_object *key;
	enum uk_sig_scheme scheme;
	enum uk_hash hash; /* of the input; NONE = bare DigestInfo or unknown */
	uk_bytes input;
};

/* What a new object shall be: the fields of uk_object that its maker chooses.
 */
struct uk_new_object {
	enum uk_object_kind kind;
	const char *label;
	uk_bytes id;
	const char *application; /* data objects */
	bool is_private;         /* data objects: to be read after login only */
	/* keys: enum uk_usage. Of a pair that is made: of both halves; what
	 * follows from the private one's need not be said. */
	uint32_t usage;
	enum uk_key_type key_type; /* keys */
	unsigned key_bits; /* RSA keys to be generated: 2048, 3072, 4096 */
	uk_bytes value;    /* certificate (DER), data, public key (DER SPKI) */
};

/* A private key to be imported; secret. Somebody has made sure that these
 * belong together. */
struct uk_private_key {
	uk_bytes p, q;         /* RSA, public exponent 65537; of one length */
	uk_bytes dp, dq, qinv; /* RFC 8017, 3.2; as long as p */
	uk_bytes d;            /* curves, as long as the field */
	const uk_public_key *public; /* its other half */
};

/* What the card computes with a secret input or output. */
enum uk_decipher_scheme {
	UK_DECIPHER_RSA,  /* x^d mod n, k bytes to k bytes, padding and all */
	UK_DECIPHER_ECDH, /* 04 || x || y of the other side to shared x */
	UK_DECIPHER_SM2   /* C1 || C3 || C2 to plain text */
};

typedef struct uk_card uk_card;

/* An application that answered to SELECT. */
struct uk_selected {
	uk_bytes aid; /* by which it was selected */
	uk_bytes fci; /* what it answered; may be empty */
};

struct uk_card_ops {
	const char *name;
	/* The application was selected just now; UK_ERR_CARD_UNKNOWN if it is
	 * not this kind, with no command sent. *out stays NULL on failure.
	 * Borrows ch, but not what *s shows. */
	uk_err (*open)(
	    uk_channel *ch, const struct uk_selected *s, uk_card **out);
	/* The same, where a program before has left the application selected a
	 * moment ago: asks who it is, with one command and without SELECT.
	 * UK_ERR_CARD_UNKNOWN if that tells nothing. NULL: SELECT costs no
	 * more. */
	uk_err (*resume)(uk_channel *ch, uk_card **out);
	void (*close)(uk_card *c);
	/* Selects again, after a reset or where another program may have
	 * selected something else; UK_ERR_CARD_REMOVED if the serial number
	 * shows another card. Logins, ours and other programs', are as the card
	 * keeps them: a caller that wants none says logout. */
	uk_err (*reselect)(uk_card *c);
	/* Within a new transaction: makes sure that the application is selected
	 * and learns what has become of it: pins, and whether its objects have
	 * changed (loaded is false then). Keeps what logins the card keeps.
	 * UK_ERR_CARD_REMOVED as above. One command; NULL if that cannot be
	 * had so cheaply. */
	uk_err (*refresh)(uk_card *c);
	/* Lists private keys and certificates (and data objects, where a kind
	 * has them) in directory order; public keys only if they stand alone,
	 * since read_public gives that of every private key. On failure the old
	 * list stays. */
	uk_err (*load_objects)(uk_card *c);
	/* Compares what load_objects took from memory with the card, as far as
	 * it is about this kind of object (1 << enum uk_object_kind); if it is
	 * otherwise, loaded is false then. NULL: it takes nothing from there.
	 */
	uk_err (*look)(uk_card *c, uint32_t kinds);
	/* Completes a vague object; UK_ERR_NOT_FOUND: it is not there after
	 * all. Asking again costs nothing. */
	uk_err (*describe)(uk_card *c, uk_object *o);
	uk_err (*read_object)(uk_card *c, const uk_object *o, uk_blob *out);
	uk_err (*read_public)(
	    uk_card *c, const uk_object *key, uk_public_key *out);
	/* Asks the card; costs one command. */
	uk_err (*pin_state)(uk_card *c, enum uk_pin_ref ref, uk_pin_state *out);
	/* UK_ERR_PIN_WRONG (.sw = 63Cx), UK_ERR_PIN_BLOCKED, UK_ERR_PIN_LENGTH
	 * (never sent). pin NULL: a person enters it on the reader's pad, once;
	 * also UK_ERR_CANCELLED and UK_ERR_TIMEOUT then (the card has seen
	 * nothing), and UK_ERR_UNSUPPORTED if there is no such pad. */
	uk_err (*verify)(uk_card *c, enum uk_pin_ref ref, const uk_pin *pin);
	/* Ends our login, the user's or the SO's; a card knows one user, so
	 * that other programs' ends as well. */
	uk_err (*logout)(uk_card *c);
	/* Ends a consent that is not to be used. NULL: the next command does.
	 */
	uk_err (*revoke)(uk_card *c);
	/* old and pin NULL: both on the pad. .sw = 6402: the new PIN was not
	 * entered the same way twice (UK_ERR_CANCELLED). */
	uk_err (*change_pin)(uk_card *c, enum uk_pin_ref ref, const uk_pin *old,
	    const uk_pin *pin);
	/* puk NULL: the SO is logged in; pin NULL as well: on the pad. */
	uk_err (*unblock)(uk_card *c, const uk_pin *puk, const uk_pin *pin);
	/* Can this key do that? Asked before anything is sent. */
	bool (*can_sign)(const uk_card *c, const struct uk_sign_request *r);
	/* Appends the signature: k bytes for RSA, raw r||s otherwise. */
	uk_err (*sign)(
	    uk_card *c, const struct uk_sign_request *r, uk_buf *sig);
	uk_err (*challenge)(uk_card *c, uint8_t *out, size_t n);
	/* H and the bank's signature r||s; see docs/card-profile.md section 6.
	 */
	uk_err (*prove_bank)(uk_card *c, uk_bytes hash, uk_bytes signature);

	/* Everything below needs a login and changes what load_objects lists;
	 * it is loaded again when the call returns, and c->objects has moved.
	 */

	/* Makes a key pair on the card: a private key object, and its public
	 * key. *out: the private key's place in c->objects. */
	uk_err (*generate)(
	    uk_card *c, const struct uk_new_object *what, size_t *out);
	/* UK_ERR_UNSUPPORTED: no such key, or, with .sw = 6D00, none at all.
	 */
	uk_err (*import)(uk_card *c, const struct uk_new_object *what,
	    const struct uk_private_key *key, size_t *out);
	/* Certificate, data or stand-alone public key. A certificate for the id
	 * of a key goes where that kind keeps it. */
	uk_err (*store)(
	    uk_card *c, const struct uk_new_object *what, size_t *out);
	/* UK_ERR_UNSUPPORTED for what cannot be destroyed (the bank's own
	 * keys). */
	uk_err (*destroy)(uk_card *c, const uk_object *o);
	/* New label and id (empty = keep) of an object. */
	uk_err (*rename)(
	    uk_card *c, const uk_object *o, const char *label, uk_bytes id);
	/* As security officer (so_pin NULL: on the pad): destroys all that can
	 * be destroyed, names the card. */
	uk_err (*initialize)(
	    uk_card *c, const uk_pin *so_pin, const char *label);

	bool (*can_decipher)(const uk_card *c, const uk_object *key,
	    enum uk_decipher_scheme scheme);
	/* Appends the output; the caller wipes it. */
	uk_err (*decipher)(uk_card *c, const uk_object *key,
	    enum uk_decipher_scheme scheme, uk_bytes in, uk_buf *out);
};

/* What every kind embeds as its first member. */
struct uk_card {
	const struct uk_card_ops *ops;
	uk_channel *ch; /* borrowed */
	uk_card_info info;
	uk_pin_state pins[2]; /* last known: [0] user, [1] SO; kept by verify */
	uk_object *objects;   /* uk_new_array, or NULL before load_objects */
	size_t object_count;
	bool loaded;
	/* Opened by a driver that has a use for it, or NULL; closed here. */
	uk_cache *cache;
};

/* SELECT by name; appends what it answers. For drivers. */
UK_RESULT uk_select(uk_channel *ch, uk_bytes aid, uk_buf *fci);
/* Did the card say anything, be it nonsense? Then the way to it is good. For
 * drivers: errors of uk_select and of reading its answer. */
bool uk_card_spoke(uk_err err);

/* The applications of one card that we know, in the order of registry.c. */
enum { UK_CARDS_MAX = 3 };
struct uk_cards {
	uk_card *list[UK_CARDS_MAX];
	size_t count;
	const uk_card *selected; /* one of them, or NULL: that is not certain */
};

/* Asks for the applications of registry.c in order, with one SELECT each and
 * what the opening of those costs that are there. None is UK_ERR_CARD_UNKNOWN;
 * then, and on all other failures, out is empty. */
UK_RESULT uk_cards_open(uk_channel *ch, struct uk_cards *out);
void uk_cards_close(struct uk_cards *cards); /* accepts NULL in the list */
/* The first of them only. */
UK_RESULT uk_card_open(uk_channel *ch, uk_card **out);
void uk_card_close(uk_card **c); /* accepts NULL */
/* Nobody waits for the card just now: time for what need not be done at once.
 * Sends nothing; needs no transaction. */
void uk_card_settle(uk_card *c);

/* One wrapper per operation: UK_ERR_UNSUPPORTED when the kind lacks it. */
UK_RESULT uk_card_reselect(uk_card *c);
/* Otherwise its UK_OK says nothing of what is selected. */
bool uk_card_can_refresh(const uk_card *c);
UK_RESULT uk_card_refresh(uk_card *c);      /* UK_OK where the kind cannot */
UK_RESULT uk_card_load_objects(uk_card *c); /* does nothing when loaded */
UK_RESULT uk_card_look(uk_card *c, uint32_t kinds); /* UK_OK where it is NULL */
UK_RESULT uk_card_describe(uk_card *c, uk_object *o);
UK_RESULT uk_card_read_object(uk_card *c, const uk_object *o, uk_blob *out);
UK_RESULT uk_card_read_public(
    uk_card *c, const uk_object *key, uk_public_key *out);
UK_RESULT uk_card_pin_state(uk_card *c, enum uk_pin_ref ref, uk_pin_state *out);
UK_RESULT uk_card_verify(uk_card *c, enum uk_pin_ref ref, const uk_pin *pin);
UK_RESULT uk_card_logout(uk_card *c);
UK_RESULT uk_card_revoke(uk_card *c); /* UK_OK where the kind has none */
UK_RESULT uk_card_change_pin(
    uk_card *c, enum uk_pin_ref ref, const uk_pin *old, const uk_pin *pin);
UK_RESULT uk_card_unblock(uk_card *c, const uk_pin *puk, const uk_pin *pin);
bool uk_card_can_sign(const uk_card *c, const struct uk_sign_request *r);
UK_RESULT uk_card_sign(
    uk_card *c, const struct uk_sign_request *r, uk_buf *sig);
UK_RESULT uk_card_challenge(uk_card *c, uint8_t *out, size_t n);
UK_RESULT uk_card_prove_bank(uk_card *c, uk_bytes hash, uk_bytes signature);
UK_RESULT uk_card_generate(
    uk_card *c, const struct uk_new_object *what, size_t *out);
UK_RESULT uk_card_import(uk_card *c, const struct uk_new_object *what,
    const struct uk_private_key *key, size_t *out);
UK_RESULT uk_card_store(
    uk_card *c, const struct uk_new_object *what, size_t *out);
UK_RESULT uk_card_destroy(uk_card *c, const uk_object *o);
UK_RESULT uk_card_rename(
    uk_card *c, const uk_object *o, const char *label, uk_bytes id);
UK_RESULT uk_card_initialize(
    uk_card *c, const uk_pin *so_pin, const char *label);
bool uk_card_can_decipher(
    const uk_card *c, const uk_object *key, enum uk_decipher_scheme scheme);
UK_RESULT uk_card_decipher(uk_card *c, const uk_object *key,
    enum uk_decipher_scheme scheme, uk_bytes in, uk_buf *out);

#endif
