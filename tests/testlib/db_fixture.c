/* Runs pg-server, or names files. */
#include "db_fixture.h"

#include "cmocka_all.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static bool postgresql;
static char folder[64], where[160];
static unsigned count;

bool db_choose(int argc, char *const *argv)
{
	if (argc < 2)
		return true;
	postgresql = strcmp(argv[1], "postgresql") == 0;
	return postgresql;
}

bool db_is_postgresql(void)
{
	return postgresql;
}

const char *db_folder(void)
{
	return folder;
}

const char *db_where(void)
{
	return where;
}

static int run(const char *program, const char *a, const char *b, const char *c)
{
	const char *argv[] = { program, a, b, c, NULL };
	posix_spawn_file_actions_t files;
	pid_t pid;
	int status = -1;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, program, &files, NULL, (char **)(uintptr_t)argv,
		environ) != 0 ||
	    waitpid(pid, &status, 0) != pid)
		status = -1;
	posix_spawn_file_actions_destroy(&files);
	return status;
}

int db_open(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/ukey-db-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	if (!postgresql)
		return 0;
	if (run(PG_SERVER, "init", folder, PG_CACHE) != 0)
		return -1;
	return run(PG_SERVER, "start", folder, NULL);
}

int db_close(void **state)
{
	(void)state;
	if (postgresql)
		(void)run(PG_SERVER, "kill", folder, NULL);
	return run("rm", "-rf", folder, NULL);
}

const char *db_fresh(void)
{
	char name[16];

	(void)snprintf(name, sizeof(name), "bank%u", ++count);
	if (!postgresql) {
		(void)snprintf(where, sizeof(where), "%s/%s.db", folder, name);
		return where;
	}
	assert_int_equal(run(PG_SERVER, "fresh", folder, name), 0);
	(void)snprintf(where, sizeof(where),
	    "postgresql:///postgres?host=%s/socket&user=bank"
	    "&options=-csearch_path%%3D%s",
	    folder, name);
	return where;
}

void db_kill(void)
{
	assert_int_equal(run(PG_SERVER, "kill", folder, NULL), 0);
}

void db_start(void)
{
	assert_int_equal(run(PG_SERVER, "start", folder, NULL), 0);
}
