/*
 * The cache of one application: items in memory, and the file they came from.
 *
 *     "ukey cache 1" | length(1) proof | { item(4) length(4) value }* | SHA-256
 *
 * The checksum is over kind, name and all that stands before it.
 */
#include "cache.h"

#include "cache_file.h"
#include "crypto.h"
#include "hex.h"
#include "log.h"

#include <stdio.h>

enum {
	FILE_NAME_MAX = 16 + 1 + 2 * UK_CACHE_NAME_MAX + sizeof(".cache"),
	PATH_MAX_LEN = 1024,
	HEAD_MAX = 16 + 1 + UK_CACHE_PROOF_MAX
};

static const char magic[] = "ukey cache 1";

struct item {
	uint32_t number;
	uk_blob value;
};

struct uk_cache {
	char kind[16 + 1];
	uint8_t name[UK_CACHE_NAME_MAX];
	size_t name_len;
	uint8_t proof[UK_CACHE_PROOF_MAX];
	size_t proof_len; /* 0: nobody knows */
	struct item items[UK_CACHE_ITEMS_MAX];
	size_t count, size;
	bool changed;
};

static char used_folder[PATH_MAX_LEN]; /* empty: none */

void uk_cache_use(const char *folder)
{
	if (folder == NULL || !uk_is_ok(uk_copy_str(used_folder,
				  sizeof(used_folder), uk_view_str(folder))))
		used_folder[0] = '\0';
}

static bool believe_names;

void uk_cache_believe(bool names)
{
	believe_names = names;
}

bool uk_cache_believes(const uk_cache *c)
{
	return c != NULL && believe_names;
}

static void file_name(const uk_cache *c, char out[FILE_NAME_MAX])
{
	char hex[2 * UK_CACHE_NAME_MAX + 1];

	uk_hex_str(hex, sizeof(hex), uk_view(c->name, c->name_len));
	(void)snprintf(out, FILE_NAME_MAX, "%s-%s.cache", c->kind, hex);
}

static uk_err checksum(
    const uk_cache *c, uk_bytes content, uint8_t out[UK_CHECKSUM_SIZE])
{
	const uk_bytes parts[] = { uk_view(c->kind, sizeof(c->kind)),
		uk_view(c->name, c->name_len), content };

	return uk_checksum(parts, sizeof(parts) / sizeof(parts[0]), out);
}

/* --- items --------------------------------------------------------------- */

static void forget(uk_cache *c)
{
	for (size_t i = 0; i < c->count; i++)
		uk_blob_free(&c->items[i].value);
	c->count = c->size = 0;
}

static struct item *find(uk_cache *c, uint32_t number)
{
	for (size_t i = 0; i < c->count; i++) {
		if (c->items[i].number == number)
			return &c->items[i];
	}
	return NULL;
}

bool uk_cache_get(uk_cache *c, uint32_t item, uk_bytes *value)
{
	const struct item *found = c == NULL ? NULL : find(c, item);

	*value = found == NULL ? UK_NONE : uk_blob_view(&found->value);
	return found != NULL;
}

/* Without memory it is not remembered. */
static bool put(uk_cache *c, uint32_t number, uk_bytes value)
{
	struct item *item = find(c, number);
	size_t old = item == NULL ? 0 : 8 + item->value.n;

	if (8 + value.n > UK_CACHE_SIZE_MAX - HEAD_MAX - UK_CHECKSUM_SIZE -
			      (c->size - old) ||
	    (item == NULL && c->count == UK_CACHE_ITEMS_MAX))
		return false;
	if (item == NULL) {
		item = &c->items[c->count];
		*item = (struct item){ .number = number };
	}
	if (value.n > 0 && !uk_is_ok(uk_blob_set(&item->value, value)))
		return false;
	if (value.n == 0)
		uk_blob_free(&item->value);
	c->count += item == &c->items[c->count];
	c->size += 8 + value.n - old;
	return true;
}

void uk_cache_put(uk_cache *c, uint32_t item, uk_bytes value)
{
	uk_bytes known;

	if (c == NULL || c->proof_len == 0 ||
	    (uk_cache_get(c, item, &known) && uk_bytes_eq(known, value)))
		return;
	c->changed = put(c, item, value) || c->changed;
}

/* --- the file ------------------------------------------------------------ */

static void take_items(uk_cache *c, uk_reader *r)
{
	while (r->left > 0 && !r->bad) {
		uint32_t number = uk_get_u32(r);
		uk_bytes value = uk_get(r, uk_get_u32(r));

		if (r->bad || !put(c, number, value))
			return;
	}
}

/* All of it, or nothing. */
static void take_file(uk_cache *c, uk_bytes file)
{
	uk_bytes content = uk_bytes_first(
	    file, file.n < UK_CHECKSUM_SIZE ? 0 : file.n - UK_CHECKSUM_SIZE);
	uint8_t sum[UK_CHECKSUM_SIZE];
	uk_reader r = uk_read(content);
	uk_bytes head = uk_get(&r, sizeof(magic) - 1), proof;

	if (!uk_bytes_eq(head, uk_view(magic, sizeof(magic) - 1)) ||
	    !uk_is_ok(checksum(c, content, sum)) ||
	    !uk_bytes_eq(UK_ARRAY(sum), uk_bytes_last(file, UK_CHECKSUM_SIZE)))
		return;
	proof = uk_get(&r, uk_get_u8(&r));
	if (!uk_bytes_eq(proof, uk_view(c->proof, c->proof_len)))
		return; /* of another content */
	take_items(c, &r);
	if (r.bad)
		forget(c);
}

static void load(uk_cache *c)
{
	char name[FILE_NAME_MAX];
	uk_blob file = { NULL, 0 };
	uk_err err;

	file_name(c, name);
	err = uk_cache_file_read(used_folder, name, UK_CACHE_SIZE_MAX, &file);
	if (uk_is_ok(err))
		take_file(c, uk_blob_view(&file));
	uk_blob_free(&file);
	c->changed = false;
	uk_log(UK_LOG_DEBUG, "cache %s: %s, %zu items", name, uk_err_name(err),
	    c->count);
}

static void put_file(const uk_cache *c, uk_buf *out)
{
	uint8_t sum[UK_CHECKSUM_SIZE];

	uk_put(out, uk_view(magic, sizeof(magic) - 1));
	uk_put_u8(out, (uint8_t)c->proof_len);
	uk_put(out, uk_view(c->proof, c->proof_len));
	for (size_t i = 0; i < c->count; i++) {
		uk_put_u32(out, c->items[i].number);
		uk_put_u32(out, (uint32_t)c->items[i].value.n);
		uk_put(out, uk_blob_view(&c->items[i].value));
	}
	if (uk_is_ok(checksum(c, uk_buf_view(out), sum)))
		uk_put(out, UK_ARRAY(sum));
	else
		out->bad = true;
}

void uk_cache_save(uk_cache *c)
{
	char name[FILE_NAME_MAX];
	uint8_t *storage;
	uk_buf file;
	uk_err err;

	if (c == NULL || !c->changed || c->proof_len == 0)
		return;
	c->changed = false; /* one attempt for each change */
	if ((storage = uk_new(UK_CACHE_SIZE_MAX)) == NULL)
		return;
	file = uk_buf_over(storage, UK_CACHE_SIZE_MAX);
	put_file(c, &file);
	file_name(c, name);
	err = uk_buf_result(&file);
	if (uk_is_ok(err))
		err = uk_cache_file_write(
		    used_folder, name, uk_buf_view(&file), UK_CACHE_FILES_MAX);
	uk_free(storage);
	uk_log(UK_LOG_DEBUG, "cache %s written: %s", name, uk_err_name(err));
}

/* --- its life ------------------------------------------------------------ */

static bool set_proof(uk_cache *c, uk_bytes proof)
{
	uk_buf field = UK_BUF(c->proof);

	uk_put(&field, proof);
	c->proof_len = field.bad ? 0 : field.len;
	return c->proof_len > 0;
}

uk_cache *uk_cache_open(const char *kind, uk_bytes name, uk_bytes proof)
{
	uk_cache *c = used_folder[0] == '\0' ? NULL : uk_new(sizeof(*c));
	uk_buf field;

	if (c == NULL)
		return NULL;
	field = UK_BUF(c->name);
	uk_put(&field, name);
	c->name_len = field.len;
	if (field.bad || field.len == 0 || !set_proof(c, proof) ||
	    !uk_is_ok(
		uk_copy_str(c->kind, sizeof(c->kind), uk_view_str(kind)))) {
		uk_free(c);
		return NULL;
	}
	load(c);
	return c;
}

void uk_cache_prove(uk_cache *c, uk_bytes proof)
{
	if (c == NULL || (proof.n > 0 && uk_bytes_eq(proof,
					     uk_view(c->proof, c->proof_len))))
		return;
	forget(c);
	c->changed = false;
	(void)set_proof(c, proof);
}

void uk_cache_start_anew(uk_cache *c)
{
	if (c == NULL)
		return;
	forget(c);
	c->changed = true;
}

void uk_cache_close(uk_cache **c)
{
	if (*c != NULL)
		forget(*c);
	uk_free(*c);
	*c = NULL;
}
