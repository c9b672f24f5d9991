/* Our module's processes among each other: a child of this test is one. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "folder_fixture.h"
#include "others.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint8_t card[] = { 1, 2, 3 }, another[] = { 1, 2, 4 };
static const char *folder;

static int set_up(void **state)
{
	(void)state;
	folder = folder_make();
	if (folder == NULL)
		return 1;
	return setenv("XDG_RUNTIME_DIR", folder, 1);
}

static int tear_down(void **state)
{
	(void)state;
	return folder_remove();
}

/* What a process that does this finds; it ends without tidying up. */
static int in_a_child(int (*run)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)alarm(20);
		_exit(run());
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int comes_and_goes(void)
{
	int fd = p11_others_open("ukey", UK_ARRAY(card));

	p11_others_enter(fd);
	return fd >= 0 && p11_others_leave(fd) ? 1 : 0;
}

static int only_comes(void)
{
	int fd = p11_others_open("ukey", UK_ARRAY(card));

	p11_others_enter(fd);
	return fd >= 0 ? 0 : 1;
}

static void the_last_one_is_alone(void **state)
{
	int fd = p11_others_open("ukey", UK_ARRAY(card));
	int other = p11_others_open("ukey", UK_ARRAY(another));

	(void)state;
	assert_true(fd >= 0 && other >= 0);
	assert_int_equal(in_a_child(comes_and_goes), 1);
	p11_others_enter(other); /* that is another card */
	assert_int_equal(in_a_child(comes_and_goes), 1);
	p11_others_enter(fd);
	assert_int_equal(in_a_child(comes_and_goes), 0); /* we are there */
	assert_int_equal(in_a_child(only_comes), 0);
	assert_true(p11_others_leave(fd)); /* who has ended is not */
	assert_int_equal(in_a_child(comes_and_goes), 1);
	assert_true(p11_others_leave(other));
	p11_others_close(&fd);
	p11_others_close(&other);
	assert_int_equal(fd, -1);
}

static int *now; /* shared with the child */

static int waits(void)
{
	int fd = p11_others_open("reader", UK_ARRAY(card));

	p11_others_queue(fd);
	return *now;
}

static int waits_no_more(void)
{
	int fd = p11_others_open("reader", UK_ARRAY(card));

	p11_others_queue(fd);
	p11_others_queue(fd); /* again is no harm */
	p11_others_next(fd);
	return fd >= 0 ? 7 : 0;
}

static void one_after_the_other(void **state)
{
	int fd = p11_others_open("reader", UK_ARRAY(card)), status = 0;
	pid_t pid;

	(void)state;
	now = mmap(NULL, sizeof(*now), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(now != MAP_FAILED);
	p11_others_queue(fd);
	if ((pid = fork()) == 0) {
		(void)alarm(20);
		_exit(waits());
	}
	*now = 5;
	p11_others_next(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 5);
	/* It has ended with its lock; nobody waits for it. */
	assert_int_equal(in_a_child(waits_no_more), 7);
	p11_others_close(&fd);
	munmap(now, sizeof(*now));
}

static void expect_alone(const char *runtime)
{
	int fd;

	assert_int_equal(setenv("XDG_RUNTIME_DIR", runtime, 1), 0);
	fd = p11_others_open("ukey", UK_ARRAY(card));
	assert_int_equal(fd, -1);
	p11_others_queue(fd);
	p11_others_next(fd);
	p11_others_enter(fd);
	assert_true(p11_others_leave(fd));
	p11_others_close(&fd);
}

/* Without a folder of our own everybody is alone. */
static void no_folder(void **state)
{
	char ours[64];

	(void)state;
	expect_alone("/dev/null/none");
	expect_alone("relative");
	expect_alone("");
	(void)snprintf(ours, sizeof(ours), "%s/ukey", folder);
	assert_int_equal(chmod(ours, 0777), 0);
	expect_alone(folder);
	assert_int_equal(chmod(ours, 0700), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_one_is_alone),
		cmocka_unit_test(one_after_the_other),
		cmocka_unit_test(no_folder),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
