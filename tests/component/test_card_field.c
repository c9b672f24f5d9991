/*
 * The terminal's field and the card's end of it, types A and B, with the U-key
 * behind: login and signature, with and without noise. The two ends are written
 * apart; the signatures are judged by OpenSSL.
 */
#include "prox.h"
#include "simfield.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "line_fixture.h"
#include "vcard_fixture.h"

static struct trm_simfield sim;
static struct trm_prox prox;
static uint8_t storage[UK_RESPONSE_MAX];
static uk_buf answer;

/* --- the card ------------------------------------------------------------- */

static void put_card(struct vc_card *card, const struct vc_prox_wish *wish)
{
	struct vc_line_card behind = line_card(card);

	trm_simfield_init(&sim, &behind, wish);
	trm_prox_init(&prox, &trm_simfield, &sim);
}

static uk_err power(void)
{
	answer = UK_BUF(storage);
	return trm_prox_power(&prox, &answer);
}

static uk_err transmit(uk_bytes command)
{
	answer = UK_BUF(storage);
	return trm_prox_transmit(&prox, command, &answer);
}

#define expect_answer(command, sw)                                             \
	do {                                                                   \
		expect_ok(transmit(hex(command)));                             \
		assert_int_equal(sw_of(uk_buf_view(&answer)), sw);             \
	} while (0)

/* --- login and signature ---------------------------------------------------
 */

#define SELECT "00A4040C08F0756B65792E3031"
#define WRONG  "002000810439393939"
#define TRIES  "00200081"
#define SIGN   "0088300120" VC_HASH "00"
/* The same, extended. */
#define SIGN_EXT "00883001000020" VC_HASH "0000"

static const struct vc_prox_wish wishes[] = {
	{ .fsci = 8, .fwi = 8, .cid = true },
	{ .fsci = 0, .fwi = 4, .sfgi = 3, .waits = 2, .wtxm = 59 },
	{ .fsci = 2, .piece = 7, .wrong_number = 2 },
	{ .type_b = true, .fsci = 8, .fwi = 8, .cid = true },
	{ .type_b = true,
	    .fsci = 1,
	    .sfgi = 2,
	    .mbli = 5,
	    .piece = 16,
	    .waits = 1,
	    .wtxm = 1,
	    .wrong_number = 1 },
};
enum { WISHES = sizeof(wishes) / sizeof(wishes[0]) };

/* PC/SC part 3: the card's historical bytes; or its ATQB's application data,
 * protocol info and MBLI. Written by hand. */
static const char *const atrs[WISHES] = {
	"3B8A8001"
	"8073D401C054756B6579"
	"BB",
	"3B8A8001"
	"8073D401C054756B6579"
	"BB",
	"3B8A8001"
	"8073D401C054756B6579"
	"BB",
	"3B888001"
	"756B6579"
	"008181"
	"00"
	"0B",
	"3B888001"
	"756B6579"
	"001100"
	"50"
	"4A",
};

static void logs_in_and_signs(void **state)
{
	EVP_PKEY *key = public_of(*state, 1);

	for (size_t i = 0; i < WISHES; i++) {
		put_card(*state, &wishes[i]);
		expect_ok(power());
		expect_bytes(uk_buf_view(&answer), hex(atrs[i]));
		expect_answer(SELECT, 0x9000);
		expect_answer(WRONG, 0x63c2);
		expect_answer(VC_LOGIN, 0x9000);
		expect_answer(SIGN, 0x9000);
		assert_true(ecdsa_good(key, hex(VC_HASH),
		    uk_bytes_first(uk_buf_view(&answer), answer.len - 2)));
		expect_answer(SIGN_EXT, 0x9000);
		assert_true(ecdsa_good(key, hex(VC_HASH),
		    uk_bytes_first(uk_buf_view(&answer), answer.len - 2)));
		assert_int_equal(sim.waits, 5 * wishes[i].waits);
		assert_int_equal(sim.prox.commands, 5);
		trm_prox_off(&prox);
		assert_int_equal(sim.prox.state, VC_PROX_OFF);
		assert_true(uk_is(transmit(hex(TRIES)), UK_ERR_CARD_MUTE));
	}
	EVP_PKEY_free(key);
}

/* --- long ones ------------------------------------------------------------ */

static uint8_t kept[UK_APDU_MAX];
static size_t kept_n;

static void nothing(void *arg)
{
	(void)arg;
}

static uk_bytes echo(void *arg, uk_bytes command)
{
	uk_buf b = UK_BUF(kept);

	(void)arg;
	uk_put(&b, command);
	kept_n = b.len;
	return uk_bytes_first(uk_buf_view(&b), UK_RESPONSE_MAX);
}

/* Up to the longest command and answer there are, in pieces of every kind. */
static void carries_long_ones(void **state)
{
	static const size_t lengths[] = { 1, 13, 14, 26, 27, 252, 253, 254, 506,
		507, 4096, UK_RESPONSE_MAX, UK_APDU_MAX };
	struct vc_line_card behind = { line_card(NULL).atr, nothing, echo,
		NULL };
	static uint8_t command[UK_APDU_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(command); i++)
		command[i] = (uint8_t)(i * 7 + i / 251);
	for (size_t w = 0; w < WISHES; w++) {
		struct vc_prox_wish wish = wishes[w];

		wish.mbli = 0;
		trm_simfield_init(&sim, &behind, &wish);
		trm_prox_init(&prox, &trm_simfield, &sim);
		expect_ok(power());
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]);
		     i++) {
			uk_bytes sent = uk_view(command, lengths[i]);

			expect_ok(transmit(sent));
			assert_true(uk_bytes_eq(uk_view(kept, kept_n), sent));
			assert_true(uk_bytes_eq(uk_buf_view(&answer),
			    uk_bytes_first(sent, UK_RESPONSE_MAX)));
		}
	}
}

/* --- leaving -------------------------------------------------------------- */

static void notices_what_leaves(void **state)
{
	put_card(*state, &wishes[0]);
	expect_ok(power());
	expect_answer(SELECT, 0x9000);
	expect_answer(VC_LOGIN, 0x9000);
	sim.present = false;
	expect_code(transmit(hex(SIGN)), UK_ERR_CARD_REMOVED);
	assert_false(prox.active);
	expect_code(power(), UK_ERR_NO_CARD);
	assert_int_equal(answer.len, 0);
	sim.present = true;
	expect_code(transmit(hex(SIGN)), UK_ERR_CARD_MUTE);
	expect_ok(power());
	expect_answer(SELECT, 0x9000);
	expect_answer(SIGN, 0x6982); /* it has lost its power, and the login */
}

/* The same field, which the card leaves with the n-th frame: before it is
 * heard, or when it was. */
static struct trm_coil leaving;
static unsigned long frames_left;
static bool heard_first;

static enum trm_heard swap_and_leave(
    void *arg, uk_bytes frame, uk_buf *got, uint64_t wait_us)
{
	enum trm_heard h;

	if (frames_left-- == 1 && !heard_first)
		sim.present = false;
	h = trm_simfield.swap(arg, frame, got, wait_us);
	if (frames_left == 0)
		sim.present = false;
	return sim.present ? h : TRM_PULLED;
}

static uk_err session(void)
{
	UK_TRY(power());
	UK_TRY(transmit(hex(SELECT)));
	UK_TRY(transmit(hex(VC_LOGIN)));
	return transmit(hex(SIGN));
}

/* At each frame: the error says so, nothing is answered, the card has no
 * command twice, and the next session is a good one. */
static void may_leave_at_any_frame(void **state)
{
	leaving = trm_simfield;
	leaving.swap = swap_and_leave;
	for (size_t i = 0; i < 2 * (size_t)WISHES; i++) {
		unsigned long n = 0;
		uk_err err;

		heard_first = i >= WISHES;
		put_card(*state, &wishes[i % WISHES]);
		trm_prox_init(&prox, &leaving, &sim);
		do {
			frames_left = ++n;
			sim.prox.commands = 0;
			sim.present = true;
			err = session();
			assert_true(sim.prox.commands <= 3);
			if (uk_is_ok(err))
				break;
			expect_code(err, UK_ERR_CARD_REMOVED);
			assert_int_equal(answer.len, 0);
			assert_false(prox.active);
		} while (n < 1000);
		assert_true(n > 4 && n < 1000);
		assert_int_equal(sim.prox.commands, 3);
	}
}

/* --- noise ---------------------------------------------------------------- */

/* Tries of the PIN, with a quiet field. */
static unsigned tries(void)
{
	sim.noise = (struct trm_noise){ .kind = TRM_NOISE_NONE };
	expect_ok(power());
	expect_answer(SELECT, 0x9000);
	expect_ok(transmit(hex(TRIES)));
	return sw_of(uk_buf_view(&answer)) & 0x0f;
}

/* Power, login and signature with noise from now on; what is answered is right,
 * or nothing is; and the card never has a command twice. */
static bool noisy_session(EVP_PKEY *key)
{
	unsigned before = sim.prox.commands;

	if (!uk_is_ok(power()) || !uk_is_ok(transmit(hex(SELECT))))
		return false;
	assert_int_equal(sw_of(uk_buf_view(&answer)), 0x9000);
	if (!uk_is_ok(transmit(hex(VC_LOGIN))))
		return false;
	assert_int_equal(sw_of(uk_buf_view(&answer)), 0x9000);
	if (!uk_is_ok(transmit(hex(SIGN)))) {
		assert_true(sim.prox.commands <= before + 3);
		return false;
	}
	assert_int_equal(sw_of(uk_buf_view(&answer)), 0x9000);
	assert_int_equal(sim.prox.commands, before + 3);
	assert_true(ecdsa_good(key, hex(VC_HASH),
	    uk_bytes_first(uk_buf_view(&answer), answer.len - 2)));
	return true;
}

/* A wrong PIN is one try, and only if the card says so or nobody knows. */
static void wrong_pin(struct trm_noise noise)
{
	uk_err err;

	expect_ok(power());
	expect_answer(SELECT, 0x9000);
	expect_answer(VC_LOGIN, 0x9000);
	sim.noise = noise;
	err = transmit(hex(WRONG));
	if (uk_is_ok(err))
		assert_int_equal(sw_of(uk_buf_view(&answer)), 0x63c2);
	assert_int_equal(tries(), 2);
}

/* A single fault is always put right; what goes on is given up. */
static void noise_at(
    EVP_PKEY *key, enum trm_noise_kind k, unsigned long at, bool once)
{
	struct trm_noise noise = {
		.kind = k, .at = at, .run = once ? 1 : 1000000, .seed = at
	};

	sim.noise = noise;
	assert_true(noisy_session(key) || !once);
	assert_int_equal(tries(), 3);
	if (once && at < 8)
		wrong_pin(noise);
	expect_answer(VC_LOGIN, 0x9000);
}

static void survives_faults_everywhere(void **state)
{
	EVP_PKEY *key = public_of(*state, 1);

	for (size_t i = 0; i < WISHES; i++) {
		unsigned long length;

		put_card(*state, &wishes[i]);
		assert_true(noisy_session(key));
		length = sim.noise.passed;
		assert_true(length >= 9);
		for (unsigned k = 1; k < TRM_NOISE_KINDS; k++) {
			for (unsigned long at = 0; at < length; at++) {
				noise_at(key, k, at, true);
				noise_at(key, k, at, false);
			}
		}
	}
	EVP_PKEY_free(key);
}

/* Everything at once, more and more of it. */
static void survives_faults_by_chance(void **state)
{
	EVP_PKEY *key = public_of(*state, 1);
	unsigned through = 0;

	for (unsigned long i = 0; i < 400; i++) {
		put_card(*state, &wishes[i % WISHES]);
		sim.noise = (struct trm_noise){ .per_mille = (unsigned)i,
			.seed = i };
		through += noisy_session(key);
		assert_int_equal(tries(), 3);
	}
	assert_true(through > 100);
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    logs_in_and_signs, vc_set_up, vc_tear_down),
		cmocka_unit_test(carries_long_ones),
		cmocka_unit_test_setup_teardown(
		    notices_what_leaves, vc_set_up, vc_tear_down),
		cmocka_unit_test_setup_teardown(
		    may_leave_at_any_frame, vc_set_up, vc_tear_down),
		cmocka_unit_test_setup_teardown(
		    survives_faults_everywhere, vc_set_up, vc_tear_down),
		cmocka_unit_test_setup_teardown(
		    survives_faults_by_chance, vc_set_up, vc_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
