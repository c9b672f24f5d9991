/* Server-sent events, line by line. */
#include "bc_sse.h"

/* A line without its end (LF or CR LF); false: it is not whole. */
static bool next_line(uk_bytes in, size_t *at, uk_bytes *line)
{
	for (size_t i = *at; i < in.n; i++) {
		size_t n = i - *at;

		if (in.p[i] != '\n')
			continue;
		if (n > 0 && in.p[i - 1] == '\r')
			n--;
		*line = uk_bytes_first(uk_bytes_from(in, *at), n);
		*at = i + 1;
		return true;
	}
	return false;
}

/* What stands behind "name:", without one blank. */
static bool value_of(uk_bytes line, const char *name, uk_bytes *value)
{
	uk_bytes n = uk_view_str(name);

	if (line.n <= n.n || line.p[n.n] != ':' ||
	    !uk_bytes_eq(uk_bytes_first(line, n.n), n))
		return false;
	*value = uk_bytes_from(line, n.n + 1);
	if (value->n > 0 && value->p[0] == ' ')
		*value = uk_bytes_from(*value, 1);
	return true;
}

uk_err bc_sse_next(uk_bytes in, struct bc_sse *out, size_t *used)
{
	size_t at = 0;
	uk_bytes line, value;
	bool again = false;

	*out = (struct bc_sse){ UK_NONE, UK_NONE };
	*used = 0;
	while (next_line(in, &at, &line)) {
		if (line.n == 0) {
			*used = at;
			return again ? uk_fail(UK_ERR_FORMAT) : uk_ok();
		}
		if (value_of(line, "event", &value))
			out->event = value;
		if (!value_of(line, "data", &value))
			continue;
		again = again || out->data.n > 0;
		out->data = value;
	}
	*out = (struct bc_sse){ UK_NONE, UK_NONE };
	return uk_ok();
}
