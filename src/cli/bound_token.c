/* Bound numbers on the card: the data object, and the key it is sealed to. */
#include "cli_bound.h"

#include "cli_token.h"
#include "secret.h"

enum { POINT_MAX = 2 + BOUND_POINT };

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_OBJECT_CLASS data_class = CKO_DATA;
static CK_OBJECT_CLASS private_class = CKO_PRIVATE_KEY;
static CK_OBJECT_CLASS public_class = CKO_PUBLIC_KEY;
static CK_OBJECT_CLASS secret_class = CKO_SECRET_KEY;
static CK_KEY_TYPE generic = CKK_GENERIC_SECRET, ec = CKK_EC;
static char label[] = "bound numbers", application[] = "ukey";
static uint8_t id[] = { 'b', 'o', 'u', 'n', 'd' };
/* prime256v1: 1.2.840.10045.3.1.7 */
static uint8_t p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
	0x07 };

#define TEXT(s)  s, sizeof(s) - 1
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define THIS_OBJECT                                                            \
	{ CKA_CLASS, &data_class, sizeof(data_class) },                        \
	    { CKA_LABEL, TEXT(label) },                                        \
	{                                                                      \
		CKA_APPLICATION, TEXT(application)                             \
	}

/* --- finding -------------------------------------------------------------- */

/* CKR_OBJECT_HANDLE_INVALID: there is none. */
static CK_RV find(const struct token *t, CK_ATTRIBUTE *what, CK_ULONG count,
    CK_OBJECT_HANDLE *out)
{
	CK_FUNCTION_LIST *f = t->m->f;
	CK_ULONG n = 0;
	CK_RV rv = f->C_FindObjectsInit(t->session, what, count);

	if (rv != CKR_OK)
		return rv;
	rv = f->C_FindObjects(t->session, out, 1, &n);
	(void)f->C_FindObjectsFinal(t->session);
	return rv == CKR_OK && n == 0 ? CKR_OBJECT_HANDLE_INVALID : rv;
}

static CK_RV find_object(const struct token *t, CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE what[] = { THIS_OBJECT };

	return find(t, what, COUNT(what), out);
}

static CK_RV find_key(
    const struct token *t, CK_OBJECT_CLASS *class, CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE what[] = {
		{ CKA_CLASS, class, sizeof(*class) },
		{ CKA_ID, id, sizeof(id) },
	};

	return find(t, what, COUNT(what), out);
}

static CK_RV read_value(const struct token *t, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, uk_buf *out)
{
	CK_ATTRIBUTE a = { type, out->p, out->cap };
	CK_RV rv = t->m->f->C_GetAttributeValue(t->session, object, &a, 1);

	if (rv == CKR_OK)
		out->len = a.ulValueLen;
	return rv;
}

/* --- reading -------------------------------------------------------------- */

static CK_RV agree(const struct token *t, uk_bytes point, uk_buf *shared)
{
	CK_ULONG n = 32;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &secret_class, sizeof(secret_class) },
		{ CKA_KEY_TYPE, &generic, sizeof(generic) },
		{ CKA_VALUE_LEN, &n, sizeof(n) },
		{ CKA_TOKEN, &no, sizeof(no) },
		{ CKA_SENSITIVE, &no, sizeof(no) },
		{ CKA_EXTRACTABLE, &yes, sizeof(yes) },
	};
	CK_ECDH1_DERIVE_PARAMS params = { .kdf = CKD_NULL,
		.ulPublicDataLen = point.n,
		.pPublicData = (CK_BYTE_PTR)(uintptr_t)point.p };
	CK_MECHANISM mechanism = { CKM_ECDH1_DERIVE, &params, sizeof(params) };
	CK_OBJECT_HANDLE key, secret;
	CK_RV rv = find_key(t, &private_class, &key);

	if (rv == CKR_OK)
		rv = t->m->f->C_DeriveKey(t->session, &mechanism, key, template,
		    COUNT(template), &secret);
	if (rv != CKR_OK)
		return rv;
	rv = read_value(t, secret, CKA_VALUE, shared);
	(void)t->m->f->C_DestroyObject(t->session, secret);
	return rv;
}

static cli_end open_sealed(struct cli *cli, uk_bytes sealed, struct bound *out)
{
	uint8_t x[32];
	uk_buf shared = UK_BUF(x);
	uk_bytes point;
	uk_err err = bound_point(sealed, &point);
	cli_end end = cli_from_err(err);
	CK_RV rv;

	if (!uk_is_ok(err))
		return end;
	rv = agree(cli->token, point, &shared);
	if (rv != CKR_OK)
		end = cli_fail_ckr(cli, "the key of the bound numbers", rv);
	else
		end = cli_from_err(
		    bound_open(cli->crypto, uk_buf_view(&shared), sealed, out));
	uk_wipe(x, sizeof(x));
	return end;
}

cli_end cli_read_bound(struct cli *cli, struct bound *out)
{
	uint8_t room[BOUND_SEALED_MAX];
	uk_buf sealed = UK_BUF(room);
	CK_OBJECT_HANDLE object;
	cli_end end = cli_open_token(cli);
	CK_RV rv;

	*out = (struct bound){ 0 };
	if (cli_is_ok(end))
		end = token_login(cli, cli->token, "read what is bound to it");
	if (!cli_is_ok(end))
		return end;
	rv = find_object(cli->token, &object);
	if (rv == CKR_OBJECT_HANDLE_INVALID)
		return cli_ok();
	if (rv == CKR_OK)
		rv = read_value(cli->token, object, CKA_VALUE, &sealed);
	if (rv != CKR_OK)
		return cli_fail_ckr(cli, "reading what is bound", rv);
	return open_sealed(cli, uk_buf_view(&sealed), out);
}

/* --- writing -------------------------------------------------------------- */

/* session: one that may write. */
static CK_RV make_key(
    const struct token *t, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *public)
{
	CK_ATTRIBUTE public_half[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_KEY_TYPE, &ec, sizeof(ec) },
		{ CKA_EC_PARAMS, p256, sizeof(p256) },
		{ CKA_ID, id, sizeof(id) },
		{ CKA_LABEL, TEXT(label) },
		{ CKA_DERIVE, &yes, sizeof(yes) },
	};
	CK_ATTRIBUTE private_half[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_SENSITIVE, &yes, sizeof(yes) },
		{ CKA_ID, id, sizeof(id) },
		{ CKA_LABEL, TEXT(label) },
		{ CKA_DERIVE, &yes, sizeof(yes) },
	};
	CK_MECHANISM mechanism = { .mechanism = CKM_EC_KEY_PAIR_GEN };
	CK_OBJECT_HANDLE private;

	return t->m->f->C_GenerateKeyPair(session, &mechanism, public_half,
	    COUNT(public_half), private_half, COUNT(private_half), public,
	    &private);
}

/* CKA_EC_POINT is the point in an OCTET STRING. */
static CK_RV card_point(
    const struct token *t, CK_SESSION_HANDLE session, uk_buf *out)
{
	CK_OBJECT_HANDLE public;
	CK_RV rv = find_key(t, &public_class, &public);

	if (rv == CKR_OBJECT_HANDLE_INVALID)
		rv = make_key(t, session, &public);
	if (rv == CKR_OK)
		rv = read_value(t, public, CKA_EC_POINT, out);
	return rv == CKR_OK && out->len != POINT_MAX ? CKR_DEVICE_ERROR : rv;
}

/* The new object first: never is there none. */
static CK_RV replace(
    const struct token *t, CK_SESSION_HANDLE session, uk_buf *sealed)
{
	CK_ATTRIBUTE object[] = {
		THIS_OBJECT,
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_VALUE, sealed->p, sealed->len },
	};
	CK_OBJECT_HANDLE old, new;
	bool was = find_object(t, &old) == CKR_OK;
	CK_RV rv = CKR_OK;

	if (sealed->len > 0)
		rv = t->m->f->C_CreateObject(
		    session, object, COUNT(object), &new);
	if (rv == CKR_OK && was)
		rv = t->m->f->C_DestroyObject(session, old);
	return rv;
}

static cli_end write_in(
    struct cli *cli, CK_SESSION_HANDLE session, const struct bound *b)
{
	uint8_t point_room[POINT_MAX], room[BOUND_SEALED_MAX];
	uk_buf point = UK_BUF(point_room), sealed = UK_BUF(room);
	CK_RV rv = CKR_OK;

	if (b->n > 0) {
		uk_err err;

		rv = card_point(cli->token, session, &point);
		if (rv != CKR_OK)
			return cli_fail_ckr(cli, "a key for what is bound", rv);
		err = bound_seal(cli->crypto,
		    uk_bytes_from(uk_buf_view(&point), 2), b, &sealed);
		if (!uk_is_ok(err))
			return cli_from_err(err);
	}
	rv = replace(cli->token, session, &sealed);
	return rv == CKR_OK ? cli_ok()
			    : cli_fail_ckr(cli, "writing what is bound", rv);
}

cli_end cli_write_bound(struct cli *cli, const struct bound *b)
{
	const struct token *t = cli->token;
	CK_SESSION_HANDLE session;
	cli_end end;
	CK_RV rv = t->m->f->C_OpenSession(
	    t->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session);

	if (rv != CKR_OK)
		return cli_fail_ckr(cli, "C_OpenSession", rv);
	end = write_in(cli, session, b);
	(void)t->m->f->C_CloseSession(session);
	return end;
}
