/*
 * The driver of the U-key card: docs/card-profile.md seen from the reader's
 * side.
 *
 * Private to this folder, except for uk_ukey_ops. Every answer of the card is
 * checked for its length before a byte of it is used; a status word that says
 * "good" is not believed to mean that all the data came with it.
 */
#ifndef UK_UKEY_DRIVER_H
#define UK_UKEY_DRIVER_H

#include "card.h"
#include "p15.h"
#include "x509.h"

extern const struct uk_card_ops uk_ukey_ops;

/* A file is read in pieces whose offset has 15 bits (profile, 2.1). */
enum { UKEY_FILE_MAX = 32768 };

/* Private keys, profile 4. */
enum ukey_key_ref {
	UKEY_KEY_LOGIN = 0x01,
	UKEY_KEY_TRANSACTION = 0x02,
	UKEY_KEY_FURTHER = 0x03, /* first of those that come and go */
	UKEY_KEY_LAST = 0x0f
};

/* Files, profile 2. */
enum ukey_fid {
	UKEY_FID_KEYS = 0x4402, /* PrKDF, the path of a private key */
	UKEY_FID_CERT = 0x4331, /* of key 01; 4332 of key 02 */
	UKEY_FID_FURTHER_CERT = 0x4333,
	UKEY_FID_LAST_CERT = 0x433f,
	UKEY_FID_DATA = 0x4501,
	UKEY_FID_LAST_DATA = 0x450f,
	UKEY_FID_PRIVATE = 0x4601, /* data to be read after login only */
	UKEY_FID_LAST_PRIVATE = 0x460f,
	/* uk_object.ref of a stand-alone public key: this + its place among
	 * the entries of the PuKDF */
	UKEY_PUBLIC = 0x440300
};

/* The security environment of PSO: DECIPHER, as long as it is certain. */
struct ukey_environment {
	bool set;
	uint8_t alg, ref;
	uint32_t turn; /* uk_channel_turn when it was set */
};

struct ukey {
	uk_card base;
	unsigned minor;       /* of the profile's version */
	uint8_t proof[4 + 8]; /* content version and mark: of the cache */
	bool has_mark;
	bool so_in; /* reference 83 was verified, and not logged out since */
	struct ukey_environment decipher;
	uint8_t file[UKEY_FILE_MAX]; /* the file read last */
	uint8_t next[UKEY_FILE_MAX]; /* a directory file's new content */
};

/* Sends one command that is not about a PIN. Status words that only VERIFY and
 * its kin may use come back as UK_ERR_CARD_STATUS, so that no other command can
 * make anybody believe that a PIN was wrong. */
UK_RESULT ukey_send(uk_card *c, const uk_cmd *cmd, uk_buf *out);

/* Reads the status template (profile 1.1) into info, pins and limits; nothing
 * is changed on failure. Another serial than the known one:
 * UK_ERR_CARD_REMOVED. */
UK_RESULT ukey_take_status(uk_card *c, uk_bytes status);

/* Something was, or may have been, written (err tells how that went): learns
 * the new content version and, if all is well, lists the objects again. The old
 * list stays and counts as not loaded if that cannot be told or done. */
UK_RESULT ukey_changed(uk_card *c, uk_err err);
/* ... and finds the new object in c->objects. */
UK_RESULT ukey_made(uk_card *c, uk_err err, enum uk_object_kind kind,
    uint32_t ref, size_t *out);
/* The card is there and able to undo things: err is not one of the way to it.
 */
bool ukey_can_undo(uk_err err);

/* Items of the cache: files go by their FID, public keys by this + reference.
 */
enum { UKEY_CACHE_PUBLIC = 0x10000 };

/* --- ukey_file.c --------------------------------------------------------- */

struct ukey_file {
	size_t length, capacity;
};

/* Short identifier of a certificate's file; 0 for others. */
static inline uint8_t ukey_cert_sfi(uint32_t fid)
{
	return fid < UKEY_FID_CERT || fid > UKEY_FID_LAST_CERT
		   ? 0
		   : (uint8_t)(fid - UKEY_FID_CERT + 0x0b);
}

/* sfi 0: the selected file. The content is a view into the driver's buffer,
 * good until the next file is read. */
UK_RESULT ukey_file_read(uk_card *c, uint8_t sfi, uk_bytes *content);
/* The selected file; nobody on the way keeps any of it, and the caller wipes
 * what he was shown (ukey_file_wipe). */
UK_RESULT ukey_file_read_private(uk_card *c, uk_bytes *content);
void ukey_file_wipe(uk_card *c, uk_bytes content);
static inline bool ukey_is_private(uint32_t fid)
{
	return fid >= UKEY_FID_PRIVATE && fid <= UKEY_FID_LAST_PRIVATE;
}
UK_RESULT ukey_file_select(uk_card *c, uint16_t fid, struct ukey_file *out);
/* Writes from the file's beginning; selects it. */
UK_RESULT ukey_file_update(uk_card *c, uint8_t sfi, uk_bytes content);
/* Cuts the selected file. */
UK_RESULT ukey_file_cut(uk_card *c, size_t length);
/* With room for at least that many bytes. */
UK_RESULT ukey_file_create(uk_card *c, uint16_t fid, size_t length);
/* UK_OK also if it was not there. */
UK_RESULT ukey_file_delete(uk_card *c, uint16_t fid);
/* A file that no directory names, whether it is there or not. */
UK_RESULT ukey_file_put_new(uk_card *c, uint16_t fid, uk_bytes content);
/* The selected file, whose capacity was looked at. */
UK_RESULT ukey_file_put_over(
    uk_card *c, const struct ukey_file *old, uk_bytes content);

/* --- ukey_dir.c ---------------------------------------------------------- */

/* A directory file, read. */
struct ukey_dir {
	enum uk_p15_kind kind;
	uk_bytes content; /* view: no other file may be read meanwhile */
};

struct ukey_entry {
	size_t at; /* its place in the file */
	uk_bytes whole;
	bool known; /* o is what it says */
	uk_p15_object o;
};

struct ukey_walk {
	enum uk_p15_kind kind;
	uk_reader r;
	size_t count;
	struct ukey_entry entry;
};

typedef bool ukey_pick(const struct ukey_entry *e, const void *arg);

/* UK_ERR_FORMAT if it is no row of DER objects. */
UK_RESULT ukey_dir_read(
    uk_card *c, enum uk_p15_kind kind, struct ukey_dir *out);
/* The same for looking at only: what the cache knows is not read. */
UK_RESULT ukey_dir_look(
    uk_card *c, enum uk_p15_kind kind, struct ukey_dir *out);
/* All entries in order, in walk.entry. */
struct ukey_walk ukey_dir_walk(const struct ukey_dir *d);
bool ukey_dir_next(struct ukey_walk *w);
/* The first entry that is picked; views into d. */
bool ukey_dir_find(const struct ukey_dir *d, ukey_pick *pick, const void *arg,
    struct ukey_entry *out);
/* Writes `entry` in place of the first entry that is picked, or behind the last
 * one; drops the other picked ones. An empty entry only drops. Sends nothing if
 * nothing changes. */
UK_RESULT ukey_dir_write(uk_card *c, const struct ukey_dir *d, ukey_pick *pick,
    const void *arg, uk_bytes entry);
/* Reads, and writes without the picked ones. */
UK_RESULT ukey_dir_drop(
    uk_card *c, enum uk_p15_kind kind, ukey_pick *pick, const void *arg);
/* The same entry with another label and id (empty = keep). */
UK_RESULT ukey_entry_rename(
    uk_buf *out, uk_bytes entry, uk_bytes label, uk_bytes id);
/* FID that an entry's path names; 0 if it is no FID. */
uint32_t ukey_entry_fid(const uk_p15_object *o);
/* arg is the const uk_object that load_objects made of the entry; with another
 * id it is not the same any more. */
bool ukey_pick_object(const struct ukey_entry *e, const void *arg);
/* arg is const uint32_t *: the key reference. */
bool ukey_pick_key(const struct ukey_entry *e, const void *arg);

/* --- the operations ------------------------------------------------------ */

/* ukey_pin.c */
uk_err ukey_pin_state(uk_card *c, enum uk_pin_ref ref, uk_pin_state *out);
uk_err ukey_verify(uk_card *c, enum uk_pin_ref ref, const uk_pin *pin);
uk_err ukey_logout(uk_card *c);
uk_err ukey_revoke(uk_card *c);
uk_err ukey_change_pin(
    uk_card *c, enum uk_pin_ref ref, const uk_pin *old, const uk_pin *pin);
uk_err ukey_unblock(uk_card *c, const uk_pin *puk, const uk_pin *pin);

/* ukey_pinpad.c: the same commands, with what a person enters on the pad of the
 * reader. They know nothing of counters: that is ukey_pin.c's. */
UK_RESULT ukey_pad_verify(uk_card *c, enum uk_pin_ref ref, uint8_t card_ref);
UK_RESULT ukey_pad_change(uk_card *c, enum uk_pin_ref ref, uint8_t card_ref);
UK_RESULT ukey_pad_unblock(uk_card *c, uint8_t card_ref);

/* ukey_objects.c */
uk_err ukey_load_objects(uk_card *c);
uk_err ukey_read_object(uk_card *c, const uk_object *o, uk_blob *out);

/* ukey_public.c */
uk_err ukey_read_public(uk_card *c, const uk_object *key, uk_public_key *out);
/* Of a private key, from the card itself: what is remembered may be older than
 * a change that is under way. */
UK_RESULT ukey_ask_public(uk_card *c, const uk_object *key, uk_public_key *out);
/* What GENERATE answers, 7F49 ..., for a key of this type and length. */
UK_RESULT ukey_parse_public(
    uk_bytes answer, const uk_object *key, uk_public_key *out);
/* The SubjectPublicKeyInfo that a PuKDF entry holds, and its fields: views into
 * what is appended to der. */
UK_RESULT ukey_entry_spki(const uk_p15_object *o, uk_buf *der, uk_x509 *out);
/* A PuKDF entry's value: [1] SubjectPublicKeyInfo without its own tag. */
UK_RESULT ukey_put_value(uk_buf *out, uk_bytes spki);

/* ukey_make.c */
uk_err ukey_generate(uk_card *c, const struct uk_new_object *what, size_t *out);
uk_err ukey_import(uk_card *c, const struct uk_new_object *what,
    const struct uk_private_key *key, size_t *out);
/* Out of the directories first, then the key itself. */
UK_RESULT ukey_unmake(uk_card *c, uint32_t ref);
/* The key itself; UK_OK also if it was not there. */
UK_RESULT ukey_delete_key(uk_card *c, uint32_t ref);

/* ukey_store.c */
uk_err ukey_store(uk_card *c, const struct uk_new_object *what, size_t *out);
/* Copies label and id into a directory entry; UK_ERR_ARGUMENT if they do not
 * fit or the label is not UTF-8. */
UK_RESULT ukey_name_entry(uk_p15_object *o, const char *label, uk_bytes id);

/* ukey_remove.c */
uk_err ukey_destroy(uk_card *c, const uk_object *o);
uk_err ukey_rename(
    uk_card *c, const uk_object *o, const char *label, uk_bytes id);
uk_err ukey_initialize(uk_card *c, const uk_pin *so_pin, const char *label);

/* ukey_decipher.c */
bool ukey_can_decipher(
    const uk_card *c, const uk_object *key, enum uk_decipher_scheme scheme);
uk_err ukey_decipher(uk_card *c, const uk_object *key,
    enum uk_decipher_scheme scheme, uk_bytes in, uk_buf *out);

/* ukey_sign.c */
bool ukey_can_sign(const uk_card *c, const struct uk_sign_request *r);
uk_err ukey_sign(uk_card *c, const struct uk_sign_request *r, uk_buf *sig);
uk_err ukey_challenge(uk_card *c, uint8_t *out, size_t n);
uk_err ukey_prove_bank(uk_card *c, uk_bytes hash, uk_bytes signature);

#endif
