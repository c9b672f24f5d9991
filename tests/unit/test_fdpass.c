/* Descriptors handed over: what arrives is the same file, and what is none. */
#include "fdpass.h"

#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

struct rig {
	int pair[2], pipe[2];
};

static struct rig rig;

static int set_up(void **state)
{
	*state = &rig;
	return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, rig.pair) != 0 ||
		       pipe(rig.pipe) != 0
		   ? -1
		   : 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		(void)close(rig.pair[i]);
		(void)close(rig.pipe[i]);
	}
	return 0;
}

static void test_the_same_file(void **state)
{
	char byte = 0;
	int fd;

	(void)state;
	assert_true(uk_fd_send(rig.pair[0], rig.pipe[1]));
	fd = uk_fd_receive(rig.pair[1], false);
	assert_true(fd >= 0 && fd != rig.pipe[1]);
	assert_int_not_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(read(rig.pipe[0], &byte, 1), 1);
	assert_int_equal(byte, 'x');
	(void)close(fd);
}

static void test_none(void **state)
{
	(void)state;
	assert_int_equal(uk_fd_receive(rig.pair[1], false), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(send(rig.pair[0], "x", 1, 0), 1);
	assert_int_equal(uk_fd_receive(rig.pair[1], true), -1);
	assert_int_equal(errno, 0);
	assert_false(uk_fd_send(rig.pair[0], -1));
	assert_int_equal(errno, EBADF);
	(void)shutdown(rig.pair[0], SHUT_RDWR);
	assert_int_equal(uk_fd_receive(rig.pair[1], true), -1);
	assert_int_equal(errno, EPIPE);
	assert_false(uk_fd_send(rig.pair[1], rig.pipe[0]));
	assert_int_equal(errno, EPIPE);
	/* No socket at all. */
	assert_false(uk_fd_send(rig.pipe[1], rig.pipe[0]));
	assert_int_equal(uk_fd_receive(rig.pipe[0], true), -1);
	assert_int_equal(errno, ENOTSOCK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_the_same_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_none, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
