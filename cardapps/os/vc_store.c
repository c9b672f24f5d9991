/* One file, written whole or not at all. */
#include "vc_store.h"

#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_CAP = 256, SUFFIX_CAP = 8 };

struct vc_store {
	int dir;             /* the folder */
	int lock;            /* NAME.lock, held; -1 when only reading */
	char name[NAME_CAP]; /* inside dir */
};

static unsigned long writes, fail_at;
static unsigned long until_cut; /* writes; 0: the power stays */

void vc_store_fail_nth(unsigned long nth)
{
	writes = 0;
	fail_at = nth;
}

unsigned long vc_store_writes(void)
{
	return writes;
}

void vc_store_cut_power(unsigned long nth)
{
	until_cut = nth;
}

/* Stays cut once it is. */
static bool power_is_cut(void)
{
	if (until_cut > 1)
		until_cut--;
	else if (until_cut == 1)
		return true;
	return false;
}

/* errno of open(2) and friends into our language. */
static uk_err from_errno(void)
{
	switch (errno) {
	case ENOENT:
		return uk_fail(UK_ERR_NOT_FOUND);
	case ENOMEM:
		return uk_fail(UK_ERR_MEMORY);
	case EEXIST:
		return uk_fail(UK_ERR_EXISTS);
	case EWOULDBLOCK:
		return uk_fail(UK_ERR_CARD_BUSY);
	default:
		return uk_fail(UK_ERR_IO);
	}
}

static uk_err open_folder(struct vc_store *s, const char *path)
{
	const char *slash = strrchr(path, '/');
	uk_bytes whole = uk_view_str(path);
	uk_bytes name = uk_view_str(slash == NULL ? path : slash + 1);
	char folder[4096] = ".";

	if (name.n == 0 || name.n + SUFFIX_CAP > NAME_CAP)
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(uk_copy_str(s->name, sizeof(s->name), name));
	if (slash != NULL) /* with its slash, so that "/" stays itself */
		UK_TRY(uk_copy_str(folder, sizeof(folder),
		    uk_bytes_first(whole, whole.n - name.n)));
	s->dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return s->dir < 0 ? from_errno() : uk_ok();
}

static void sibling(const struct vc_store *s, const char *suffix, char *out)
{
	(void)snprintf(out, NAME_CAP, "%.*s%s", NAME_CAP - SUFFIX_CAP - 1,
	    s->name, suffix);
}

static uk_err take_lock(struct vc_store *s)
{
	char name[NAME_CAP];

	sibling(s, ".lock", name);
	s->lock = openat(
	    s->dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock < 0 || flock(s->lock, LOCK_EX | LOCK_NB) != 0)
		return from_errno();
	return uk_ok();
}

static uk_err check_presence(struct vc_store *s, enum vc_store_mode mode)
{
	bool there = faccessat(s->dir, s->name, F_OK, 0) == 0;

	if (mode == VC_STORE_CREATE)
		return there ? uk_fail(UK_ERR_EXISTS) : uk_ok();
	return there ? uk_ok() : uk_fail(UK_ERR_NOT_FOUND);
}

uk_err vc_store_open(
    const char *path, enum vc_store_mode mode, struct vc_store **out)
{
	struct vc_store *s = uk_new(sizeof(*s));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (s == NULL)
		return err;
	s->dir = -1;
	s->lock = -1;
	err = open_folder(s, path);
	if (uk_is_ok(err)) /* before a lock file is left behind for nothing */
		err = check_presence(s, mode);
	if (uk_is_ok(err) && mode != VC_STORE_READ)
		err = take_lock(s);
	if (uk_is_ok(err)) /* again: who held the lock may have made it */
		err = check_presence(s, mode);
	if (!uk_is_ok(err))
		goto out;
	*out = s;
	s = NULL;
out:
	vc_store_close(&s);
	return err;
}

void vc_store_close(struct vc_store **store)
{
	struct vc_store *s = *store;

	*store = NULL;
	if (s == NULL)
		return;
	if (s->lock >= 0)
		(void)close(s->lock); /* and so unlocks */
	if (s->dir >= 0)
		(void)close(s->dir);
	uk_free(s);
}

/* All n bytes, whatever portions the kernel takes or gives. */
static bool read_all(int fd, uk_buf *out, size_t n)
{
	while (n > 0) {
		ssize_t got = read(fd, out->p + out->len, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || uk_put_room(out, (size_t)got) == NULL)
			return false;
		n -= (size_t)got;
	}
	return true;
}

static bool write_all(int fd, uk_bytes v)
{
	while (v.n > 0) {
		ssize_t put = write(fd, v.p, v.n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		v = uk_bytes_from(v, (size_t)put);
	}
	return true;
}

uk_err vc_store_read(struct vc_store *s, uint8_t **p, size_t *n)
{
	struct stat st;
	uk_buf content = uk_buf_over(NULL, 0);
	int fd = openat(s->dir, s->name, O_RDONLY | O_CLOEXEC);
	uk_err err = uk_fail(UK_ERR_IO);

	*p = NULL;
	*n = 0;
	if (fd < 0)
		return from_errno();
	if (fstat(fd, &st) != 0)
		goto out;
	err = uk_fail(UK_ERR_FORMAT);
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 ||
	    st.st_size > VC_STORE_MAX)
		goto out;
	content.cap = (size_t)st.st_size;
	err = uk_fail(UK_ERR_MEMORY);
	if ((content.p = uk_secret_new(content.cap)) == NULL)
		goto out;
	err = uk_fail(UK_ERR_IO);
	if (!read_all(fd, &content, content.cap))
		goto out;
	*p = content.p;
	*n = content.cap;
	content.p = NULL;
	err = uk_ok();
out:
	uk_secret_free(content.p, content.cap);
	(void)close(fd);
	return err;
}

static bool write_new(struct vc_store *s, const char *name, uk_bytes content)
{
	int fd = openat(s->dir, name,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool good;

	if (fd < 0)
		return false;
	/* A file that was left behind keeps its mode: set it anew. */
	good = fchmod(fd, 0600) == 0 && write_all(fd, content) &&
	       fsync(fd) == 0;
	return close(fd) == 0 && good;
}

uk_err vc_store_write(struct vc_store *s, uk_bytes content)
{
	char name[NAME_CAP];
	bool cut = power_is_cut();

	if (++writes == fail_at)
		return uk_fail(UK_ERR_IO);
	if (s == NULL)
		return cut ? uk_fail(UK_ERR_IO) : uk_ok();
	if (s->lock < 0 || content.n > VC_STORE_MAX)
		return uk_fail(UK_ERR_IO);
	sibling(s, ".new", name);
	if (cut) {
		(void)write_new(
		    s, name, uk_bytes_first(content, content.n / 2));
		return uk_fail(UK_ERR_IO);
	}
	if (!write_new(s, name, content) ||
	    renameat(s->dir, name, s->dir, s->name) != 0) {
		(void)unlinkat(s->dir, name, 0);
		return uk_fail(UK_ERR_IO);
	}
	/* The new content is in place: a folder that cannot be flushed is no
	 * reason to tell the card that it was not written. */
	(void)fsync(s->dir);
	return uk_ok();
}
