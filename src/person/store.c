/* Where files are kept, and writing them whole. */
#include "cli_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- names ---------------------------------------------------------------- */

struct place {
	const char *variable;   /* of the XDG base directory specification */
	const char *below_home; /* what stands for it */
	const char *folder;
};

static const struct place places[] = {
	[STORE_CONFIG] = { "XDG_CONFIG_HOME", "/.config", "/ukey" },
	[STORE_SESSION] = { "XDG_RUNTIME_DIR", "/.local/state", "/ukey" },
	[STORE_ORDERS] = { "XDG_STATE_HOME", "/.local/state", "/ukey/orders" },
	[STORE_RECEIPTS] = { "XDG_DATA_HOME", "/.local/share",
	    "/ukey/receipts" },
	[STORE_ENROLMENTS] = { "XDG_DATA_HOME", "/.local/share",
	    "/ukey/enrolments" },
};

uk_err store_path(
    enum store_place place, const char *name, char out[STORE_PATH_MAX])
{
	const struct place *p = &places[place];
	const char *base = getenv(p->variable), *home = getenv("HOME");
	uk_buf b = uk_buf_over(out, STORE_PATH_MAX);

	/* Relative paths are to be ignored, says the specification. */
	if (base != NULL && base[0] == '/') {
		uk_put_str(&b, base);
	} else if (home != NULL && home[0] == '/') {
		uk_put_str(&b, home);
		uk_put_str(&b, p->below_home);
	} else {
		return uk_fail(UK_ERR_NOT_FOUND);
	}
	uk_put_str(&b, p->folder);
	uk_put_u8(&b, '/');
	uk_put_str(&b, name);
	uk_put_u8(&b, 0);
	return uk_buf_result(&b);
}

/* errno's language of errors. */
static uk_err translate(int error)
{
	if (error == ENOENT || error == ENOTDIR)
		return uk_fail(UK_ERR_NOT_FOUND);
	return uk_fail(error == ENOMEM ? UK_ERR_MEMORY : UK_ERR_IO);
}

/* --- reading -------------------------------------------------------------- */

static uk_err read_all(int fd, uk_blob *out)
{
	uint8_t part[4096];
	ssize_t n;

	for (;;) {
		n = read(fd, part, sizeof(part));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if (out->n + (size_t)n > STORE_FILE_MAX)
			return uk_fail(UK_ERR_FORMAT);
		UK_TRY(uk_blob_add(out, uk_view(part, (size_t)n)));
	}
	return n < 0 ? translate(errno) : uk_ok();
}

uk_err store_read_file(const char *path, uk_blob *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uk_err err;

	uk_blob_free(out);
	if (fd < 0)
		return translate(errno);
	err = read_all(fd, out);
	close(fd);
	if (!uk_is_ok(err))
		uk_blob_free(out);
	return err;
}

uk_err store_read(enum store_place place, const char *name, uk_blob *out)
{
	char path[STORE_PATH_MAX];

	UK_TRY(store_path(place, name, path));
	return store_read_file(path, out);
}

/* --- writing -------------------------------------------------------------- */

/* Makes the folders that lead to `path`. */
static uk_err make_folders(char *path)
{
	for (char *s = strchr(path + 1, '/'); s != NULL;
	     s = strchr(s + 1, '/')) {
		int rc;

		*s = '\0';
		rc = mkdir(path, 0700);
		if (rc != 0 && errno != EEXIST) {
			uk_err err = translate(errno);

			*s = '/';
			return err;
		}
		*s = '/';
	}
	return uk_ok();
}

static uk_err write_all(int fd, uk_bytes v)
{
	uk_reader r = uk_read(v);

	while (r.left > 0) {
		ssize_t n = write(fd, r.p, r.left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return uk_fail(UK_ERR_IO);
		(void)uk_get(&r, (size_t)n);
	}
	return fsync(fd) == 0 ? uk_ok() : uk_fail(UK_ERR_IO);
}

/* So that the new name survives a power failure, too. */
static uk_err flush_folder(char *path)
{
	char *slash = strrchr(path, '/');
	uk_err err = uk_ok();
	int fd;

	*slash = '\0';
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*slash = '/';
	if (fd < 0 || fsync(fd) != 0)
		err = uk_fail(UK_ERR_IO);
	if (fd >= 0)
		close(fd);
	return err;
}

uk_err store_write(enum store_place place, const char *name, uk_bytes v)
{
	char path[STORE_PATH_MAX], beside[STORE_PATH_MAX + 16];
	uk_err err;
	int fd;

	UK_TRY(store_path(place, name, path));
	UK_TRY(make_folders(path));
	snprintf(beside, sizeof(beside), "%s.XXXXXX", path);
	fd = mkostemp(beside, O_CLOEXEC); /* 0600 */
	if (fd < 0)
		return translate(errno);
	err = write_all(fd, v);
	if (close(fd) != 0 && uk_is_ok(err))
		err = uk_fail(UK_ERR_IO);
	if (uk_is_ok(err) && rename(beside, path) != 0)
		err = uk_fail(UK_ERR_IO);
	if (!uk_is_ok(err)) {
		(void)unlink(beside);
		return err;
	}
	return flush_folder(path);
}

uk_err store_remove(enum store_place place, const char *name)
{
	char path[STORE_PATH_MAX];

	UK_TRY(store_path(place, name, path));
	if (unlink(path) == 0 || errno == ENOENT)
		return uk_ok();
	return translate(errno);
}
