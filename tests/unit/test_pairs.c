/* The file of pairs. Its text is written down from pairs.h. */
#include "pairs.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID  "000102030405060708090a0b0c0d0e0f"
#define KEY "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
#define POINT                                                                  \
	"04"                                                                   \
	"0000000000000000000000000000000000000000000000000000000000000001"     \
	"0000000000000000000000000000000000000000000000000000000000000002"

static const char line[] = ID " " KEY " " POINT " my phone\n";

static void test_text(void **state)
{
	static struct trm_pairs p;
	uint8_t storage[1024];
	uk_buf out = UK_BUF(storage);

	(void)state;
	expect_ok(trm_pairs_parse(uk_view_str(line), &p));
	assert_int_equal(p.n, 1);
	expect_bytes(UK_ARRAY(p.list[0].secret.id), hex(ID));
	expect_bytes(UK_ARRAY(p.list[0].secret.key), hex(KEY));
	expect_bytes(UK_ARRAY(p.list[0].point), hex(POINT));
	assert_string_equal(p.list[0].name, "my phone");
	trm_pairs_put(&out, &p);
	expect_bytes(uk_buf_view(&out), uk_view_str(line));
	assert_ptr_equal(trm_pairs_find(&p, hex(ID)), &p.list[0]);
	assert_null(trm_pairs_find(&p, hex("00")));
}

static void test_bad_text(void **state)
{
	static const char *const bad[] = { "\n", ID "\n", ID " " KEY "\n",
		ID " " KEY " " POINT "\n", ID " " KEY " " POINT " no end",
		"x" ID " " KEY " " POINT " x\n" };
	static struct trm_pairs p;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_code(
		    trm_pairs_parse(uk_view_str(bad[i]), &p), UK_ERR_FORMAT);
}

/* A name that would be a line of its own does not become one. */
static void test_names(void **state)
{
	static struct trm_pairs p;
	uint8_t storage[1024];
	uk_buf out = UK_BUF(storage);

	(void)state;
	expect_ok(trm_pairs_parse(uk_view_str(line), &p));
	expect_ok(uk_copy_str(
	    p.list[0].name, sizeof(p.list[0].name), uk_view_str("a\nb\x7f")));
	trm_pairs_put(&out, &p);
	expect_ok(trm_pairs_parse(uk_buf_view(&out), &p));
	assert_int_equal(p.n, 1);
	assert_string_equal(p.list[0].name, "a?b?");
}

static void test_too_many(void **state)
{
	static struct trm_pairs p;
	struct trm_paired one = { .secret = { { 0 }, { 0 } }, .name = "x" };

	(void)state;
	for (unsigned i = 0; i < TRM_PAIRS_MAX + 2; i++) {
		one.secret.id[0] = (uint8_t)i;
		trm_pairs_add(&p, &one);
	}
	assert_int_equal(p.n, TRM_PAIRS_MAX);
	assert_int_equal(p.list[0].secret.id[0], 2); /* the oldest are gone */
}

static void test_file(void **state)
{
	static struct trm_pairs p, q;
	char folder[] = "/tmp/pairs-XXXXXX", path[64];
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/pairs", folder);
	expect_ok(trm_pairs_read(path, &q));
	assert_int_equal(q.n, 0);
	expect_ok(trm_pairs_parse(uk_view_str(line), &p));
	expect_ok(trm_pairs_write(path, &p));
	expect_ok(trm_pairs_write(path, &p)); /* over the old one */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	expect_ok(trm_pairs_read(path, &q));
	assert_int_equal(q.n, 1);
	assert_memory_equal(
	    &p.list[0].secret, &q.list[0].secret, sizeof(p.list[0].secret));
	assert_int_equal(chmod(path, 0644), 0);
	expect_code(trm_pairs_read(path, &q), UK_ERR_NO_PERMISSION);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_false(uk_is_ok(trm_pairs_read(path, &q)));
	rmdir(path);
	expect_code(trm_pairs_write("/no/such/folder/pairs", &p), UK_ERR_IO);
	assert_int_equal(rmdir(folder), 0); /* nothing is left behind */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_bad_text),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
