/* Files of the cache: ours alone, replaced by rename, few. */
#include "cache_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_MAX_LEN = 128, PATH_MAX_LEN = 1024 };

static const char suffix[] = ".cache";

static uk_err from_errno(void)
{
	switch (errno) {
	case ENOENT:
		return uk_fail(UK_ERR_NOT_FOUND);
	case EACCES:
	case EPERM:
	case ELOOP:
		return uk_fail(UK_ERR_NO_PERMISSION);
	default:
		return uk_fail(UK_ERR_IO);
	}
}

/* --- the folder ---------------------------------------------------------- */

/* For us alone. What is around it is somebody's, and if that is not there it is
 * not for us to make; but for ~/.cache, which every program makes. */
static void make_folder(const char *folder)
{
	static const char common[] = "/.cache";
	char path[PATH_MAX_LEN];
	char *last;
	size_t n;

	if (!uk_is_ok(uk_copy_str(path, sizeof(path), uk_view_str(folder))) ||
	    (last = strrchr(path, '/')) == NULL)
		return;
	*last = '\0';
	n = strlen(path);
	if (n >= sizeof(common) - 1 &&
	    strcmp(path + n - (sizeof(common) - 1), common) == 0)
		(void)mkdir(path, 0700);
	(void)mkdir(folder, 0700);
}

/* -1 unless it is ours and nobody else writes there. */
static int open_folder(const char *folder)
{
	struct stat st;
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return -1;
	if (fstat(dir, &st) == 0 && st.st_uid == geteuid() &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return dir;
	close(dir);
	errno = EPERM;
	return -1;
}

int uk_cache_folder_open(const char *folder, bool make)
{
	int dir = open_folder(folder);

	if (dir >= 0 || errno != ENOENT || !make)
		return dir;
	make_folder(folder);
	return open_folder(folder);
}

/* --- reading ------------------------------------------------------------- */

static bool is_ours(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_uid == geteuid() &&
	       st->st_nlink == 1 && (st->st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

static uk_err read_whole(int f, size_t max, uk_blob *out)
{
	uint8_t piece[4096];
	ssize_t n;

	while ((n = read(f, piece, sizeof(piece))) > 0) {
		if (out->n + (size_t)n > max)
			return uk_fail(UK_ERR_TOO_SMALL);
		UK_TRY(uk_blob_add(out, uk_view(piece, (size_t)n)));
	}
	return n == 0 ? uk_ok() : from_errno();
}

/* O_NONBLOCK: a FIFO that somebody has put there must not stop us. */
static uk_err read_in(int dir, const char *name, size_t max, uk_blob *out)
{
	int f = openat(
	    dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	uk_err err;

	if (f < 0)
		return from_errno();
	if (fstat(f, &st) != 0 || !is_ours(&st))
		err = uk_fail(UK_ERR_NO_PERMISSION);
	else if (st.st_size < 0 || (size_t)st.st_size > max)
		err = uk_fail(UK_ERR_TOO_SMALL);
	else
		err = read_whole(f, max, out);
	close(f);
	return err;
}

uk_err uk_cache_file_read(
    const char *folder, const char *name, size_t max, uk_blob *out)
{
	int dir = uk_cache_folder_open(folder, false);
	uk_err err;

	if (dir < 0)
		return from_errno();
	err = read_in(dir, name, max, out);
	close(dir);
	if (!uk_is_ok(err))
		uk_blob_free(out);
	return err;
}

/* --- few ----------------------------------------------------------------- */

static bool is_named_so(const char *name)
{
	size_t n = strlen(name);

	return n > sizeof(suffix) - 1 && n < NAME_MAX_LEN &&
	       strcmp(name + n - (sizeof(suffix) - 1), suffix) == 0;
}

/* How many there are, and the oldest one's name. */
static size_t look_around(int dir, char oldest[NAME_MAX_LEN])
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = copy < 0 ? NULL : fdopendir(copy);
	struct timespec first = { 0, 0 };
	const struct dirent *e;
	size_t count = 0;
	struct stat st;

	if (list == NULL) {
		if (copy >= 0)
			close(copy);
		return 0;
	}
	while ((e = readdir(list)) != NULL) {
		if (!is_named_so(e->d_name) ||
		    fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (count++ > 0 &&
		    (st.st_mtim.tv_sec > first.tv_sec ||
			(st.st_mtim.tv_sec == first.tv_sec &&
			    st.st_mtim.tv_nsec >= first.tv_nsec)))
			continue;
		first = st.st_mtim;
		(void)snprintf(oldest, NAME_MAX_LEN, "%s", e->d_name);
	}
	closedir(list);
	return count;
}

static void let_old_ones_go(int dir, size_t files_max)
{
	char oldest[NAME_MAX_LEN];

	while (look_around(dir, oldest) > files_max) {
		if (unlinkat(dir, oldest, 0) != 0)
			return;
	}
}

/* --- writing ------------------------------------------------------------- */

static bool write_whole(int f, uk_bytes v)
{
	while (v.n > 0) {
		ssize_t n = write(f, v.p, v.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		v = uk_bytes_from(v, (size_t)n);
	}
	return true;
}

/* What is lost when the power goes is not worth a flush. */
static uk_err write_in(int dir, const char *name, uk_bytes content)
{
	char temporary[NAME_MAX_LEN];
	uk_err err = uk_ok();
	int f;

	/* one that is left behind is among the oldest some day */
	(void)snprintf(
	    temporary, sizeof(temporary), ".%d-%s", (int)getpid(), name);
	(void)unlinkat(dir, temporary, 0);
	f = openat(dir, temporary,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (f < 0)
		return from_errno();
	if (!write_whole(f, content))
		err = from_errno();
	if (close(f) != 0 && uk_is_ok(err))
		err = from_errno();
	if (uk_is_ok(err) && renameat(dir, temporary, dir, name) != 0)
		err = from_errno();
	if (!uk_is_ok(err))
		(void)unlinkat(dir, temporary, 0);
	return err;
}

uk_err uk_cache_file_write(
    const char *folder, const char *name, uk_bytes content, size_t files_max)
{
	int dir = uk_cache_folder_open(folder, true);
	uk_err err;

	if (dir < 0)
		return from_errno();
	err = write_in(dir, name, content);
	if (uk_is_ok(err))
		let_old_ones_go(dir, files_max);
	close(dir);
	return err;
}
