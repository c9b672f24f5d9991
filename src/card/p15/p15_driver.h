/*
 * The driver of ISO/IEC 7816-15 cards (PKCS#15): what is on them is said by
 * directory files, which ODF names.
 *
 * What makes one product differ from another is a const record, p15_quirks.
 * Two products are known well enough to use their keys: IsoApplet versions 0
 * and 1. Of any other card, certificates and public keys are read.
 *
 * Private to this folder, except for uk_p15_ops. Every answer of the card is
 * checked before a byte of it is used.
 */
#ifndef UK_P15_DRIVER_H
#define UK_P15_DRIVER_H

#include "card.h"
#include "p15.h"
#include "x509.h"

extern const struct uk_card_ops uk_p15_ops;
extern const uint8_t uk_p15_aid[12];       /* the standard's own */
extern const uint8_t uk_isoapplet_aid[12]; /* of IsoApplet */

enum {
	P15_FILE_MAX = 32768, /* offsets have 15 bits */
	P15_DIRS = 8,         /* directory files that we look at */
	P15_AID_MAX = 16
};

enum {
	P15_FID_ODF = 0x5031,
	P15_FID_INFO = 0x5032,
	/* where pkcs15-init's profile of IsoApplet puts them */
	P15_FID_PINS = 0x4401,
	P15_FID_LAST_DIR = 0x4405
};

/* What a product does in its own way. */
struct p15_quirks {
	const char *model;
	struct uk_limits limits;
	bool by_fid;      /* files are selected by their identifier only */
	bool one_layout;  /* directory files are 4401 to 4405: ODF is read
			   * only if nothing is there */
	bool known_pin;   /* has the one PIN of IsoApplet; AODF is not read */
	bool zero_blocks; /* 63C0 means that the PIN is blocked */
	bool dies_on_change; /* CHANGE ends what VERIFY has opened */
	bool select_leaves;  /* SELECT of the application is how to log out */
	bool keys;           /* MSE and PSO as IsoApplet has them */
	bool hash_on_card;   /* ECDSA hashes what it is given */
	bool tells_access;   /* in file control information, 86: FF and seven
			      * conditions; 00 = always, FF = never */
};

struct p15_pin {
	uint8_t ref, pad;
	bool padded;
	size_t min, max, stored;
};

/* Which algorithm and key the card has been told, as long as that is certain.
 */
struct p15_environment {
	bool set;
	uint8_t use, alg, ref;
	uint32_t turn;
};

struct p15 {
	uk_card base;
	const struct p15_quirks *quirks;
	uint8_t features; /* IsoApplet's byte */
	uint8_t aid[P15_AID_MAX];
	size_t aid_len;
	bool odf_read; /* dirs are known */
	bool presumed; /* ... by one_layout */
	uk_p15_odf_entry dirs[P15_DIRS];
	size_t dir_count;
	bool pins_read;
	struct p15_pin user, consent; /* consent: may be the same */
	uint8_t user_id[UK_P15_ID_MAX];
	size_t user_id_len;
	bool user_in; /* VERIFY was answered 9000 since the last SELECT */
	struct p15_environment environment;
	/* of the file selected last, where quirks->tells_access */
	bool open, fixed; /* read by everybody; written by nobody */
	/* p15_cache.c: in TokenInfo; 0: not there, or nobody can change it */
	size_t last_update_at;
	bool recalled;        /* a file was not read but remembered */
	bool told;            /* ... when somebody asked for a value */
	bool recall_only;     /* read nothing else */
	bool in_folder;       /* a file of ours was selected */
	uint32_t compared;    /* directory files 440x, as bits x */
	uint32_t listed;      /* those that the list was made of before that */
	bool listing;         /* the list is made */
	uint32_t proved_keys; /* p15_prove.c: by reference, as bits */
	uk_p15_object *items; /* uk_new_array: what objects stand for */
	size_t item_count;
	uint8_t file[P15_FILE_MAX]; /* the file read last */
};

static inline struct p15 *p15_of(uk_card *c)
{
	return (struct p15 *)c;
}

/* Sends one command that is not about a PIN: status words that only VERIFY and
 * its kin may use are UK_ERR_CARD_STATUS. */
UK_RESULT p15_send(uk_card *c, const uk_cmd *cmd, uk_buf *out);

/* --- p15_file.c ----------------------------------------------------------- */

/* A view into p15->file or the cache, good until the next file is read.
 * UK_ERR_NOT_FOUND (without .sw): there is no such file. All reading goes
 * through this one. */
UK_RESULT p15_read(uk_card *c, const uk_p15_path *path, uk_bytes *content);
/* The same, certainly not from the cache. */
UK_RESULT p15_read_card(uk_card *c, const uk_p15_path *path, uk_bytes *content);
/* At most n bytes of a file with a short identifier, in the current folder. */
UK_RESULT p15_read_short(uk_card *c, uint8_t sfi, size_t n, uk_bytes *content);
UK_RESULT p15_read_fid(uk_card *c, uint16_t fid, uk_bytes *content);

/* --- p15_cache.c ---------------------------------------------------------- */

/* Files go by their identifiers; and this. */
enum { P15_CACHE_VERSION = 0x10000 };

/* TokenInfo was read; from now on what is read is remembered, if that can be
 * proved to be so later. */
void p15_cache_open(uk_card *c, uk_bytes file, const uk_p15_info *info);
/* Empty content: there is no such file. Costs one command for a directory file,
 * the first time, but not while the list is made: p15_look. */
UK_RESULT p15_recall(
    uk_card *c, const uk_p15_path *path, uk_bytes *content, bool *known);
/* Once true for each directory file that the list was made of without comparing
 * it. */
bool p15_was_listed(struct p15 *p, const uk_p15_path *path);
/* Of files that everybody may read. */
void p15_remember(uk_card *c, const uk_p15_path *path, uk_bytes content);
/* What was remembered is not so. */
void p15_distrust(uk_card *c);
/* Before anything on the card is changed: nothing is known any more, and
 * lastUpdate tells others so. */
UK_RESULT p15_touch(uk_card *c);

/* --- p15_prove.c ---------------------------------------------------------- */

/* UK_ERR_CARD_MUTE: that is not a signature of this key. UK_ERR_CARD_REMOVED:
 * it is the card's, but it is not the card that somebody was told of. */
UK_RESULT p15_prove_signature(
    uk_card *c, const struct uk_sign_request *r, uk_bytes sig);

/* --- p15_objects.c -------------------------------------------------------- */

/* Label and serial number; a card without TokenInfo has neither. */
UK_RESULT p15_read_info(uk_card *c);
/* The directory files of this kind, one by one: *i counts on. false: no more.
 */
bool p15_next_dir(
    struct p15 *p, enum uk_p15_kind kind, size_t *i, const uk_p15_path **path);
UK_RESULT p15_read_odf(uk_card *c);
uk_err p15_load_objects(uk_card *c);
uk_err p15_look(uk_card *c, uint32_t kinds);
uk_err p15_read_object(uk_card *c, const uk_object *o, uk_blob *out);
/* What an entry names: its file, or what stands in the directory itself. A view
 * like p15_read's. */
UK_RESULT p15_read_value(uk_card *c, const uk_p15_object *o, uk_bytes *value);
/* p15_public.c; for who is not the core: find, and of_certificate */
uk_err p15_read_public(uk_card *c, const uk_object *key, uk_public_key *out);
UK_RESULT p15_public_of_certificate(
    uk_card *c, const uk_object *key, uk_public_key *out);
UK_RESULT p15_find_public(uk_card *c, const uk_object *key, uk_public_key *out);
void p15_forget(struct p15 *p);

/* The directory entry behind an object, or NULL. */
const uk_p15_object *p15_item_of(const struct p15 *p, const uk_object *o);

/* --- p15_write.c ---------------------------------------------------------- */

/* A new file under the first free identifier from `first` on. */
UK_RESULT p15_put_new(
    uk_card *c, uint16_t first, uk_bytes content, uint16_t *fid);
UK_RESULT p15_delete(uk_card *c, uint16_t fid);
/* A part of a file that is there. */
UK_RESULT p15_overwrite(uk_card *c, uint16_t fid, size_t off, uk_bytes content);
/* Another entry in a directory file, which is made, and named in ODF with this
 * choice, if it is not there. UK_ERR_TOO_SMALL: it is full. */
UK_RESULT p15_append(uk_card *c, uint8_t choice, uint16_t fid, uk_bytes entry);
/* Without the entry whose value has this path. */
UK_RESULT p15_remove(
    uk_card *c, uint16_t fid, enum uk_p15_kind kind, const uk_p15_path *path);

/* --- p15_make.c ----------------------------------------------------------- */

/* The algorithms of keys that IsoApplet makes or takes. */
enum p15_make_alg {
	P15_MAKE_RSA2048 = 0xf3,
	P15_MAKE_RSA4096 = 0xf5,
	P15_MAKE_EC = 0xec
};

/* Access flags of private keys. */
enum {
	P15_MADE_HERE = UK_P15_SENSITIVE | UK_P15_ALWAYS_SENSITIVE |
			UK_P15_NEVER_EXTRACTABLE | UK_P15_LOCAL,
	P15_BROUGHT = UK_P15_SENSITIVE
};

/* A key reference that is free on this card. */
UK_RESULT p15_find_ref(
    uk_card *c, const struct uk_new_object *what, uint8_t *out);
/* MSE: the next command is about this key. */
UK_RESULT p15_name_key(uk_card *c, uint8_t alg, uint8_t ref);
/* Both halves of the key that is there, into files and directories. *out: the
 * private one's place in c->objects. */
UK_RESULT p15_list_key(uk_card *c, const struct uk_new_object *what,
    const uk_public_key *k, uint8_t ref, uint32_t access, size_t *out);
uk_err p15_generate(uk_card *c, const struct uk_new_object *what, size_t *out);
uk_err p15_store(uk_card *c, const struct uk_new_object *what, size_t *out);
uk_err p15_destroy(uk_card *c, const uk_object *o);

/* --- p15_curve.c ---------------------------------------------------------- */

enum { P15_CURVE_MAX = 512 };
/* 81 p 82 a 83 b 84 G 85 n 87 cofactor. */
UK_RESULT p15_put_curve(enum uk_key_type type, uk_buf *out);

/* --- p15_import.c --------------------------------------------------------- */

uk_err p15_import(uk_card *c, const struct uk_new_object *what,
    const struct uk_private_key *key, size_t *out);

/* --- p15_pin.c ------------------------------------------------------------ */

/* Which PINs there are, unless it is known; reads AODF. */
UK_RESULT p15_find_pins(uk_card *c);
uk_err p15_pin_state(uk_card *c, enum uk_pin_ref ref, uk_pin_state *out);
uk_err p15_verify(uk_card *c, enum uk_pin_ref ref, const uk_pin *pin);
uk_err p15_logout(uk_card *c);
uk_err p15_change_pin(
    uk_card *c, enum uk_pin_ref ref, const uk_pin *old, const uk_pin *pin);
uk_err p15_unblock(uk_card *c, const uk_pin *puk, const uk_pin *pin);
uk_err p15_reselect(uk_card *c);

/* --- p15_use.c ------------------------------------------------------------ */

bool p15_can_sign(const uk_card *c, const struct uk_sign_request *r);
uk_err p15_sign(uk_card *c, const struct uk_sign_request *r, uk_buf *sig);

#endif
