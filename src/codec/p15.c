/*
 * ISO/IEC 7816-15 objects (8.2.1 and 8.4 to 8.9):
 *
 *   object = choice { common, class, [0] subclass, [1] { type } }
 *
 * common is the same for all; class and type are one row per kind below. An
 * optional number that is 0 in uk_p15_object is left out when writing.
 */
#include "p15.h"

#include "der.h"
#include "p15_parts.h"
#include "tlv.h"

enum {
	CHOICE_FIRST = UK_DER_SEQUENCE, /* RSA, X.509, opaque data, password */
	CHOICE_EC = 0xa0,
	SUBCLASS = 0xa0,
	TYPE = 0xa1,
	DIRECT = 0xa0,
	PIN_REFERENCE = 0x80
};

enum {
	BITS_MAX = 16384, /* longest key that anybody makes */
	BITS_MIN = 112    /* shortest curve; less is a reference to keyInfo */
};

/* --- pieces -------------------------------------------------------------- */

/* ObjectValue: a path, the value itself, or something that we cannot use. */
static void get_value(uk_reader *r, uk_p15_object *o)
{
	if (uk_der_peek(r) == UK_DER_SEQUENCE)
		o->path = uk_p15_get_path(r);
	else if (!uk_der_opt(r, DIRECT, &o->direct))
		(void)uk_der_get_any(r);
}

static void put_value(uk_buf *out, const uk_p15_object *o)
{
	if (o->direct.n > 0)
		uk_put_der(out, DIRECT, o->direct);
	else
		uk_put_p15_path(out, &o->path);
}

static bool get_bool(uk_reader *r, bool absent)
{
	uk_bytes v;

	if (!uk_der_opt(r, UK_DER_BOOLEAN, &v))
		return absent;
	if (v.n != 1)
		r->bad = true;
	return v.n == 1 && v.p[0] != 0; /* cards also write 01 for true */
}

static void put_bool(uk_buf *out, bool v)
{
	uk_put_tlv_u8(out, UK_DER_BOOLEAN, v ? 0xff : 0x00);
}

static uint32_t opt_u32(uk_reader *r, uint8_t tag)
{
	return uk_der_peek(r) == tag ? uk_der_get_u32(r, tag) : 0;
}

static void put_opt_u32(uk_buf *out, uint8_t tag, uint32_t v)
{
	if (v != 0)
		uk_put_der_u32(out, tag, v);
}

static uint32_t opt_flags(uk_reader *r)
{
	return uk_der_peek(r) == UK_DER_BITS ? uk_der_get_flags(r, UK_DER_BITS)
					     : 0;
}

static void put_opt_flags(uk_buf *out, uint32_t v)
{
	if (v != 0)
		uk_put_der_flags(out, UK_DER_BITS, v);
}

static void put_opt(uk_buf *out, uint8_t tag, uk_bytes v)
{
	if (v.n > 0)
		uk_put_der(out, tag, v);
}

/* --- common to all: CommonObjectAttributes ------------------------------- */

static void get_common(uk_reader *r, uk_p15_object *o)
{
	uk_reader seq = uk_der_enter(r, UK_DER_SEQUENCE);
	uk_bytes v;

	if (uk_der_opt(&seq, UK_DER_UTF8, &v))
		uk_p15_copy_text(&seq, o->label, v);
	o->flags = opt_flags(&seq);
	if (uk_der_opt(&seq, UK_DER_OCTETS, &v))
		o->auth_id_len = uk_p15_copy_id(&seq, o->auth_id, v);
	o->user_consent = opt_u32(&seq, UK_DER_INTEGER);
	uk_p15_leave(r, &seq);
}

static void put_common(uk_buf *out, const uk_p15_object *o)
{
	size_t at = uk_tlv_begin(out, UK_DER_SEQUENCE);

	put_opt(out, UK_DER_UTF8, uk_view_str(o->label));
	put_opt_flags(out, o->flags);
	put_opt(out, UK_DER_OCTETS, uk_view(o->auth_id, o->auth_id_len));
	put_opt_u32(out, UK_DER_INTEGER, o->user_consent);
	uk_tlv_end(out, at);
}

/* --- keys ---------------------------------------------------------------- */

static void get_key_class(uk_reader *r, uk_p15_object *o)
{
	o->id_len = uk_p15_copy_id(r, o->id, uk_der_get(r, UK_DER_OCTETS));
	o->usage = uk_der_get_flags(r, UK_DER_BITS);
	o->native = get_bool(r, true);
	o->access = opt_flags(r);
	o->key_ref = opt_u32(r, UK_DER_INTEGER);
}

static void put_key_class(uk_buf *out, const uk_p15_object *o)
{
	uk_put_der(out, UK_DER_OCTETS, uk_view(o->id, o->id_len));
	uk_put_der_flags(out, UK_DER_BITS, o->usage);
	if (!o->native)
		put_bool(out, false);
	put_opt_flags(out, o->access);
	put_opt_u32(out, UK_DER_INTEGER, o->key_ref);
}

static void get_key_type(uk_reader *r, uk_p15_object *o)
{
	get_value(r, o);
	o->bits = opt_u32(r, UK_DER_INTEGER);
	if (o->bits > BITS_MAX)
		r->bad = true;
	if (o->bits < BITS_MIN)
		o->bits = 0;
}

static void put_key_type(uk_buf *out, const uk_p15_object *o)
{
	put_value(out, o);
	put_opt_u32(out, UK_DER_INTEGER, o->bits);
}

/* --- certificates -------------------------------------------------------- */

static void get_cert_class(uk_reader *r, uk_p15_object *o)
{
	o->id_len = uk_p15_copy_id(r, o->id, uk_der_get(r, UK_DER_OCTETS));
	o->authority = get_bool(r, false);
}

static void put_cert_class(uk_buf *out, const uk_p15_object *o)
{
	uk_put_der(out, UK_DER_OCTETS, uk_view(o->id, o->id_len));
	if (o->authority)
		put_bool(out, true);
}

/* --- data ---------------------------------------------------------------- */

static void get_data_class(uk_reader *r, uk_p15_object *o)
{
	uk_bytes v;

	if (uk_der_opt(r, UK_DER_UTF8, &v))
		uk_p15_copy_text(r, o->application, v);
	(void)uk_der_opt(r, UK_DER_OID, &v);
	if (uk_der_opt(r, UK_DER_OCTETS, &v))
		o->id_len = uk_p15_copy_id(r, o->id, v);
}

static void put_data_class(uk_buf *out, const uk_p15_object *o)
{
	put_opt(out, UK_DER_UTF8, uk_view_str(o->application));
	put_opt(out, UK_DER_OCTETS, uk_view(o->id, o->id_len));
}

/* --- passwords ----------------------------------------------------------- */

static void get_pin_class(uk_reader *r, uk_p15_object *o)
{
	uk_bytes v;

	if (uk_der_opt(r, UK_DER_OCTETS, &v))
		o->id_len = uk_p15_copy_id(r, o->id, v);
}

static void put_pin_class(uk_buf *out, const uk_p15_object *o)
{
	put_opt(out, UK_DER_OCTETS, uk_view(o->id, o->id_len));
}

static uint8_t get_pad_char(uk_reader *r)
{
	uk_bytes v;

	if (!uk_der_opt(r, UK_DER_OCTETS, &v))
		return 0;
	if (v.n != 1)
		r->bad = true;
	return v.n == 1 ? v.p[0] : 0;
}

/* INTEGER (0..255), which some cards write without the zero in front of 80 and
 * more. */
static uint8_t get_pin_reference(uk_reader *r)
{
	uk_bytes v;

	if (!uk_der_opt(r, PIN_REFERENCE, &v))
		return 0;
	v = uk_bytes_trim_zeros(v);
	if (v.n > 1)
		r->bad = true;
	return v.n == 1 ? v.p[0] : 0;
}

static void get_pin_type(uk_reader *r, uk_p15_object *o)
{
	uk_bytes last_change;

	o->pin_flags = uk_der_get_flags(r, UK_DER_BITS);
	o->pin_type = uk_der_get_u32(r, UK_DER_ENUMERATED);
	o->pin_min = uk_der_get_u32(r, UK_DER_INTEGER);
	o->pin_stored = uk_der_get_u32(r, UK_DER_INTEGER);
	o->pin_max = opt_u32(r, UK_DER_INTEGER);
	o->pin_ref = get_pin_reference(r);
	o->pin_pad = get_pad_char(r);
	(void)uk_der_opt(r, UK_DER_TIME, &last_change);
	if (uk_der_peek(r) == UK_DER_SEQUENCE)
		o->path = uk_p15_get_path(r);
}

static void put_pin_type(uk_buf *out, const uk_p15_object *o)
{
	uk_put_der_flags(out, UK_DER_BITS, o->pin_flags);
	uk_put_der_u32(out, UK_DER_ENUMERATED, o->pin_type);
	uk_put_der_u32(out, UK_DER_INTEGER, o->pin_min);
	uk_put_der_u32(out, UK_DER_INTEGER, o->pin_stored);
	put_opt_u32(out, UK_DER_INTEGER, o->pin_max);
	put_opt_u32(out, PIN_REFERENCE, o->pin_ref);
	if (o->pin_pad != 0 || (o->pin_flags & UK_P15_PIN_PADDED) != 0)
		uk_put_tlv_u8(out, UK_DER_OCTETS, o->pin_pad);
	if (o->path.n > 0)
		uk_put_p15_path(out, &o->path);
}

/* --- all ----------------------------------------------------------------- */

typedef void get_fn(uk_reader *r, uk_p15_object *o);
typedef void put_fn(uk_buf *out, const uk_p15_object *o);

static const struct kind_row {
	get_fn *get_class, *get_type;
	put_fn *put_class, *put_type;
	bool key;  /* has a choice for elliptic curves */
	bool bare; /* type attributes are not in a SEQUENCE of their own */
} kinds[] = {
	[UK_P15_PRKEY] = { get_key_class, get_key_type, put_key_class,
	    put_key_type, true, false },
	[UK_P15_PUKEY] = { get_key_class, get_key_type, put_key_class,
	    put_key_type, true, false },
	[UK_P15_CERT] = { get_cert_class, get_value, put_cert_class, put_value,
	    false, false },
	[UK_P15_DATA] = { get_data_class, get_value, put_data_class, put_value,
	    false, true },
	[UK_P15_PIN] = { get_pin_class, get_pin_type, put_pin_class,
	    put_pin_type, false, false },
};

static void get_class(uk_reader *r, uk_p15_object *o)
{
	uk_reader seq = uk_der_enter(r, UK_DER_SEQUENCE);

	kinds[o->kind].get_class(&seq, o);
	uk_p15_leave(r, &seq);
}

static void get_type(uk_reader *r, uk_p15_object *o)
{
	uk_reader outer = uk_der_enter(r, TYPE);
	uk_reader seq;

	if (kinds[o->kind].bare) {
		kinds[o->kind].get_type(&outer, o);
	} else {
		seq = uk_der_enter(&outer, UK_DER_SEQUENCE);
		kinds[o->kind].get_type(&seq, o);
		uk_p15_leave(&outer, &seq);
	}
	uk_p15_leave(r, &outer);
}

static bool is_known_choice(const struct kind_row *row, int tag)
{
	return tag == CHOICE_FIRST || (row->key && tag == CHOICE_EC);
}

bool uk_p15_next(uk_reader *r, enum uk_p15_kind kind, uk_p15_object *out)
{
	while (!r->bad && !uk_p15_at_end(r)) {
		int tag = uk_der_peek(r);
		uk_reader object;
		uk_bytes subclass;

		*out = (uk_p15_object){ 0 };
		out->kind = kind;
		if (!is_known_choice(&kinds[kind], tag)) {
			(void)uk_der_get_any(r);
			continue;
		}
		object = uk_der_enter(r, (uint8_t)tag);
		get_common(&object, out);
		get_class(&object, out);
		(void)uk_der_opt(&object, SUBCLASS, &subclass);
		get_type(&object, out);
		if (kinds[kind].key)
			out->key_type = tag == CHOICE_EC ? UK_KEY_P256
							 : UK_KEY_RSA;
		uk_p15_leave(r, &object);
		return !r->bad;
	}
	return false;
}

static bool is_writable(const uk_p15_object *o)
{
	return (size_t)o->kind < sizeof(kinds) / sizeof(kinds[0]) &&
	       o->id_len <= sizeof(o->id) &&
	       o->auth_id_len <= sizeof(o->auth_id) &&
	       o->path.n <= sizeof(o->path.p) && o->bits <= BITS_MAX &&
	       (!kinds[o->kind].key || o->key_type != UK_KEY_NONE);
}

uk_err uk_put_p15(uk_buf *out, const uk_p15_object *o)
{
	const struct kind_row *row;
	size_t object, class, type, inner = 0;

	if (!is_writable(o))
		return uk_fail(UK_ERR_ARGUMENT);
	row = &kinds[o->kind];
	object = uk_tlv_begin(out,
	    row->key && o->key_type != UK_KEY_RSA ? CHOICE_EC : CHOICE_FIRST);
	put_common(out, o);
	class = uk_tlv_begin(out, UK_DER_SEQUENCE);
	row->put_class(out, o);
	uk_tlv_end(out, class);
	type = uk_tlv_begin(out, TYPE);
	if (!row->bare)
		inner = uk_tlv_begin(out, UK_DER_SEQUENCE);
	row->put_type(out, o);
	if (!row->bare)
		uk_tlv_end(out, inner);
	uk_tlv_end(out, type);
	uk_tlv_end(out, object);
	return uk_buf_result(out);
}
