/* What vouches for a certificate. */
#include "vouchers.h"

#include "x509.h"

static const char *const kinds[] = {
	[BANK_VOUCHER_CERTIFICATE] = "certificate",
	[BANK_VOUCHER_CRL] = "crl",
	[BANK_VOUCHER_OCSP] = "ocsp",
};

/* --- collecting ---------------------------------------------------------- */

void bank_vouchers_free(struct bank_vouchers *v)
{
	for (size_t i = 0; i < v->count; i++)
		uk_blob_free(&v->item[i].der);
	*v = (struct bank_vouchers){ 0 };
}

static uk_err add(
    struct bank_vouchers *v, enum bank_voucher_kind kind, uk_bytes der)
{
	struct bank_voucher *next = &v->item[v->count];

	if (v->count == BANK_VOUCHERS_MAX)
		return uk_fail(UK_ERR_TOO_SMALL);
	next->kind = kind;
	UK_TRY(uk_checksum(&der, 1, next->fingerprint));
	UK_TRY(uk_blob_set(&next->der, der));
	v->count++;
	return uk_ok();
}

static uk_err collect_one(void *arg, enum uk_voucher kind, uk_bytes der)
{
	return add(arg,
	    kind == UK_VOUCHER_CRL ? BANK_VOUCHER_CRL
				   : BANK_VOUCHER_CERTIFICATE,
	    der);
}

static uk_err whole_fingerprint(struct bank_vouchers *v)
{
	uk_bytes parts[BANK_VOUCHERS_MAX];

	for (size_t i = 0; i < v->count; i++)
		parts[i] = UK_ARRAY(v->item[i].fingerprint);
	return uk_checksum(parts, v->count, v->fingerprint);
}

uk_err bank_vouchers_collect(const uk_trust *trust, const uk_cert *cert,
    uk_bytes ocsp, struct bank_vouchers *v)
{
	uk_err err = uk_trust_path(trust, cert, collect_one, v);

	if (uk_is_ok(err) && ocsp.n > 0)
		err = add(v, BANK_VOUCHER_OCSP, ocsp);
	if (uk_is_ok(err))
		err = whole_fingerprint(v);
	if (!uk_is_ok(err))
		bank_vouchers_free(v);
	return err;
}

/* --- the database -------------------------------------------------------- */

static uk_err insert_part(struct bank_store *s, const struct bank_voucher *part,
    int64_t set, size_t n)
{
	bank_query q = bank_query_of(s,
	    "INSERT INTO evidence_parts (fingerprint, kind, der)"
	    " VALUES (?, ?, ?) ON CONFLICT DO NOTHING");

	bank_bind_blob(&q, UK_ARRAY(part->fingerprint));
	bank_bind_text(&q, uk_view_str(kinds[part->kind]));
	bank_bind_blob(&q, uk_blob_view(&part->der));
	UK_TRY(bank_query_run(&q));
	q = bank_query_of(s,
	    "INSERT INTO evidence_set_parts (set_id, place, part)"
	    " VALUES (?, ?, ?)");
	bank_bind_int(&q, set);
	bank_bind_int(&q, (int64_t)n);
	bank_bind_blob(&q, UK_ARRAY(part->fingerprint));
	return bank_query_run(&q);
}

static uk_err find_set(
    struct bank_store *s, const struct bank_vouchers *v, int64_t *set)
{
	bank_query q = bank_query_of(
	    s, "SELECT id FROM evidence_sets WHERE fingerprint = ?");

	bank_bind_blob(&q, UK_ARRAY(v->fingerprint));
	return bank_query_id(&q, set);
}

uk_err bank_vouchers_keep(
    struct bank_store *s, const struct bank_vouchers *v, int64_t *set)
{
	bank_query q;
	uk_err err = find_set(s, v, set);

	if (!uk_is(err, UK_ERR_NOT_FOUND))
		return err;
	q = bank_query_of(s,
	    "INSERT INTO evidence_sets (fingerprint) VALUES (?)"
	    " ON CONFLICT DO NOTHING RETURNING id");
	bank_bind_blob(&q, UK_ARRAY(v->fingerprint));
	err = bank_query_id(&q, set);
	if (uk_is(err, UK_ERR_NOT_FOUND)) /* another server was faster */
		return find_set(s, v, set);
	for (size_t i = 0; i < v->count && uk_is_ok(err); i++)
		err = insert_part(s, &v->item[i], *set, i);
	return err;
}

static uk_err read_part(const bank_query *q, struct bank_vouchers *v)
{
	uk_bytes kind = bank_col(q, 0);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (uk_bytes_eq(kind, uk_view_str(kinds[i])))
			return add(
			    v, (enum bank_voucher_kind)i, bank_col(q, 1));
	}
	return uk_fail(UK_ERR_FORMAT);
}

uk_err bank_vouchers_load(
    struct bank_store *s, int64_t set, struct bank_vouchers *v)
{
	bank_query q = bank_query_of(s,
	    "SELECT p.kind, p.der FROM evidence_set_parts x"
	    " JOIN evidence_parts p ON p.fingerprint = x.part"
	    " WHERE x.set_id = ? ORDER BY x.place");
	uk_err err = uk_ok();

	bank_bind_int(&q, set);
	while (uk_is_ok(err) && bank_query_row(&q))
		err = read_part(&q, v);
	UK_TRY(bank_query_end(&q));
	return uk_is_ok(err) ? whole_fingerprint(v) : err;
}

/* --- the cache ----------------------------------------------------------- */

struct bank_voucher_cache {
	size_t count;
	struct known {
		/* hash of the issuer's name and the answer */
		uint8_t key[UK_CHECKSUM_SIZE];
		int64_t set;
	} known[BANK_VOUCHER_CACHE];
};

uk_err bank_voucher_cache_open(struct bank_voucher_cache **out)
{
	*out = uk_new(sizeof(**out));
	return *out == NULL ? uk_fail(UK_ERR_MEMORY) : uk_ok();
}

void bank_voucher_cache_forget(struct bank_voucher_cache *c)
{
	c->count = 0;
}

void bank_voucher_cache_close(struct bank_voucher_cache **c)
{
	uk_free(*c);
	*c = NULL;
}

static uk_err keep_now(
    struct bank_store *s, const struct bank_vouchers *v, int64_t *set)
{
	uk_err err = bank_begin(s);

	if (uk_is_ok(err))
		err = bank_vouchers_keep(s, v, set);
	if (uk_is_ok(err))
		err = bank_commit(s);
	bank_rollback(s); /* does nothing after a commit */
	return err;
}

uk_err bank_voucher_cache_get(struct bank_voucher_cache *c,
    struct bank_store *s, const uk_trust *trust, const uk_cert *cert,
    uk_bytes ocsp, int64_t *set)
{
	struct bank_vouchers v = { .count = 0 };
	struct known fresh = { .set = 0 };
	uk_bytes parts[2];
	uk_x509 x;
	uk_err err;

	UK_TRY(uk_x509_parse(uk_cert_der(cert), &x));
	parts[0] = x.issuer; /* DER: says where it ends */
	parts[1] = ocsp;
	UK_TRY(uk_checksum(parts, 2, fresh.key));
	for (size_t i = 0; i < c->count; i++) {
		if (uk_bytes_eq(
			UK_ARRAY(c->known[i].key), UK_ARRAY(fresh.key))) {
			*set = c->known[i].set;
			return uk_ok();
		}
	}
	err = bank_vouchers_collect(trust, cert, ocsp, &v);
	if (uk_is_ok(err))
		err = keep_now(s, &v, &fresh.set);
	bank_vouchers_free(&v);
	UK_TRY(err);
	if (c->count == BANK_VOUCHER_CACHE) /* more CAs than that are rare */
		c->count = 0;
	c->known[c->count++] = fresh;
	*set = fresh.set;
	return uk_ok();
}
