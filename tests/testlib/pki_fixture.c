/* Runs make-pki into a fresh folder and removes it afterwards. */
#include "pki_fixture.h"

#include "cmocka_all.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

extern char **environ;

static char folder[64];

static int run(const char *program, const char *arg1, const char *arg2)
{
	char *argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t)arg1,
		(char *)(uintptr_t)arg2, NULL };
	pid_t pid;
	int status = -1;

	if (posix_spawnp(&pid, program, NULL, NULL, argv, environ) != 0 ||
	    waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

int pki_make(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/ukey-pki-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	return run("sh", PKI_SCRIPT, folder);
}

int pki_remove(void **state)
{
	(void)state;
	return run("rm", "-rf", folder);
}

const char *pki_file(const char *name)
{
	static char ring[8][128];
	static unsigned at;

	at = (at + 1) % 8;
	snprintf(ring[at], sizeof(ring[at]), "%s/%s", folder, name);
	return ring[at];
}
