/* Names of lines, as docs/terminal.md has them; and a line over a pty and TCP.
 */
#include "line.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

static const struct {
	const char *name;
	bool good;
	enum trm_line_kind kind;
	const char *path;
	unsigned port;
	bool plain;
	const char *pairs;
} rows[] = {
	{ "tty:/dev/ttyACM0", true, TRM_LINE_TTY, "/dev/ttyACM0", 0, false,
	    "" },
	{ "tcp-listen:5555", true, TRM_LINE_LISTEN, "127.0.0.1", 5555, false,
	    "" },
	{ "tcp-listen:0?plain", true, TRM_LINE_LISTEN, "127.0.0.1", 0, true,
	    "" },
	{ "tcp-connect:127.0.0.2:80?pairs=/x/y&plain", true, TRM_LINE_CONNECT,
	    "127.0.0.2", 80, true, "/x/y" },
	{ "\"tty:/dev/x?plain\"", true, TRM_LINE_TTY, "/dev/x", 0, true, "" },
	{ "", false, 0, NULL, 0, false, NULL },
	{ "tty:", false, 0, NULL, 0, false, NULL },
	{ "serial:/dev/x", false, 0, NULL, 0, false, NULL },
	{ "tcp-listen:", false, 0, NULL, 0, false, NULL },
	{ "tcp-listen:65536", false, 0, NULL, 0, false, NULL },
	{ "tcp-listen:-1", false, 0, NULL, 0, false, NULL },
	{ "tcp-connect:localhost:80", false, 0, NULL, 0, false, NULL },
	{ "tty:/dev/x?plane", false, 0, NULL, 0, false, NULL },
	{ "tty:/dev/x?pairs=", false, 0, NULL, 0, false, NULL },
};

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trm_line l;
		uk_err err = trm_line_parse(rows[i].name, &l);

		assert_int_equal(uk_is_ok(err), rows[i].good);
		if (!rows[i].good)
			continue;
		assert_int_equal(l.kind, rows[i].kind);
		assert_string_equal(l.path, rows[i].path);
		assert_int_equal(l.port, rows[i].port);
		assert_int_equal(l.plain, rows[i].plain);
		assert_string_equal(l.pairs, rows[i].pairs);
	}
}

static void wait_for(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	assert_int_equal(poll(&p, 1, 10000), 1);
}

/* All 256 bytes pass as they are: nothing is translated, no flow control. */
static void expect_passes(int from, int to)
{
	uint8_t all[256], got[256];
	size_t n = 0, put;

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	assert_true(trm_line_write(from, UK_ARRAY(all), &put));
	assert_int_equal(put, sizeof(all));
	while (n < sizeof(got)) {
		size_t part;

		wait_for(to);
		assert_true(trm_line_read(to, got + n, sizeof(got) - n, &part));
		n += part;
	}
	expect_bytes(UK_ARRAY(got), UK_ARRAY(all));
	assert_true(trm_line_read(to, got, sizeof(got), &n));
	assert_int_equal(n, 0);
}

static void test_tty(void **state)
{
	struct trm_line l = { .kind = TRM_LINE_TTY };
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK), fd;
	uint8_t byte;
	size_t n;

	(void)state;
	assert_true(
	    master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	expect_ok(
	    uk_copy_str(l.path, sizeof(l.path), uk_view_str(ptsname(master))));
	expect_ok(trm_line_open(&l, &fd));
	expect_passes(fd, master);
	expect_passes(master, fd);
	close(master); /* the cable is pulled */
	assert_false(trm_line_read(fd, &byte, 1, &n));
	close(fd);
	expect_ok(
	    uk_copy_str(l.path, sizeof(l.path), uk_view_str("/no/such/tty")));
	expect_code(trm_line_open(&l, &fd), UK_ERR_NOT_FOUND);
	expect_ok(
	    uk_copy_str(l.path, sizeof(l.path), uk_view_str("/dev/null")));
	expect_code(trm_line_open(&l, &fd), UK_ERR_NOT_FOUND);
}

static void test_tcp(void **state)
{
	struct trm_line l;
	int listener, there, here;

	(void)state;
	expect_ok(trm_line_parse("tcp-listen:0", &l));
	expect_ok(trm_line_open(&l, &listener));
	l.kind = TRM_LINE_CONNECT;
	l.port = trm_line_port(listener);
	assert_true(l.port != 0);
	expect_ok(trm_line_open(&l, &there));
	wait_for(listener);
	expect_ok(trm_line_accept(listener, &here));
	expect_passes(here, there);
	close(listener);
	close(there);
	close(here);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_tty),
		cmocka_unit_test(test_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
