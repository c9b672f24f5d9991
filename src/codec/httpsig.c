/* Signature bases of HTTP messages (RFC 9421, 2). */
#include "httpsig.h"

#define ROWS(t) (sizeof(t) / sizeof((t)[0]))

/* --- reading ------------------------------------------------------------- */

static uk_err take_number(const uk_sf_params *p, const char *key, int64_t *out)
{
	const uk_sf_value *v = uk_sf_param_of(p, key);

	*out = -1;
	if (v == NULL)
		return uk_ok();
	if (v->type != UK_SF_INTEGER || v->number < 0)
		return uk_fail(UK_ERR_FORMAT);
	*out = v->number;
	return uk_ok();
}

static uk_err take_string(const uk_sf_params *p, const char *key, uk_bytes *out)
{
	const uk_sf_value *v = uk_sf_param_of(p, key);

	*out = UK_NONE;
	if (v == NULL)
		return uk_ok();
	if (v->type != UK_SF_STRING)
		return uk_fail(UK_ERR_FORMAT);
	*out = v->text;
	return uk_ok();
}

static bool same_params(const uk_sf_params *a, const uk_sf_params *b)
{
	uint8_t x[256], y[256];
	uk_buf ax = UK_BUF(x), by = UK_BUF(y);

	uk_sf_put_params(&ax, a);
	uk_sf_put_params(&by, b);
	return ax.bad || by.bad ||
	       uk_bytes_eq(uk_buf_view(&ax), uk_buf_view(&by));
}

/* Strings only, in lower case, and none twice (2.5, step 1.2). */
static uk_err check_components(const uk_sf_member *m)
{
	if (!m->is_list)
		return uk_fail(UK_ERR_FORMAT);
	for (size_t i = 0; i < m->n; i++) {
		const uk_sf_value *v = &m->items[i].value;

		if (v->type != UK_SF_STRING || v->text.n == 0)
			return uk_fail(UK_ERR_FORMAT);
		for (size_t j = 0; j < v->text.n; j++) {
			uint8_t c = v->text.p[j];

			if ((c >= 'A' && c <= 'Z') || c <= ' ' || c == '"' ||
			    c == '\\' || c == ':')
				return uk_fail(UK_ERR_FORMAT);
		}
		for (size_t j = 0; j < i; j++) {
			if (uk_bytes_eq(v->text, m->items[j].value.text) &&
			    same_params(
				&m->items[i].params, &m->items[j].params))
				return uk_fail(UK_ERR_FORMAT);
		}
	}
	return uk_ok();
}

static uk_err take_params(struct uk_httpsig *s)
{
	const uk_sf_params *p = &s->input.params;

	UK_TRY(check_components(&s->input));
	UK_TRY(take_number(p, "created", &s->created));
	UK_TRY(take_number(p, "expires", &s->expires));
	UK_TRY(take_string(p, "keyid", &s->keyid));
	UK_TRY(take_string(p, "nonce", &s->nonce));
	UK_TRY(take_string(p, "alg", &s->alg));
	return take_string(p, "tag", &s->tag);
}

/* Which member has the tag? */
static uk_err find_tag(uk_bytes field, const char *tag, struct uk_httpsig *s)
{
	size_t found = UK_SF_MEMBERS;
	uk_err err;

	for (size_t i = 0; i < UK_SF_MEMBERS; i++) {
		const uk_sf_value *v;

		err = uk_sf_at(field, i, &s->input);
		if (uk_is(err, UK_ERR_NOT_FOUND))
			break;
		UK_TRY(err);
		v = uk_sf_param_of(&s->input.params, "tag");
		if (v == NULL || v->type != UK_SF_STRING ||
		    !uk_bytes_eq(v->text, uk_view_str(tag)))
			continue;
		if (found != UK_SF_MEMBERS)
			return uk_fail(UK_ERR_FORMAT);
		found = i;
	}
	if (found == UK_SF_MEMBERS)
		return uk_fail(UK_ERR_NOT_FOUND);
	return uk_sf_at(field, found, &s->input);
}

uk_err uk_httpsig_find(uk_bytes input_field, uk_bytes signature_field,
    const char *label, const char *tag, struct uk_httpsig *out)
{
	uk_sf_member signature;

	if (label != NULL)
		UK_TRY(
		    uk_sf_find(input_field, uk_view_str(label), &out->input));
	else
		UK_TRY(find_tag(input_field, tag, out));
	UK_TRY(take_params(out));
	UK_TRY(uk_sf_find(signature_field, out->input.key, &signature));
	if (signature.is_list || signature.items[0].value.type != UK_SF_BYTES)
		return uk_fail(UK_ERR_FORMAT);
	out->signature = signature.items[0].value.text;
	return uk_ok();
}

uk_err uk_httpsig_read_input(uk_bytes field, struct uk_httpsig *out)
{
	UK_TRY(uk_sf_at(field, 0, &out->input));
	out->signature = UK_NONE;
	return take_params(out);
}

static bool has_req(const uk_sf_item *c)
{
	const uk_sf_value *v = uk_sf_param_of(&c->params, "req");

	return v != NULL && v->type == UK_SF_BOOLEAN && v->number != 0;
}

bool uk_httpsig_covers(
    const struct uk_httpsig *s, const char *name, bool of_request)
{
	for (size_t i = 0; i < s->input.n; i++) {
		const uk_sf_item *c = &s->input.items[i];

		/* Nothing but req: the whole of it, not a part. */
		if (uk_bytes_eq(c->value.text, uk_view_str(name)) &&
		    has_req(c) == of_request &&
		    c->params.n == (of_request ? 1 : 0))
			return true;
	}
	return false;
}

/* --- derived components (2.2) -------------------------------------------- */

static void put_path(const struct uk_http_message *m, uk_buf *out)
{
	uk_put(out, m->path.n == 0 ? uk_view_str("/") : m->path);
}

static void put_query(const struct uk_http_message *m, uk_buf *out)
{
	uk_put_u8(out, '?');
	uk_put(out, m->query);
}

static void put_request_target(const struct uk_http_message *m, uk_buf *out)
{
	put_path(m, out);
	if (m->has_query)
		put_query(m, out);
}

static void put_target_uri(const struct uk_http_message *m, uk_buf *out)
{
	uk_put(out, m->scheme);
	uk_put_str(out, "://");
	uk_put(out, m->authority);
	put_request_target(m, out);
}

static void put_method(const struct uk_http_message *m, uk_buf *out)
{
	uk_put(out, m->method);
}

static void put_scheme(const struct uk_http_message *m, uk_buf *out)
{
	uk_put(out, m->scheme);
}

static void put_authority(const struct uk_http_message *m, uk_buf *out)
{
	uk_put(out, m->authority);
}

static void put_status(const struct uk_http_message *m, uk_buf *out)
{
	uk_put_u8(out, (uint8_t)('0' + m->status / 100 % 10));
	uk_put_u8(out, (uint8_t)('0' + m->status / 10 % 10));
	uk_put_u8(out, (uint8_t)('0' + m->status % 10));
}

static const struct derived {
	const char *name;
	bool of_answer;
	void (*put)(const struct uk_http_message *m, uk_buf *out);
} derived[] = {
	{ "@method", false, put_method },
	{ "@target-uri", false, put_target_uri },
	{ "@authority", false, put_authority },
	{ "@scheme", false, put_scheme },
	{ "@request-target", false, put_request_target },
	{ "@path", false, put_path },
	{ "@query", false, put_query },
	{ "@status", true, put_status },
};

/* The value of the only parameter of this name (2.2.8). One that would have to
 * be decoded and encoded again is not looked at closer. */
static uk_err put_query_param(
    const struct uk_http_message *m, const uk_sf_item *c, uk_buf *out)
{
	const uk_sf_value *name = uk_sf_param_of(&c->params, "name");
	uk_bytes value = UK_NONE;
	size_t found = 0, at = 0;

	if (name == NULL || name->type != UK_SF_STRING)
		return uk_fail(UK_ERR_FORMAT);
	while (at < m->query.n) {
		uk_bytes part = uk_bytes_from(m->query, at);
		size_t n = 0, equals = 0;

		for (n = 0; n < part.n && part.p[n] != '&'; n++) {
			if (part.p[n] == '+')
				return uk_fail(UK_ERR_UNSUPPORTED);
		}
		part = uk_bytes_first(part, n);
		at += n + 1;
		while (equals < part.n && part.p[equals] != '=')
			equals++;
		if (uk_bytes_eq(uk_bytes_first(part, equals), name->text)) {
			value = uk_bytes_from(part, equals + 1);
			found++;
		}
	}
	if (found != 1)
		return uk_fail(UK_ERR_NOT_FOUND);
	uk_put(out, value);
	return uk_ok();
}

static uk_err put_derived(
    const struct uk_http_message *m, const uk_sf_item *c, uk_buf *out)
{
	if (uk_bytes_eq(c->value.text, uk_view_str("@query-param")))
		return put_query_param(m, c, out);
	for (size_t i = 0; i < ROWS(derived); i++) {
		if (!uk_bytes_eq(c->value.text, uk_view_str(derived[i].name)))
			continue;
		if (derived[i].of_answer != (m->status != 0))
			return uk_fail(UK_ERR_NOT_FOUND);
		derived[i].put(m, out);
		return uk_ok();
	}
	return uk_fail(UK_ERR_UNSUPPORTED);
}

/* --- fields (2.1) -------------------------------------------------------- */

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static uk_bytes trimmed(uk_bytes v)
{
	while (v.n > 0 && is_blank(v.p[0]))
		v = uk_bytes_from(v, 1);
	while (v.n > 0 && is_blank(v.p[v.n - 1]))
		v = uk_bytes_first(v, v.n - 1);
	return v;
}

/* All values, trimmed, with ", " between them. */
static uk_err put_field(
    const struct uk_http_message *m, uk_bytes name, uk_buf *out)
{
	uk_bytes value;
	size_t i = 0;

	for (; m->field != NULL && m->field(m->arg, name, i, &value); i++) {
		if (i > 0)
			uk_put_str(out, ", ");
		uk_put(out, trimmed(value));
	}
	return i == 0 ? uk_fail(UK_ERR_NOT_FOUND) : uk_ok();
}

/* One member of a field that is a dictionary (2.1.2). */
static uk_err put_field_key(const struct uk_http_message *m, uk_bytes name,
    const uk_sf_value *key, uk_buf *out)
{
	uint8_t storage[UK_SF_MAX];
	uk_buf field = UK_BUF(storage);
	uk_sf_member member;

	if (key->type != UK_SF_STRING)
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(put_field(m, name, &field));
	UK_TRY(uk_buf_result(&field));
	UK_TRY(uk_sf_find(uk_buf_view(&field), key->text, &member));
	if (member.is_list) {
		uk_sf_put_list(out, &member);
	} else {
		uk_sf_put_value(out, &member.items[0].value);
		uk_sf_put_params(out, &member.items[0].params);
	}
	return uk_ok();
}

/* --- the base (2.5) ------------------------------------------------------ */

static uk_err check_params(const uk_sf_item *c)
{
	static const char *const known[] = { "req", "key", "name" };

	for (size_t i = 0; i < c->params.n; i++) {
		size_t k = 0;

		while (k < ROWS(known) &&
		       !uk_bytes_eq(c->params.at[i].key, uk_view_str(known[k])))
			k++;
		if (k == ROWS(known))
			return uk_fail(UK_ERR_UNSUPPORTED);
	}
	return uk_ok();
}

static uk_err put_component(
    const uk_sf_item *c, const struct uk_http_message *m, uk_buf *out)
{
	const uk_sf_value *key = uk_sf_param_of(&c->params, "key");

	UK_TRY(check_params(c));
	if (has_req(c)) {
		m = m->request;
		if (m == NULL)
			return uk_fail(UK_ERR_NOT_FOUND);
	}
	if (c->value.text.p[0] == '@')
		return put_derived(m, c, out);
	if (key != NULL)
		return put_field_key(m, c->value.text, key, out);
	return put_field(m, c->value.text, out);
}

/* What goes into a line of its own must not begin another one. */
static uk_err check_line(uk_bytes v)
{
	for (size_t i = 0; i < v.n; i++) {
		if ((v.p[i] < 0x20 && v.p[i] != '\t') || v.p[i] > 0x7e)
			return uk_fail(UK_ERR_FORMAT);
	}
	return uk_ok();
}

uk_err uk_httpsig_base(
    const struct uk_httpsig *s, const struct uk_http_message *m, uk_buf *out)
{
	for (size_t i = 0; i < s->input.n; i++) {
		const uk_sf_item *c = &s->input.items[i];
		size_t start;

		uk_sf_put_value(out, &c->value);
		uk_sf_put_params(out, &c->params);
		uk_put_str(out, ": ");
		start = out->len;
		UK_TRY(put_component(c, m, out));
		UK_TRY(check_line(uk_bytes_from(uk_buf_view(out), start)));
		uk_put_u8(out, '\n');
	}
	uk_put_str(out, "\"@signature-params\": ");
	uk_sf_put_list(out, &s->input);
	return uk_buf_result(out);
}
