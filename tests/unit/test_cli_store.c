/* Kept files: where, with which permissions, whole or not at all. */
#include "cli_keep.h"
#include "cli_store.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char home[] = "/tmp/ukey-store-XXXXXX";

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(home) == NULL)
		return -1;
	setenv("HOME", home, 1);
	unsetenv("XDG_RUNTIME_DIR");
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_DATA_HOME");
	unsetenv("XDG_CONFIG_HOME");
	return 0;
}

static void places(void **state)
{
	char path[STORE_PATH_MAX], wanted[STORE_PATH_MAX];

	(void)state;
	expect_ok(store_path(STORE_RECEIPTS, "a.json", path));
	snprintf(wanted, sizeof(wanted), "%s/.local/share/ukey/receipts/a.json",
	    home);
	assert_string_equal(path, wanted);
	setenv("XDG_RUNTIME_DIR", "/run/user/77", 1);
	expect_ok(store_path(STORE_SESSION, "s", path));
	assert_string_equal(path, "/run/user/77/ukey/s");
	setenv("XDG_RUNTIME_DIR", "relative", 1); /* to be ignored */
	expect_ok(store_path(STORE_SESSION, "s", path));
	snprintf(wanted, sizeof(wanted), "%s/.local/state/ukey/s", home);
	assert_string_equal(path, wanted);
	unsetenv("XDG_RUNTIME_DIR");
	unsetenv("HOME");
	expect_code(store_path(STORE_SESSION, "s", path), UK_ERR_NOT_FOUND);
	setenv("HOME", home, 1);
}

static void written_and_read(void **state)
{
	char path[STORE_PATH_MAX];
	uk_blob got = { 0 };
	struct stat st;
	int files = 0;
	DIR *d;

	(void)state;
	expect_code(store_read(STORE_SESSION, "s", &got), UK_ERR_NOT_FOUND);
	expect_ok(store_write(STORE_SESSION, "s", uk_view_str("first")));
	expect_ok(store_write(STORE_SESSION, "s", uk_view_str("second")));
	expect_ok(store_read(STORE_SESSION, "s", &got));
	expect_bytes(uk_blob_view(&got), uk_view_str("second"));
	uk_blob_free(&got);
	expect_ok(store_path(STORE_SESSION, "s", path));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	*strrchr(path, '/') = '\0';
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	/* nothing half-written stays behind */
	d = opendir(path);
	assert_non_null(d);
	while (readdir(d) != NULL)
		files++;
	closedir(d);
	assert_int_equal(files, 3); /* . .. s */
	expect_ok(store_remove(STORE_SESSION, "s"));
	expect_ok(store_remove(STORE_SESSION, "s"));
	expect_code(store_read(STORE_SESSION, "s", &got), UK_ERR_NOT_FOUND);
}

static void orders_and_receipts(void **state)
{
	struct kept_receipt r = { .origin = "https://bank.example" }, got;
	struct cli *cli = uk_new(sizeof(*cli));
	struct kept_order o = { .want = { .order = "N-1",
				    .from = "A",
				    .to = "B",
				    .payee = "P",
				    .amount = 5,
				    .currency = "CNY" } },
			  back;
	char path[STORE_PATH_MAX];

	(void)state;
	assert_non_null(cli);
	assert_true(cli_is_ok(keep_order(cli, &o)));
	assert_true(cli_is_ok(keep_load_order(cli, "N-1", &back)));
	assert_int_equal(back.want.amount, 5);
	assert_int_equal(back.signature.n, 0);
	kept_order_free(&back);
	expect_ok(uk_blob_set(&o.signature, uk_view_str("sig")));
	assert_true(cli_is_ok(keep_order(cli, &o)));
	assert_true(cli_is_ok(keep_load_order(cli, "N-1", &back)));
	expect_bytes(uk_blob_view(&back.signature), uk_view_str("sig"));
	kept_order_free(&back);
	assert_true(cli_is_ok(keep_forget_order("N-1")));
	assert_int_equal(
	    keep_load_order(cli, "N-1", &back).cause, CLI_NOT_FOUND);
	/* numbers are file names: none may lead elsewhere */
	assert_int_equal(
	    keep_load_order(cli, "../x", &back).cause, CLI_ARGUMENT);
	assert_int_equal(keep_load_order(cli, "..", &back).cause, CLI_ARGUMENT);

	r.order = o;
	expect_ok(uk_blob_set(&r.receipt, uk_view_str("text")));
	assert_true(cli_is_ok(keep_receipt(cli, &r, true, path, sizeof(path))));
	assert_true(cli_is_ok(keep_load_receipt(cli, path, &got)));
	expect_bytes(uk_blob_view(&got.receipt), uk_view_str("text"));
	assert_string_equal(got.origin, "https://bank.example");
	kept_receipt_free(&got);
	/* one that is there is not replaced by one that says less */
	uk_blob_free(&r.order.signature);
	assert_true(
	    cli_is_ok(keep_receipt(cli, &r, false, path, sizeof(path))));
	assert_true(cli_is_ok(keep_find_receipt(cli, "N-1", &got)));
	expect_bytes(uk_blob_view(&got.order.signature), uk_view_str("sig"));
	kept_receipt_free(&got);
	assert_int_equal(
	    keep_find_receipt(cli, "N-2", &got).cause, CLI_NOT_FOUND);
	assert_int_equal(
	    keep_load_receipt(cli, "/dev/null", &got).cause, CLI_FORMAT);
	assert_int_equal(
	    keep_load_receipt(cli, "/nonexistent", &got).cause, CLI_NOT_FOUND);
	kept_receipt_free(&r);
	uk_free(cli);
}

/* A folder that cannot be made: the caller hears of it. */
static void no_room(void **state)
{
	(void)state;
	setenv("XDG_DATA_HOME", "/proc/no", 1);
	expect_code(store_write(STORE_RECEIPTS, "r", uk_view_str("x")),
	    UK_ERR_NOT_FOUND);
	unsetenv("XDG_DATA_HOME");
}

static int tear_down(void **state)
{
	static const char *const names[] = {
		"/.local/share/ukey/receipts/N-1.json",
		"/.local/share/ukey/receipts", "/.local/share/ukey",
		"/.local/share", "/.local/state/ukey/orders",
		"/.local/state/ukey", "/.local/state", "/.local", ""
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[STORE_PATH_MAX];

		snprintf(path, sizeof(path), "%s%s", home, names[i]);
		(void)remove(path);
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places),
		cmocka_unit_test(written_and_read),
		cmocka_unit_test(orders_and_receipts),
		cmocka_unit_test(no_room),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
