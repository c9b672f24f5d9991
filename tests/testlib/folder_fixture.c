#include "folder_fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static char folder[32];

const char *folder_make(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/ukey-test-XXXXXX");
	if (mkdtemp(folder) != NULL)
		return folder;
	folder[0] = '\0';
	return NULL;
}

static int remove_one(
    const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

int folder_remove(void)
{
	int rc = 0;

	if (folder[0] != '\0')
		rc = nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	folder[0] = '\0';
	return rc;
}
