/* The reader's keys: a file. */
#include "reader_key.h"

#include "cli_store.h"
#include "hex.h"
#include "json.h"
#include "secret.h"

/* magic, ID, counter, which registers, all of them */
enum {
	MAGIC = 0x756b7031,
	STATE_SIZE = 4 + UK_DUKPT_ID + 4 + 4 + UK_DUKPT_REGISTERS * UK_DUKPT_KEY
};

#define FILE_NAME "pos-reader"

static uk_err save(const struct uk_dukpt *d)
{
	uint8_t room[STATE_SIZE];
	uk_buf b = UK_BUF(room);
	uk_err err;

	uk_put_u32(&b, MAGIC);
	uk_put(&b, UK_ARRAY(d->id));
	uk_put_u32(&b, d->counter);
	uk_put_u32(&b, d->used);
	for (size_t i = 0; i < UK_DUKPT_REGISTERS; i++)
		uk_put(&b, UK_ARRAY(d->registers[i]));
	err = uk_buf_result(&b);
	if (uk_is_ok(err))
		err = store_write(STORE_ORDERS, FILE_NAME, uk_buf_view(&b));
	uk_wipe(room, sizeof(room));
	return err;
}

static uk_err parse(uk_bytes v, struct uk_dukpt *d)
{
	uk_reader r = uk_read(v);

	if (uk_get_u32(&r) != MAGIC)
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(uk_copy_exact(d->id, UK_DUKPT_ID, uk_get(&r, UK_DUKPT_ID)));
	d->counter = uk_get_u32(&r);
	d->used = uk_get_u32(&r);
	for (size_t i = 0; i < UK_DUKPT_REGISTERS; i++)
		UK_TRY(uk_copy_exact(
		    d->registers[i], UK_DUKPT_KEY, uk_get(&r, UK_DUKPT_KEY)));
	return uk_read_end(&r);
}

static void free_secret(uk_blob *b)
{
	if (b->n > 0)
		uk_wipe(b->p, b->n);
	uk_blob_free(b);
}

/* --- loading -------------------------------------------------------------- */

static uk_err member(uk_bytes object, const char *name, size_t n, uint8_t *out)
{
	uk_bytes rest = object;
	uk_json key, value;
	uk_buf b = uk_buf_over(out, n);

	while (uk_json_next(&rest, &key, &value)) {
		if (!uk_json_is(&key, name))
			continue;
		if (value.kind != UK_JSON_STRING ||
		    !uk_is_ok(uk_hex_decode(value.raw, &b)) || b.len != n)
			return uk_fail(UK_ERR_FORMAT);
		return uk_ok();
	}
	return uk_fail(UK_ERR_FORMAT);
}

static uk_err load(uk_crypto *c, uk_bytes text, struct uk_dukpt *d)
{
	uint8_t id[UK_DUKPT_ID], key[UK_DUKPT_KEY];
	uk_json root;
	uk_err err = uk_json_parse(text, &root);

	if (uk_is_ok(err) && root.kind != UK_JSON_OBJECT)
		err = uk_fail(UK_ERR_FORMAT);
	if (uk_is_ok(err))
		err = member(root.raw, "keyId", sizeof(id), id);
	if (uk_is_ok(err))
		err = member(root.raw, "initialKey", sizeof(key), key);
	if (uk_is_ok(err))
		err = uk_dukpt_load(c, d, UK_ARRAY(key), UK_ARRAY(id));
	uk_wipe(key, sizeof(key));
	return err;
}

uk_err pos_reader_load(uk_crypto *c, const char *path)
{
	struct uk_dukpt *d = uk_secret_new(sizeof(*d));
	uk_blob text = { NULL, 0 };
	uk_err err = d == NULL ? uk_fail(UK_ERR_MEMORY)
			       : store_read_file(path, &text);

	if (uk_is_ok(err))
		err = load(c, uk_blob_view(&text), d);
	if (uk_is_ok(err))
		err = save(d);
	free_secret(&text);
	uk_secret_free(d, sizeof(*d));
	return err;
}

uk_err pos_reader_next(
    uk_crypto *c, uint8_t ksn[UK_DUKPT_KSN], struct uk_dukpt_keys *keys)
{
	struct uk_dukpt *d = uk_secret_new(sizeof(*d));
	uk_blob state = { NULL, 0 };
	uk_err err = d == NULL ? uk_fail(UK_ERR_MEMORY)
			       : store_read(STORE_ORDERS, FILE_NAME, &state);

	if (uk_is_ok(err))
		err = parse(uk_blob_view(&state), d);
	if (uk_is_ok(err))
		err = uk_dukpt_next(c, d, ksn, keys);
	if (uk_is_ok(err))
		err = save(d); /* before the keys are used */
	if (!uk_is_ok(err))
		uk_wipe(keys, sizeof(*keys));
	free_secret(&state);
	uk_secret_free(d, sizeof(*d));
	return err;
}
