/* Runs make-pki into a fresh folder and removes it afterwards. */
#include "pki_fixture.h"

#include "cmocka_all.h"
#include "crypto_fixture.h"
#include "folder_fixture.h"

#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

extern char **environ;

static const char *folder;

static int run(const char *script, const char *arg)
{
	char *argv[] = { (char[]){ "sh" }, (char *)(uintptr_t)script,
		(char *)(uintptr_t)arg, NULL };
	pid_t pid;
	int status = -1;

	if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) != 0 ||
	    waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

int pki_make(void **state)
{
	(void)state;
	folder = folder_make();
	return folder == NULL ? -1 : run(PKI_SCRIPT, folder);
}

int pki_remove(void **state)
{
	(void)state;
	return folder_remove();
}

int pki_open(void **state)
{
	return pki_make(state) != 0 ? -1 : open_crypto(state);
}

int pki_close(void **state)
{
	(void)close_crypto(state);
	return pki_remove(state);
}

const char *pki_file(const char *name)
{
	static char ring[8][128];
	static unsigned at;

	at = (at + 1) % 8;
	snprintf(ring[at], sizeof(ring[at]), "%s/%s", folder, name);
	return ring[at];
}
