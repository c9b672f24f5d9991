/* Transactions, and the file's form as vc_nv.h writes it down. */
#include "vc_nv.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct vc_nv_id file_a = { 1, VC_NV_FILE, 0x4401 };
static const struct vc_nv_id key_a = { 1, VC_NV_KEY, 0x0001 };

static void expect_object(
    struct vc_nv *nv, struct vc_nv_id id, const char *text)
{
	uk_bytes v;

	assert_int_equal(vc_nv_get(nv, id, &v), text != NULL);
	if (text != NULL)
		expect_bytes(v, uk_view_str(text));
}

static void test_commit_and_abort(void **state)
{
	struct vc_nv *nv;

	(void)state;
	expect_ok(vc_nv_open(NULL, VC_STORE_CREATE, &nv));
	expect_object(nv, file_a, NULL);
	expect_ok(vc_nv_put(nv, file_a, uk_view_str("one")));
	expect_object(nv, file_a, "one"); /* a command sees its own changes */
	vc_nv_abort(nv);
	expect_object(nv, file_a, NULL);
	expect_ok(vc_nv_put(nv, file_a, uk_view_str("one")));
	expect_ok(vc_nv_put(nv, key_a, UK_NONE)); /* empty is a value */
	expect_ok(vc_nv_commit(nv));
	vc_nv_abort(nv);
	expect_object(nv, file_a, "one");
	expect_object(nv, key_a, "");
	vc_nv_drop(nv, file_a);
	expect_ok(vc_nv_put(nv, key_a, uk_view_str("secret")));
	expect_object(nv, file_a, NULL);
	vc_nv_abort(nv);
	expect_object(nv, file_a, "one");
	expect_object(nv, key_a, "");
	vc_nv_drop(nv, file_a);
	expect_ok(vc_nv_commit(nv));
	expect_object(nv, file_a, NULL);
	vc_nv_close(&nv);
}

static void test_adopt_and_drop_app(void **state)
{
	static const struct vc_nv_id other = { 2, VC_NV_DATA, 1 };
	struct vc_nv *nv;

	(void)state;
	expect_ok(vc_nv_open(NULL, VC_STORE_CREATE, &nv));
	expect_ok(vc_nv_put(nv, file_a, uk_view_str("one")));
	expect_ok(vc_nv_put(nv, other, uk_view_str("two")));
	vc_store_fail_nth(1);
	vc_nv_adopt(nv); /* writes nothing */
	assert_int_equal(vc_store_writes(), 0);
	vc_store_fail_nth(0);
	vc_nv_abort(nv);
	expect_object(nv, file_a, "one");
	expect_ok(vc_nv_put(nv, key_a, uk_view_str("new")));
	vc_nv_drop_app(nv, 1);
	expect_object(nv, file_a, NULL);
	expect_object(nv, key_a, NULL);
	expect_object(nv, other, "two");
	vc_nv_abort(nv);
	expect_object(nv, file_a, "one");
	vc_nv_drop_app(nv, 1);
	expect_ok(vc_nv_commit(nv));
	expect_object(nv, file_a, NULL);
	expect_object(nv, other, "two");
	vc_nv_close(&nv);
}

static void test_failed_commit_changes_nothing(void **state)
{
	struct vc_nv *nv;

	(void)state;
	expect_ok(vc_nv_open(NULL, VC_STORE_CREATE, &nv));
	expect_ok(vc_nv_put(nv, file_a, uk_view_str("old")));
	expect_ok(vc_nv_commit(nv));
	expect_ok(vc_nv_put(nv, file_a, uk_view_str("new")));
	expect_ok(vc_nv_put(nv, key_a, uk_view_str("key")));
	vc_store_fail_nth(1);
	expect_code(vc_nv_commit(nv), UK_ERR_IO);
	vc_store_fail_nth(0);
	expect_object(nv, file_a, "old");
	expect_object(nv, key_a, NULL);
	vc_nv_close(&nv);
}

static void test_limits(void **state)
{
	struct vc_nv *nv;
	uint8_t *big = uk_new(VC_NV_TOTAL_MAX);
	struct vc_nv_id id = { 1, VC_NV_DATA, 0 };

	(void)state;
	expect_ok(vc_nv_open(NULL, VC_STORE_CREATE, &nv));
	expect_code(vc_nv_put(nv, file_a, uk_view(big, VC_NV_TOTAL_MAX)),
	    UK_ERR_TOO_SMALL);
	vc_nv_abort(nv);
	for (id.ref = 0; id.ref < VC_NV_OBJECTS_MAX; id.ref++)
		expect_ok(vc_nv_put(nv, id, uk_view_str("x")));
	expect_code(vc_nv_put(nv, id, uk_view_str("x")), UK_ERR_TOO_SMALL);
	expect_ok(vc_nv_commit(nv));
	vc_nv_close(&nv);
	uk_free(big);
}

static char path[64];

static void write_file(const char *text)
{
	uk_bytes v = hex(text);
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, v.p, v.n), v.n);
	(void)close(fd);
}

static void expect_open(const char *text, enum uk_code code)
{
	struct vc_nv *nv = NULL;

	write_file(text);
	expect_code(vc_nv_open(path, VC_STORE_READ, &nv), code);
	vc_nv_close(&nv);
}

/* Worked out from the form in vc_nv.h. */
#define OBJECT                                                                 \
	"E10A"                                                                 \
	"8104"                                                                 \
	"01024401"                                                             \
	"8202"                                                                 \
	"6869"

static void test_form(void **state)
{
	struct vc_nv *nv;

	(void)state;
	(void)snprintf(path, sizeof(path), "/tmp/vc_nv_%d", (int)getpid());
	write_file("E00F 800101" OBJECT);
	expect_ok(vc_nv_open(path, VC_STORE_READ, &nv));
	expect_object(nv, file_a, "hi");
	vc_nv_close(&nv);
	expect_open("E003 800101", UK_OK);
	expect_open("E003 800102", UK_OK);
	expect_open("E003 800103", UK_OK);
	expect_open("E003 800104", UK_ERR_UNSUPPORTED); /* a later version */
	expect_open("E003 800100", UK_ERR_UNSUPPORTED);
	expect_open("E000", UK_ERR_FORMAT);
	expect_open("E00F 800101" OBJECT "00", UK_ERR_FORMAT);
	expect_open("E01B 800101" OBJECT OBJECT, UK_ERR_FORMAT); /* twice */
	expect_open("E00E 800101 E1098104010244018201", UK_ERR_FORMAT);
	expect_open("E00E 800101 E1098103010244820268", UK_ERR_FORMAT);
	expect_open("30003000", UK_ERR_FORMAT);
	expect_open("FF", UK_ERR_FORMAT);
	(void)unlink(path);
}

static uk_err all_allocations(void *arg)
{
	struct vc_nv *nv = NULL;
	uk_err err = vc_nv_open(arg, VC_STORE_READ, &nv);

	if (uk_is_ok(err))
		err = vc_nv_put(nv, key_a, uk_view_str("key"));
	if (uk_is_ok(err))
		err = vc_nv_put(nv, file_a, uk_view_str("file"));
	vc_nv_close(&nv);
	return err;
}

static uk_err commits(void *arg)
{
	struct vc_nv *nv = NULL;
	uk_err err = vc_nv_open(arg, VC_STORE_READ, &nv);

	if (uk_is_ok(err))
		err = vc_nv_put(nv, key_a, uk_view_str("key"));
	if (uk_is_ok(err))
		err = vc_nv_commit(nv);
	vc_nv_close(&nv);
	return err;
}

static void test_out_of_memory(void **state)
{
	(void)state;
	(void)snprintf(path, sizeof(path), "/tmp/vc_nv_%d", (int)getpid());
	write_file("E00F 800101" OBJECT);
	assert_true(fail_every_allocation(all_allocations, path) > 5);
	assert_true(fail_every_allocation(commits, NULL) > 3);
	(void)unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commit_and_abort),
		cmocka_unit_test(test_adopt_and_drop_app),
		cmocka_unit_test(test_failed_commit_changes_nothing),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
