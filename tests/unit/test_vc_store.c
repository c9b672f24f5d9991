/* The card's file: whole, private, locked. */
#include "vc_store.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static char path[128], side[160];

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s", "/tmp/vc_store_XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/card", folder);
	return 0;
}

static const char *beside(const char *suffix)
{
	(void)snprintf(side, sizeof(side), "%s%s", path, suffix);
	return side;
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)unlink(beside(".lock"));
	(void)unlink(beside(".new"));
	return rmdir(folder);
}

static void expect_content(struct vc_store *s, const char *text)
{
	uint8_t *p;
	size_t n;

	expect_ok(vc_store_read(s, &p, &n));
	expect_bytes(uk_view(p, n), uk_view_str(text));
	uk_secret_free(p, n);
}

static void test_write_and_read(void **state)
{
	struct vc_store *s;
	struct stat st;

	(void)state;
	expect_code(vc_store_open(path, VC_STORE_WRITE, &s), UK_ERR_NOT_FOUND);
	assert_int_not_equal(access(beside(".lock"), F_OK), 0);
	expect_ok(vc_store_open(path, VC_STORE_CREATE, &s));
	expect_ok(vc_store_write(s, uk_view_str("first")));
	expect_content(s, "first");
	expect_ok(vc_store_write(s, uk_view_str("two")));
	expect_content(s, "two");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	vc_store_close(&s);
	assert_null(s);
	expect_code(vc_store_open(path, VC_STORE_CREATE, &s), UK_ERR_EXISTS);
	expect_ok(vc_store_open(path, VC_STORE_READ, &s));
	expect_content(s, "two");
	expect_code(vc_store_write(s, uk_view_str("no")), UK_ERR_IO);
	vc_store_close(&s);
}

static void test_only_one_writer(void **state)
{
	struct vc_store *one, *two;

	(void)state;
	expect_ok(vc_store_open(path, VC_STORE_CREATE, &one));
	expect_ok(vc_store_write(one, uk_view_str("x")));
	expect_code(
	    vc_store_open(path, VC_STORE_WRITE, &two), UK_ERR_CARD_BUSY);
	expect_ok(vc_store_open(path, VC_STORE_READ, &two)); /* may look */
	vc_store_close(&two);
	vc_store_close(&one);
	expect_ok(vc_store_open(path, VC_STORE_WRITE, &two));
	vc_store_close(&two);
}

static void test_failed_write_keeps_the_old(void **state)
{
	struct vc_store *s;

	(void)state;
	expect_ok(vc_store_open(path, VC_STORE_CREATE, &s));
	expect_ok(vc_store_write(s, uk_view_str("old")));
	vc_store_fail_nth(2);
	expect_ok(vc_store_write(s, uk_view_str("new")));
	expect_code(vc_store_write(s, uk_view_str("newer")), UK_ERR_IO);
	expect_ok(vc_store_write(s, uk_view_str("newest")));
	assert_int_equal(vc_store_writes(), 3);
	vc_store_fail_nth(0);
	expect_content(s, "newest");
	/* The temporary file cannot be made: something else is in its place. */
	assert_int_equal(mkdir(beside(".new"), 0700), 0);
	expect_code(vc_store_write(s, uk_view_str("lost")), UK_ERR_IO);
	expect_content(s, "newest");
	assert_int_equal(rmdir(beside(".new")), 0);
	vc_store_close(&s);
}

static void test_leftovers_and_links(void **state)
{
	struct vc_store *s;
	struct stat st;
	int fd;

	(void)state;
	expect_ok(vc_store_open(path, VC_STORE_CREATE, &s));
	/* A killed process left half a file, and somebody opened it up. */
	fd = open(beside(".new"), O_CREAT | O_WRONLY, 0666);
	assert_int_equal(write(fd, "0123456789", 10), 10);
	assert_int_equal(fchmod(fd, 0666), 0);
	assert_int_equal(close(fd), 0);
	expect_ok(vc_store_write(s, uk_view_str("short")));
	expect_content(s, "short");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* A link in the temporary file's place is not followed. */
	assert_int_equal(symlink("/tmp/vc_store_elsewhere", beside(".new")), 0);
	expect_code(vc_store_write(s, uk_view_str("x")), UK_ERR_IO);
	assert_int_not_equal(access("/tmp/vc_store_elsewhere", F_OK), 0);
	vc_store_close(&s);
}

static void test_not_a_card(void **state)
{
	struct vc_store *s;
	uint8_t *p;
	size_t n;
	int fd;

	(void)state;
	fd = open(path, O_CREAT | O_WRONLY, 0600); /* empty */
	expect_ok(vc_store_open(path, VC_STORE_READ, &s));
	expect_code(vc_store_read(s, &p, &n), UK_ERR_FORMAT);
	assert_int_equal(ftruncate(fd, VC_STORE_MAX + 1), 0);
	expect_code(vc_store_read(s, &p, &n), UK_ERR_FORMAT);
	assert_null(p);
	(void)close(fd);
	vc_store_close(&s);
	expect_code(vc_store_open("", VC_STORE_READ, &s), UK_ERR_ARGUMENT);
	expect_code(vc_store_open("/tmp/", VC_STORE_READ, &s), UK_ERR_ARGUMENT);
	expect_code(vc_store_open("/nowhere/at/all", VC_STORE_CREATE, &s),
	    UK_ERR_NOT_FOUND);
	vc_store_close(&s); /* NULL is fine */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_write_and_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_only_one_writer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_failed_write_keeps_the_old, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_leftovers_and_links, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_not_a_card, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
