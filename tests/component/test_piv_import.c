/* PIV: keys that somebody brings. IMPORT ASYMMETRIC KEY (FE) as Yubico's
 * technical manual (PIV, "IMPORT ASYMMETRIC KEY") and yubico-piv-tool have it:
 * 01 p 02 q 03 dP 04 dQ 05 qInv, each as long as half the modulus, or 06 the
 * scalar, as long as the field. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "piv_script.h"

#include "cert_samples.h"
#include "rsa_numbers.h"

#include <stdio.h>
#include <string.h>

#define POINT_X                                                                \
	"0000000000000000000000000000000000000000000000000000000000000001"
#define POINT "04" POINT_X POINT_X
#define SCALAR                                                                 \
	"00000000000000000000000000000000000000000000000000000000000000A7"
#define IMPORT_P256 "00FE119A 22 0620" SCALAR
/* Yubico's GET METADATA: algorithm 11, default policies, imported, public key.
 */
#define METADATA(point) "0101 11 0202 0201 0301 02 0443 8641" point "9000"

static uint8_t numbers[6][256];
static const uint8_t at_9a = 0x01;

static uk_bytes keep(size_t i, const char *text)
{
	uk_buf b = UK_BUF(numbers[i]);

	uk_put(&b, hex(text));
	return uk_buf_view(&b);
}

static uk_public_key point(const char *text)
{
	uk_public_key pub = { .type = UK_KEY_P256 };
	uk_buf b = UK_BUF(pub.point);

	uk_put(&b, hex(text));
	pub.point_len = b.len;
	return pub;
}

static uk_err bring_p256(uk_card *c, size_t *at)
{
	const uk_public_key pub = point(POINT);
	/* shorter than the field, as a careless caller might have it */
	const struct uk_private_key key = { .d = keep(0, "A7"),
		.public = &pub };
	const struct uk_new_object what = { .kind = UK_OBJ_PRIVATE_KEY,
		.label = "x",
		.id = { &at_9a, 1 },
		.key_type = UK_KEY_P256 };

	return uk_card_import(c, &what, &key, at);
}

/* What was brought is the public half that is told. */
static void a_scalar(void **state)
{
	const struct script_step steps[] = { PIV_OPEN,
		{ IMPORT_P256, "9000", UK_OK }, NOT_YUBICO,
		{ GET("05"), "6A82", UK_OK } };
	struct desk d = DESK(steps);
	uk_public_key pub;
	size_t at = 99;
	uk_object o;

	(void)state;
	expect_ok(bring_p256(d.card, &at));
	assert_int_equal(script_log.secrets, 1);
	o = d.card->objects[at];
	assert_int_equal(o.ref, AT_9A);
	expect_ok(uk_card_describe(d.card, &o));
	assert_int_equal(o.key_bits, 256);
	assert_false(o.on_card);
	expect_ok(uk_card_read_public(d.card, &o, &pub));
	expect_bytes(uk_view(pub.point, pub.point_len), hex(POINT));
	desk_close_after(&d, PIV_OPEN_COMMANDS + 3);
}

/* The certificate of the key that was there before is another kind of key's. */
static void an_old_certificate(void **state)
{
	struct piv_pieces pieces = { .count = 0 };
	uk_bytes object = piv_cert_object(CERT_RSA, "710100FE00");
	struct script_step steps[32] = { PIV_OPEN,
		{ IMPORT_P256, "9000", UK_OK }, NOT_YUBICO };
	size_t at = 99;
	struct desk d;
	uk_object o;

	(void)state;
	piv_cut(&pieces, GET("05"), object);
	for (size_t i = 0; i < pieces.count; i++)
		steps[PIV_OPEN_COMMANDS + 2 + i] = pieces.steps[i];
	d = desk_open(steps, PIV_OPEN_COMMANDS + 2 + pieces.count);
	expect_ok(bring_p256(d.card, &at));
	o = d.card->objects[at];
	expect_ok(uk_card_describe(d.card, &o));
	assert_int_equal(o.key_type, UK_KEY_P256);
	assert_int_equal(o.key_bits, 256);
	desk_close(&d);
}

/* A card that tells is believed, and who compares sees that it has another. */
static void a_card_that_tells(void **state)
{
	const struct script_step steps[] = { PIV_OPEN,
		{ IMPORT_P256, "9000", UK_OK },
		{ GET_VERSION, "050403 9000", UK_OK },
		{ "00F7009A 00", METADATA("04" HASH32 HASH32), UK_OK } };
	struct desk d = DESK(steps);
	uk_public_key pub;
	size_t at = 99;

	(void)state;
	expect_ok(bring_p256(d.card, &at));
	expect_ok(uk_card_read_public(d.card, &d.card->objects[at], &pub));
	expect_bytes(
	    uk_view(pub.point, pub.point_len), hex("04" HASH32 HASH32));
	desk_close_after(&d, PIV_OPEN_COMMANDS + 3);
}

/* A YubiKey's: extended length. */
#define LONG_ATR "3BFD1300008131FE158073C021C057597562694B657940"
#define NUMBERS  "018180" RSA_P "028180" RSA_Q "038180" RSA_DP "048180" RSA_DQ
static char rsa_command[2000];

static void rsa(void **state)
{
	const struct script_step steps[] = { NOTHING_ELSE,
		{ SELECT_PIV, PIV_FCI, UK_OK }, { NULL, CHUID, UK_OK },
		{ rsa_command, "9000", UK_OK }, { NULL, "6D00", UK_OK } };
	const uk_public_key pub = { .type = UK_KEY_RSA };
	const struct uk_private_key key = { .p = keep(0, RSA_P),
		.q = keep(1, RSA_Q),
		.dp = keep(2, RSA_DP),
		.dq = keep(3, RSA_DQ),
		.qinv = keep(4, RSA_QINV),
		.public = &pub };
	const struct uk_new_object what = { .kind = UK_OBJ_PRIVATE_KEY,
		.label = "x",
		.id = { &at_9a, 1 },
		.key_type = UK_KEY_RSA,
		.key_bits = 2048 };
	struct desk d;
	size_t at = 99;

	(void)state;
	snprintf(rsa_command, sizeof(rsa_command), "%s%s%s%s",
	    "00FE079A 00028F ", NUMBERS, "058180", RSA_QINV);
	desk_atr = LONG_ATR;
	d = DESK(steps);
	expect_ok(uk_card_import(d.card, &what, &key, &at));
	assert_int_equal(d.card->objects[at].ref, AT_9A);
	desk_close_after(&d, PIV_OPEN_COMMANDS + 2);
}

static void refusals(void **state)
{
	static const struct {
		const char *answer;
		enum uk_code code;
	} rows[] = {
		{ "6982", UK_ERR_NOT_LOGGED_IN },
		{ "6D00", UK_ERR_UNSUPPORTED },
		{ "6A80", UK_ERR_CARD_STATUS },
		{ "63C2", UK_ERR_CARD_STATUS },
	};
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct script_step steps[] = { PIV_OPEN,
			{ IMPORT_P256, rows[i].answer, UK_OK } };
		struct desk d = DESK(steps);

		expect_code(bring_p256(d.card, &at), rows[i].code);
		desk_close(&d);
	}
}

static void what_cannot_be(void **state)
{
	static const uint8_t far = 0x19;
	const struct script_step steps[] = { PIV_OPEN };
	struct desk d = DESK(steps);
	const uk_public_key pub = { .type = UK_KEY_RSA };
	struct uk_private_key key = { .d = keep(0, "A7"), .public = &pub };
	struct uk_new_object what = { .kind = UK_OBJ_PRIVATE_KEY,
		.id = { &far, 1 },
		.key_type = UK_KEY_P256 };
	size_t at;

	(void)state;
	expect_code(uk_card_import(d.card, &what, &key, &at), UK_ERR_ARGUMENT);
	what.key_type = UK_KEY_SM2;
	expect_code(
	    uk_card_import(d.card, &what, &key, &at), UK_ERR_UNSUPPORTED);
	what.key_type = UK_KEY_RSA; /* 2056 bits */
	key.p = uk_view(numbers[1], 129);
	key.q = key.dp = key.dq = key.qinv = key.p;
	expect_code(
	    uk_card_import(d.card, &what, &key, &at), UK_ERR_UNSUPPORTED);
	desk_close_after(&d, PIV_OPEN_COMMANDS);
}

/* --- failures ---------------------------------------------------------------
 */

static const struct script_step bringing[] = { PIV_OPEN,
	{ IMPORT_P256, "9000", UK_OK }, { GET_VERSION, "050403 9000", UK_OK },
	{ "00F7009A 00", METADATA(POINT), UK_OK } };
enum { BRINGING = sizeof(bringing) / sizeof(bringing[0]) };

static uk_err do_bring(void *arg, unsigned nth)
{
	struct desk d;
	size_t at;
	uk_err err = desk_open_broken(
	    &d, bringing, BRINGING, nth, *(enum uk_code *)arg);

	if (!uk_is_ok(err))
		return err;
	err = bring_p256(d.card, &at);
	desk_close(&d);
	return err;
}

static void survives_the_loss_of_the_card(void **state)
{
	enum uk_code code = UK_ERR_CARD_REMOVED;

	(void)state;
	assert_int_equal(
	    fail_every_exchange(do_bring, &code, UK_ERR_CARD_REMOVED),
	    BRINGING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scalar),
		cmocka_unit_test(an_old_certificate),
		cmocka_unit_test(a_card_that_tells),
		cmocka_unit_test(rsa),
		cmocka_unit_test(refusals),
		cmocka_unit_test(what_cannot_be),
		cmocka_unit_test(survives_the_loss_of_the_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
