/* Evidence: putting the parts together. */
#include "evidence.h"

#include "cms.h"
#include "der.h"
#include "x509.h"

enum { SIG_MAX = 1024, FRAME_MAX = 4096 };

static uk_err set_algorithm(
    uk_crypto *c, const struct bank_signed *s, uk_cms *cms)
{
	uk_cert *cert = NULL;
	uk_err err = uk_cert_from_der(c, s->certificate, &cert);

	cms->alg = (struct uk_cms_alg){ .scheme = s->scheme, .hash = s->hash };
	/* RFC 7518, 3.5: the salt is as long as the hash. */
	if (s->scheme == UK_SIG_PSS)
		cms->alg.salt = uk_hash_size(s->hash);
	if (uk_is_ok(err))
		err = uk_key_verify(uk_cert_key(cert), s->scheme, s->hash,
		    s->text, s->signature);
	uk_cert_close(&cert);
	return err;
}

static uk_err set_signature(
    const struct bank_signed *s, uk_buf *room, uk_cms *cms)
{
	if (s->scheme == UK_SIG_ECDSA || s->scheme == UK_SIG_SM2)
		UK_TRY(uk_sig_to_der(s->signature, room));
	else
		uk_put(room, s->signature);
	cms->signature = uk_buf_view(room);
	return uk_buf_result(room);
}

static void add(uk_cms_items *items, uk_bytes item)
{
	if (items->count < UK_CMS_ITEMS_MAX)
		items->item[items->count++] = item;
}

static size_t add_all(const struct bank_vouchers *v, uk_cms *cms)
{
	uk_cms_items *const sets[] = {
		[BANK_VOUCHER_CERTIFICATE] = &cms->certificates,
		[BANK_VOUCHER_CRL] = &cms->crls,
		[BANK_VOUCHER_OCSP] = &cms->ocsp,
	};
	size_t total = 0;

	for (size_t i = 0; i < v->count; i++) {
		add(sets[v->item[i].kind], uk_blob_view(&v->item[i].der));
		total += v->item[i].der.n + 16; /* and a header around it */
	}
	return total;
}

/* In a buffer that is surely large enough. */
static uk_err write_down(const uk_cms *cms, size_t size, uk_blob *out)
{
	uint8_t *room = uk_new_array(size, 1);
	uk_buf b = uk_buf_over(room, size);
	uk_err err;

	if (room == NULL)
		return uk_fail(UK_ERR_MEMORY);
	err = uk_put_cms(&b, cms);
	if (uk_is_ok(err))
		err = uk_blob_set(out, uk_buf_view(&b));
	uk_free(room);
	return err;
}

uk_err bank_evidence_make(uk_crypto *c, const struct bank_signed *s,
    const struct bank_vouchers *vouchers, uk_blob *out)
{
	uint8_t storage[SIG_MAX];
	uk_buf signature = UK_BUF(storage);
	uk_cms cms = { .attached = true, .content = s->text };
	uk_x509 x;
	size_t size;

	UK_TRY(uk_x509_parse(s->certificate, &x));
	cms.issuer = x.issuer;
	cms.serial = x.serial;
	UK_TRY(set_algorithm(c, s, &cms));
	UK_TRY(set_signature(s, &signature, &cms));
	add(&cms.certificates, x.whole);
	size = add_all(vouchers, &cms);
	return write_down(
	    &cms, size + FRAME_MAX + s->text.n + x.whole.n + x.issuer.n, out);
}
