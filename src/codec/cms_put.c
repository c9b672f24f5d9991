/* Signed data: writing. */
#include "cms_parts.h"
#include "der.h"
#include "tlv.h"

/* The least of the items that comes after `last`; none at the end. */
static uk_bytes next_item(const uk_cms_items *items, uk_bytes last)
{
	uk_bytes best = UK_NONE;

	for (size_t i = 0; i < items->count; i++) {
		uk_bytes item = items->item[i];

		if (uk_cms_before(last, item) &&
		    (best.n == 0 || uk_cms_before(item, best)))
			best = item;
	}
	return best;
}

/* In ascending order, what is there twice once. */
static void put_items(uk_buf *out, const uk_cms_items *items)
{
	uk_bytes item = next_item(items, UK_NONE);

	for (; item.n > 0; item = next_item(items, item))
		uk_put(out, item);
}

static void put_certificates(uk_buf *out, const uk_cms *cms)
{
	size_t at;

	if (cms->certificates.count == 0)
		return;
	at = uk_tlv_begin(out, CMS_EXPLICIT_0);
	put_items(out, &cms->certificates);
	uk_tlv_end(out, at);
}

/* RFC 5940, 2: their order among each other is that of their contents, because
 * everything before it is the same but for the length, which sorts alike. */
static void put_ocsp(uk_buf *out, const uk_cms_items *items)
{
	uk_bytes item = next_item(items, UK_NONE);
	size_t at;

	for (; item.n > 0; item = next_item(items, item)) {
		at = uk_tlv_begin(out, CMS_CRLS);
		uk_put_der(out, UK_DER_OID, uk_cms_ocsp_oid());
		uk_put(out, item);
		uk_tlv_end(out, at);
	}
}

static void put_crls(uk_buf *out, const uk_cms *cms)
{
	size_t at;

	if (cms->crls.count == 0 && cms->ocsp.count == 0)
		return;
	at = uk_tlv_begin(out, CMS_CRLS);
	put_items(out, &cms->crls);
	put_ocsp(out, &cms->ocsp);
	uk_tlv_end(out, at);
}

static void put_content(uk_buf *out, const uk_cms *cms, uk_bytes type)
{
	size_t seq = uk_tlv_begin(out, UK_DER_SEQUENCE), at;

	uk_put_der(out, UK_DER_OID, type);
	if (cms->attached) {
		at = uk_tlv_begin(out, CMS_EXPLICIT_0);
		uk_put_der(out, UK_DER_OCTETS, cms->content);
		uk_tlv_end(out, at);
	}
	uk_tlv_end(out, seq);
}

static uk_err put_signer(uk_buf *out, const uk_cms *cms)
{
	size_t seq = uk_tlv_begin(out, UK_DER_SEQUENCE), sid;

	uk_put_der_u32(out, UK_DER_INTEGER, CMS_VERSION);
	sid = uk_tlv_begin(out, UK_DER_SEQUENCE);
	uk_put(out, cms->issuer);
	uk_put(out, cms->serial);
	uk_tlv_end(out, sid);
	UK_TRY(uk_cms_put_hash(out, cms->alg.hash));
	UK_TRY(uk_cms_put_alg(out, &cms->alg));
	uk_put_der(out, UK_DER_OCTETS, cms->signature);
	uk_tlv_end(out, seq);
	return uk_buf_result(out);
}

static uk_err put_signed_data(uk_buf *out, const uk_cms *cms, uk_bytes type)
{
	size_t seq = uk_tlv_begin(out, UK_DER_SEQUENCE), set;

	uk_put_der_u32(out, UK_DER_INTEGER,
	    cms->ocsp.count > 0 ? CMS_VERSION_OTHER : CMS_VERSION);
	set = uk_tlv_begin(out, UK_DER_SET);
	UK_TRY(uk_cms_put_hash(out, cms->alg.hash));
	uk_tlv_end(out, set);
	put_content(out, cms, type);
	put_certificates(out, cms);
	put_crls(out, cms);
	set = uk_tlv_begin(out, UK_DER_SET);
	UK_TRY(put_signer(out, cms));
	uk_tlv_end(out, set);
	uk_tlv_end(out, seq);
	return uk_buf_result(out);
}

uk_err uk_put_cms(uk_buf *out, const uk_cms *cms)
{
	struct uk_cms_types types = uk_cms_types_of(
	    cms->alg.scheme == UK_SIG_SM2);
	size_t info, at;

	if (cms->certificates.count > UK_CMS_ITEMS_MAX ||
	    cms->crls.count > UK_CMS_ITEMS_MAX ||
	    cms->ocsp.count > UK_CMS_ITEMS_MAX || cms->signature.n == 0)
		return uk_fail(UK_ERR_ARGUMENT);
	info = uk_tlv_begin(out, UK_DER_SEQUENCE);
	uk_put_der(out, UK_DER_OID, types.signed_data);
	at = uk_tlv_begin(out, CMS_EXPLICIT_0);
	UK_TRY(put_signed_data(out, cms, types.data));
	uk_tlv_end(out, at);
	uk_tlv_end(out, info);
	return uk_buf_result(out);
}
