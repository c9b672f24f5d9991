/* U-key applications by profile. */
#include "vc_profile.h"

#include "tlv.h"
#include "vc_perso.h"
#include "vc_public.h"

#include <string.h>

enum {
	KEY_FIRST_FREE = 3, /* 1 and 2 are on every card */
	KEY_LAST = 15,
	KEYS = KEY_LAST + 1,
	SERIAL = 8,
	DATA_MAX = 4096,
	IMPORT_MAX = 2048,
	YEAR = 365 * 86400
};

static const char *const types[] = { "p256", "p384", "p521", "rsa2048",
	"rsa3072", "rsa4096", "sm2", NULL };
static const char *const usages[] = { "sign", "decipher", "derive", "raw",
	NULL };

struct key {
	struct vc_json at; /* may be not there: all is as usual */
	uint8_t ref;
	const char *type;
	uint8_t usage; /* docs/card-profile.md, section 4 */
	EVP_PKEY *public;
};

struct keys {
	struct key of[KEYS]; /* by reference; 0: none */
};

/* --- reading ---------------------------------------------------------------
 */

static uint8_t usage_of(const struct vc_json *at)
{
	struct vc_json list = vc_json_at(at, "usage");
	uint8_t bits = 0;

	for (size_t i = 0; i < vc_json_count(&list); i++) {
		struct vc_json one = vc_json_item(&list, i);

		bits |= (uint8_t)(1 << vc_json_choice(&one, usages, 0));
	}
	return bits == 0 ? 1 : bits;
}

static void read_key(struct vc_json at, int64_t usual_ref, struct keys *out)
{
	static const char *const members[] = { "key", "type", "usage", "label",
		"private-key", "certificate", NULL };
	struct vc_json ref = vc_json_at(&at, "key"),
		       type = vc_json_at(&at, "type");
	struct key *k;

	vc_json_only(&at, members);
	k = &out->of[vc_json_int(&ref, 1, KEY_LAST, usual_ref)];
	if (vc_json_is_there(&k->at))
		vc_json_fail(&ref, "this key is in the list already");
	k->at = at;
	k->type = types[vc_json_choice(&type, types, 0)];
	k->usage = usage_of(&at);
}

/* Keys 1 and 2 are there whether they are named or not. */
static uk_err read_keys(const struct vc_profile *p, struct keys *out)
{
	struct vc_json list = vc_json_at(&p->at, "keys");
	size_t n = vc_json_count(&list);

	*out = (struct keys){ 0 };
	for (uint8_t ref = 1; ref < KEYS; ref++)
		out->of[ref] = (struct key){ .at = { .doc = list.doc },
			.ref = ref,
			.type = ref < KEY_FIRST_FREE ? types[0] : NULL };
	if (n > KEY_LAST)
		vc_json_fail(&list, "a card has 15 keys at most");
	for (size_t i = 0; i < n && i < KEY_LAST; i++)
		read_key(vc_json_item(&list, i), (int64_t)i + 1, out);
	return vc_doc_result(list.doc);
}

/* --- settings and PINs -----------------------------------------------------
 */

static uk_err put_settings(struct vc_profile *p)
{
	struct vc_json label = vc_json_at(&p->at, "label"),
		       serial = vc_json_at(&p->at, "serial"),
		       bank = vc_json_at(&p->at, "bank-key");
	uint8_t storage[256], bytes[SERIAL];
	uk_buf objects = UK_BUF(storage), number = UK_BUF(bytes);

	uk_put_tlv(&objects, 0x50,
	    uk_view_str(vc_json_text(&label, VC_PROFILE_LABEL)));
	vc_json_hex(&serial, SERIAL, SERIAL, &number);
	if (number.len > 0)
		uk_put_tlv(&objects, 0x81, uk_buf_view(&number));
	if (vc_json_is_there(&bank) &&
	    !uk_is_ok(vc_perso_put_bank(&objects, vc_json_text(&bank, ""))))
		vc_json_fail(&bank, "a P-256 key or certificate in PEM is "
				    "expected");
	if (!uk_is_ok(uk_buf_result(&objects)) || objects.len > 250)
		vc_json_fail(&label, "1 to 32 bytes are expected");
	UK_TRY(vc_doc_result(p->at.doc));
	return vc_perso_put_data(p->card, uk_buf_view(&objects));
}

static const struct pin_row {
	const char *name, *usual;
	uint8_t ref;
	size_t min;
} pins[] = {
	{ "pin", VC_PROFILE_PIN, VC_REF_PIN, 4 },
	{ "puk", VC_PROFILE_PUK, VC_REF_PUK, 8 },
};

typedef uk_err pin_fn(
    struct vc_card *card, uint8_t ref, const struct vc_profile_pin *pin);

static uk_err set_pin(
    struct vc_card *card, uint8_t ref, const struct vc_profile_pin *pin)
{
	return vc_perso_set_pin(card, ref, &pin->value);
}

/* With a value that is as long, and wrong in its last character. */
static uk_err spend_tries(
    struct vc_card *card, uint8_t ref, const struct vc_profile_pin *pin)
{
	uk_cmd ask = { .ins = 0x20, .p2 = ref };
	uk_pin wrong = pin->value;
	uk_err err;

	if (pin->tries_left < 0)
		return uk_ok();
	wrong.p[wrong.n - 1] = wrong.p[wrong.n - 1] == '0' ? '1' : '0';
	for (err = vc_say(card, &ask, NULL);
	     uk_err_tries_left(err) > pin->tries_left;)
		err = vc_perso_verify(card, ref, &wrong);
	uk_wipe(&wrong, sizeof(wrong));
	return uk_ok();
}

static uk_err each_pin(struct vc_profile *p, pin_fn *fn)
{
	uk_err err = uk_ok();

	for (size_t i = 0; uk_is_ok(err) && i < 2; i++) {
		struct vc_json at = vc_json_at(&p->at, pins[i].name);
		struct vc_profile_pin pin;

		vc_profile_pin_of(&at, pins[i].usual, pins[i].min, 16, &pin);
		err = vc_doc_result(at.doc);
		if (uk_is_ok(err))
			err = fn(p->card, pins[i].ref, &pin);
		uk_wipe(&pin, sizeof(pin));
	}
	return err;
}

/* --- keys ------------------------------------------------------------------
 */

static uk_err import_key(struct vc_profile *p, struct key *k)
{
	struct vc_json file = vc_json_at(&k->at, "private-key");
	struct vc_profile_parts parts = { .bytes = NULL };
	uk_err err = uk_ok();

	if (k->ref < KEY_FIRST_FREE)
		vc_json_fail(&file, "keys 1 and 2 are made on the card: bring "
				    "keys to 3 and above");
	UK_TRY(vc_doc_result(file.doc));
	err = vc_profile_key_file(&file, &k->public);
	if (uk_is_ok(err))
		err = vc_profile_parts_of(k->public, &parts);
	if (uk_is_ok(err))
		err = vc_perso_import(
		    p->card, k->ref, k->type, k->usage, &parts.key);
	if (!uk_is_ok(err))
		vc_json_fail(&file, "a private key of the type said is "
				    "expected");
	vc_profile_parts_free(&parts);
	return err;
}

static uk_err make_key(struct vc_profile *p, struct key *k)
{
	struct vc_json file = vc_json_at(&k->at, "private-key");
	uk_err err;

	if (vc_json_is_there(&file))
		return import_key(p, k);
	err = k->ref < KEY_FIRST_FREE
		  ? vc_perso_generate(p->card, k->ref, k->type, &k->public)
		  : vc_perso_generate_for(
			p->card, k->ref, k->type, k->usage, &k->public);
	if (!uk_is_ok(err))
		vc_json_fail(
		    &k->at, "the card makes no key of this type and usage");
	return err;
}

/* Usual certificates, by reference: login, transactions, all others. */
static struct vc_wish usual_wish(const struct key *k)
{
	int64_t now = k->at.doc->now;
	struct vc_wish w = { .subject = "/CN=Test card key",
		.from = now - 3600,
		.to = now + YEAR,
		.key_usage = "critical,digitalSignature,keyEncipherment" };

	if (k->ref == VC_REF_AUTH) {
		w.subject = "/CN=Test card login";
		w.key_usage = "critical,digitalSignature";
		w.extended_key_usage = "clientAuth,emailProtection";
	} else if (k->ref == VC_REF_SIGN) {
		w.subject = "/CN=Test card transaction";
		w.key_usage = "critical,nonRepudiation";
	}
	return w;
}

static uk_err put_cert(struct vc_profile *p, const struct key *k)
{
	const struct vc_wish usual = usual_wish(k);
	struct vc_json at = vc_json_at(&k->at, "certificate");
	uk_blob der;
	uk_err err = vc_profile_cert(p, &at, k->public, &usual, &der);

	if (uk_is_ok(err) && der.n > 0)
		err = vc_directory_put_cert(
		    p->card, k->ref, k->public, uk_blob_view(&der));
	uk_blob_free(&der);
	return err;
}

static uk_err list_key(struct vc_profile *p, const struct key *k)
{
	struct vc_json label = vc_json_at(&k->at, "label");
	const struct vc_directory_key entry = { k->ref,
		vc_json_text(&label, "Key"), k->usage, k->public };

	return vc_directory_add_key(p->card, &entry);
}

static uk_err fill_directory(struct vc_profile *p, const struct keys *keys)
{
	EVP_PKEY *const first[2] = { keys->of[1].public, keys->of[2].public };
	struct vc_status status;
	uk_err err;

	/* For the serial number and the label. */
	UK_TRY(vc_perso_select_aid(p->card, p->aid, &status));
	err = vc_directory_write(p->card, &status, first);
	for (uint8_t ref = 1; uk_is_ok(err) && ref < KEYS; ref++) {
		if (keys->of[ref].public == NULL)
			continue;
		if (ref >= KEY_FIRST_FREE)
			err = list_key(p, &keys->of[ref]);
		if (uk_is_ok(err))
			err = put_cert(p, &keys->of[ref]);
	}
	return err;
}

static uk_err add_keys(struct vc_profile *p, struct keys *keys)
{
	uk_err err = read_keys(p, keys);

	for (uint8_t ref = 1; uk_is_ok(err) && ref < KEYS; ref++) {
		if (keys->of[ref].type != NULL)
			err = make_key(p, &keys->of[ref]);
	}
	if (uk_is_ok(err))
		err = fill_directory(p, keys);
	return err;
}

static void free_keys(struct keys *keys)
{
	for (uint8_t ref = 0; ref < KEYS; ref++)
		EVP_PKEY_free(keys->of[ref].public);
}

/* --- the application -------------------------------------------------------
 */

static uk_err activate(struct vc_profile *p)
{
	static const char *const states[] = { "operational", "creation", NULL };
	struct vc_json state = vc_json_at(&p->at, "state");
	uk_cmd command = { .ins = 0x44 };
	int wanted = vc_json_choice(&state, states, 0);

	UK_TRY(vc_doc_result(p->at.doc));
	return wanted == 0 ? vc_say(p->card, &command, NULL) : uk_ok();
}

uk_err vc_profile_ukey(struct vc_profile *p)
{
	static const char *const members[] = { "application", "aid", "label",
		"serial", "bank-key", "pin", "puk", "state", "keys", NULL };
	struct vc_status status;
	struct keys keys = { 0 };
	uk_err err;

	vc_json_only(&p->at, members);
	UK_TRY(vc_doc_result(p->at.doc));
	UK_TRY(vc_perso_select_aid(p->card, p->aid, &status));
	UK_TRY(put_settings(p));
	UK_TRY(each_pin(p, set_pin));
	err = add_keys(p, &keys);
	free_keys(&keys);
	if (uk_is_ok(err))
		err = activate(p);
	return uk_is_ok(err) ? each_pin(p, spend_tries) : err;
}
