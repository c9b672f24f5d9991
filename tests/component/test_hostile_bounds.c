/*
 * However a card behaves, every call to a driver ends: after at most
 * UK_CALL_COMMANDS_MAX commands, with at most HEAP_MAX bytes taken, with at
 * most one secret sent, and nothing left behind. Every operation of every
 * driver meets every way of being hostile (hostile_link.h), from the first
 * command on and after an honest beginning.
 */
#include "cmocka_all.h"
#include "fixtures.h"
#include "hostile_link.h"
#include "p15/p15_driver.h"
#include "piv_script.h"
#include "ukey/ukey_driver.h"

#include <string.h>

enum { HEAP_MAX = 1024 * 1024 };

/* --- cards ---------------------------------------------------------------- */

static const struct script_step ukey_steps[] = {
	{ SELECT_UKEY, FCI_GOOD, UK_OK },
	{ READ_PRKDF, PRKDF, UK_OK },
	{ READ_PUKDF, "9000", UK_OK },
	{ READ_CDF, CDF, UK_OK },
	{ READ_DODF, "9000", UK_OK },
};
static const struct script_step piv_steps[] = { PIV_OPEN };

#define READ_1 "00B00000 00"
#define P15_KEY                                                                \
	"304D 3014 0C0B4365727469666963617465 030206C0 040101"                 \
	"     300E 040111 03020520 030203B8 020100"                            \
	"     A015 3013 3011310F300D06035504030C0669736F203131"                \
	"     A10E 300C 300604043F005015 02020800"
#define P15_CERT                                                               \
	"3026 3011 0C0B4365727469666963617465 03020640 3003 040111"            \
	"     A10C 300A 300804063F0050153400"
/* An unknown product: ODF, no PIN, keys, certificates. */
static const struct script_step any_steps[] = {
	{ "00A40200 02 5032 00", "6A82", UK_OK },
	{ "00A40000 02 5032 00", "6A82", UK_OK },
	{ "00A40200 02 5031 00", "9000", UK_OK },
	{ READ_1,
	    "A00A 3008 0406 3F0050154402 A40A 3008 0406 3F0050154404 9000",
	    UK_OK },
	{ "00A40800 04 50154402 00", "9000", UK_OK },
	{ READ_1, P15_KEY "9000", UK_OK },
	{ "00A40800 04 50154404 00", "9000", UK_OK },
	{ READ_1, P15_CERT "9000", UK_OK },
};
/* IsoApplet 1, its usual layout. */
static const struct script_step iso_steps[] = {
	{ "00A40000 02 5032 00", "6A82", UK_OK },
	{ "00CA0101 00", "0100 2F 9000", UK_OK },
	{ "00A40000 02 4402 00", "6F08 8102 004F 8302 4402 9000", UK_OK },
	{ "00B00000 4F", P15_KEY "9000", UK_OK },
	{ "00A40000 02 4404 00", "6F08 8102 0028 8302 4404 9000", UK_OK },
	{ "00B00000 28", P15_CERT "9000", UK_OK },
	{ "00A40000 02 4403 00", "6A82", UK_OK },
	{ "00A40000 02 4405 00", "6A82", UK_OK },
};

/* open: how many steps the opening takes; the rest is the listing. */
static const struct card_row {
	const char *name;
	const struct script_step *steps;
	size_t count, open;
	const struct uk_card_ops *p15; /* opened without a SELECT, or NULL */
	const uint8_t *aid;
} cards[] = {
	{ "ukey", ukey_steps, 5, 1, NULL, NULL },
	{ "piv", piv_steps, PIV_OPEN_COMMANDS, PIV_OPEN_COMMANDS, NULL, NULL },
	{ "p15", any_steps, 8, 2, &uk_p15_ops, uk_p15_aid },
	{ "isoapplet", iso_steps, 8, 2, &uk_p15_ops, uk_isoapplet_aid },
};

enum { CARDS = sizeof(cards) / sizeof(cards[0]) };

static uk_err open_card(
    const struct card_row *row, uk_link *link, struct desk *d)
{
	const struct uk_selected s = { { row->aid, 12 }, UK_NONE };

	*d = (struct desk){ NULL, NULL };
	expect_ok(uk_channel_open(&link, &d->ch));
	return row->p15 == NULL ? uk_card_open(d->ch, &d->card)
				: row->p15->open(d->ch, &s, &d->card);
}

/* --- operations ----------------------------------------------------------- */

static const uint8_t one_id[] = { 0x01 };
static const uk_pin good_pin = { 6, "123456" };
static const uk_pin long_pin = { 16, "1234567812345678" };
static const uk_pin admin_key = { 48,
	"010203040506070801020304050607080102030405060708" };

static const uk_object *first(const uk_card *c, enum uk_object_kind kind)
{
	static const uk_object none = { .kind = UK_OBJ_CERTIFICATE };

	for (size_t i = 0; i < c->object_count; i++) {
		if (c->objects[i].kind == kind)
			return &c->objects[i];
	}
	return &none;
}

static uk_object key_of(const uk_card *c)
{
	uk_object o = *first(c, UK_OBJ_PRIVATE_KEY);

	if (o.key_bits == 0) { /* PIV does not know it yet */
		o.key_type = UK_KEY_P256;
		o.key_bits = 256;
	}
	o.kind = UK_OBJ_PRIVATE_KEY;
	return o;
}

static uk_err do_refresh(uk_card *c)
{
	return uk_card_refresh(c);
}

static uk_err do_reselect(uk_card *c)
{
	return uk_card_reselect(c);
}

static uk_err do_list(uk_card *c)
{
	c->loaded = false;
	return uk_card_load_objects(c);
}

static uk_err do_describe(uk_card *c)
{
	uk_object o = *first(c, UK_OBJ_PRIVATE_KEY);

	return uk_card_describe(c, &o);
}

static uk_err do_read(uk_card *c)
{
	uk_object o = *first(c, UK_OBJ_CERTIFICATE);
	uk_blob blob = { NULL, 0 };
	uk_err err = uk_card_read_object(c, &o, &blob);

	assert_true(uk_is_ok(err) || blob.n == 0);
	uk_blob_free(&blob);
	return err;
}

static uk_err do_public(uk_card *c)
{
	uk_object o = key_of(c);
	uk_public_key k;

	return uk_card_read_public(c, &o, &k);
}

static uk_err do_pin_state(uk_card *c)
{
	uk_pin_state s;

	return uk_card_pin_state(c, UK_PIN_USER, &s);
}

static uk_err do_verify(uk_card *c)
{
	return uk_card_verify(c, UK_PIN_USER, &good_pin);
}

static uk_err do_consent(uk_card *c)
{
	return uk_card_verify(c, UK_PIN_CONSENT, &good_pin);
}

static uk_err do_verify_so(uk_card *c)
{
	return uk_card_verify(c, UK_PIN_SO,
	    strcmp(c->ops->name, "piv") == 0 ? &admin_key : &long_pin);
}

static uk_err do_logout(uk_card *c)
{
	return uk_card_logout(c);
}

static uk_err do_change_pin(uk_card *c)
{
	return uk_card_change_pin(c, UK_PIN_USER, &good_pin, &good_pin);
}

static uk_err do_unblock(uk_card *c)
{
	return uk_card_unblock(c,
	    strcmp(c->ops->name, "piv") == 0 ? &good_pin : &long_pin,
	    &good_pin);
}

static uk_err do_sign(uk_card *c)
{
	static const uint8_t hash[32];
	uint8_t room[UK_SIGNATURE_MAX];
	uk_buf sig = UK_BUF(room);
	uk_object key = key_of(c);
	bool rsa = key.key_type == UK_KEY_RSA;
	struct uk_sign_request r = { &key, rsa ? UK_SIG_PKCS1 : UK_SIG_ECDSA,
		UK_HASH_SHA256, UK_ARRAY(hash) };
	uk_err err = uk_card_sign(c, &r, &sig);

	assert_int_equal(
	    sig.len, uk_is_ok(err) ? rsa ? key.key_bits / 8 : 64 : 0);
	return err;
}

static uk_err do_decipher(uk_card *c)
{
	uint8_t in[UK_MODULUS_MAX] = { 0x04 }, room[UK_MODULUS_MAX];
	uk_buf out = UK_BUF(room);
	uk_object key = key_of(c);
	bool rsa = key.key_type == UK_KEY_RSA;
	uk_err err = uk_card_decipher(c, &key,
	    rsa ? UK_DECIPHER_RSA : UK_DECIPHER_ECDH,
	    uk_view(in, rsa ? key.key_bits / 8 : 65), &out);

	assert_true(uk_is_ok(err) || out.len == 0);
	return err;
}

static uk_err do_challenge(uk_card *c)
{
	uint8_t out[32];

	return uk_card_challenge(c, out, sizeof(out));
}

static uk_err do_prove(uk_card *c)
{
	uint8_t zeros[64] = { 0 };

	return uk_card_prove_bank(c, uk_view(zeros, 32), UK_ARRAY(zeros));
}

static struct uk_new_object new_object(enum uk_object_kind kind)
{
	static const uint8_t value[700] = { 0x30, 0x82, 0x02, 0xb8 };

	return (struct uk_new_object){ .kind = kind,
		.label = "new",
		.id = UK_ARRAY(one_id),
		.usage = UK_USE_SIGN,
		.key_type = UK_KEY_P256,
		.key_bits = 256,
		.value = UK_ARRAY(value) };
}

static uk_err do_generate(uk_card *c)
{
	struct uk_new_object what = new_object(UK_OBJ_PRIVATE_KEY);
	size_t at;

	return uk_card_generate(c, &what, &at);
}

static uk_err do_import(uk_card *c)
{
	static const uint8_t d[32] = { 1 };
	static const uk_public_key pub = { .type = UK_KEY_P256 };
	const struct uk_private_key key = { .d = UK_ARRAY(d), .public = &pub };
	struct uk_new_object what = new_object(UK_OBJ_PRIVATE_KEY);
	size_t at;

	return uk_card_import(c, &what, &key, &at);
}

static uk_err do_store(uk_card *c)
{
	struct uk_new_object what = new_object(UK_OBJ_CERTIFICATE);
	size_t at;

	return uk_card_store(c, &what, &at);
}

static uk_err do_destroy(uk_card *c)
{
	uk_object o = *first(c, UK_OBJ_CERTIFICATE);

	return uk_card_destroy(c, &o);
}

static uk_err do_rename(uk_card *c)
{
	uk_object o = *first(c, UK_OBJ_CERTIFICATE);

	return uk_card_rename(c, &o, "another", UK_ARRAY(one_id));
}

static uk_err do_initialize(uk_card *c)
{
	return uk_card_initialize(c, &long_pin, "new");
}

static const struct op_row {
	const char *name;
	uk_err (*run)(uk_card *c);
	size_t secrets; /* at most; 0 = none */
} ops[] = {
	{ "refresh", do_refresh, 0 },
	{ "reselect", do_reselect, 0 },
	{ "load_objects", do_list, 0 },
	{ "describe", do_describe, 0 },
	{ "read_object", do_read, 0 },
	{ "read_public", do_public, 0 },
	{ "pin_state", do_pin_state, 0 },
	{ "verify", do_verify, 1 },
	{ "verify (consent)", do_consent, 1 },
	{ "verify (SO)", do_verify_so, 1 },
	{ "logout", do_logout, 0 },
	{ "change_pin", do_change_pin, 2 }, /* and once more to log in again */
	{ "unblock", do_unblock, 1 },
	{ "sign", do_sign, 0 },
	{ "challenge", do_challenge, 0 },
	{ "prove_bank", do_prove, 0 },
	{ "generate", do_generate, 0 },
	{ "store", do_store, 0 },
	{ "destroy", do_destroy, 0 },
	{ "rename", do_rename, 0 },
	/* the answer is the secret, however many pieces it has */
	{ "decipher", do_decipher, UK_CALL_COMMANDS_MAX },
	{ "import", do_import, UK_CALL_COMMANDS_MAX },
	{ "initialize", do_initialize, 1 },
};

enum { OPS = sizeof(ops) / sizeof(ops[0]) };

/* --- every one in every way ----------------------------------------------- */

struct worst {
	size_t commands, heap;
};

static void note(struct worst *w)
{
	if (hostile_log.commands > w->commands)
		w->commands = hostile_log.commands;
	if (hostile_log.heap_peak > w->heap)
		w->heap = hostile_log.heap_peak;
}

static void run_op(const struct card_row *card, const struct op_row *op,
    enum hostile_way way, struct worst *worst)
{
	long live = uk_mem_live();
	struct desk d;

	script_reset();
	hostile_reset();
	expect_ok(
	    open_card(card, hostile_link(card->steps, card->count, way), &d));
	expect_ok(uk_card_load_objects(d.card));
	UK_IGNORE(op->run(d.card)); /* whatever it says, it has ended */
	note(worst);
	assert_true(hostile_log.commands <= UK_CALL_COMMANDS_MAX);
	assert_true(hostile_log.secrets <= op->secrets);
	assert_true(hostile_log.heap_peak <= HEAP_MAX);
	assert_true(d.card->object_count <= UK_OBJECTS_MAX);
	desk_close(&d);
	assert_int_equal(uk_mem_live(), live);
}

static void every_call_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < CARDS; i++) {
		for (size_t j = 0; j < OPS; j++) {
			struct worst worst = { 0, 0 };

			for (int way = 0; way < HOSTILE_WAYS; way++)
				run_op(&cards[i], &ops[j],
				    (enum hostile_way)way, &worst);
			print_message("%-10s %-16s at most %4zu commands, "
				      "%4zu KiB\n",
			    cards[i].name, ops[j].name, worst.commands,
			    (worst.heap + 1023) / 1024);
		}
	}
}

/* CVE-2023-40661, CVE-2023-4535, CVE-2024-1454: making, storing and deleting
 * parse what a card says as well. It agrees to some commands first. */
static void cve_2023_40661_enrolment(void **state)
{
	static const char *const names[] = { "generate", "import", "store",
		"destroy", "rename", "initialize" };
	enum { NAMES = sizeof(names) / sizeof(names[0]), AGREED = 8 };
	size_t reached = 0;

	(void)state;
	for (size_t i = 0; i < CARDS * OPS * AGREED; i++) {
		const struct op_row *op = &ops[i / AGREED % OPS];
		struct card_row card = cards[i / AGREED / OPS];
		struct script_step steps[24];
		bool enrols = false;

		for (size_t j = 0; j < NAMES; j++)
			enrols = enrols || strcmp(op->name, names[j]) == 0;
		for (size_t j = 0; j < card.count; j++)
			steps[j] = card.steps[j];
		for (size_t j = 0; j <= i % AGREED; j++)
			steps[card.count++] = (struct script_step){ NULL,
				"9000", UK_OK };
		card.steps = steps;
		for (int way = 0; enrols && way < HOSTILE_WAYS; way++) {
			struct worst worst = { 0, 0 };

			run_op(&card, op, (enum hostile_way)way, &worst);
			reached += worst.commands > 0;
		}
	}
	print_message(
	    "%zu times the card turned hostile in the middle\n", reached);
	assert_true(reached >= 300); /* else it tests nothing */
}

/* From each command of the opening on. */
static void every_opening_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < CARDS * HOSTILE_WAYS; i++) {
		const struct card_row *row = &cards[i / HOSTILE_WAYS];

		for (size_t n = 0; n < row->open; n++) {
			struct desk d;

			hostile_reset();
			UK_IGNORE(open_card(row,
			    hostile_link(row->steps, n,
				(enum hostile_way)(i % HOSTILE_WAYS)),
			    &d));
			assert_true(hostile_log.commands <=
				    UK_CARDS_MAX * UK_CALL_COMMANDS_MAX);
			assert_int_equal(hostile_log.secrets, 0);
			assert_true(hostile_log.heap_peak <= HEAP_MAX);
			desk_close(&d);
		}
	}
}

/* All there is, one after the other: what accumulates has an end, too. */
static void a_long_life_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < CARDS * HOSTILE_WAYS; i++) {
		const struct card_row *row = &cards[i / HOSTILE_WAYS];
		struct desk d;

		hostile_reset();
		expect_ok(open_card(row,
		    hostile_link(row->steps, row->count,
			(enum hostile_way)(i % HOSTILE_WAYS)),
		    &d));
		expect_ok(uk_card_load_objects(d.card));
		for (size_t j = 0; j < 3 * OPS; j++)
			UK_IGNORE(ops[j % OPS].run(d.card));
		assert_true(hostile_log.heap_peak <= HEAP_MAX);
		desk_close(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_ends),
		cmocka_unit_test(cve_2023_40661_enrolment),
		cmocka_unit_test(every_opening_ends),
		cmocka_unit_test(a_long_life_ends),
	};

	return cmocka_run_group_tests_name("hostile_bounds", tests, NULL, NULL);
}
