/* Chains of places: what was added is found, and nothing that was removed. */
#include "index.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <stdlib.h>

enum { ROOM = 64, STEPS = 20000 };

static bool has(const uk_index *x, uint64_t hash, size_t place)
{
	size_t at = uk_index_first(x, hash);

	while (at != UK_INDEX_NONE && at != place)
		at = uk_index_next(x, at);
	return at == place;
}

/* Few hashes, so that chains are long; the model is a table of flags. */
static void like_a_table(void **state)
{
	bool there[ROOM] = { false };
	uk_index x;

	(void)state;
	srand(1);
	expect_ok(uk_index_open(&x, ROOM));
	for (int i = 0; i < STEPS; i++) {
		size_t at = (size_t)rand() % ROOM;
		uint64_t hash = at % 5;

		assert_int_equal(has(&x, hash, at), there[at]);
		assert_false(has(&x, hash + 5, at));
		if (there[at])
			uk_index_remove(&x, at, hash);
		else
			uk_index_add(&x, at, hash);
		there[at] = !there[at];
	}
	uk_index_remove(&x, 0, 99); /* not there */
	uk_index_close(&x);
	uk_index_close(&x);
}

static void refuses(void **state)
{
	uk_index x;

	(void)state;
	expect_code(uk_index_open(&x, 0), UK_ERR_ARGUMENT);
	expect_code(uk_index_open(&x, SIZE_MAX), UK_ERR_ARGUMENT);
	for (unsigned long n = 1; n <= 2; n++) {
		uk_mem_fail_nth(n);
		expect_code(uk_index_open(&x, 4), UK_ERR_MEMORY);
		uk_mem_fail_nth(0);
		assert_int_equal(uk_mem_live(), 0);
	}
}

/* MurmurHash3's fmix64 of 1, worked out with Python:
 * k=1; k^=k>>33; k=k*0xff51afd7ed558ccd%2**64; k^=k>>33;
 * k=k*0xc4ceb9fe1a85ec53%2**64; k^=k>>33 */
static void mixes(void **state)
{
	(void)state;
	assert_true(uk_index_mix(1) == UINT64_C(0xb456bcfc34c2cb2c));
	assert_true(uk_index_mix(0) == 0);
	assert_true(uk_index_of(hex("0102030405060708FF")) ==
		    UINT64_C(0x0102030405060708));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_a_table),
		cmocka_unit_test(refuses),
		cmocka_unit_test(mixes),
	};

	return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
