/* X.509 certificates, RFC 5280, 4.1: views of the fields we show. */
#include "x509.h"

#include "der.h"
#include "spki.h"

enum {
	VERSION = 0xa0,    /* [0] EXPLICIT */
	ISSUER_UID = 0x81, /* [1] IMPLICIT BIT STRING */
	SUBJECT_UID = 0x82,
	EXTENSIONS = 0xa3 /* [3] EXPLICIT */
};

/* Done with a constructed element that must have been read to its end. */
static void leave(uk_reader *outer, const uk_reader *inner)
{
	if (!uk_is_ok(uk_read_end(inner)))
		outer->bad = true;
}

/* --- validity ------------------------------------------------------------ */

static unsigned two_digits(uk_bytes v, size_t at)
{
	return (v.p[at] - '0') * 10U + (v.p[at + 1] - '0');
}

static bool all_digits(uk_bytes v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
	}
	return true;
}

/* 4.1.2.5: YYMMDDHHMMSSZ for 1950 to 2049, YYYYMMDDHHMMSSZ for the rest. */
static void get_date(uk_reader *r, char date[9])
{
	bool utc = uk_der_peek(r) == UK_DER_UTC_TIME;
	uk_bytes v = uk_der_get(r, utc ? UK_DER_UTC_TIME : UK_DER_TIME);
	size_t digits = utc ? 12 : 14;
	uk_buf text = uk_buf_over(date, 9);
	uk_bytes day;

	if (v.n != digits + 1 || v.p[digits] != 'Z' ||
	    !all_digits(uk_bytes_first(v, digits))) {
		r->bad = true;
		return;
	}
	if (utc)
		uk_put_str(&text, two_digits(v, 0) >= 50 ? "19" : "20");
	uk_put(&text, uk_bytes_first(v, digits - 6));
	day = uk_buf_view(&text);
	if (two_digits(day, 4) < 1 || two_digits(day, 4) > 12 ||
	    two_digits(day, 6) < 1 || two_digits(day, 6) > 31)
		r->bad = true;
	uk_put_u8(&text, 0);
}

/* --- extensions ---------------------------------------------------------- */

/* RFC 5280, 4.2.1.9 and 4.2.1.3: contents of the OBJECT IDENTIFIERs */
static const uint8_t basic_constraints[] = { 0x55, 0x1d, 0x13 };
static const uint8_t key_usage[] = { 0x55, 0x1d, 0x0f };

/* What has been met so far: 4.2 allows each extension once. */
struct seen {
	bool constraints, usage;
};

/* BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLen INTEGER }
 */
static bool parse_is_ca(uk_reader *r)
{
	uk_reader seq = uk_der_enter(r, UK_DER_SEQUENCE);
	uk_bytes ca;
	bool is_ca = uk_der_opt(&seq, UK_DER_BOOLEAN, &ca) && ca.n == 1 &&
		     ca.p[0] != 0;

	if (uk_der_peek(&seq) == UK_DER_INTEGER)
		(void)uk_der_get_uint(&seq);
	leave(r, &seq);
	return is_ca;
}

static void use_extension(
    uk_reader *r, uk_bytes oid, uk_bytes value, struct seen *seen, uk_x509 *out)
{
	uk_reader v = uk_read(value);

	if (uk_bytes_eq(oid, UK_ARRAY(basic_constraints))) {
		v.bad = seen->constraints;
		seen->constraints = true;
		out->is_ca = parse_is_ca(&v);
		leave(r, &v);
	} else if (uk_bytes_eq(oid, UK_ARRAY(key_usage))) {
		v.bad = seen->usage;
		seen->usage = true;
		out->has_key_usage = true;
		out->key_usage = uk_der_get_flags(&v, UK_DER_BITS);
		leave(r, &v);
	}
}

static void get_extensions(uk_reader *r, uk_x509 *out)
{
	uk_reader outer = uk_der_enter(r, EXTENSIONS);
	uk_reader list = uk_der_enter(&outer, UK_DER_SEQUENCE);
	struct seen seen = { false, false };

	while (!list.bad && list.left > 0) {
		uk_reader one = uk_der_enter(&list, UK_DER_SEQUENCE);
		uk_bytes oid = uk_der_get(&one, UK_DER_OID);
		uk_bytes critical;
		uk_bytes value;

		(void)uk_der_opt(&one, UK_DER_BOOLEAN, &critical);
		value = uk_der_get(&one, UK_DER_OCTETS);
		leave(&list, &one);
		if (!list.bad)
			use_extension(&list, oid, value, &seen, out);
	}
	leave(&outer, &list);
	leave(r, &outer);
}

/* --- certificate --------------------------------------------------------- */

static void get_validity(uk_reader *r, uk_x509 *out)
{
	uk_reader seq = uk_der_enter(r, UK_DER_SEQUENCE);

	get_date(&seq, out->not_before);
	get_date(&seq, out->not_after);
	leave(r, &seq);
}

static void get_tbs(uk_reader *r, uk_x509 *out)
{
	uk_reader tbs = uk_der_enter(r, UK_DER_SEQUENCE);
	uk_bytes skipped;

	(void)uk_der_opt(&tbs, VERSION, &skipped);
	out->serial = uk_der_get_whole(&tbs, UK_DER_INTEGER);
	(void)uk_der_get(&tbs, UK_DER_SEQUENCE); /* signature algorithm */
	out->issuer = uk_der_get_whole(&tbs, UK_DER_SEQUENCE);
	get_validity(&tbs, out);
	out->subject = uk_der_get_whole(&tbs, UK_DER_SEQUENCE);
	uk_spki_get(&tbs, out);
	(void)uk_der_opt(&tbs, ISSUER_UID, &skipped);
	(void)uk_der_opt(&tbs, SUBJECT_UID, &skipped);
	if (uk_der_peek(&tbs) == EXTENSIONS)
		get_extensions(&tbs, out);
	leave(r, &tbs);
}

uk_err uk_x509_parse(uk_bytes der, uk_x509 *out)
{
	uk_reader r = uk_read(der);
	uk_reader cert;

	*out = (uk_x509){ 0 };
	out->whole = uk_der_get_whole(&r, UK_DER_SEQUENCE);
	UK_TRY(uk_read_ok(&r));
	r = uk_read(out->whole);
	cert = uk_der_enter(&r, UK_DER_SEQUENCE);
	get_tbs(&cert, out);
	(void)uk_der_get(&cert, UK_DER_SEQUENCE); /* signature algorithm */
	(void)uk_der_get_bits(&cert);             /* signature */
	if (!uk_is_ok(uk_read_end(&cert))) {
		*out = (uk_x509){ 0 };
		return uk_fail(UK_ERR_FORMAT);
	}
	return uk_ok();
}
