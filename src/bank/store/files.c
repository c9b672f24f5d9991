/* Files of the bank's folder. */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

uk_err bank_path(const char *dir, const char *name, char path[BANK_PATH_MAX])
{
	int n = snprintf(path, BANK_PATH_MAX, "%s/%s", dir, name);

	return n < 0 || n >= BANK_PATH_MAX ? uk_fail(UK_ERR_TOO_SMALL)
					   : uk_ok();
}

static uk_err write_all(int fd, uk_bytes v)
{
	while (v.n > 0) {
		ssize_t n = write(fd, v.p, v.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return uk_fail(UK_ERR_IO);
		v = uk_bytes_from(v, (size_t)n);
	}
	return fsync(fd) == 0 ? uk_ok() : uk_fail(UK_ERR_IO);
}

static uk_err write_new(const char *path, uk_bytes content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	uk_err err;

	if (fd < 0)
		return uk_fail(errno == EEXIST ? UK_ERR_EXISTS : UK_ERR_IO);
	err = write_all(fd, content);
	if (close(fd) != 0 && uk_is_ok(err))
		err = uk_fail(UK_ERR_IO);
	if (!uk_is_ok(err))
		(void)unlink(path);
	return err;
}

uk_err bank_file_write(const char *path, uk_bytes content, bool replace)
{
	char fresh[4200];
	int n;

	if (!replace)
		return write_new(path, content);
	n = snprintf(fresh, sizeof(fresh), "%s.%ld", path, (long)getpid());
	if (n < 0 || (size_t)n >= sizeof(fresh))
		return uk_fail(UK_ERR_TOO_SMALL);
	(void)unlink(fresh); /* left behind by one that was killed */
	UK_TRY(write_new(fresh, content));
	if (rename(fresh, path) == 0)
		return uk_ok();
	(void)unlink(fresh);
	return uk_fail(UK_ERR_IO);
}

static uk_err read_all(int fd, size_t max, uk_blob *out)
{
	uint8_t part[4096];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return uk_fail(UK_ERR_IO);
		if (out->n + (size_t)n > max)
			return uk_fail(UK_ERR_TOO_SMALL);
		UK_TRY(uk_blob_add(out, uk_view(part, (size_t)n)));
	}
	return uk_ok();
}

uk_err bank_file_read(const char *path, size_t max, uk_blob *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uk_err err;

	*out = (uk_blob){ NULL, 0 };
	if (fd < 0)
		return uk_fail(UK_ERR_NOT_FOUND);
	err = read_all(fd, max, out);
	close(fd);
	if (!uk_is_ok(err))
		uk_blob_free(out);
	return err;
}
