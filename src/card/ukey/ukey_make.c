/*
 * U-key: making and importing key pairs, profile sections 2 and 4.
 *
 * The key comes first, then the directory of public keys, then that of private
 * keys: only its last write makes the key exist for anybody. A key that did not
 * get so far is taken back, or, if the card is gone, has a reference that the
 * next one takes over.
 */
#include "ukey_driver.h"

#include "sw.h"
#include "tlv.h"

enum {
	PUBLIC_MAX = 1024,
	ENTRY_MAX = 1024,
	SECRET_MAX = 2 * (UK_MODULUS_MAX / 2 + 4) + 32,
	DERIVED_ID = 20, /* as long as a SHA-1 */
	/* usage byte, profile 4 */
	MAY_SIGN = 0x01,
	MAY_DECIPHER = 0x02,
	MAY_DERIVE = 0x04,
	MAY_RAW = 0x08
};

enum {
	USES_SIGN = UK_USE_SIGN | UK_USE_SIGN_RECOVER | UK_USE_NON_REPUDIATION,
	USES_DECIPHER = UK_USE_DECRYPT | UK_USE_UNWRAP,
	/* in software, and so whatever the private half does */
	USES_PUBLIC = UK_USE_ENCRYPT | UK_USE_VERIFY | UK_USE_VERIFY_RECOVER
};

static const struct type_row {
	enum uk_key_type type;
	unsigned bits;
	uint8_t code;
	uint32_t uses; /* what such a key can be good for */
	uint8_t sign;  /* usage byte of a key that signs */
} types[] = {
	{ UK_KEY_RSA, 2048, 0x01, USES_SIGN | USES_DECIPHER,
	    MAY_SIGN | MAY_RAW },
	{ UK_KEY_RSA, 3072, 0x02, USES_SIGN | USES_DECIPHER,
	    MAY_SIGN | MAY_RAW },
	{ UK_KEY_RSA, 4096, 0x03, USES_SIGN | USES_DECIPHER,
	    MAY_SIGN | MAY_RAW },
	{ UK_KEY_P256, 256, 0x11, USES_SIGN | UK_USE_DERIVE, MAY_SIGN },
	{ UK_KEY_P384, 384, 0x12, USES_SIGN | UK_USE_DERIVE, MAY_SIGN },
	{ UK_KEY_P521, 521, 0x13, USES_SIGN | UK_USE_DERIVE, MAY_SIGN },
	{ UK_KEY_SM2, 256, 0x21, USES_SIGN | USES_DECIPHER, MAY_SIGN },
};

/* A key on its way. */
struct making {
	const struct uk_new_object *what;
	const struct type_row *row;
	uint32_t uses;
	uint8_t usage; /* the card's byte */
	uk_object key; /* kind, type, length, reference */
	bool here;     /* made on the card */
	bool there;    /* the card has it */
	uk_public_key public;
};

static const struct type_row *row_of(enum uk_key_type type, unsigned bits)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i].type == type &&
		    (type != UK_KEY_RSA || types[i].bits == bits))
			return &types[i];
	}
	return NULL;
}

static uint8_t usage_byte(const struct type_row *row, uint32_t uses)
{
	uint8_t usage = 0;

	if ((uses & USES_SIGN) != 0)
		usage |= row->sign;
	if ((uses & USES_DECIPHER) != 0)
		usage |= MAY_DECIPHER;
	if ((uses & UK_USE_DERIVE) != 0)
		usage |= MAY_DERIVE;
	return usage;
}

/* Uses that no such key has are left out, and are not listed either. */
static uk_err plan(
    struct making *m, const struct uk_new_object *what, unsigned bits)
{
	uk_p15_object name = { 0 };

	*m = (struct making){ .what = what,
		.row = row_of(what->key_type, bits) };
	UK_TRY(ukey_name_entry(&name, what->label, what->id));
	if (m->row == NULL)
		return uk_fail(UK_ERR_UNSUPPORTED);
	m->uses = what->usage & m->row->uses;
	m->usage = usage_byte(m->row, m->uses);
	m->key = (uk_object){ .kind = UK_OBJ_PRIVATE_KEY,
		.key_type = m->row->type,
		.key_bits = m->row->bits };
	return m->usage == 0 ? uk_fail(UK_ERR_UNSUPPORTED) : uk_ok();
}

/* The lowest reference that no private key has. */
static uk_err find_room(uk_card *c, struct making *m)
{
	struct ukey_dir d;
	struct ukey_walk w;
	bool taken[UKEY_KEY_LAST + 1] = { false };

	UK_TRY(ukey_dir_read(c, UK_P15_PRKEY, &d));
	w = ukey_dir_walk(&d);
	while (ukey_dir_next(&w)) {
		if (w.entry.known && w.entry.o.key_ref <= UKEY_KEY_LAST)
			taken[w.entry.o.key_ref] = true;
	}
	for (m->key.ref = UKEY_KEY_FURTHER; m->key.ref <= UKEY_KEY_LAST;
	     m->key.ref++) {
		if (!taken[m->key.ref])
			return uk_ok();
	}
	return uk_fail_sw(UK_ERR_CARD_STATUS, UK_SW_SPACE);
}

/* --- listing it ---------------------------------------------------------- */

/* The maker's id or, without one, the end of the modulus or of x: nobody else
 * has the same. */
static uk_bytes id_of(const struct making *m)
{
	const uk_public_key *p = &m->public;

	if (m->what->id.n > 0)
		return m->what->id;
	return p->type == UK_KEY_RSA
		   ? uk_bytes_last(
			 uk_view(p->modulus, p->modulus_len), DERIVED_ID)
		   : uk_bytes_last(
			 uk_bytes_first(uk_view(p->point, p->point_len),
			     1 + uk_key_field(p->type)),
			 DERIVED_ID);
}

static uk_err start_entry(
    const struct making *m, enum uk_p15_kind kind, uk_p15_object *o)
{
	*o = (uk_p15_object){ .kind = kind,
		.flags = UK_P15_MODIFIABLE,
		.key_type = m->key.key_type,
		.bits = m->key.key_bits,
		.key_ref = m->key.ref,
		.native = true };
	return ukey_name_entry(o, m->what->label, id_of(m));
}

static uk_err put_private(const struct making *m, uk_buf *out)
{
	uk_p15_object o;
	uk_buf path = UK_BUF(o.path.p);

	UK_TRY(start_entry(m, UK_P15_PRKEY, &o));
	o.flags |= UK_P15_PRIVATE;
	o.auth_id[0] = 0x01; /* the PIN's */
	o.auth_id_len = 1;
	o.usage = m->uses;
	o.access = UK_P15_SENSITIVE;
	if (m->here)
		o.access |= UK_P15_ALWAYS_SENSITIVE | UK_P15_NEVER_EXTRACTABLE |
			    UK_P15_LOCAL;
	uk_put_u16(&path, UKEY_FID_KEYS);
	o.path.n = path.len;
	return uk_put_p15(out, &o);
}

/* What the other half of the pair does: bit by bit as 7816-15 numbers them. */
static uint32_t public_uses(uint32_t uses)
{
	static const struct {
		uint32_t private, public;
	} pairs[] = {
		{ UK_USE_SIGN, UK_USE_VERIFY },
		{ UK_USE_SIGN_RECOVER, UK_USE_VERIFY_RECOVER },
		{ UK_USE_NON_REPUDIATION, UK_USE_NON_REPUDIATION },
		{ UK_USE_DECRYPT, UK_USE_ENCRYPT },
		{ UK_USE_UNWRAP, UK_USE_WRAP },
		{ UK_USE_DERIVE, UK_USE_DERIVE },
	};
	uint32_t out = 0;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if ((uses & pairs[i].private) != 0)
			out |= pairs[i].public;
	}
	return out;
}

static uk_err put_public(const struct making *m, uk_buf *out)
{
	const uk_public_key *p = &m->public;
	uint8_t der[PUBLIC_MAX], wrapped[PUBLIC_MAX];
	uk_buf spki = UK_BUF(der), value = UK_BUF(wrapped);
	uk_p15_object o;

	UK_TRY(start_entry(m, UK_P15_PUKEY, &o));
	UK_TRY(uk_put_spki(&spki, p->type, uk_view(p->modulus, p->modulus_len),
	    uk_view(p->exponent, p->exponent_len),
	    uk_view(p->point, p->point_len)));
	UK_TRY(ukey_put_value(&value, uk_buf_view(&spki)));
	o.usage = public_uses(m->uses) | (m->what->usage & USES_PUBLIC);
	o.access = UK_P15_EXTRACTABLE | (m->here ? UK_P15_LOCAL : 0);
	o.direct = uk_buf_view(&value);
	return uk_put_p15(out, &o);
}

/* In place of whatever an unfinished key left under this reference. */
static uk_err list_in(
    uk_card *c, enum uk_p15_kind kind, uint32_t ref, const uk_buf *entry)
{
	struct ukey_dir d;

	UK_TRY(ukey_dir_read(c, kind, &d));
	return ukey_dir_write(c, &d, ukey_pick_key, &ref, uk_buf_view(entry));
}

static uk_err list_key(uk_card *c, const struct making *m)
{
	uint8_t storage[2][ENTRY_MAX];
	uk_buf public = UK_BUF(storage[0]), private = UK_BUF(storage[1]);

	UK_TRY(put_public(m, &public));
	UK_TRY(put_private(m, &private));
	UK_TRY(list_in(c, UK_P15_PUKEY, m->key.ref, &public));
	return list_in(c, UK_P15_PRKEY, m->key.ref, &private);
}

/* --- taking it back ------------------------------------------------------ */

uk_err ukey_delete_key(uk_card *c, uint32_t ref)
{
	uint8_t template[] = { 0x7f, 0x48, 0x03, 0x84, 0x01, (uint8_t)ref };
	uk_cmd put_data = {
		.ins = 0xdb, .p1 = 0x3f, .p2 = 0xff, .data = UK_ARRAY(template)
	};
	uk_err err = ukey_send(c, &put_data, NULL);

	return uk_is(err, UK_ERR_NOT_FOUND) ? uk_ok() : err;
}

uk_err ukey_unmake(uk_card *c, uint32_t ref)
{
	UK_TRY(ukey_dir_drop(c, UK_P15_PRKEY, ukey_pick_key, &ref));
	UK_TRY(ukey_dir_drop(c, UK_P15_PUKEY, ukey_pick_key, &ref));
	return ukey_delete_key(c, ref);
}

/* The key is there: list it or take it back. */
static uk_err finish(
    uk_card *c, const struct making *m, uk_err err, size_t *out)
{
	if (uk_is_ok(err))
		err = list_key(c, m);
	if (!uk_is_ok(err) && m->there && ukey_can_undo(err))
		/* the first failure is told; a second one leaves a key that
		 * nobody lists */
		UK_IGNORE(ukey_unmake(c, m->key.ref));
	return ukey_made(c, err, UK_OBJ_PRIVATE_KEY, m->key.ref, out);
}

/* --- making -------------------------------------------------------------- */

static uk_err send_generate(uk_card *c, struct making *m)
{
	uint8_t template[] = { 0xac, 0x09, 0x80, 0x01, m->row->code, 0x84, 0x01,
		(uint8_t)m->key.ref, 0x95, 0x01, m->usage };
	uint8_t answer[PUBLIC_MAX];
	uk_buf got = UK_BUF(answer);
	uk_cmd generate = { .ins = 0x46,
		.data = UK_ARRAY(template),
		.le = m->row->type == UK_KEY_RSA ? UK_LE_MAX
						 : UK_LE_SHORT_MAX };

	UK_TRY(ukey_send(c, &generate, &got));
	m->there = true;
	return ukey_parse_public(uk_buf_view(&got), &m->key, &m->public);
}

uk_err ukey_generate(uk_card *c, const struct uk_new_object *what, size_t *out)
{
	struct making m;
	uk_err err;

	*out = 0;
	UK_TRY(plan(&m, what, what->key_bits));
	UK_TRY(find_room(c, &m));
	m.here = true;
	err = send_generate(c, &m);
	return finish(c, &m, err, out);
}

/* --- importing ----------------------------------------------------------- */

static void put_secret(
    uk_buf *out, const struct making *m, const struct uk_private_key *key)
{
	size_t at = uk_tlv_begin(out, 0x7f48);
	size_t field = uk_key_field(m->row->type), d;

	uk_put_tlv_u8(out, 0x84, (uint8_t)m->key.ref);
	uk_put_tlv_u8(out, 0x80, m->row->code);
	uk_put_tlv_u8(out, 0x95, m->usage);
	if (m->row->type == UK_KEY_RSA) {
		uk_put_tlv(out, 0x92, uk_bytes_trim_zeros(key->p));
		uk_put_tlv(out, 0x93, uk_bytes_trim_zeros(key->q));
	} else {
		d = uk_tlv_begin(out, 0x88);
		uk_put_padded(out, key->d, field);
		uk_tlv_end(out, d);
	}
	uk_tlv_end(out, at);
}

static uk_err send_import(
    uk_card *c, struct making *m, const struct uk_private_key *key)
{
	uint8_t storage[SECRET_MAX];
	uk_buf template = UK_BUF(storage);
	uk_cmd put_data = {
		.ins = 0xdb, .p1 = 0x3f, .p2 = 0xff, .secret = true
	};
	uk_err err;

	put_secret(&template, m, key);
	put_data.data = uk_buf_view(&template);
	err = uk_buf_result(&template);
	if (uk_is_ok(err))
		err = ukey_send(c, &put_data, NULL);
	uk_wipe(storage, sizeof(storage));
	m->there = uk_is_ok(err);
	return m->there ? ukey_ask_public(c, &m->key, &m->public) : err;
}

/* Two primes of the same length make a modulus of twice their length. */
static uk_err check_secret(
    const struct uk_new_object *what, const struct uk_private_key *key)
{
	bool rsa = what->key_type == UK_KEY_RSA;
	size_t p = uk_bytes_trim_zeros(key->p).n;
	size_t q = uk_bytes_trim_zeros(key->q).n;
	size_t d = uk_bytes_trim_zeros(key->d).n;

	if (rsa ? p == 0 || p != q || p > UK_MODULUS_MAX / 2
		: d == 0 || d > uk_key_field(what->key_type))
		return uk_fail(UK_ERR_ARGUMENT);
	return uk_ok();
}

uk_err ukey_import(uk_card *c, const struct uk_new_object *what,
    const struct uk_private_key *key, size_t *out)
{
	struct making m;
	uk_err err;

	*out = 0;
	UK_TRY(check_secret(what, key));
	UK_TRY(plan(&m, what, (unsigned)(16 * uk_bytes_trim_zeros(key->p).n)));
	UK_TRY(find_room(c, &m));
	err = send_import(c, &m, key);
	return finish(c, &m, err, out);
}
