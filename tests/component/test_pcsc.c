/*
 * PC/SC without a service: telling "it does not run" from "it does not let you
 * in". Readers and cards are met in tests/system, with the real pcscd.
 *
 * libpcsclite reads PCSCLITE_CSOCK_NAME once per process, so every case runs in
 * a child of its own.
 */
#include "cmocka_all.h"
#include "fixtures.h"
#include "mem.h"
#include "transport.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/ukey-pcsc-XXXXXX";
static char socket_path[64];

static int make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(socket_path, sizeof(socket_path), "%s/comm", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)chmod(folder, 0700);
	(void)unlink(socket_path);
	return rmdir(folder);
}

/* What uk_pcsc_open says in a process of its own (nobody's, if as_nobody). */
static int code_of_open(bool as_nobody)
{
	uk_pcsc *p = NULL;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		if (as_nobody && setuid(65534) != 0)
			_exit(200);
		setenv("PCSCLITE_CSOCK_NAME", socket_path, 1);
		_exit(uk_pcsc_open(&p).code);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int listen_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(strlen(path) < sizeof(a.sun_path));
	memcpy(a.sun_path, path, strlen(path));
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static void no_socket_is_no_service(void **state)
{
	(void)state;
	assert_int_equal(code_of_open(false), UK_ERR_NO_SERVICE);
}

/* A socket that a dead service left behind. */
static void nobody_listening_is_no_service(void **state)
{
	(void)state;
	close(listen_at(socket_path));
	assert_int_equal(code_of_open(false), UK_ERR_NO_SERVICE);
	assert_int_equal(unlink(socket_path), 0);
}

static void forbidden_socket_is_no_permission(void **state)
{
	int fd = listen_at(socket_path);

	(void)state;
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(chmod(socket_path, 0600), 0);
	if (geteuid() != 0) /* an owner without rights is refused as well */
		assert_int_equal(chmod(socket_path, 0), 0);
	assert_int_equal(code_of_open(geteuid() == 0), UK_ERR_NO_PERMISSION);
	assert_int_equal(chmod(folder, 0), 0);
	assert_int_equal(code_of_open(geteuid() == 0), UK_ERR_NO_PERMISSION);
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(unlink(socket_path), 0);
	close(fd);
}

/* Takes connections for ever, and hangs up after so many bytes of each. */
static void refuse_all(int fd, ssize_t bytes)
{
	char heard[64];

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* should the test fail */
	for (;;) {
		int client = accept(fd, NULL, NULL);
		ssize_t n = 1;

		for (ssize_t got = 0; got < bytes && n > 0; got += n)
			n = read(client, heard, (size_t)(bytes - got));
		if (bytes == 0)
			usleep(5000);
		close(client);
	}
}

/* What pcscd does to a client when polkit, asked, does not allow it in. The
 * client may be anywhere in its first message of 20 bytes. */
static void hanging_up_is_no_permission(void **state)
{
	static const ssize_t after[] = { -1, 0, 1, 8, 20 };

	(void)state;
	for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
		int fd = listen_at(socket_path);
		pid_t refuser = fork();

		assert_true(refuser >= 0);
		if (refuser == 0)
			refuse_all(fd, after[i]);
		for (int tries = 0; tries < 20; tries++)
			assert_int_equal(
			    code_of_open(false), UK_ERR_NO_PERMISSION);
		(void)kill(refuser, SIGKILL);
		assert_int_equal(waitpid(refuser, NULL, 0), refuser);
		assert_int_equal(unlink(socket_path), 0);
		close(fd);
	}
}

static void memory_is_needed_before_the_service(void **state)
{
	uk_pcsc *p = NULL;
	uk_link *l = NULL;

	(void)state;
	uk_mem_fail_nth(1);
	expect_code(uk_pcsc_open(&p), UK_ERR_MEMORY);
	uk_mem_fail_nth(1);
	expect_code(uk_pcsc_connect(NULL, "reader", &l), UK_ERR_MEMORY);
	uk_mem_fail_nth(0);
	assert_null(p);
	assert_null(l);
	uk_pcsc_close(&p);
}

static void a_reader_name_is_bounded(void **state)
{
	char name[UK_READER_NAME_MAX + 1];
	uk_link *l = NULL;

	(void)state;
	memset(name, 'x', sizeof(name));
	name[UK_READER_NAME_MAX] = 0;
	expect_code(uk_pcsc_connect(NULL, name, &l), UK_ERR_TOO_SMALL);
	assert_int_equal(uk_mem_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_socket_is_no_service),
		cmocka_unit_test(nobody_listening_is_no_service),
		cmocka_unit_test(forbidden_socket_is_no_permission),
		cmocka_unit_test(hanging_up_is_no_permission),
		cmocka_unit_test(memory_is_needed_before_the_service),
		cmocka_unit_test(a_reader_name_is_bounded),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
