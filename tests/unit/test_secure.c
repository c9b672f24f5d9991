/* The secured stream: two ends in one program, and somebody between them. That
 * it is TLS 1.3 with an external key and nothing else is seen by what the host
 * offers, byte by byte from RFC 8446. */
#include "secure.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "mem.h"

#include <string.h>

static const struct trm_secret known = { { 1, 2, 3 }, { 4, 5, 6 } };
static const struct trm_secret wrong_key = { { 1, 2, 3 }, { 4, 5, 7 } };
static const struct trm_secret unknown = { { 9, 2, 3 }, { 4, 5, 6 } };

static bool find(void *arg, uk_bytes id, struct trm_secret *out)
{
	(void)arg;
	if (!uk_bytes_eq(id, UK_ARRAY(known.id)))
		return false;
	*out = known;
	return true;
}

static struct trm_secure *host, *terminal;

static void begin(const struct trm_secret *secret)
{
	expect_ok(trm_secure_host(secret, &host));
	expect_ok(trm_secure_terminal(find, NULL, &terminal));
}

static void end(void)
{
	trm_secure_close(&host);
	trm_secure_close(&terminal);
}

/* Where in all that passes a byte is changed. */
static size_t passed, spoil_at;

static uk_err carry(struct trm_secure *from, struct trm_secure *to, bool *moved)
{
	uint8_t storage[4096];
	uk_buf b = UK_BUF(storage);

	trm_secure_pending(from, &b);
	*moved |= b.len > 0;
	if (spoil_at >= passed && spoil_at < passed + b.len)
		storage[spoil_at - passed] ^= 1;
	passed += b.len;
	return trm_secure_feed(to, uk_buf_view(&b));
}

static uk_err shake(void)
{
	bool moved = true;

	while (moved) {
		moved = false;
		UK_TRY(carry(host, terminal, &moved));
		UK_TRY(carry(terminal, host, &moved));
	}
	return uk_ok();
}

static uk_err say(
    struct trm_secure *from, struct trm_secure *to, const char *text)
{
	uint8_t storage[64];
	uk_buf heard = UK_BUF(storage);

	UK_TRY(trm_secure_send(from, uk_view_str(text)));
	UK_TRY(shake());
	UK_TRY(trm_secure_receive(to, &heard));
	if (heard.len == 0)
		return uk_fail(UK_ERR_TIMEOUT); /* it waits for more */
	expect_bytes(uk_buf_view(&heard), uk_view_str(text));
	return uk_ok();
}

static uk_err conversation(void)
{
	UK_TRY(shake());
	if (!trm_secure_ready(host) || !trm_secure_ready(terminal))
		return uk_fail(UK_ERR_SIGNATURE);
	UK_TRY(say(host, terminal, "00A4040C"));
	return say(terminal, host, "9000");
}

static bool contains(uk_bytes all, uk_bytes part)
{
	for (size_t i = 0; i + part.n <= all.n; i++) {
		if (uk_bytes_eq(
			uk_bytes_first(uk_bytes_from(all, i), part.n), part))
			return true;
	}
	return false;
}

/* RFC 8446, 4.1.2 and 4.2: the lists that a ClientHello offers have one entry
 * each, so that nobody in between can choose another. */
static void test_offers_one_of_each(void **state)
{
	static const char *const lists[] = {
		"1301 00FF 0100",      /* suite (and RFC 5746's), compression */
		"002B 0003 02 0304",   /* supported_versions: TLS 1.3 */
		"000A 0004 0002 001D", /* supported_groups: x25519 */
		"002D 0002 01 01",     /* psk_key_exchange_modes: psk_dhe_ke */
	};
	uint8_t storage[4096];
	uk_buf hello = UK_BUF(storage);

	(void)state;
	begin(&known);
	trm_secure_pending(host, &hello);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		assert_true(contains(uk_buf_view(&hello), hex(lists[i])));
	/* pre_shared_key: the only identity is the pairing's name */
	assert_true(contains(uk_buf_view(&hello), UK_ARRAY(known.id)));
	end();
}

static void test_paired(void **state)
{
	(void)state;
	spoil_at = SIZE_MAX;
	begin(&known);
	assert_false(trm_secure_ready(host));
	expect_code(trm_secure_send(host, uk_view_str("x")), UK_ERR_CONDITIONS);
	expect_ok(conversation());
	expect_bytes(trm_secure_id(terminal), UK_ARRAY(known.id));
	end();
}

static void test_not_paired(void **state)
{
	(void)state;
	spoil_at = SIZE_MAX;
	begin(&unknown);
	expect_code(conversation(), UK_ERR_SIGNATURE);
	assert_false(trm_secure_ready(terminal));
	end();
	begin(&wrong_key);
	expect_code(conversation(), UK_ERR_SIGNATURE);
	assert_false(trm_secure_ready(terminal));
	assert_int_equal(trm_secure_id(terminal).n, 0);
	end();
}

/* One bit anywhere: the conversation does not come to its end, and nothing else
 * is heard than was said. Only legacy_record_version of records without
 * encryption may be anything (RFC 8446, 5.1). */
static void test_tampered(void **state)
{
	size_t all, ignored = 0;

	(void)state;
	spoil_at = SIZE_MAX;
	passed = 0;
	begin(&known);
	expect_ok(conversation());
	all = passed;
	end();
	assert_true(all > 300);
	for (spoil_at = 0; spoil_at < all; spoil_at++) {
		passed = 0;
		begin(&known);
		ignored += uk_is_ok(conversation());
		end();
	}
	assert_true(ignored <= 4);
}

/* The same record twice: the second is refused. */
static void test_replay(void **state)
{
	uint8_t storage[256];
	uk_buf record = UK_BUF(storage);

	(void)state;
	spoil_at = SIZE_MAX;
	begin(&known);
	expect_ok(conversation());
	expect_ok(trm_secure_send(host, uk_view_str("pay")));
	trm_secure_pending(host, &record);
	for (int i = 0; i < 2; i++) {
		uint8_t plain[16];
		uk_buf heard = UK_BUF(plain);

		expect_ok(trm_secure_feed(terminal, uk_buf_view(&record)));
		expect_code(trm_secure_receive(terminal, &heard),
		    i == 0 ? UK_OK : UK_ERR_SIGNATURE);
		assert_int_equal(heard.len, i == 0 ? 3 : 0);
	}
	expect_code(
	    trm_secure_feed(terminal, uk_view_str("x")), UK_ERR_SIGNATURE);
	end();
}

static void test_no_memory(void **state)
{
	(void)state;
	uk_mem_fail_nth(1);
	expect_code(trm_secure_host(&known, &host), UK_ERR_MEMORY);
	uk_mem_fail_nth(1);
	expect_code(trm_secure_terminal(find, NULL, &terminal), UK_ERR_MEMORY);
	uk_mem_fail_nth(0);
	assert_null(host);
	assert_null(terminal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offers_one_of_each),
		cmocka_unit_test(test_paired),
		cmocka_unit_test(test_not_paired),
		cmocka_unit_test(test_tampered),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
