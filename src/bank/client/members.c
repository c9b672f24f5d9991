/* Reading a JSON object member by member. */
#include "bc_members.h"

#include "crypto.h"
#include "utf8.h"

#include <string.h>

struct bc_members bc_members_of(const json_t *o)
{
	struct bc_members m = { o, uk_ok() };

	if (!json_is_object(o))
		m.err = uk_fail(UK_ERR_FORMAT);
	return m;
}

const json_t *bc_member(struct bc_members *m, const char *name)
{
	const json_t *v = NULL;

	if (uk_is_ok(m->err) && (v = json_object_get(m->o, name)) == NULL)
		m->err = uk_fail(UK_ERR_FORMAT);
	return v;
}

/* What drives a terminal, and what hides, reorders or stands for nothing (bidi,
 * zero-width): no bank's display has it either (docs/protocol.md, 6). */
static bool shows_as_text(uk_bytes v)
{
	uk_reader r = uk_read(v);

	while (r.left > 0 && !r.bad) {
		if (!uk_utf8_is_shown(uk_utf8_next(&r)))
			return false;
	}
	return !r.bad;
}

uk_bytes bc_string_of(struct bc_members *m, const char *name)
{
	const json_t *v = bc_member(m, name);

	if (v == NULL)
		return UK_NONE;
	if (!json_is_string(v)) {
		m->err = uk_fail(UK_ERR_FORMAT);
		return UK_NONE;
	}
	return uk_view(json_string_value(v), json_string_length(v));
}

void bc_take_text(struct bc_members *m, const char *name, char *out, size_t cap)
{
	uk_bytes v = bc_string_of(m, name);

	if (uk_is_ok(m->err) &&
	    (!shows_as_text(v) || !uk_is_ok(uk_copy_str(out, cap, v))))
		m->err = uk_fail(UK_ERR_FORMAT);
}

/* null and absence are the same as "". */
void bc_take_optional_text(
    struct bc_members *m, const char *name, char *out, size_t cap)
{
	const json_t *v = json_object_get(m->o, name);

	if (v != NULL && !json_is_null(v))
		bc_take_text(m, name, out, cap);
}

void bc_take_bytes(struct bc_members *m, const char *name, uk_blob *out)
{
	uk_bytes v = bc_string_of(m, name);

	if (uk_is_ok(m->err))
		m->err = uk_base64_decode(v, out);
	if (uk_is_ok(m->err) && out->n == 0)
		m->err = uk_fail(UK_ERR_FORMAT);
}

void bc_take_time(struct bc_members *m, const char *name, int64_t *out)
{
	uk_bytes v = bc_string_of(m, name);

	if (uk_is_ok(m->err))
		m->err = bank_parse_time(v, out);
}

void bc_take_integer(struct bc_members *m, const char *name, int64_t *out)
{
	const json_t *v = bc_member(m, name);

	if (v == NULL)
		return;
	if (json_is_integer(v))
		*out = json_integer_value(v);
	else
		m->err = uk_fail(UK_ERR_FORMAT);
}

void bc_take_bool(struct bc_members *m, const char *name, bool *out)
{
	const json_t *v = bc_member(m, name);

	if (v == NULL)
		return;
	if (json_is_boolean(v))
		*out = json_is_true(v);
	else
		m->err = uk_fail(UK_ERR_FORMAT);
}

void bc_take_currency(struct bc_members *m, const char *name, char out[4])
{
	bc_take_text(m, name, out, 4);
	if (uk_is_ok(m->err) && strlen(out) != 3)
		m->err = uk_fail(UK_ERR_FORMAT);
}

/* The one place where text becomes JSON. */
uk_err bc_parse_object(uk_bytes json, json_t **out)
{
	*out = NULL;
	if (json.n == 0 || json.n > BANK_BODY_MAX)
		return uk_fail(UK_ERR_FORMAT);
	*out = json_loadb(
	    (const char *)json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
	return *out == NULL ? uk_fail(UK_ERR_FORMAT) : uk_ok();
}

/* The array `name`, its size bounded; NULL once m is bad. */
static const json_t *array_of(struct bc_members *m, const char *name)
{
	const json_t *list = bc_member(m, name);

	if (list == NULL)
		return NULL;
	if (!json_is_array(list) || json_array_size(list) > BC_LIST_MAX) {
		m->err = uk_fail(UK_ERR_FORMAT);
		return NULL;
	}
	return list;
}

void *bc_take_list(struct bc_members *m, const char *name, size_t size,
    bc_read_item *read, size_t *n)
{
	const json_t *list = array_of(m, name);
	size_t count = json_array_size(list);
	uint8_t *items;

	*n = 0;
	if (list == NULL || count == 0)
		return NULL;
	items = uk_new_array(count, size);
	if (items == NULL) {
		m->err = uk_fail(UK_ERR_MEMORY);
		return NULL;
	}
	for (size_t i = 0; i < count && uk_is_ok(m->err); i++)
		m->err = read(json_array_get(list, i), &items[i * size]);
	*n = count;
	return items;
}
