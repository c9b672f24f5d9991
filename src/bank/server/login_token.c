/* Login tokens: their form. */
#include "login_token.h"

#include "crypto.h"
#include "proto.h"

/* --- formats ------------------------------------------------------------- */

/* "0", or up to nine digits without a zero in front. */
static bool take_number(uk_reader *r, uint32_t *out)
{
	size_t digits = 0;

	for (*out = 0;
	     r->left > 0 && uk_peek_u8(r) >= '0' && uk_peek_u8(r) <= '9';
	     digits++) {
		if (digits == 9 || (digits > 0 && *out == 0))
			return false;
		*out = *out * 10 + uk_get_u8(r) - '0';
	}
	return digits > 0;
}

/* web-eid:<major>[.<minor>]: a later minor version is read as the latest we
 * know, another major one is not. */
uk_err bank_token_minor(uk_bytes format, uint32_t *minor)
{
	uk_reader r = uk_read(format);
	uk_bytes name = uk_view_str("web-eid:");
	uint32_t major;

	*minor = 0;
	if (!uk_bytes_eq(uk_get(&r, name.n), name) || !take_number(&r, &major))
		return uk_fail(UK_ERR_FORMAT);
	if (r.left > 0 && (uk_get_u8(&r) != '.' || !take_number(&r, minor)))
		return uk_fail(UK_ERR_FORMAT);
	return r.left == 0 && major == 1 ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

/* --- members ------------------------------------------------------------- */

static bool is_null(const uk_json *v)
{
	return v->kind == UK_JSON_NOTHING ||
	       (v->kind == UK_JSON_WORD &&
		   uk_bytes_eq(v->raw, uk_view_str("null")));
}

static size_t count_of(const uk_json *array)
{
	uk_bytes rest = array->kind == UK_JSON_ARRAY ? array->raw : UK_NONE;
	uk_json item;
	size_t n = 0;

	while (uk_json_item(&rest, &item))
		n++;
	return n;
}

/* What a string says, with a NUL behind it. */
static uk_err read_text(const uk_json *v, size_t max, uk_blob *out)
{
	uk_buf b;

	if (v->kind != UK_JSON_STRING || v->raw.n == 0 || v->raw.n > 2 * max)
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(uk_blob_set(out, v->raw));
	b = uk_buf_over(out->p, out->n);
	UK_TRY(uk_json_text(v, &b));
	out->n = b.len;
	out->p[b.len] = 0; /* never longer than raw */
	return out->n <= max ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

static uk_err read_base64(const uk_json *v, size_t max, uk_blob *out)
{
	uk_blob text = { NULL, 0 };
	uk_err err = read_text(v, 2 * max, &text);

	if (uk_is_ok(err))
		err = uk_base64_decode(uk_blob_view(&text), out);
	uk_blob_free(&text);
	UK_TRY(err);
	return out->n > 0 && out->n <= max ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

/* Not there, or null: none. There: at least one. */
static uk_err read_certs(uk_json v, struct bank_cert_list *out)
{
	size_t n = count_of(&v);
	uk_bytes rest = v.raw;
	uk_json item;

	if (is_null(&v))
		return uk_ok();
	if (n == 0 || n > BANK_TOKEN_CERTS)
		return uk_fail(UK_ERR_FORMAT);
	for (; uk_json_item(&rest, &item); out->n++)
		UK_TRY(
		    read_base64(&item, BANK_TOKEN_CERT_MAX, &out->der[out->n]));
	return uk_ok();
}

/* --- format 1.1: certificates that the card signs documents with ---------- */

static bool one_of(uk_json v, const char *const *names)
{
	for (; *names != NULL; names++) {
		if (uk_json_is(&v, *names))
			return true;
	}
	return false;
}

static bool algorithm_ok(const uk_json *v)
{
	static const char *const crypto[] = { "ECC", "RSA", NULL };
	static const char *const hash[] = { "SHA-224", "SHA-256", "SHA-384",
		"SHA-512", "SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512",
		NULL };
	static const char *const padding[] = { "NONE", "PKCS1.5", "PSS", NULL };

	return one_of(uk_json_member(v, "cryptoAlgorithm"), crypto) &&
	       one_of(uk_json_member(v, "hashFunction"), hash) &&
	       one_of(uk_json_member(v, "paddingScheme"), padding);
}

static uk_err read_signing_cert(const uk_json *v, struct bank_signing_cert *out)
{
	uk_json algorithms = uk_json_member(v, "supportedSignatureAlgorithms");
	uk_json der = uk_json_member(v, "certificate"), item;
	uk_bytes rest = algorithms.raw;

	UK_TRY(read_base64(&der, BANK_TOKEN_CERT_MAX, &out->der));
	if (count_of(&algorithms) == 0)
		return uk_fail(UK_ERR_FORMAT);
	while (uk_json_item(&rest, &item)) {
		if (!algorithm_ok(&item))
			return uk_fail(UK_ERR_FORMAT);
	}
	return read_certs(
	    uk_json_member(v, "intermediateCertificates"), &out->intermediates);
}

/* They may be left out only where the intermediate ones of the login
 * certificate are there. */
static uk_err read_11(const uk_json *token, struct bank_token *out)
{
	uk_json list = uk_json_member(token, "unverifiedSigningCertificates");
	uk_bytes rest = list.raw;
	size_t n = count_of(&list);
	uk_json item;

	UK_TRY(read_certs(
	    uk_json_member(token, "unverifiedIntermediateCertificates"),
	    &out->intermediates));
	if (is_null(&list))
		return out->intermediates.n > 0 ? uk_ok()
						: uk_fail(UK_ERR_FORMAT);
	if (n == 0 || n > BANK_TOKEN_CERTS)
		return uk_fail(UK_ERR_FORMAT);
	for (; uk_json_item(&rest, &item); out->signing_count++)
		UK_TRY(read_signing_cert(
		    &item, &out->signing[out->signing_count]));
	return uk_ok();
}

/* A token of 1.0 with the certificates of 1.1 would be let off their checks. */
static uk_err read_10(const uk_json *token)
{
	uk_json list = uk_json_member(token, "unverifiedSigningCertificates");

	return is_null(&list) ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

/* --- the token ----------------------------------------------------------- */

static uk_err read_format(const uk_json *token, struct bank_token *out)
{
	uk_json format = uk_json_member(token, "format");
	uk_json binding = uk_json_member(token, "binding");

	if (format.kind != UK_JSON_STRING)
		return uk_fail(UK_ERR_FORMAT);
	if (uk_json_is(&format, BANK_CHANNEL_FORMAT)) {
		out->kind = BANK_TOKEN_CHANNEL;
		return read_text(&binding, 32, &out->binding);
	}
	out->kind = BANK_TOKEN_WEB_EID;
	/* With escapes in it it is no format that we know. */
	UK_TRY(bank_token_minor(format.raw, &out->minor));
	return out->minor == 0 ? read_10(token) : read_11(token, out);
}

uk_err bank_token_read(uk_json token, struct bank_token *out)
{
	uk_json cert = uk_json_member(&token, "unverifiedCertificate");
	uk_json algorithm = uk_json_member(&token, "algorithm");
	uk_json signature = uk_json_member(&token, "signature");

	*out = (struct bank_token){ 0 };
	UK_TRY(read_format(&token, out));
	UK_TRY(read_base64(&cert, BANK_TOKEN_CERT_MAX, &out->certificate));
	UK_TRY(read_text(&algorithm, 16, &out->algorithm));
	return read_base64(&signature, BANK_TOKEN_SIG_MAX, &out->signature);
}

static void free_certs(struct bank_cert_list *l)
{
	for (size_t i = 0; i < BANK_TOKEN_CERTS; i++)
		uk_blob_free(&l->der[i]);
}

void bank_token_free(struct bank_token *t)
{
	uk_blob_free(&t->certificate);
	uk_blob_free(&t->algorithm);
	uk_blob_free(&t->signature);
	uk_blob_free(&t->binding);
	free_certs(&t->intermediates);
	for (size_t i = 0; i < BANK_TOKEN_CERTS; i++) {
		uk_blob_free(&t->signing[i].der);
		free_certs(&t->signing[i].intermediates);
	}
}
