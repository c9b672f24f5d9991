/*
 * The PIV application: NIST SP 800-73-4 parts 1 and 2, algorithms of SP
 * 800-78-4.
 *
 * There are two kinds of it, made of the same commands and told apart by a
 * record of traits: one that does what the standard says and no more, and one
 * with the additions that Yubico's programs expect. One struct holds what power
 * off forgets; everything else is in non-volatile memory. Files: key (slots,
 * GENERATE), auth (GENERAL AUTHENTICATE), pin, objects (GET and PUT DATA),
 * yubico, perso.
 */
#ifndef VC_PIV_H
#define VC_PIV_H

#include "tlv.h"
#include "vc_app.h"
#include "vc_keys.h"
#include "vc_piv_perso.h"
#include "vc_sym.h"

enum {
	VC_PIV_FIELD = 8, /* a PIN with its padding */
	VC_PIV_SERIAL = 4,
	VC_PIV_ADMIN_KEY_MAX = 1 + VC_SYM_KEY_MAX
};

struct vc_piv_traits {
	bool yubico;       /* objects 5FFFxx, slot F9, policies for keys */
	bool keeps_empty;  /* an object that was written empty is there */
	bool keeps_status; /* SELECT again ends no status: part 2, 3.1.1 */
	bool pin_digits;   /* a PIN is digits only: part 2, 2.4.3 */
	uint8_t puk_min;   /* bytes of a PUK that are not padding */
	uint8_t pin_tries, puk_tries;
	uint16_t object_max;
	uint8_t version[3]; /* Yubico's GET VERSION */
};

struct vc_piv_kind {
	struct vc_app_ops ops;
	struct vc_piv_traits traits;
};

extern const struct vc_piv_kind vc_piv_standard, vc_piv_yubico;

/* What the card asked the administrator, to be answered by the next command.
 * Wiped when used, rightly or wrongly. */
struct vc_piv_question {
	enum { VC_PIV_NONE, VC_PIV_WITNESS, VC_PIV_CHALLENGE } asked;
	uint8_t n;
	uint8_t bytes[VC_SYM_BLOCK_MAX];
};

struct vc_piv {
	struct vc_app app;
	bool pin, global; /* statuses of 80 and 00 */
	bool fresh;       /* the command before this one was a good VERIFY */
	bool admin;       /* status of 9B */
	struct vc_piv_question question;
};

static inline struct vc_piv *vc_piv_of(struct vc_app *app)
{
	return (struct vc_piv *)app;
}

static inline const struct vc_piv_traits *vc_piv_traits(const struct vc_piv *p)
{
	return &((const struct vc_piv_kind *)p->app.ops)->traits;
}

/* Small things: VC_NV_DATA objects. */
enum vc_piv_setting {
	VC_PIV_SET_SERIAL = 1,
	VC_PIV_SET_INFO = 0x0100,   /* + slot: struct vc_piv_info */
	VC_PIV_SET_DEFAULT = 0x0200 /* + reference: there while PIN or PUK are
				       as delivered */
};

static inline struct vc_nv_id vc_piv_id(
    const struct vc_piv *p, enum vc_nv_kind kind, unsigned ref)
{
	return vc_home_id(&p->app.home, kind, (uint16_t)ref);
}

static inline uk_bytes vc_piv_get(
    const struct vc_piv *p, enum vc_nv_kind kind, unsigned ref)
{
	uk_bytes v;

	(void)vc_nv_get(p->app.home.nv, vc_piv_id(p, kind, ref), &v);
	return v;
}

static inline UK_RESULT vc_piv_put(
    const struct vc_piv *p, enum vc_nv_kind kind, unsigned ref, uk_bytes v)
{
	return vc_nv_put(p->app.home.nv, vc_piv_id(p, kind, ref), v);
}

static inline uint16_t vc_piv_commit(const struct vc_piv *p)
{
	return vc_sw(vc_nv_commit(p->app.home.nv));
}

/* --- vc_piv.c --------------------------------------------------------------
 */

/* Pending: PINs, management key and discovery object of a card as it is
 * delivered. */
UK_RESULT vc_piv_fill(struct vc_piv *p);
void vc_piv_forget(struct vc_app *app);

/* --- vc_piv_key.c ----------------------------------------------------------
 */

struct vc_piv_slot {
	uint8_t first, last;
	uint8_t policy; /* enum vc_piv_policy, where none was asked for */
	uint32_t cert;  /* tag of the first one's certificate */
	bool yubico;
};

struct vc_piv_info {
	uint8_t policy, touch, origin;
};

enum vc_piv_origin { VC_PIV_MADE = 1, VC_PIV_BROUGHT = 2 };

/* NULL if this card has no such slot. */
const struct vc_piv_slot *vc_piv_slot(const struct vc_piv *p, uint8_t ref);
/* enum vc_key_kind of an algorithm identifier (SP 800-78-4, table 6-2); 0 if
 * unknown. And the other way round. */
uint8_t vc_piv_kind_of(uint8_t alg);
uint8_t vc_piv_alg_of(uk_bytes key);
uk_bytes vc_piv_key(const struct vc_piv *p, uint8_t ref);
struct vc_piv_info vc_piv_info(const struct vc_piv *p, uint8_t ref);
/* AA: PIN policy, AB: touch policy, as Yubico has them; false for anything
 * else, and where the card does not know them. */
bool vc_piv_take_policy(
    const struct vc_piv *p, const uk_tlv *t, struct vc_piv_info *info);
/* Pending: a key made or brought, with what is known about it. */
UK_RESULT vc_piv_put_key(struct vc_piv *p, uint8_t ref,
    const struct vc_piv_info *info, uk_bytes key);
UK_RESULT vc_piv_new_key(struct vc_piv *p, uint8_t ref, uint8_t kind,
    const struct vc_piv_info *info, uk_buf *public);
UK_RESULT vc_piv_bring_key(struct vc_piv *p, uint8_t ref, uint8_t kind,
    const struct vc_piv_info *info, const struct vc_key_parts *parts);
vc_command_fn vc_piv_generate;

/* --- vc_piv_auth.c ---------------------------------------------------------
 */

/* The objects of 7C. */
struct vc_piv_dynamic {
	bool has_witness, has_challenge, has_response, has_point;
	uk_bytes witness, challenge, response, point;
};

vc_command_fn vc_piv_general_auth;

/* --- vc_piv_admin.c --------------------------------------------------------
 */

/* GENERAL AUTHENTICATE with 9B; question: what was asked before. */
uint16_t vc_piv_admin_auth(struct vc_piv *p, uint8_t alg,
    const struct vc_piv_dynamic *q, const struct vc_piv_question *question,
    uk_buf *out);
/* Pending. UK_ERR_ARGUMENT if the key is no key for this algorithm. */
UK_RESULT vc_piv_put_admin_key(struct vc_piv *p, uint8_t alg, uk_bytes key);
/* Its algorithm; *as_delivered: it is still everybody's. */
uint8_t vc_piv_admin_alg(const struct vc_piv *p, bool *as_delivered);

/* --- vc_piv_pin.c ----------------------------------------------------------
 */

/* Is what the PIN guards open, by the one or the other PIN? */
bool vc_piv_is_open(const struct vc_piv *p);
/* Pending: a new PIN, padded, with all its tries. */
UK_RESULT vc_piv_put_pin(
    struct vc_piv *p, uint8_t ref, uint8_t tries, uk_bytes field);
/* Pending: PIN and PUK as delivered. */
UK_RESULT vc_piv_put_first_pins(
    struct vc_piv *p, uint8_t pin_tries, uint8_t puk_tries);
bool vc_piv_pin_as_delivered(const struct vc_piv *p, uint8_t ref);
vc_command_fn vc_piv_verify, vc_piv_change, vc_piv_reset_counter;

/* --- vc_piv_objects.c ------------------------------------------------------
 */

/* PIN usage policies of the discovery object that this card can keep (part 1,
 * 3.3.2): its own PIN alone, or the global PIN as well, to be asked for second
 * or first. */
enum {
	VC_PIV_GLOBAL_PIN = 0x2000, /* the bit */
	VC_PIV_APP_PIN = 0x4000,
	VC_PIV_GLOBAL_SECONDARY = 0x6010,
	VC_PIV_GLOBAL_PRIMARY = 0x6020
};

uint16_t vc_piv_pin_usage(const struct vc_piv *p);
/* Pending: a discovery object that says this. */
UK_RESULT vc_piv_put_pin_usage(struct vc_piv *p, uint16_t usage);
/* Pending: an object by its tag, as it is on the card. UK_ERR_NOT_FOUND: the
 * card has no place for this tag; UK_ERR_TOO_SMALL: the content is too long. */
UK_RESULT vc_piv_put_object(struct vc_piv *p, uint32_t tag, uk_bytes content);
vc_command_fn vc_piv_get_data, vc_piv_put_data;

/* --- vc_piv_yubico.c -------------------------------------------------------
 */

vc_command_fn vc_piv_version, vc_piv_serial, vc_piv_metadata, vc_piv_import,
    vc_piv_set_tries, vc_piv_reset, vc_piv_set_admin_key;

#endif
