/* The file of pairs. */
#include "pairs.h"

#include "hex.h"
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LINE_MAX_BYTES = 32 + 64 + 130 + TRM_PAIRING_NAME + 4,
	FILE_MAX = TRM_PAIRS_MAX * LINE_MAX_BYTES
};

/* --- text ---------------------------------------------------------------- */

static bool get_hex(uk_reader *r, uint8_t *field, size_t n)
{
	uk_buf out = uk_buf_over(field, n);

	return uk_is_ok(uk_hex_decode(uk_get(r, 2 * n), &out)) &&
	       out.len == n && uk_get_u8(r) == ' ';
}

static uk_err parse_line(uk_bytes line, struct trm_paired *out)
{
	uk_reader r = uk_read(line);

	if (!get_hex(&r, out->secret.id, sizeof(out->secret.id)) ||
	    !get_hex(&r, out->secret.key, sizeof(out->secret.key)) ||
	    !get_hex(&r, out->point, sizeof(out->point)) || r.bad)
		return uk_fail(UK_ERR_FORMAT);
	return uk_copy_str(out->name, sizeof(out->name), uk_get_rest(&r));
}

uk_err trm_pairs_parse(uk_bytes text, struct trm_pairs *out)
{
	*out = (struct trm_pairs){ .n = 0 };
	while (text.n > 0) {
		size_t n = 0;

		while (n < text.n && text.p[n] != '\n')
			n++;
		if (n == text.n || out->n == TRM_PAIRS_MAX)
			return uk_fail(UK_ERR_FORMAT);
		UK_TRY(parse_line(uk_bytes_first(text, n), &out->list[out->n]));
		out->n++;
		text = uk_bytes_from(text, n + 1);
	}
	return uk_ok();
}

/* A name comes from the other side: a line stays a line. */
static void put_name(uk_buf *out, const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
		uk_put_u8(
		    out, (uint8_t)*c < 0x20 || *c == 0x7f ? '?' : (uint8_t)*c);
}

void trm_pairs_put(uk_buf *out, const struct trm_pairs *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct trm_paired *one = &p->list[i];

		uk_put_hex(out, UK_ARRAY(one->secret.id));
		uk_put_u8(out, ' ');
		uk_put_hex(out, UK_ARRAY(one->secret.key));
		uk_put_u8(out, ' ');
		uk_put_hex(out, UK_ARRAY(one->point));
		uk_put_u8(out, ' ');
		put_name(out, one->name);
		uk_put_u8(out, '\n');
	}
}

void trm_pairs_add(struct trm_pairs *p, const struct trm_paired *one)
{
	if (p->n == TRM_PAIRS_MAX) {
		for (size_t i = 1; i < p->n; i++)
			p->list[i - 1] = p->list[i];
		p->n--;
	}
	p->list[p->n++] = *one;
}

const struct trm_paired *trm_pairs_find(const struct trm_pairs *p, uk_bytes id)
{
	for (size_t i = 0; i < p->n; i++) {
		if (uk_bytes_eq(UK_ARRAY(p->list[i].secret.id), id))
			return &p->list[i];
	}
	return NULL;
}

/* --- the file ------------------------------------------------------------ */

static uk_err read_whole(int fd, uk_buf *out)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return uk_fail(UK_ERR_IO);
	if ((st.st_mode & 077) != 0)
		return uk_fail(UK_ERR_NO_PERMISSION);
	for (;;) {
		ssize_t n = read(fd, out->p + out->len, uk_buf_left(out));

		if (n < 0)
			return uk_fail(UK_ERR_IO);
		if (n == 0)
			return uk_ok();
		out->len += (size_t)n;
		if (uk_buf_left(out) == 0)
			return uk_fail(UK_ERR_FORMAT);
	}
}

uk_err trm_pairs_read(const char *path, struct trm_pairs *out)
{
	uint8_t storage[FILE_MAX + 1];
	uk_buf text = UK_BUF(storage);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uk_err err;

	*out = (struct trm_pairs){ .n = 0 };
	if (fd < 0)
		return errno == ENOENT ? uk_ok() : uk_fail(UK_ERR_IO);
	err = read_whole(fd, &text);
	close(fd);
	if (uk_is_ok(err))
		err = trm_pairs_parse(uk_buf_view(&text), out);
	uk_wipe(storage, sizeof(storage));
	return err;
}

static bool write_whole(const char *path, uk_bytes v)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool good;

	if (fd < 0)
		return false;
	good = write(fd, v.p, v.n) == (ssize_t)v.n && fsync(fd) == 0;
	return close(fd) == 0 && good;
}

uk_err trm_pairs_write(const char *path, const struct trm_pairs *p)
{
	uint8_t storage[FILE_MAX];
	uk_buf text = UK_BUF(storage);
	char fresh[4096];
	int n = snprintf(fresh, sizeof(fresh), "%s.new", path);
	uk_err err = uk_fail(UK_ERR_IO);

	if (n < 0 || (size_t)n >= sizeof(fresh))
		return uk_fail(UK_ERR_TOO_SMALL);
	trm_pairs_put(&text, p);
	(void)unlink(fresh); /* of one that was killed */
	if (!text.bad && write_whole(fresh, uk_buf_view(&text)) &&
	    rename(fresh, path) == 0)
		err = uk_ok();
	else
		(void)unlink(fresh);
	uk_wipe(storage, sizeof(storage));
	return err;
}
