/* Made, filled, removed. */
#include "vc_folder.h"

#include "bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATTERN "/ukey-vcard-XXXXXX"

enum { DEPTH = 16, NAME_MAX_LEN = VC_PATH_MAX - VC_FOLDER_MAX - 1 };

static bool set_pattern(struct vc_folder *f, const char *parent)
{
	uk_buf b = uk_buf_over(f->path, sizeof(f->path));

	uk_put_str(&b, parent);
	uk_put_str(&b, PATTERN);
	uk_put_u8(&b, 0);
	return !b.bad;
}

uk_err vc_folder_make(struct vc_folder *f)
{
	const char *parent = getenv("TMPDIR");

	if (parent == NULL || parent[0] != '/' || !set_pattern(f, parent))
		(void)set_pattern(f, "/tmp");
	if (mkdtemp(f->path) != NULL)
		return uk_ok();
	f->path[0] = '\0';
	return uk_fail(UK_ERR_IO);
}

static int remove_one(
    const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st;
	(void)kind;
	(void)walk;
	(void)remove(path);
	return 0;
}

void vc_folder_remove(struct vc_folder *f)
{
	if (f->path[0] != '\0')
		(void)nftw(f->path, remove_one, DEPTH,
		    FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	f->path[0] = '\0';
}

void vc_folder_name(
    const struct vc_folder *f, const char *name, char path[VC_PATH_MAX])
{
	(void)snprintf(path, VC_PATH_MAX, "%.*s/%.*s", VC_FOLDER_MAX - 1,
	    f->path, NAME_MAX_LEN - 1, name);
}

uk_err vc_folder_write(
    const struct vc_folder *f, const char *name, const char *text)
{
	char path[VC_PATH_MAX];
	int fd;
	FILE *file;
	bool good;

	vc_folder_name(f, name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (file == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return uk_fail(UK_ERR_IO);
	}
	good = fputs(text, file) >= 0;
	return fclose(file) == 0 && good ? uk_ok() : uk_fail(UK_ERR_IO);
}
