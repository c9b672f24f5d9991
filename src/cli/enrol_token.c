/* Keys without certificates, and certificates for them: objects of the card. */
#include "cli_enrol.h"

#include "cli.h"
#include "der.h"
#include "hex.h"

#include <string.h>

enum { PART_MAX = 600, SPKI_MAX = 700 }; /* RSA 4096: 512 */

static CK_BBOOL yes = CK_TRUE;
static CK_OBJECT_CLASS public_class = CKO_PUBLIC_KEY;
static CK_OBJECT_CLASS cert_class = CKO_CERTIFICATE;
static CK_CERTIFICATE_TYPE x509_type = CKC_X_509;

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- finding -------------------------------------------------------------- */

static CK_RV find(const struct token *t, CK_ATTRIBUTE *what, CK_ULONG count,
    CK_OBJECT_HANDLE *out, CK_ULONG cap, CK_ULONG *n)
{
	CK_FUNCTION_LIST *f = t->m->f;
	CK_RV rv = f->C_FindObjectsInit(t->session, what, count);

	*n = 0;
	if (rv != CKR_OK)
		return rv;
	rv = f->C_FindObjects(t->session, out, cap, n);
	(void)f->C_FindObjectsFinal(t->session);
	return rv;
}

static bool read_part(const struct token *t, CK_OBJECT_HANDLE key,
    CK_ATTRIBUTE_TYPE type, uk_buf *out)
{
	CK_ATTRIBUTE a = { type, out->p, out->cap };

	if (t->m->f->C_GetAttributeValue(t->session, key, &a, 1) != CKR_OK ||
	    a.ulValueLen > out->cap)
		return false;
	out->len = a.ulValueLen;
	return true;
}

/* From its parts: CKA_PUBLIC_KEY_INFO not every module has. */
static uk_err read_public(
    const struct token *t, CK_OBJECT_HANDLE key, uk_buf *spki)
{
	uint8_t one[PART_MAX], two[PART_MAX];
	uk_buf a = UK_BUF(one), b = UK_BUF(two);
	uk_reader r;
	uk_bytes point;

	if (read_part(t, key, CKA_MODULUS, &a) &&
	    read_part(t, key, CKA_PUBLIC_EXPONENT, &b))
		return uk_put_spki(spki, UK_KEY_RSA, uk_buf_view(&a),
		    uk_buf_view(&b), UK_NONE);
	if (!read_part(t, key, CKA_EC_PARAMS, &a) ||
	    !read_part(t, key, CKA_EC_POINT, &b))
		return uk_fail(UK_ERR_UNSUPPORTED);
	r = uk_read(uk_buf_view(&b)); /* an OCTET STRING: PKCS#11 3.0, 6.3.3 */
	point = uk_der_get(&r, UK_DER_OCTETS);
	UK_TRY(uk_read_end(&r));
	return uk_put_spki(spki, uk_key_from_curve_oid(uk_buf_view(&a)),
	    UK_NONE, UK_NONE, point);
}

/* Leaves *out empty if it is none that we can ask with. */
static uk_err read_key(
    const struct token *t, CK_OBJECT_HANDLE handle, struct token_key *out)
{
	uint8_t room[SPKI_MAX];
	uk_buf id = UK_BUF(out->id), spki = UK_BUF(room);
	uk_x509 x;

	*out = (struct token_key){ .id_len = 0 };
	if (!read_part(t, handle, CKA_ID, &id) ||
	    !uk_is_ok(read_public(t, handle, &spki)) ||
	    !uk_is_ok(uk_spki_parse(uk_buf_view(&spki), &x)))
		return uk_ok();
	out->id_len = id.len;
	out->alg = bank_alg_for_key(x.key_type);
	return uk_blob_set(&out->spki, uk_buf_view(&spki));
}

static bool has_cert(const struct token *t, const struct token_key *k)
{
	CK_OBJECT_HANDLE cert;

	return token_find(t, CKO_CERTIFICATE, k, &cert) == CKR_OK;
}

static bool is_named(const struct token_key *k, const char *id)
{
	char hex[2 * sizeof(k->id) + 1];

	uk_hex_str(hex, sizeof(hex), uk_view(k->id, k->id_len));
	return id == NULL || strcasecmp(id, hex) == 0;
}

cli_end enrol_find_keys(struct cli *cli, const char *id, struct enrol_keys *out)
{
	CK_ATTRIBUTE what[] = {
		{ CKA_CLASS, &public_class, sizeof(public_class) },
		{ CKA_VERIFY, &yes, sizeof(yes) },
	};
	CK_OBJECT_HANDLE handles[ENROL_KEYS_MAX];
	const struct token *t = cli->token;
	CK_ULONG n;
	CK_RV rv = find(t, what, COUNT(what), handles, COUNT(handles), &n);

	*out = (struct enrol_keys){ .n = 0 };
	if (rv != CKR_OK)
		return cli_fail_ckr(cli, "reading keys", rv);
	for (CK_ULONG i = 0; i < n; i++) {
		struct token_key *k = &out->items[out->n];
		uk_err err = read_key(t, handles[i], k);

		if (!uk_is_ok(err))
			return cli_from_err(err);
		if (k->alg != NULL && is_named(k, id) && !has_cert(t, k))
			out->n++;
		else
			token_key_free(k);
	}
	return cli_ok();
}

void enrol_free_keys(struct enrol_keys *k)
{
	for (size_t i = 0; i < k->n; i++)
		token_key_free(&k->items[i]);
	k->n = 0;
}

cli_end enrol_choose(struct cli *cli, const struct enrol_keys *k,
    enum token_use use, const struct token_key **out)
{
	size_t found = 0;

	for (size_t i = 0; i < k->n; i++) {
		CK_OBJECT_HANDLE key;

		if (token_find(cli->token, CKO_PRIVATE_KEY, &k->items[i],
			&key) != CKR_OK ||
		    token_wants_consent(cli->token, key) !=
			(use == TOKEN_FOR_TRANSACTION))
			continue;
		*out = &k->items[i];
		found++;
	}
	if (found == 1)
		return cli_ok();
	return cli_fail_because(cli, CLI_NO_FREE_KEY,
	    found == 0 ? "%zu keys for %s without a certificate"
		       : "%zu keys could be for %s",
	    found, enrol_use_name(use));
}

/* --- the certificate ------------------------------------------------------ */

cli_end enrol_check(struct cli *cli, const struct token_key *k,
    enum token_use use, uk_bytes cert)
{
	uk_x509 x;

	if (!uk_is_ok(uk_x509_parse(cert, &x)) || x.whole.n != cert.n)
		return cli_fail_because(
		    cli, CLI_BANK_MALFORMED, "no certificate");
	if (!uk_bytes_eq(x.spki, uk_blob_view(&k->spki)))
		return cli_fail_because(cli, CLI_BANK_MALFORMED,
		    "the certificate is not for this card's key");
	if (!token_cert_is_for(&x, use))
		return cli_fail_because(cli, CLI_BANK_MALFORMED,
		    "the certificate is not for %s", enrol_use_name(use));
	return cli_ok();
}

/* A value for a template, which PKCS#11 does not write to. */
static CK_ATTRIBUTE value(CK_ATTRIBUTE_TYPE type, uk_bytes v)
{
	return (CK_ATTRIBUTE){ type, (void *)(uintptr_t)v.p, v.n };
}

static CK_RV create(const struct token *t, CK_SESSION_HANDLE session,
    const struct token_key *k, const uk_x509 *x)
{
	CK_ATTRIBUTE object[] = {
		{ CKA_CLASS, &cert_class, sizeof(cert_class) },
		{ CKA_CERTIFICATE_TYPE, &x509_type, sizeof(x509_type) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		value(CKA_ID, uk_view(k->id, k->id_len)),
		value(CKA_SUBJECT, x->subject),
		value(CKA_ISSUER, x->issuer),
		value(CKA_SERIAL_NUMBER, x->serial),
		value(CKA_VALUE, x->whole),
	};
	CK_OBJECT_HANDLE made;

	return t->m->f->C_CreateObject(session, object, COUNT(object), &made);
}

cli_end enrol_write(struct cli *cli, const struct token_key *k, uk_bytes cert)
{
	const struct token *t = cli->token;
	CK_SESSION_HANDLE session;
	uk_x509 x;
	CK_RV rv;

	if (!uk_is_ok(uk_x509_parse(cert, &x)))
		return cli_fail(CLI_FORMAT);
	rv = t->m->f->C_OpenSession(
	    t->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session);
	if (rv != CKR_OK)
		return cli_fail_ckr(cli, "C_OpenSession", rv);
	rv = create(t, session, k, &x);
	(void)t->m->f->C_CloseSession(session);
	if (rv == CKR_USER_NOT_LOGGED_IN) /* somebody is, with the PIN */
		return cli_fail_because(cli, CLI_UNSUPPORTED,
		    "on this card only its administrator writes certificates: "
		    "take it to the bank");
	return rv == CKR_OK ? cli_ok()
			    : cli_fail_ckr(cli, "writing the certificate", rv);
}
