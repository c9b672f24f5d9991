/*
 * The U-key driver against a hostile card: every answer is the fuzzer's. The
 * driver is led through everything it can do; it must stay within its buffers,
 * leave no memory behind, stop after a bounded number of commands, send a PIN
 * once, and believe nothing that is not whole.
 */
#include "card.h"
#include "fuzz_link.h"
#include "ukey/ukey_driver.h"

enum {
	ANSWER_MAX = 2 +
		     2 * 264, /* commands for one answer, see fuzz_channel */
	FILE_MAX = 128 * ANSWER_MAX,
	SIGN_MAX = 2 * ANSWER_MAX,
	/* a change: reading at most sixteen files, forty other commands */
	CHANGE_MAX = 16 * FILE_MAX + 40 * ANSWER_MAX
};

static const uint8_t hash[32] = { 1 };

static void try_pin(uk_card *c)
{
	static const uk_pin pin = { 8,
		{ '1', '2', '3', '4', '5', '6', '7', '8' } };
	uk_pin_state s;

	for (int ref = UK_PIN_USER; ref <= UK_PIN_SO; ref++) {
		(void)uk_is_ok(uk_card_verify(c, (enum uk_pin_ref)ref, &pin));
		MUST(fuzz_link_commands() == 1);
	}
	(void)uk_is_ok(uk_card_pin_state(c, UK_PIN_USER, &s));
	MUST(fuzz_link_commands() <= ANSWER_MAX);
	(void)uk_is_ok(uk_card_unblock(c, &pin, &pin));
	MUST(fuzz_link_commands() == 1);
	MUST(c->pins[0].tries_left >= -1 && c->pins[0].tries_left <= 255);
}

static void try_sign(uk_card *c, const uk_object *key)
{
	uint8_t room[UK_SIGNATURE_MAX];
	uk_buf sig = UK_BUF(room);
	struct uk_sign_request r = { key, UK_SIG_ECDSA, UK_HASH_SHA256,
		UK_ARRAY(hash) };
	uk_err err;

	if (key->key_type == UK_KEY_RSA)
		r.scheme = UK_SIG_PSS;
	if (key->key_type == UK_KEY_SM2)
		r.scheme = UK_SIG_SM2;
	(void)fuzz_link_commands();
	MUST(uk_card_can_sign(c, &r));
	err = uk_card_sign(c, &r, &sig);
	MUST(fuzz_link_commands() <= SIGN_MAX);
	MUST(!uk_is(err, UK_ERR_PIN_WRONG) && !uk_is(err, UK_ERR_PIN_BLOCKED));
	MUST(uk_is_ok(err) ? sig.len >= 64 : sig.len == 0);
}

static void try_decipher(uk_card *c, const uk_object *key)
{
	static const uint8_t in[UK_MODULUS_MAX] = { 0x04 };
	uint8_t room[UK_MODULUS_MAX];

	(void)fuzz_link_commands();
	for (int s = UK_DECIPHER_RSA; s <= UK_DECIPHER_SM2; s++) {
		enum uk_decipher_scheme scheme = (enum uk_decipher_scheme)s;
		size_t n = s == UK_DECIPHER_RSA
			       ? key->key_bits / 8
			       : 1 + 2 * uk_key_field(key->key_type);
		uk_buf out = UK_BUF(room);
		uk_err err;

		n += s == UK_DECIPHER_SM2 ? 40 : 0;
		err = uk_card_decipher(c, key, scheme, uk_view(in, n), &out);
		MUST(uk_is_ok(err)
			 ? uk_card_can_decipher(c, key, scheme) && out.len >= 8
			 : out.len == 0);
		MUST(!uk_is(err, UK_ERR_PIN_WRONG));
	}
	MUST(fuzz_link_commands() <= 3 * SIGN_MAX);
}

static void try_object(uk_card *c, const uk_object *o)
{
	uk_public_key k;
	uk_blob blob = { NULL, 0 };

	MUST(o->id_len <= UK_ID_MAX);
	if (o->kind == UK_OBJ_PRIVATE_KEY) {
		try_decipher(c, o);
		if (uk_is_ok(uk_card_read_public(c, o, &k)))
			MUST(k.type == UK_KEY_RSA ? k.modulus_len >= 128
						  : k.point_len >= 65);
		MUST(fuzz_link_commands() <= ANSWER_MAX);
		try_sign(c, o);
	}
	if (uk_is_ok(uk_card_read_object(c, o, &blob)))
		MUST(o->kind == UK_OBJ_DATA ||
		     (blob.n > 0 && o->kind == UK_OBJ_CERTIFICATE));
	MUST(fuzz_link_commands() <= FILE_MAX);
	uk_blob_free(&blob);
}

/* --- changes ------------------------------------------------------------- */

static const uint8_t new_id[] = { 1, 2 };

/* What was made is where the call says. */
static void try_make(uk_card *c, enum uk_key_type type, bool import)
{
	static const uint8_t number[128] = { 0x80, 1 };
	const struct uk_new_object what = { .label = "new",
		.id = { new_id, 2 },
		.usage = UK_USE_SIGN | UK_USE_DECRYPT | UK_USE_DERIVE,
		.key_type = type,
		.key_bits = 2048 };
	const struct uk_private_key key = {
		.p = { number, 128 }, .q = { number, 128 }, .d = { number, 32 }
	};
	size_t at = 0;
	uk_err err = import ? uk_card_import(c, &what, &key, &at)
			    : uk_card_generate(c, &what, &at);

	if (uk_is_ok(err))
		MUST(at < c->object_count && c->loaded &&
		     c->objects[at].kind == UK_OBJ_PRIVATE_KEY &&
		     c->objects[at].ref >= 3 && c->objects[at].ref <= 15);
	MUST(!uk_is(err, UK_ERR_PIN_WRONG) && !uk_is(err, UK_ERR_PIN_BLOCKED));
	MUST(fuzz_link_commands() <= CHANGE_MAX);
}

static void try_store(uk_card *c, enum uk_object_kind kind, size_t n)
{
	static const uint8_t value[700] = { 0x30, 0x03, 2, 1, 1 };
	const struct uk_new_object what = { .kind = kind,
		.label = "new",
		.id = { new_id, 2 },
		.value = { value, n } };
	size_t at = 0;

	if (uk_is_ok(uk_card_store(c, &what, &at)))
		MUST(at < c->object_count && c->loaded &&
		     c->objects[at].kind == kind);
	MUST(fuzz_link_commands() <= CHANGE_MAX);
}

/* The first object of each kind; the list moves with every change. */
static void try_change(uk_card *c, enum uk_object_kind kind, bool destroy)
{
	for (size_t i = 0; i < c->object_count; i++) {
		uk_object o = c->objects[i];

		if (o.kind != kind)
			continue;
		(void)uk_is_ok(destroy ? uk_card_destroy(c, &o)
				       : uk_card_rename(c, &o, "another name",
					     UK_ARRAY(new_id)));
		MUST(fuzz_link_commands() <= CHANGE_MAX);
		return;
	}
}

/* Which change comes first is the card's to say: the fuzzer's answers would not
 * last for all of them. */
static void try_changes(uk_card *c)
{
	static const uk_pin puk = { 8, { '8', '8', '8', '8', '8', '8' } };
	unsigned first = c->info.content_version % 9;

	(void)fuzz_link_commands();
	for (unsigned i = first; i < first + 9; i++) {
		enum uk_object_kind kind = (enum uk_object_kind)(i % 4);

		switch (i % 9) {
		case 0:
			try_make(c, UK_KEY_P256, false);
			break;
		case 1:
			try_make(c, UK_KEY_RSA, true);
			break;
		case 2:
			try_store(c, UK_OBJ_CERTIFICATE, 5);
			break;
		case 3:
			try_store(c, UK_OBJ_DATA, 700);
			break;
		case 8:
			(void)uk_is_ok(uk_card_initialize(c, &puk, "x"));
			MUST(fuzz_link_commands() <= 2 * CHANGE_MAX);
			break;
		default:
			try_change(c, kind, i % 2 == 0);
			break;
		}
	}
}

static void try_everything(uk_card *c)
{
	uint8_t challenge[32];

	MUST(c->info.serial_len == 8);
	if (uk_is_ok(uk_card_load_objects(c)))
		MUST(c->object_count <= UK_OBJECTS_MAX);
	MUST(fuzz_link_commands() <= 4 * FILE_MAX);
	for (size_t i = 0; i < c->object_count; i++)
		try_object(c, &c->objects[i]);
	try_changes(c);
	try_pin(c);
	(void)uk_is_ok(uk_card_challenge(c, challenge, sizeof(challenge)));
	(void)uk_is_ok(
	    uk_card_prove_bank(c, UK_ARRAY(hash), uk_view(challenge, 32)));
	(void)uk_is_ok(uk_card_logout(c));
	(void)uk_is_ok(uk_card_reselect(c));
	(void)fuzz_link_commands();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	uk_reader r = uk_read(uk_view(bytes, size));
	uk_link *link = fuzz_link(&r);
	uk_channel *ch;
	uk_card *c;

	MUST(uk_is_ok(uk_channel_open(&link, &ch)));
	if (uk_is_ok(uk_card_open(ch, &c))) {
		(void)fuzz_link_commands();
		if (c->ops == &uk_ukey_ops)
			try_everything(c);
	}
	MUST((c == NULL) || c->ops != NULL);
	uk_card_close(&c);
	uk_channel_close(&ch, UK_LEAVE_CARD);
	MUST(uk_mem_live() == 0);
	return 0;
}
