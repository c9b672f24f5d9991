/* PIV cards by profile. */
#include "vc_profile.h"

#include "hex.h"
#include "sw.h"
#include "tlv.h"
#include "vc_perso.h"
#include "vc_piv_perso.h"
#include "vc_public.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
	PUBLIC_MAX = 1024,
	OBJECT_MAX = 8192,
	GZIP_WINDOW = 16 + MAX_WBITS, /* zlib.h: a gzip header around it */
	GZIP_MEMORY = 8
};

static const struct type_row {
	const char *name;
	uint8_t alg;
	enum uk_key_type type;
} types[] = {
	{ "rsa2048", VC_PIV_RSA2048, UK_KEY_RSA },
	{ "rsa1024", VC_PIV_RSA1024, UK_KEY_RSA },
	{ "rsa3072", VC_PIV_RSA3072, UK_KEY_RSA },
	{ "rsa4096", VC_PIV_RSA4096, UK_KEY_RSA },
	{ "p256", VC_PIV_P256, UK_KEY_P256 },
	{ "p384", VC_PIV_P384, UK_KEY_P384 },
};
static const char *const type_names[] = { "rsa2048", "rsa1024", "rsa3072",
	"rsa4096", "p256", "p384", NULL };

/* --- PINs and the management key -------------------------------------------
 */

static const struct pin_row {
	const char *name, *usual; /* NULL: may be missing */
	uint8_t ref;
} pins[] = {
	{ "pin", VC_PROFILE_PIN, VC_PIV_REF_PIN },
	{ "puk", VC_PROFILE_PUK, VC_PIV_REF_PUK },
	{ "global-pin", NULL, VC_PIV_REF_GLOBAL },
};

static uk_err set_pin(
    const struct vc_json *at, struct vc_app *app, const struct pin_row *row)
{
	struct vc_profile_pin pin;
	uk_err err;

	vc_profile_pin_of(at, row->usual, 6, 8, &pin);
	err = vc_doc_result(at->doc);
	if (uk_is_ok(err))
		err = vc_piv_set_pin(app, row->ref, 0, &pin.value);
	if (uk_is(err, UK_ERR_PIN_LENGTH)) {
		vc_json_fail(at, "this card takes PINs of digits, and PUKs of "
				 "8 bytes");
		err = uk_fail(UK_ERR_FORMAT);
	}
	if (uk_is_ok(err) && pin.tries_left >= 0)
		err = vc_piv_leave_tries(
		    app, row->ref, (uint8_t)pin.tries_left);
	uk_wipe(&pin, sizeof(pin));
	return err;
}

static uk_err set_pins(struct vc_profile *p, struct vc_app *app)
{
	uk_err err = uk_ok();

	for (size_t i = 0; uk_is_ok(err) && i < sizeof(pins) / sizeof(pins[0]);
	     i++) {
		struct vc_json at = vc_json_at(&p->at, pins[i].name);

		if (pins[i].usual != NULL || vc_json_is_there(&at))
			err = set_pin(&at, app, &pins[i]);
	}
	return err;
}

/* A global PIN counts because the discovery object says so. */
static uk_err set_usage(struct vc_profile *p, struct vc_app *app)
{
	struct vc_json pin = vc_json_at(&p->at, "global-pin"),
		       first = vc_json_at(&p->at, "global-pin-first");
	bool primary = vc_json_bool(&first, false);

	if (!vc_json_is_there(&pin) && vc_json_is_there(&first))
		vc_json_fail(&first, "there is no global-pin");
	UK_TRY(vc_doc_result(first.doc));
	return vc_json_is_there(&pin) ? vc_piv_set_global(app, primary)
				      : uk_ok();
}

static uk_err set_management_key(struct vc_profile *p, struct vc_app *app)
{
	static const char *const members[] = { "type", "value", NULL };
	static const char *const names[] = { "3des", "aes128", "aes192",
		"aes256", NULL };
	static const struct {
		uint8_t alg, size;
	} kinds[] = { { VC_PIV_3DES, 24 }, { VC_PIV_AES128, 16 },
		{ VC_PIV_AES192, 24 }, { VC_PIV_AES256, 32 } };
	struct vc_json at = vc_json_at(&p->at, "management-key"),
		       type = vc_json_at(&at, "type"),
		       value = vc_json_at(&at, "value");
	int kind = vc_json_choice(&type, names, 0);
	uint8_t bytes[32];
	uk_buf key = UK_BUF(bytes);
	uk_err err;

	vc_json_only(&at, members);
	if (!vc_json_is_there(&at))
		return uk_ok(); /* as delivered */
	vc_json_hex(&value, kinds[kind].size, kinds[kind].size, &key);
	if (!vc_json_is_there(&value))
		vc_json_fail(&value, "hexadecimal digits are expected");
	err = vc_doc_result(at.doc);
	if (uk_is_ok(err))
		err = vc_piv_set_management_key(
		    app, kinds[kind].alg, uk_buf_view(&key));
	uk_wipe(bytes, sizeof(bytes));
	return err;
}

/* --- keys ------------------------------------------------------------------
 */

struct key {
	struct vc_json at;
	uint8_t slot, policy;
	const struct type_row *type;
	EVP_PKEY *public;
};

static uk_err bring_key(struct vc_app *app, struct key *k)
{
	struct vc_json file = vc_json_at(&k->at, "private-key");
	struct vc_profile_parts parts = { .bytes = NULL };
	uk_err err = vc_profile_key_file(&file, &k->public);

	if (uk_is_ok(err))
		err = vc_profile_parts_of(k->public, &parts);
	if (uk_is_ok(err))
		err = vc_piv_import_key(
		    app, k->slot, k->type->alg, k->policy, &parts.key);
	if (uk_is(err, UK_ERR_FORMAT))
		vc_json_fail(&file, "a private key of the type said is "
				    "expected");
	vc_profile_parts_free(&parts);
	return err;
}

static uk_err make_key(struct vc_app *app, struct key *k)
{
	uint8_t storage[PUBLIC_MAX];
	uk_buf public = UK_BUF(storage);
	uk_bytes content;

	UK_TRY(vc_piv_make_key(app, k->slot, k->type->alg, k->policy, &public));
	UK_TRY(uk_tlv_only(uk_buf_view(&public), 0x7f49, &content));
	return vc_public_load(k->type->type, content, &k->public);
}

/* RFC 1952. */
static uk_err compress_cert(uk_bytes der, uk_buf *out)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)der.p,
		.avail_in = (uInt)der.n,
		.next_out = out->p,
		.avail_out = (uInt)out->cap };
	bool good;

	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW,
		GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		return uk_fail(UK_ERR_MEMORY);
	good = deflate(&z, Z_FINISH) == Z_STREAM_END;
	out->len = good ? z.total_out : 0;
	(void)deflateEnd(&z);
	return good ? uk_ok() : uk_fail(UK_ERR_TOO_SMALL);
}

static uk_err put_cert(
    const struct vc_profile *p, struct vc_app *app, struct key *k)
{
	const struct vc_wish usual = { .subject = "/CN=Test card",
		.from = p->at.doc->now - 3600,
		.to = p->at.doc->now + 365 * INT64_C(86400),
		.key_usage = k->slot == 0x9c
				 ? "critical,digitalSignature,nonRepudiation"
			     : k->slot == 0x9a || k->slot == 0x9e
				 ? "critical,digitalSignature"
				 : "critical,keyEncipherment,keyAgreement",
		.extended_key_usage = k->slot == 0x9a ? "clientAuth" : NULL };
	struct vc_json at = vc_json_at(&k->at, "certificate"),
		       gzip = vc_json_at(&k->at, "gzip");
	bool compressed = vc_json_bool(&gzip, false);
	uint8_t storage[OBJECT_MAX];
	uk_buf small = UK_BUF(storage);
	uk_blob der;
	uk_err err = vc_profile_cert(p, &at, k->public, &usual, &der);

	if (uk_is_ok(err) && compressed && der.n > 0)
		err = compress_cert(uk_blob_view(&der), &small);
	if (uk_is_ok(err) && der.n > 0)
		err = vc_piv_set_cert(app, k->slot,
		    compressed ? uk_buf_view(&small) : uk_blob_view(&der),
		    compressed);
	uk_blob_free(&der);
	return err;
}

static void read_key(struct vc_json at, struct key *k)
{
	static const char *const members[] = { "slot", "type", "private-key",
		"pin-policy", "certificate", "gzip", NULL };
	static const char *const policies[] = { "usual", "never", "once",
		"always", NULL };
	struct vc_json slot = vc_json_at(&at, "slot"),
		       type = vc_json_at(&at, "type"),
		       policy = vc_json_at(&at, "pin-policy");
	uint8_t ref[1] = { 0x9a };
	uk_buf b = UK_BUF(ref);

	vc_json_only(&at, members);
	vc_json_hex(&slot, 1, 1, &b);
	*k = (struct key){ .at = at, .slot = ref[0] };
	k->type = &types[vc_json_choice(&type, type_names, 0)];
	k->policy = (uint8_t)vc_json_choice(&policy, policies, 0);
}

static uk_err add_key(
    const struct vc_profile *p, struct vc_app *app, struct vc_json at)
{
	struct vc_json file = vc_json_at(&at, "private-key");
	struct key k;
	uk_err err;

	read_key(at, &k);
	UK_TRY(vc_doc_result(at.doc));
	err = vc_json_is_there(&file) ? bring_key(app, &k) : make_key(app, &k);
	if (uk_is(err, UK_ERR_ARGUMENT))
		vc_json_fail(&at, "slots are 9A, 9C, 9D, 9E and 82 to 95");
	if (uk_is_ok(err))
		err = put_cert(p, app, &k);
	if (!uk_is_ok(err))
		vc_json_fail(&at, uk_err_text(err));
	EVP_PKEY_free(k.public);
	return err;
}

/* --- data objects ----------------------------------------------------------
 */

static uk_err add_object(struct vc_app *app, struct vc_json at)
{
	static const char *const members[] = { "tag", "value", NULL };
	struct vc_json tag = vc_json_at(&at, "tag"),
		       value = vc_json_at(&at, "value");
	uint8_t bytes[4], storage[OBJECT_MAX];
	uk_buf name = UK_BUF(bytes), content = UK_BUF(storage);
	uint32_t number = 0;
	uk_err err;

	vc_json_only(&at, members);
	vc_json_hex(&tag, 1, 3, &name);
	vc_json_hex(&value, 0, sizeof(storage), &content);
	UK_TRY(vc_doc_result(at.doc));
	for (size_t i = 0; i < name.len; i++)
		number = number << 8 | bytes[i];
	err = vc_piv_set_object(app, number, uk_buf_view(&content));
	if (uk_is(err, UK_ERR_NOT_FOUND))
		vc_json_fail(&tag, "no such object: 5FC102 is the CHUID, "
				   "5FC10C the key history (SP 800-73-4)");
	return err;
}

uk_err vc_profile_piv(struct vc_profile *p)
{
	static const char *const members[] = { "application", "aid", "pin",
		"puk", "global-pin", "global-pin-first", "management-key",
		"keys", "objects", NULL };
	struct vc_app *app = vc_card_app(p->card, p->aid);
	struct vc_json keys = vc_json_at(&p->at, "keys"),
		       objects = vc_json_at(&p->at, "objects");
	uk_err err;

	vc_json_only(&p->at, members);
	UK_TRY(vc_doc_result(p->at.doc));
	err = set_pins(p, app);
	if (uk_is_ok(err))
		err = set_usage(p, app);
	if (uk_is_ok(err))
		err = set_management_key(p, app);
	for (size_t i = 0; uk_is_ok(err) && i < vc_json_count(&keys); i++)
		err = add_key(p, app, vc_json_item(&keys, i));
	for (size_t i = 0; uk_is_ok(err) && i < vc_json_count(&objects); i++)
		err = add_object(app, vc_json_item(&objects, i));
	return uk_is_ok(err) ? vc_piv_save(app) : err;
}
