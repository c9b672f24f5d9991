/* Certificate revocation lists, RFC 5280, 5.1. */
#include "crl.h"

#include "der.h"

#include <time.h>

enum { EXTENSIONS = 0xa0 /* [0] EXPLICIT */ };

/* --- times --------------------------------------------------------------- */

static int number(uk_reader *r, int digits, int least, int most)
{
	int v = 0;

	for (int i = 0; i < digits; i++) {
		uint8_t c = uk_get_u8(r);

		if (c < '0' || c > '9')
			r->bad = true;
		else
			v = v * 10 + c - '0';
	}
	if (v < least || v > most)
		r->bad = true;
	return v;
}

int64_t uk_der_get_time(uk_reader *r)
{
	bool utc = uk_der_peek(r) == UK_DER_UTC_TIME;
	uk_reader text = uk_read(
	    uk_der_get(r, utc ? UK_DER_UTC_TIME : UK_DER_TIME));
	struct tm t = { 0 };

	t.tm_year = number(&text, utc ? 2 : 4, utc ? 0 : 1950, 9999);
	if (!utc)
		t.tm_year -= 1900;
	else if (t.tm_year < 50)
		t.tm_year += 100;
	t.tm_mon = number(&text, 2, 1, 12) - 1;
	t.tm_mday = number(&text, 2, 1, 31);
	t.tm_hour = number(&text, 2, 0, 23);
	t.tm_min = number(&text, 2, 0, 59);
	t.tm_sec = number(&text, 2, 0, 59);
	if (uk_get_u8(&text) != 'Z' || !uk_is_ok(uk_read_end(&text))) {
		r->bad = true;
		return 0;
	}
	return (int64_t)timegm(&t);
}

/* --- extensions ---------------------------------------------------------- */

/* Extensions ::= SEQUENCE OF SEQUENCE { OID, critical BOOLEAN DEFAULT FALSE,
 * OCTET STRING }. We know none that may be critical: those that are (delta,
 * distribution point, another issuer) change what the list is about. */
static bool has_critical(uk_reader *extensions)
{
	bool found = false;

	while (extensions->left > 0 && !extensions->bad) {
		uk_reader e = uk_der_enter(extensions, UK_DER_SEQUENCE);
		uk_bytes critical;

		(void)uk_der_get(&e, UK_DER_OID);
		if (uk_der_opt(&e, UK_DER_BOOLEAN, &critical) &&
		    critical.n == 1 && critical.p[0] != 0)
			found = true;
		(void)uk_der_get(&e, UK_DER_OCTETS);
		if (!uk_is_ok(uk_read_end(&e)))
			extensions->bad = true;
	}
	return found;
}

/* --- entries ------------------------------------------------------------- */

static bool next_entry(uk_reader *r, uk_bytes *serial, bool *critical)
{
	uk_reader entry;

	if (r->left == 0 || r->bad)
		return false;
	entry = uk_der_enter(r, UK_DER_SEQUENCE);
	*serial = uk_der_get(&entry, UK_DER_INTEGER);
	(void)uk_der_get_time(&entry);
	if (uk_der_peek(&entry) == UK_DER_SEQUENCE) {
		uk_reader extensions = uk_der_enter(&entry, UK_DER_SEQUENCE);

		if (has_critical(&extensions))
			*critical = true;
		if (!uk_is_ok(uk_read_end(&extensions)))
			r->bad = true;
	}
	if (serial->n == 0 || !uk_is_ok(uk_read_end(&entry)))
		r->bad = true;
	return !r->bad;
}

bool uk_crl_next(uk_reader *r, uk_bytes *serial)
{
	bool critical = false;

	return next_entry(r, serial, &critical);
}

static void walk_entries(uk_reader *tbs, uk_crl *out, bool *critical)
{
	uk_bytes serial;
	uk_reader r;

	out->entries = uk_der_get(tbs, UK_DER_SEQUENCE);
	r = uk_read(out->entries);
	while (next_entry(&r, &serial, critical))
		out->count++;
	if (r.bad)
		tbs->bad = true;
}

/* --- the list ------------------------------------------------------------ */

static bool is_time(int tag)
{
	return tag == UK_DER_UTC_TIME || tag == UK_DER_TIME;
}

/* TBSCertList, 5.1.2 */
static uk_err parse_tbs(uk_crl *out, uk_bytes outer_algorithm)
{
	uk_reader whole = uk_read(out->tbs);
	uk_reader r = uk_der_enter(&whole, UK_DER_SEQUENCE);
	bool critical = false;

	if (uk_der_peek(&r) == UK_DER_INTEGER &&
	    uk_der_get_u32(&r, UK_DER_INTEGER) != 1) /* v2 */
		r.bad = true;
	if (!uk_bytes_eq(
		uk_der_get_whole(&r, UK_DER_SEQUENCE), outer_algorithm))
		r.bad = true; /* 5.1.1.2: the same, and signed with the rest */
	out->issuer = uk_der_get_whole(&r, UK_DER_SEQUENCE);
	out->this_update = uk_der_get_time(&r);
	out->next_update = is_time(uk_der_peek(&r)) ? uk_der_get_time(&r)
						    : INT64_MAX;
	if (uk_der_peek(&r) == UK_DER_SEQUENCE)
		walk_entries(&r, out, &critical);
	if (uk_der_peek(&r) == EXTENSIONS) {
		uk_reader explicit = uk_der_enter(&r, EXTENSIONS);
		uk_reader list = uk_der_enter(&explicit, UK_DER_SEQUENCE);

		if (has_critical(&list))
			critical = true;
		if (!uk_is_ok(uk_read_end(&list)) ||
		    !uk_is_ok(uk_read_end(&explicit)))
			r.bad = true;
	}
	UK_TRY(uk_read_end(&r));
	UK_TRY(uk_read_end(&whole));
	return critical ? uk_fail(UK_ERR_UNSUPPORTED) : uk_ok();
}

uk_err uk_crl_parse(uk_bytes der, uk_crl *out)
{
	uk_reader all = uk_read(der);
	uk_reader r = uk_der_enter(&all, UK_DER_SEQUENCE);
	uk_err err;

	*out = (uk_crl){ .tbs = uk_der_get_whole(&r, UK_DER_SEQUENCE) };
	out->algorithm = uk_der_get_whole(&r, UK_DER_SEQUENCE);
	out->signature = uk_der_get_whole(&r, UK_DER_BITS);
	err = uk_read_end(&r);
	if (uk_is_ok(err))
		err = uk_read_end(&all);
	if (uk_is_ok(err))
		err = parse_tbs(out, out->algorithm);
	if (!uk_is_ok(err))
		*out = (uk_crl){ 0 };
	return err;
}
