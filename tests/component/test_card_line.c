/*
 * The terminal's contacts and the card's end of them, by T=0 and T=1, with the
 * U-key behind: login and signature, with and without noise. The two ends are
 * written apart; the signatures are judged by OpenSSL.
 */
#include "contact.h"
#include "simcontacts.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "line_fixture.h"
#include "vcard_fixture.h"

static struct trm_simcontacts sim;
static struct trm_contact contact;
static uint8_t storage[UK_RESPONSE_MAX];
static uk_buf answer;

/* --- the card ------------------------------------------------------------- */

static void put_card(struct vc_card *card, const struct vc_line_wish *wish)
{
	struct vc_line_card behind = line_card(card);

	trm_simcontacts_init(&sim, &behind, wish);
	trm_contact_init(&contact, &trm_simcontacts, &sim);
}

static uk_err power(void)
{
	answer = UK_BUF(storage);
	return trm_contact_power(&contact, &answer);
}

static uk_err transmit(uk_bytes command)
{
	answer = UK_BUF(storage);
	return trm_contact_transmit(&contact, command, &answer);
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

static const struct vc_line_wish wishes[] = {
	{ .protocol = 1 },
	{ .protocol = 1, .ifsc = 16, .crc = true, .waits = 2 },
	{ .protocol = 1, .fi_di = 0x96, .ifsc = 32, .new_ifsc = 7 },
	{ .protocol = 0, .fi_di = 0x11 },
	{ .protocol = 0, .fi_di = 0x95, .waits = 3, .one_by_one = true },
};
enum { WISHES = sizeof(wishes) / sizeof(wishes[0]) };

static void logs_in_and_signs(void **state)
{
	EVP_PKEY *key = public_of(*state, 1);

	for (size_t i = 0; i < WISHES; i++) {
		put_card(*state, &wishes[i]);
		expect_ok(power());
		expect_answer(SELECT, 0x9000);
		expect_answer(WRONG, 0x63c2);
		expect_answer(VC_LOGIN, 0x9000);
		expect_answer(SIGN, 0x9000);
		assert_true(ecdsa_good(key, hex(VC_HASH),
		    uk_bytes_first(uk_buf_view(&answer), answer.len - 2)));
		expect_answer(SIGN_EXT, 0x9000);
		assert_true(ecdsa_good(key, hex(VC_HASH),
		    uk_bytes_first(uk_buf_view(&answer), answer.len - 2)));
		assert_int_equal(sim.waits > 0, wishes[i].waits > 0);
		trm_contact_off(&contact);
		assert_true(uk_is(transmit(hex(TRIES)), UK_ERR_CARD_MUTE));
	}
	EVP_PKEY_free(key);
}

/* --- noise ---------------------------------------------------------------- */

/* Tries of the PIN, over a good line. */
static unsigned tries(void)
{
	sim.noise = (struct trm_noise){ .kind = TRM_NOISE_NONE };
	expect_ok(power());
	expect_answer(SELECT, 0x9000);
	expect_ok(transmit(hex(TRIES)));
	return sw_of(uk_buf_view(&answer)) & 0x0f;
}

/* A login and a signature with noise from now on; what is answered is right,
 * or nothing is. */
static bool noisy_session(EVP_PKEY *key)
{
	if (!uk_is_ok(transmit(hex(VC_LOGIN))))
		return false;
	assert_int_equal(sw_of(uk_buf_view(&answer)), 0x9000);
	if (!uk_is_ok(transmit(hex(SIGN))))
		return false;
	assert_int_equal(sw_of(uk_buf_view(&answer)), 0x9000);
	assert_true(ecdsa_good(key, hex(VC_HASH),
	    uk_bytes_first(uk_buf_view(&answer), answer.len - 2)));
	return true;
}

static void begin_noise(struct trm_noise noise)
{
	sim.noise = (struct trm_noise){ .kind = TRM_NOISE_NONE };
	expect_ok(power());
	expect_answer(SELECT, 0x9000);
	sim.noise = noise;
}

/* A wrong PIN is one try, and only if the card says so or nobody knows. */
static void wrong_pin(struct trm_noise noise)
{
	uk_err err;

	expect_answer(VC_LOGIN, 0x9000);
	begin_noise(noise);
	err = transmit(hex(WRONG));
	if (uk_is_ok(err))
		assert_int_equal(sw_of(uk_buf_view(&answer)), 0x63c2);
	assert_true(tries() >= 2);
	if (uk_is_ok(err))
		assert_int_equal(tries(), 2);
}

static unsigned long clean_length(EVP_PKEY *key)
{
	begin_noise((struct trm_noise){ .kind = TRM_NOISE_NONE });
	assert_true(noisy_session(key));
	return sim.noise.passed;
}

/* What the check codes can find: T=0 has nothing but the parity of each
 * character, so two wrong bits in one, or a character too many, no T=0 reader
 * can find, nor one that is lost where a NULL comes after it; the LRC of T=1
 * finds one such, but of many each 256th is missed. */
static bool can_be_found(
    const struct vc_line_wish *w, enum trm_noise_kind k, bool once)
{
	if (k == TRM_NOISE_PARITY || k == TRM_NOISE_LATE || w->crc)
		return true;
	if (k == TRM_NOISE_LOST)
		return w->protocol == 1 || w->waits == 0;
	return w->protocol == 1 && once;
}

static void noise_at(
    EVP_PKEY *key, enum trm_noise_kind k, unsigned long at, bool once)
{
	struct trm_noise noise = {
		.kind = k, .at = at, .run = once ? 1 : 1000000, .seed = at
	};

	begin_noise(noise);
	/* A single one is always put right by T=1. */
	if (!noisy_session(key))
		assert_false(once && contact.interface.first == 1);
	assert_int_equal(tries(), 3);
	if (once)
		wrong_pin(noise);
	expect_answer(VC_LOGIN, 0x9000);
}

static void noise_along(
    EVP_PKEY *key, enum trm_noise_kind k, unsigned long length, bool once)
{
	for (unsigned long at = 0; at < length; at++)
		noise_at(key, k, at, once);
}

static void survives_noise_everywhere(void **state)
{
	EVP_PKEY *key = public_of(*state, 1);

	for (size_t i = 0; i < WISHES; i++) {
		unsigned long length;

		put_card(*state, &wishes[i]);
		length = clean_length(key);
		for (unsigned k = 1; k < TRM_NOISE_KINDS; k++) {
			if (can_be_found(&wishes[i], k, true))
				noise_along(key, k, length, true);
			if (can_be_found(&wishes[i], k, false))
				noise_along(key, k, length, false);
		}
	}
	EVP_PKEY_free(key);
}

/* Everything at once, more and more of it. */
static void survives_noise_by_chance(void **state)
{
	EVP_PKEY *key = public_of(*state, 1);
	unsigned through = 0;

	put_card(*state, &wishes[1]);
	for (unsigned long i = 0; i < 300; i++) {
		begin_noise((struct trm_noise){
		    .per_mille = (unsigned)i / 10, .seed = i });
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
		cmocka_unit_test_setup_teardown(
		    survives_noise_everywhere, vc_set_up, vc_tear_down),
		cmocka_unit_test_setup_teardown(
		    survives_noise_by_chance, vc_set_up, vc_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
