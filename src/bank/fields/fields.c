/* Sensitive fields: keys, sealing, the blind index. */
#include "fields.h"

#include "files.h"
#include "hex.h"
#include "secret.h"

#include <fcntl.h>
#include <unistd.h>

enum { KEY = 32, ID = 4, FILE_MAX = 4096, VERSION = 1 };

struct master {
	uint8_t id[ID];
	uint8_t key[KEY];
};

struct bank_fields {
	uk_crypto *c; /* borrowed */
	size_t n;
	struct master masters[BANK_FIELD_MASTERS]; /* the newest first */
	uint8_t index[KEY];
};

static const char *const classes[BANK_FIELD_COUNT] = {
	[BANK_FIELD_PHONE] = "phone",
	[BANK_FIELD_CARD] = "card",
	[BANK_FIELD_IDENTITY] = "identity",
};

/* --- the file ------------------------------------------------------------ */

static bool starts(uk_reader *r, const char *word)
{
	uk_bytes w = uk_view_str(word);
	uk_reader ahead = *r;

	if (!uk_bytes_eq(uk_get(&ahead, w.n), w))
		return false;
	*r = ahead;
	return true;
}

static void get_hex(uk_reader *r, uint8_t *out, size_t n)
{
	uk_buf b = uk_buf_over(out, n);

	if (!uk_is_ok(uk_hex_decode(uk_get(r, 2 * n), &b)) || b.len != n)
		r->bad = true;
}

static uk_err parse(uk_bytes text, struct bank_fields *f)
{
	uk_reader r = uk_read(text);
	bool index = false;

	while (r.left > 0 && !r.bad) {
		if (starts(&r, "index ") && !index) {
			index = true;
			get_hex(&r, f->index, KEY);
		} else if (f->n < BANK_FIELD_MASTERS && starts(&r, "key ")) {
			struct master *m = &f->masters[f->n++];

			get_hex(&r, m->id, ID);
			if (uk_get_u8(&r) != ' ')
				r.bad = true;
			get_hex(&r, m->key, KEY);
		} else {
			r.bad = true;
		}
		if (uk_get_u8(&r) != '\n')
			r.bad = true;
	}
	UK_TRY(uk_read_end(&r));
	return f->n > 0 && index ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

static uk_err read_file(const char *path, uk_buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return uk_fail(UK_ERR_NOT_FOUND);
	do {
		n = read(fd, out->p + out->len, out->cap - out->len);
		if (n > 0)
			out->len += (size_t)n;
	} while (n > 0);
	close(fd);
	if (n < 0)
		return uk_fail(UK_ERR_IO);
	return out->len == out->cap ? uk_fail(UK_ERR_FORMAT) : uk_ok();
}

static uk_err put_random(uk_crypto *c, size_t n, uk_buf *out)
{
	uint8_t random[KEY];
	uk_err err = uk_random(c, random, n);

	if (uk_is_ok(err))
		uk_put_hex(out, uk_view(random, n));
	uk_wipe(random, sizeof(random));
	return err;
}

static uk_err put_key_line(uk_crypto *c, uk_buf *out)
{
	uk_put_str(out, "key ");
	UK_TRY(put_random(c, ID, out));
	uk_put_u8(out, ' ');
	UK_TRY(put_random(c, KEY, out));
	uk_put_u8(out, '\n');
	return uk_buf_result(out);
}

uk_err bank_fields_make(uk_crypto *c, const char *path)
{
	uint8_t storage[FILE_MAX];
	uk_buf text = UK_BUF(storage);
	uk_err err = put_key_line(c, &text);

	uk_put_str(&text, "index ");
	if (uk_is_ok(err))
		err = put_random(c, KEY, &text);
	uk_put_u8(&text, '\n');
	if (uk_is_ok(err))
		err = uk_buf_result(&text);
	if (uk_is_ok(err))
		err = bank_file_write(path, uk_buf_view(&text), false);
	uk_wipe(storage, sizeof(storage));
	return err;
}

uk_err bank_fields_rotate(uk_crypto *c, const char *path)
{
	uint8_t old_room[FILE_MAX], new_room[FILE_MAX];
	uk_buf old = UK_BUF(old_room), new = UK_BUF(new_room);
	struct bank_fields *f = NULL;
	uk_err err = bank_fields_open(c, path, &f);

	if (uk_is_ok(err) && f->n == BANK_FIELD_MASTERS)
		err = uk_fail(UK_ERR_UNSUPPORTED);
	if (uk_is_ok(err))
		err = read_file(path, &old);
	if (uk_is_ok(err))
		err = put_key_line(c, &new);
	uk_put(&new, uk_buf_view(&old));
	if (uk_is_ok(err))
		err = uk_buf_result(&new);
	if (uk_is_ok(err))
		err = bank_file_write(path, uk_buf_view(&new), true);
	bank_fields_close(&f);
	uk_wipe(old_room, sizeof(old_room));
	uk_wipe(new_room, sizeof(new_room));
	return err;
}

uk_err bank_fields_read(uk_crypto *c, uk_bytes text, struct bank_fields **out)
{
	struct bank_fields *f = uk_secret_new(sizeof(*f));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (f == NULL)
		return err;
	f->c = c;
	err = parse(text, f);
	if (uk_is_ok(err)) {
		*out = f;
		f = NULL; /* handed over */
	}
	bank_fields_close(&f);
	return err;
}

uk_err bank_fields_open(
    uk_crypto *c, const char *path, struct bank_fields **out)
{
	uint8_t storage[FILE_MAX];
	uk_buf text = UK_BUF(storage);
	uk_err err = read_file(path, &text);

	*out = NULL;
	if (uk_is_ok(err))
		err = bank_fields_read(c, uk_buf_view(&text), out);
	uk_wipe(storage, sizeof(storage));
	return err;
}

void bank_fields_close(struct bank_fields **f)
{
	uk_secret_free(*f, sizeof(**f));
	*f = NULL;
}

/* --- sealing ------------------------------------------------------------- */

static uk_err class_key(const struct bank_fields *f, const uint8_t master[KEY],
    const char *use, enum bank_field class, uk_buf *out)
{
	uint8_t storage[64];
	uk_buf info = UK_BUF(storage);

	uk_put_str(&info, "ukey ");
	uk_put_str(&info, use);
	uk_put_u8(&info, ' ');
	uk_put_str(&info, classes[class]);
	UK_TRY(uk_buf_result(&info));
	return uk_hkdf(
	    f->c, uk_view(master, KEY), UK_NONE, uk_buf_view(&info), KEY, out);
}

static void put_aad(uk_buf *out, enum bank_field class, uk_bytes row)
{
	uk_put_str(out, classes[class]);
	uk_put_u8(out, 0);
	uk_put(out, row);
}

uk_err bank_field_seal(const struct bank_fields *f, enum bank_field class,
    uk_bytes row, uk_bytes plain, uk_buf *out)
{
	uint8_t key_room[KEY], aad_room[160], nonce[UK_GCM_NONCE];
	uk_buf key = UK_BUF(key_room), aad = UK_BUF(aad_room);
	uk_err err;

	if (plain.n > BANK_FIELD_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	put_aad(&aad, class, row);
	UK_TRY(uk_buf_result(&aad));
	UK_TRY(uk_random(f->c, nonce, sizeof(nonce)));
	err = class_key(f, f->masters[0].key, "field", class, &key);
	if (uk_is_ok(err)) {
		uk_put_u8(out, VERSION);
		uk_put(out, UK_ARRAY(f->masters[0].id));
		uk_put(out, UK_ARRAY(nonce));
		err = uk_gcm_seal(f->c, uk_buf_view(&key), UK_ARRAY(nonce),
		    uk_buf_view(&aad), plain, out);
	}
	uk_wipe(key_room, sizeof(key_room));
	return err;
}

static const struct master *find_master(
    const struct bank_fields *f, uk_bytes id)
{
	for (size_t i = 0; i < f->n; i++) {
		if (uk_bytes_eq(UK_ARRAY(f->masters[i].id), id))
			return &f->masters[i];
	}
	return NULL;
}

uk_err bank_field_open(const struct bank_fields *f, enum bank_field class,
    uk_bytes row, uk_bytes sealed, uk_buf *plain)
{
	uint8_t key_room[KEY], aad_room[160];
	uk_buf key = UK_BUF(key_room), aad = UK_BUF(aad_room);
	uk_reader r = uk_read(sealed);
	uint8_t version = uk_get_u8(&r);
	const struct master *m = find_master(f, uk_get(&r, ID));
	uk_bytes nonce = uk_get(&r, UK_GCM_NONCE);
	uk_err err;

	if (r.bad || version != VERSION || m == NULL)
		return uk_fail(UK_ERR_SIGNATURE);
	put_aad(&aad, class, row);
	UK_TRY(uk_buf_result(&aad));
	err = class_key(f, m->key, "field", class, &key);
	if (uk_is_ok(err))
		err = uk_gcm_open(f->c, uk_buf_view(&key), nonce,
		    uk_buf_view(&aad), uk_get_rest(&r), plain);
	uk_wipe(key_room, sizeof(key_room));
	return err;
}

uk_err bank_field_index(const struct bank_fields *f, enum bank_field class,
    uk_bytes plain, uk_buf *out)
{
	uint8_t key_room[KEY];
	uk_buf key = UK_BUF(key_room);
	uk_err err = class_key(f, f->index, "index", class, &key);

	if (uk_is_ok(err))
		err = uk_hmac(
		    f->c, UK_HASH_SHA256, uk_buf_view(&key), &plain, 1, out);
	uk_wipe(key_room, sizeof(key_room));
	return err;
}

/* --- numbers ------------------------------------------------------------- */

bool bank_phone_ok(uk_bytes phone)
{
	if (phone.n < 8 || phone.n > 16 || phone.p[0] != '+' ||
	    phone.p[1] == '0')
		return false;
	for (size_t i = 1; i < phone.n; i++) {
		if (phone.p[i] < '0' || phone.p[i] > '9')
			return false;
	}
	return true;
}
