/* The heap: zeroed, counted, and able to fail when told. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "mem.h"

#include <string.h>

static bool all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != 0)
			return false;
	}
	return true;
}

static void memory_is_zeroed_and_counted(void **state)
{
	long live = uk_mem_live();
	uint8_t *p = uk_new(100);

	(void)state;
	assert_non_null(p);
	assert_true(all_zero(p, 100));
	assert_int_equal(uk_mem_live(), live + 1);
	uk_free(p);
	uk_free(NULL);
	assert_int_equal(uk_mem_live(), live);
}

static void impossible_sizes_give_nothing(void **state)
{
	long live = uk_mem_live();
	/* not constants, or the compiler warns of what we want to see */
	volatile size_t huge = SIZE_MAX / 2 + 1, two = 2, none = 0;

	(void)state;
	assert_null(uk_new_array(huge, two));     /* product overflows to 0 */
	assert_null(uk_new_array(huge + 1, two)); /* overflows to 2 */
	assert_null(uk_new_array(none, 8));
	assert_null(uk_new_array(8, none));
	assert_null(uk_dup(uk_view("", SIZE_MAX)));
	assert_int_equal(uk_mem_live(), live);
}

static void arrays_grow_and_shrink(void **state)
{
	long live = uk_mem_live();
	uint8_t *a = uk_resize_array(NULL, 0, 2, 1);
	uint8_t *b;

	(void)state;
	assert_non_null(a);
	memset(a, 7, 2);
	a = uk_resize_array(a, 2, 100, 1);
	assert_non_null(a);
	assert_int_equal(a[1], 7);
	assert_true(all_zero(a + 2, 98));
	a = uk_resize_array(a, 100, 1, 1);
	assert_non_null(a);
	assert_int_equal(a[0], 7);
	uk_mem_fail_nth(1);
	b = uk_resize_array(a, 1, 50, 1);
	uk_mem_fail_nth(0);
	assert_null(b);
	assert_int_equal(a[0], 7); /* still ours */
	uk_free(a);
	assert_int_equal(uk_mem_live(), live);
}

static void copies_are_strings_too(void **state)
{
	uint8_t *p = uk_dup(hex("616263"));
	char *s = uk_dup_str("xyz");
	uint8_t *none = uk_dup(UK_NONE);

	(void)state;
	assert_string_equal((char *)p, "abc");
	assert_string_equal(s, "xyz");
	assert_int_equal(none[0], 0);
	uk_free(p);
	uk_free(s);
	uk_free(none);
}

static void only_the_nth_call_fails(void **state)
{
	void *p[3];

	(void)state;
	uk_mem_fail_nth(2);
	for (int i = 0; i < 3; i++)
		p[i] = uk_new(1);
	assert_int_equal(uk_mem_calls(), 3);
	uk_mem_fail_nth(0);
	assert_non_null(p[0]);
	assert_null(p[1]);
	assert_non_null(p[2]);
	uk_free(p[0]);
	uk_free(p[2]);
}

static uk_err build_blob(void *arg)
{
	uk_blob b = { NULL, 0 };
	uk_err err = uk_blob_set(&b, uk_view_str("one "));

	(void)arg;
	if (uk_is_ok(err))
		err = uk_blob_add(&b, uk_view_str("two"));
	if (uk_is_ok(err))
		assert_string_equal((char *)b.p, "one two");
	uk_blob_free(&b);
	assert_null(b.p);
	assert_int_equal(b.n, 0);
	return err;
}

static void blobs_survive_every_failure(void **state)
{
	(void)state;
	assert_int_equal(fail_every_allocation(build_blob, NULL), 3);
}

static void blobs_can_add_themselves(void **state)
{
	uk_blob b = { NULL, 0 };

	(void)state;
	expect_ok(uk_blob_add(&b, uk_view_str("ab")));
	expect_ok(uk_blob_add(&b, uk_blob_view(&b)));
	expect_bytes(uk_blob_view(&b), uk_view_str("abab"));
	expect_ok(uk_blob_set(&b, uk_bytes_from(uk_blob_view(&b), 3)));
	expect_bytes(uk_blob_view(&b), uk_view_str("b"));
	expect_ok(uk_blob_add(&b, UK_NONE));
	expect_bytes(uk_blob_view(&b), uk_view_str("b"));
	expect_code(uk_blob_add(&b, uk_view("", SIZE_MAX)), UK_ERR_MEMORY);
	expect_bytes(uk_blob_view(&b), uk_view_str("b"));
	uk_blob_free(&b);
	uk_blob_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_counted),
		cmocka_unit_test(impossible_sizes_give_nothing),
		cmocka_unit_test(arrays_grow_and_shrink),
		cmocka_unit_test(copies_are_strings_too),
		cmocka_unit_test(only_the_nth_call_fails),
		cmocka_unit_test(blobs_survive_every_failure),
		cmocka_unit_test(blobs_can_add_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
