/* Signed data: reading. */
#include "cms.h"

#include "cms_parts.h"
#include "der.h"
#include "x509.h"

/* --- names --------------------------------------------------------------- */

static const uint8_t id_data[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
	0x07, 0x01 };
static const uint8_t id_signed[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
	0x07, 0x02 };
/* 1.2.156.10197.6.1.4.2.1 and .2 */
static const uint8_t gm_data[] = { 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x06, 0x01,
	0x04, 0x02, 0x01 };
static const uint8_t gm_signed[] = { 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x06, 0x01,
	0x04, 0x02, 0x02 };
/* 1.3.6.1.5.5.7.16.2 */
static const uint8_t ri_ocsp[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x10,
	0x02 };

struct uk_cms_types uk_cms_types_of(bool sm2)
{
	return sm2 ? (struct uk_cms_types){ UK_ARRAY(gm_data),
		UK_ARRAY(gm_signed) }
		   : (struct uk_cms_types){ UK_ARRAY(id_data),
			     UK_ARRAY(id_signed) };
}

uk_bytes uk_cms_ocsp_oid(void)
{
	return UK_ARRAY(ri_ocsp);
}

bool uk_cms_before(uk_bytes a, uk_bytes b)
{
	for (size_t i = 0; i < a.n || i < b.n; i++) {
		uint8_t x = i < a.n ? a.p[i] : 0, y = i < b.n ? b.p[i] : 0;

		if (x != y)
			return x < y;
	}
	return false;
}

/* --- reading ------------------------------------------------------------- */

/* On the way: what was read, and whether all of it is of a kind we know. */
struct reading {
	uk_cms *cms;
	struct uk_cms_types types;
	bool sm2, known;
};

static void leave(uk_reader *outer, const uk_reader *inner)
{
	if (!uk_is_ok(uk_read_end(inner)))
		outer->bad = true;
}

static void add(uk_reader *r, uk_cms_items *items, uk_bytes item)
{
	/* A SET OF in DER is sorted; nothing twice. */
	if (items->count == UK_CMS_ITEMS_MAX ||
	    (items->count > 0 &&
		!uk_cms_before(items->item[items->count - 1], item)))
		r->bad = true;
	if (!r->bad)
		items->item[items->count++] = item;
}

static void get_certificates(uk_reader *r, struct reading *c)
{
	uk_bytes set;
	uk_reader inner;

	if (!uk_der_opt(r, CMS_EXPLICIT_0, &set))
		return;
	inner = uk_read(set);
	while (uk_der_peek(&inner) >= 0)
		add(&inner, &c->cms->certificates,
		    uk_der_get_whole(&inner, UK_DER_SEQUENCE));
	leave(r, &inner);
}

/* OtherRevocationInfoFormat: SEQUENCE's content is a type and a value. */
static void get_other(uk_reader *r, struct reading *c)
{
	uk_reader seq = uk_der_enter(r, CMS_CRLS);

	if (!uk_bytes_eq(uk_der_get(&seq, UK_DER_OID), uk_cms_ocsp_oid()))
		c->known = false;
	add(r, &c->cms->ocsp, uk_der_get_whole(&seq, UK_DER_SEQUENCE));
	if (c->known)
		leave(r, &seq);
}

static void get_crls(uk_reader *r, struct reading *c)
{
	uk_bytes set;
	uk_reader inner;

	if (!uk_der_opt(r, CMS_CRLS, &set))
		return;
	inner = uk_read(set);
	while (uk_der_peek(&inner) == UK_DER_SEQUENCE)
		add(&inner, &c->cms->crls,
		    uk_der_get_whole(&inner, UK_DER_SEQUENCE));
	while (uk_der_peek(&inner) == CMS_CRLS && c->known)
		get_other(&inner, c);
	if (c->known)
		leave(r, &inner);
}

static void get_signer(uk_reader *r, struct reading *c)
{
	uk_reader si = uk_der_enter(r, UK_DER_SEQUENCE), sid;
	uk_cms *cms = c->cms;
	enum uk_hash hash;

	if (uk_der_get_u32(&si, UK_DER_INTEGER) != CMS_VERSION)
		c->known = false;
	sid = uk_der_enter(&si, UK_DER_SEQUENCE);
	cms->issuer = uk_der_get_whole(&sid, UK_DER_SEQUENCE);
	cms->serial = uk_der_get_whole(&sid, UK_DER_INTEGER);
	leave(&si, &sid);
	uk_cms_get_hash(&si, &hash, &c->known);
	if (uk_der_peek(&si) == CMS_EXPLICIT_0)
		c->known = false; /* signed attributes */
	if (!c->known || si.bad) {
		r->bad |= si.bad;
		return;
	}
	uk_cms_get_alg(&si, &cms->alg, &c->known);
	cms->signature = uk_der_get(&si, UK_DER_OCTETS);
	if (c->known)
		leave(r, &si);
	if (cms->alg.hash == UK_HASH_NONE)
		cms->alg.hash = hash;
	/* RFC 4055, 3.3: both name the same hash. */
	if (cms->alg.hash != hash || cms->signature.n == 0 ||
	    c->sm2 != (cms->alg.scheme == UK_SIG_SM2) ||
	    c->sm2 != (hash == UK_HASH_SM3))
		r->bad = true;
}

static void get_content(uk_reader *r, struct reading *c)
{
	uk_reader seq = uk_der_enter(r, UK_DER_SEQUENCE);
	uk_reader inner;
	uk_bytes value;

	if (!uk_bytes_eq(uk_der_get(&seq, UK_DER_OID), c->types.data)) {
		c->known = false;
		return;
	}
	c->cms->attached = uk_der_opt(&seq, CMS_EXPLICIT_0, &value);
	if (c->cms->attached) {
		inner = uk_read(value);
		c->cms->content = uk_der_get(&inner, UK_DER_OCTETS);
		leave(&seq, &inner);
	}
	leave(r, &seq);
}

static void get_signed_data(uk_reader *r, struct reading *c)
{
	uk_reader sd = uk_der_enter(r, UK_DER_SEQUENCE), set;
	uint32_t version = uk_der_get_u32(&sd, UK_DER_INTEGER);
	enum uk_hash hash;

	set = uk_der_enter(&sd, UK_DER_SET);
	uk_cms_get_hash(&set, &hash, &c->known);
	if (uk_der_peek(&set) >= 0 || !c->known) {
		c->known = false; /* several signers */
		r->bad |= set.bad;
		return;
	}
	leave(&sd, &set);
	get_content(&sd, c);
	if (c->known)
		get_certificates(&sd, c);
	if (c->known)
		get_crls(&sd, c);
	set = uk_der_enter(&sd, UK_DER_SET);
	if (c->known)
		get_signer(&set, c);
	if (uk_der_peek(&set) >= 0)
		c->known = false;
	r->bad |= sd.bad || set.bad;
	if (!c->known || r->bad)
		return;
	leave(r, &sd);
	if (hash != c->cms->alg.hash ||
	    version !=
		(c->cms->ocsp.count > 0 ? CMS_VERSION_OTHER : CMS_VERSION))
		r->bad = true;
}

uk_err uk_cms_parse(uk_bytes der, uk_cms *out)
{
	uk_cms cms = { 0 };
	struct reading c = { .cms = &cms, .known = true };
	uk_reader r = uk_read(der);
	uk_reader info = uk_der_enter(&r, UK_DER_SEQUENCE);
	uk_bytes type = uk_der_get(&info, UK_DER_OID);
	uk_reader inner;

	*out = (uk_cms){ 0 };
	UK_TRY(uk_read_end(&r));
	c.sm2 = uk_bytes_eq(type, uk_cms_types_of(true).signed_data);
	c.types = uk_cms_types_of(c.sm2);
	UK_TRY(uk_read_ok(&info));
	if (!uk_bytes_eq(type, c.types.signed_data))
		return uk_fail(UK_ERR_UNSUPPORTED);
	inner = uk_der_enter(&info, CMS_EXPLICIT_0);
	UK_TRY(uk_read_end(&info));
	get_signed_data(&inner, &c);
	if (!c.known && !inner.bad)
		return uk_fail(UK_ERR_UNSUPPORTED);
	UK_TRY(uk_read_end(&inner));
	*out = cms;
	return uk_ok();
}

uk_err uk_cms_signer(const uk_cms *cms, uk_bytes *certificate)
{
	uk_x509 x;

	*certificate = UK_NONE;
	for (size_t i = 0; i < cms->certificates.count; i++) {
		uk_bytes der = cms->certificates.item[i];

		if (!uk_is_ok(uk_x509_parse(der, &x)) ||
		    !uk_bytes_eq(x.issuer, cms->issuer) ||
		    !uk_bytes_eq(x.serial, cms->serial))
			continue;
		*certificate = der;
		return uk_ok();
	}
	return uk_fail(UK_ERR_NOT_FOUND);
}
