/* Certificates that have been checked: found as long as they are good, and for
 * nothing else. */
#include "certs.h"

#include "cert_samples.h"
#include "cmocka_all.h"
#include "crypto_fixture.h"
#include "fixtures.h"

enum { T0 = 1795176000, HOUR = 3600, ROOM = 64 };

static uk_cert *a_cert(void)
{
	uk_cert *cert = NULL;

	expect_ok(uk_cert_from_der(crypto, hex(CERT_EC), &cert));
	return cert;
}

/* Any 32 bytes: first four of them say which set. */
static uk_bytes print(uint32_t set, uint8_t last)
{
	static uint8_t ring[8][BANK_FINGERPRINT];
	static unsigned at;
	uk_buf b;

	at = (at + 1) % 8;
	b = UK_BUF(ring[at]);
	uk_put_u32(&b, set);
	uk_put_fill(&b, last, uk_buf_left(&b));
	return uk_buf_view(&b);
}

static const uk_cert *keep(
    struct bank_certs *c, uk_bytes fingerprint, int64_t until)
{
	uk_cert *cert = a_cert();
	const uk_cert *kept = bank_certs_keep(
	    c, fingerprint, UK_FOR_LOGIN, T0, until, &cert);

	assert_null(cert);
	assert_non_null(kept);
	return kept;
}

static const uk_cert *find(
    struct bank_certs *c, uk_bytes fingerprint, int64_t now)
{
	return bank_certs_find(c, fingerprint, UK_FOR_LOGIN, now);
}

static void in_time_and_for_its_purpose(void **state)
{
	struct bank_certs *c;
	const uk_cert *kept;

	(void)state;
	expect_ok(bank_certs_open(ROOM, &c));
	assert_null(find(c, print(1, 1), T0));
	kept = keep(c, print(1, 1), T0 + HOUR);
	assert_ptr_equal(find(c, print(1, 1), T0), kept);
	assert_ptr_equal(find(c, print(1, 1), T0 + HOUR - 1), kept);
	assert_null(find(c, print(1, 1), T0 + HOUR));
	assert_null(find(c, print(1, 1), T0 - 1));
	assert_null(find(c, print(1, 2), T0));
	assert_null(find(c, uk_bytes_first(print(1, 1), 31), T0));
	assert_null(bank_certs_find(c, print(1, 1), UK_FOR_TRANSACTION, T0));
	bank_certs_forget(c);
	assert_null(find(c, print(1, 1), T0));
	bank_certs_close(&c);
	bank_certs_close(&c);
}

/* Checked again: one entry, with the newer end. */
static void again(void **state)
{
	struct bank_certs *c;

	(void)state;
	expect_ok(bank_certs_open(1, &c));
	keep(c, print(7, 1), T0 + 1);
	keep(c, print(7, 2), T0 + HOUR);
	keep(c, print(7, 3), T0 + HOUR);
	keep(c, print(7, 1), T0 + HOUR);
	keep(c, print(7, 4), T0 + HOUR);
	for (uint8_t i = 1; i <= 4; i++)
		assert_non_null(find(c, print(7, i), T0 + 2));
	bank_certs_close(&c);
}

/* One too many for its set: the least used makes room, others stay. */
static void full(void **state)
{
	struct bank_certs *c;

	(void)state;
	expect_ok(bank_certs_open(ROOM, &c));
	keep(c, print(6, 9), T0 + HOUR);
	for (uint8_t i = 1; i <= 4; i++)
		keep(c, print(5, i), T0 + HOUR);
	assert_non_null(find(c, print(5, 1), T0));
	keep(c, print(5 + ROOM, 5), T0 + HOUR); /* the same set */
	assert_null(find(c, print(5, 2), T0));
	assert_non_null(find(c, print(5, 1), T0));
	assert_non_null(find(c, print(5, 3), T0));
	assert_non_null(find(c, print(6, 9), T0));
	bank_certs_close(&c);
}

static uk_err open_again(void *arg)
{
	struct bank_certs *c;
	uk_err err = bank_certs_open(ROOM, &c);

	(void)arg;
	bank_certs_close(&c);
	return err;
}

static void no_memory(void **state)
{
	(void)state;
	assert_int_equal(fail_every_allocation(open_again, NULL), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_time_and_for_its_purpose),
		cmocka_unit_test(again),
		cmocka_unit_test(full),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, open_crypto, close_crypto);
}
