/* The parser of the configuration file. */
#include "cli_config.h"

#include <string.h>

/* Where a name's value goes; NULL for a name we do not know. */
static char *place_of(struct config *c, uk_bytes name)
{
	struct {
		const char *name;
		char *value;
	} table[] = {
		{ "bank", c->bank },
		{ "ca", c->ca },
		{ "binding", c->binding },
		{ "module", c->module },
		{ "token", c->token },
		{ "pinentry", c->pinentry },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (uk_bytes_eq(name, uk_view_str(table[i].name)))
			return table[i].value;
	}
	return NULL;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static uk_bytes trim(uk_bytes v)
{
	while (v.n > 0 && is_blank(v.p[0]))
		v = uk_bytes_from(v, 1);
	while (v.n > 0 && is_blank(v.p[v.n - 1]))
		v = uk_bytes_first(v, v.n - 1);
	return v;
}

/* Up to `stop`, or all of it; what follows stop in *rest. */
static uk_bytes cut_at(uk_bytes v, uint8_t stop, uk_bytes *rest)
{
	size_t n = 0;

	while (n < v.n && v.p[n] != stop)
		n++;
	*rest = uk_bytes_from(v, n + 1);
	return uk_bytes_first(v, n);
}

static uk_err parse_line(uk_bytes text, struct config *out)
{
	uk_bytes v, name;
	char *place;

	text = trim(text);
	if (text.n == 0 || text.p[0] == '#')
		return uk_ok();
	name = cut_at(text, '=', &v);
	if (name.n == text.n)
		return uk_fail(UK_ERR_FORMAT);
	v = trim(v);
	place = place_of(out, trim(name));
	if (place == NULL || v.n == 0)
		return uk_fail(UK_ERR_FORMAT);
	return uk_is_ok(uk_copy_str(place, CONFIG_VALUE_MAX, v))
		   ? uk_ok()
		   : uk_fail(UK_ERR_FORMAT);
}

uk_err config_parse(uk_bytes text, struct config *out, unsigned *line)
{
	*line = 0;
	while (text.n > 0) {
		uk_bytes rest, one = cut_at(text, '\n', &rest);

		++*line;
		UK_TRY(parse_line(one, out));
		text = rest;
	}
	return uk_ok();
}
