/* The terminal's folder. */
#include "keep.h"

#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uk_err path_of(
    const struct trm_keep *k, const char *name, char path[TRM_KEEP_PATH])
{
	int n = snprintf(path, TRM_KEEP_PATH, "%s/%s", k->dir, name);

	return n < 0 || n >= TRM_KEEP_PATH ? uk_fail(UK_ERR_TOO_SMALL)
					   : uk_ok();
}

/* Whole or not at all, and on the disk. */
static uk_err write_file(const char *path, uk_bytes v)
{
	char fresh[TRM_KEEP_PATH];
	int n = snprintf(fresh, sizeof(fresh), "%s.new", path), fd;
	bool good;

	if (n < 0 || (size_t)n >= sizeof(fresh))
		return uk_fail(UK_ERR_TOO_SMALL);
	(void)unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return uk_fail(UK_ERR_IO);
	good = write(fd, v.p, v.n) == (ssize_t)v.n && fsync(fd) == 0;
	good = close(fd) == 0 && good && rename(fresh, path) == 0;
	if (!good)
		(void)unlink(fresh);
	return good ? uk_ok() : uk_fail(UK_ERR_IO);
}

/* --- the key ------------------------------------------------------------- */

static uk_err make_key(struct trm_keep *k, const char *path)
{
	uint8_t storage[1024];
	uk_buf pem = UK_BUF(storage);
	uk_err err = uk_key_make_p256(k->crypto, &k->key);

	if (uk_is_ok(err))
		err = uk_key_put_pem(k->key, &pem);
	if (uk_is_ok(err))
		err = write_file(path, uk_buf_view(&pem));
	uk_wipe(storage, sizeof(storage));
	return err;
}

static uk_err open_key(struct trm_keep *k)
{
	char path[TRM_KEEP_PATH];
	uk_buf point = UK_BUF(k->point);
	uk_err err = uk_ok();

	UK_TRY(path_of(k, "statement.key", path));
	if (access(path, F_OK) == 0)
		err = uk_key_from_pem_file(k->crypto, path, &k->key);
	else
		err = make_key(k, path);
	return uk_is_ok(err) ? uk_key_point(k->key, &point) : err;
}

/* --- the number ---------------------------------------------------------- */

static uk_err read_number(struct trm_keep *k)
{
	char path[TRM_KEEP_PATH], text[32] = "", *end;
	ssize_t n;
	int fd;

	UK_TRY(path_of(k, "statements", path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? uk_ok() : uk_fail(UK_ERR_IO);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return uk_fail(UK_ERR_FORMAT);
	errno = 0;
	k->number = strtoull(text, &end, 10);
	return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\n'
		   ? uk_ok()
		   : uk_fail(UK_ERR_FORMAT);
}

uk_err trm_keep_count(struct trm_keep *k, uint64_t *number)
{
	char path[TRM_KEEP_PATH], text[32];

	UK_TRY(path_of(k, "statements", path));
	snprintf(text, sizeof(text), "%" PRIu64 "\n", k->number + 1);
	UK_TRY(write_file(path, uk_view_str(text)));
	*number = ++k->number;
	return uk_ok();
}

/* --- opening ------------------------------------------------------------- */

/* The folder, and those above it that are not there. */
static bool make_folders(const char *dir)
{
	char path[TRM_KEEP_PATH];

	snprintf(path, sizeof(path), "%s", dir);
	for (char *s = path + 1; *s != '\0'; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return false;
		*s = '/';
	}
	return mkdir(path, 0700) == 0 || errno == EEXIST;
}

uk_err trm_keep_open(
    const char *dir, struct trm_keep *out, char *why, size_t why_cap)
{
	struct stat st;
	uk_err err;

	*out = (struct trm_keep){ .number = 0 };
	UK_TRY(uk_copy_str(out->dir, sizeof(out->dir), uk_view_str(dir)));
	if (!make_folders(dir)) {
		snprintf(why, why_cap, "cannot make the folder %s: %s", dir,
		    strerror(errno));
		return uk_fail(UK_ERR_IO);
	}
	if (stat(dir, &st) != 0 || (st.st_mode & 077) != 0) {
		snprintf(why, why_cap,
		    "others may look into %s: chmod 700 it first", dir);
		return uk_fail(UK_ERR_NO_PERMISSION);
	}
	err = uk_crypto_open(&out->crypto);
	if (uk_is_ok(err))
		err = open_key(out);
	if (uk_is_ok(err))
		err = read_number(out);
	if (!uk_is_ok(err)) {
		snprintf(why, why_cap, "cannot use the files in %s (%s)", dir,
		    uk_err_name(err));
		trm_keep_close(out);
	}
	return err;
}

void trm_keep_close(struct trm_keep *k)
{
	uk_key_close(&k->key);
	uk_crypto_close(&k->crypto);
}

/* --- hosts --------------------------------------------------------------- */

bool trm_keep_find(struct trm_keep *k, uk_bytes id, struct trm_secret *out)
{
	char path[TRM_KEEP_PATH];
	struct trm_pairs pairs;
	const struct trm_paired *p = NULL;

	if (uk_is_ok(path_of(k, "hosts", path)) &&
	    uk_is_ok(trm_pairs_read(path, &pairs)))
		p = trm_pairs_find(&pairs, id);
	if (p != NULL)
		*out = p->secret;
	uk_wipe(&pairs, sizeof(pairs));
	return p != NULL;
}

uk_err trm_keep_pair(struct trm_keep *k, const struct trm_paired *p)
{
	char path[TRM_KEEP_PATH];
	struct trm_pairs pairs;
	uk_err err;

	UK_TRY(path_of(k, "hosts", path));
	err = trm_pairs_read(path, &pairs);
	if (uk_is_ok(err)) {
		trm_pairs_add(&pairs, p);
		err = trm_pairs_write(path, &pairs);
	}
	uk_wipe(&pairs, sizeof(pairs));
	return err;
}
