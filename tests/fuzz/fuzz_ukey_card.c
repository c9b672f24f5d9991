/*
 * The U-key driver against a hostile card: every answer is the fuzzer's. The
 * driver is led through everything it can do; it must stay within its buffers,
 * leave no memory behind, stop after a bounded number of commands, send a PIN
 * once, and believe nothing that is not whole.
 */
#include "card.h"
#include "fuzz_link.h"

enum {
	ANSWER_MAX = 2 +
		     2 * 264, /* commands for one answer, see fuzz_channel */
	FILE_MAX = 128 * ANSWER_MAX,
	SIGN_MAX = 2 * ANSWER_MAX
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
	struct uk_sign_request r = { key,
		key->key_type == UK_KEY_RSA ? UK_SIG_PSS : UK_SIG_ECDSA,
		UK_HASH_SHA256, UK_ARRAY(hash) };
	uk_err err;

	(void)fuzz_link_commands();
	MUST(uk_card_can_sign(c, &r));
	err = uk_card_sign(c, &r, &sig);
	MUST(fuzz_link_commands() <= SIGN_MAX);
	MUST(!uk_is(err, UK_ERR_PIN_WRONG) && !uk_is(err, UK_ERR_PIN_BLOCKED));
	MUST(uk_is_ok(err) ? sig.len >= 64 : sig.len == 0);
}

static void try_object(uk_card *c, const uk_object *o)
{
	uk_public_key k;
	uk_blob blob = { NULL, 0 };

	MUST(o->id_len <= UK_ID_MAX);
	if (o->kind == UK_OBJ_PRIVATE_KEY) {
		if (uk_is_ok(uk_card_read_public(c, o, &k)))
			MUST(k.type == UK_KEY_RSA ? k.modulus_len >= 128
						  : k.point_len >= 65);
		MUST(fuzz_link_commands() <= ANSWER_MAX);
		try_sign(c, o);
	}
	if (uk_is_ok(uk_card_read_object(c, o, &blob)))
		MUST(blob.n > 0 && o->kind == UK_OBJ_CERTIFICATE);
	MUST(fuzz_link_commands() <= FILE_MAX);
	uk_blob_free(&blob);
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
		try_everything(c);
	}
	MUST((c == NULL) || c->ops != NULL);
	uk_card_close(&c);
	uk_channel_close(&ch, UK_LEAVE_CARD);
	MUST(uk_mem_live() == 0);
	return 0;
}
