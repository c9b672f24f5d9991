/* Structured field values: reading and writing. */
#include "sfv.h"

static bool is_lower(int c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_alpha(int c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_key_char(int c)
{
	return is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '.' ||
	       c == '*';
}

/* tchar of RFC 9110, 5.6.2, and ':' and '/'. */
static bool is_token_char(int c)
{
	static const char others[] = "!#$%&'*+-.^_`|~:/";

	if (is_alpha(c) || is_digit(c))
		return true;
	for (const char *o = others; *o != '\0'; o++) {
		if (*o == c)
			return true;
	}
	return false;
}

static bool is_base64_char(int c)
{
	return is_alpha(c) || is_digit(c) || c == '+' || c == '/' || c == '=';
}

static void skip(uk_reader *r, bool tabs)
{
	while (uk_peek_u8(r) == ' ' || (tabs && uk_peek_u8(r) == '\t'))
		(void)uk_get_u8(r);
}

static bool takes(uk_reader *r, int c)
{
	if (uk_peek_u8(r) != c)
		return false;
	(void)uk_get_u8(r);
	return true;
}

/* The run of characters that `fits` allows. */
static uk_bytes take_run(uk_reader *r, bool (*fits)(int))
{
	uk_reader start = *r;
	size_t n = 0;

	for (; fits(uk_peek_u8(r)); n++)
		(void)uk_get_u8(r);
	return uk_get(&start, n);
}

/* --- values -------------------------------------------------------------- */

/* RFC 8941, 4.2.4: at most 15 digits; "12." and "12.5" are decimals. */
static void get_integer(uk_reader *r, uk_sf_value *v)
{
	bool minus = takes(r, '-');
	uk_bytes digits = take_run(r, is_digit);

	if (digits.n == 0 || digits.n > 15 || uk_peek_u8(r) == '.')
		r->bad = true;
	for (size_t i = 0; i < digits.n && !r->bad; i++)
		v->number = v->number * 10 + (digits.p[i] - '0');
	if (minus)
		v->number = -v->number;
}

static void get_string(uk_reader *r, uk_sf_value *v)
{
	uk_reader start = *r;
	size_t n = 0;

	for (int c = uk_get_u8(r); c != '"' && !r->bad; c = uk_get_u8(r)) {
		if (c == '\\') {
			c = uk_get_u8(r);
			n++;
			if (c != '"' && c != '\\')
				r->bad = true;
		}
		if (c < 0x20 || c > 0x7e)
			r->bad = true;
		n++;
	}
	v->text = uk_get(&start, n);
}

static void get_value(uk_reader *r, uk_sf_value *v)
{
	int c = uk_peek_u8(r);

	*v = (uk_sf_value){ UK_SF_INTEGER, 0, UK_NONE };
	if (is_digit(c) || c == '-') {
		get_integer(r, v);
	} else if (takes(r, '"')) {
		v->type = UK_SF_STRING;
		get_string(r, v);
	} else if (takes(r, ':')) {
		v->type = UK_SF_BYTES;
		v->text = take_run(r, is_base64_char);
		if (!takes(r, ':'))
			r->bad = true;
	} else if (takes(r, '?')) {
		v->type = UK_SF_BOOLEAN;
		c = uk_get_u8(r);
		v->number = c == '1';
		if (c != '0' && c != '1')
			r->bad = true;
	} else if (is_alpha(c) || c == '*') {
		v->type = UK_SF_TOKEN;
		v->text = take_run(r, is_token_char);
	} else {
		r->bad = true;
	}
}

static uk_bytes get_key(uk_reader *r)
{
	int c = uk_peek_u8(r);

	if (!is_lower(c) && c != '*')
		r->bad = true;
	return take_run(r, is_key_char);
}

static uk_sf_value yes(void)
{
	return (uk_sf_value){ UK_SF_BOOLEAN, 1, UK_NONE };
}

static void get_params(uk_reader *r, uk_sf_params *p)
{
	p->n = 0;
	while (takes(r, ';')) {
		uk_sf_param *new = &p->at[p->n];

		if (p->n == UK_SF_PARAMS) {
			r->bad = true;
			return;
		}
		skip(r, false);
		new->key = get_key(r);
		for (size_t i = 0; i < p->n; i++) {
			if (uk_bytes_eq(p->at[i].key, new->key))
				r->bad = true;
		}
		new->value = yes();
		if (takes(r, '='))
			get_value(r, &new->value);
		if (r->bad)
			return;
		p->n++;
	}
}

/* --- members ------------------------------------------------------------- */

static void get_item(uk_reader *r, uk_sf_item *item)
{
	get_value(r, &item->value);
	get_params(r, &item->params);
}

/* Behind the "(". */
static void get_list(uk_reader *r, uk_sf_member *m)
{
	m->is_list = true;
	for (skip(r, false); !takes(r, ')'); skip(r, false)) {
		int after;

		if (r->bad || m->n == UK_SF_ITEMS) {
			r->bad = true;
			return;
		}
		get_item(r, &m->items[m->n++]);
		after = uk_peek_u8(r);
		if (after != ' ' && after != ')')
			r->bad = true;
	}
	get_params(r, &m->params);
}

static void get_member(uk_reader *r, uk_sf_member *m)
{
	m->key = get_key(r);
	m->is_list = false;
	m->n = m->params.n = 0;
	if (!takes(r, '=')) {
		m->items[0].value = yes();
		get_params(r, &m->items[0].params);
		m->n = 1;
	} else if (takes(r, '(')) {
		get_list(r, m);
	} else {
		get_item(r, &m->items[0]);
		m->n = 1;
	}
}

/* Behind a member: true if another one follows. */
static bool get_comma(uk_reader *r)
{
	skip(r, true);
	if (r->bad || r->left == 0)
		return false;
	if (!takes(r, ','))
		r->bad = true;
	skip(r, true);
	if (r->left == 0)
		r->bad = true; /* a comma at the end */
	return !r->bad;
}

/* Reads the whole field; *out becomes the member with the key or, without one,
 * number `wanted`. */
static uk_err search(
    uk_bytes field, const uk_bytes *key, size_t wanted, uk_sf_member *out)
{
	uk_bytes keys[UK_SF_MEMBERS];
	uk_reader r = uk_read(field), found = { NULL, 0, false };
	size_t n = 0;
	bool more = true;

	if (field.n == 0 || field.n > UK_SF_MAX)
		return uk_fail(UK_ERR_FORMAT);
	for (skip(&r, false); more; n++) {
		uk_reader here = r;

		if (n == UK_SF_MEMBERS)
			return uk_fail(UK_ERR_FORMAT);
		get_member(&r, out);
		keys[n] = out->key;
		for (size_t i = 0; i < n; i++) {
			if (uk_bytes_eq(keys[i], keys[n]))
				r.bad = true;
		}
		if (key != NULL ? uk_bytes_eq(*key, out->key) : n == wanted)
			found = here;
		more = get_comma(&r);
	}
	UK_TRY(uk_read_end(&r));
	if (found.p == NULL)
		return uk_fail(UK_ERR_NOT_FOUND);
	get_member(&found, out);
	return uk_ok();
}

uk_err uk_sf_find(uk_bytes field, uk_bytes key, uk_sf_member *out)
{
	return search(field, &key, 0, out);
}

uk_err uk_sf_at(uk_bytes field, size_t i, uk_sf_member *out)
{
	return search(field, NULL, i, out);
}

const uk_sf_value *uk_sf_param_of(const uk_sf_params *p, const char *key)
{
	for (size_t i = 0; i < p->n; i++) {
		if (uk_bytes_eq(p->at[i].key, uk_view_str(key)))
			return &p->at[i].value;
	}
	return NULL;
}

/* --- writing ------------------------------------------------------------- */

static void put_integer(uk_buf *out, int64_t v)
{
	uint64_t size = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	uint8_t digits[20];
	size_t at = sizeof(digits);

	if (v < 0)
		uk_put_u8(out, '-');
	do {
		digits[--at] = (uint8_t)('0' + size % 10);
		size /= 10;
	} while (size > 0);
	uk_put(out, uk_bytes_from(UK_ARRAY(digits), at));
}

void uk_sf_put_value(uk_buf *out, const uk_sf_value *v)
{
	switch (v->type) {
	case UK_SF_INTEGER:
		put_integer(out, v->number);
		return;
	case UK_SF_STRING:
		uk_put_u8(out, '"');
		uk_put(out, v->text);
		uk_put_u8(out, '"');
		return;
	case UK_SF_BYTES:
		uk_put_u8(out, ':');
		uk_put(out, v->text);
		uk_put_u8(out, ':');
		return;
	case UK_SF_TOKEN:
		uk_put(out, v->text);
		return;
	case UK_SF_BOOLEAN:
		uk_put_str(out, v->number != 0 ? "?1" : "?0");
		return;
	}
}

void uk_sf_put_params(uk_buf *out, const uk_sf_params *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const uk_sf_value *v = &p->at[i].value;

		uk_put_u8(out, ';');
		uk_put(out, p->at[i].key);
		if (v->type == UK_SF_BOOLEAN && v->number != 0)
			continue; /* true is left out */
		uk_put_u8(out, '=');
		uk_sf_put_value(out, v);
	}
}

void uk_sf_put_list(uk_buf *out, const uk_sf_member *m)
{
	uk_put_u8(out, '(');
	for (size_t i = 0; i < m->n; i++) {
		if (i > 0)
			uk_put_u8(out, ' ');
		uk_sf_put_value(out, &m->items[i].value);
		uk_sf_put_params(out, &m->items[i].params);
	}
	uk_put_u8(out, ')');
	uk_sf_put_params(out, &m->params);
}
