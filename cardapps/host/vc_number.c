/* Read to the last character, or refused. */
#include "vc_number.h"

#include "bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PART_MAX = 32 };

static const int64_t hour_ns = INT64_C(3600) * 1000000000;

bool vc_number(const char *text, unsigned long max, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 &&
	       *out <= max;
}

static bool get_unit(const char *text, double *ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		*ns = units[i].ns;
		if (strcmp(units[i].name, text) == 0)
			return true;
	}
	return false;
}

bool vc_duration(const char *text, int64_t *ns)
{
	char *end;
	double unit = 0, v = strtod(text, &end);

	*ns = 0;
	if (strspn(text, "0123456789.") != (size_t)(end - text) || end == text)
		return false;
	if (*end == '\0' && v == 0)
		return true;
	if (!get_unit(end, &unit) || v * unit > (double)hour_ns)
		return false;
	*ns = (int64_t)(v * unit);
	return true;
}

bool vc_delay(const char *text, int64_t *ns, int64_t *ns_per_byte)
{
	uk_bytes all = uk_view_str(text);
	const char *plus = strchr(text, '+');
	size_t fixed = plus == NULL ? 0 : (size_t)(plus - text);
	bool per_byte = all.n > 2 && strcmp(&text[all.n - 2], "/B") == 0;
	char first[PART_MAX], second[PART_MAX];

	*ns = *ns_per_byte = 0;
	if (!per_byte)
		return vc_duration(text, ns);
	if (!uk_is_ok(uk_copy_str(
		first, sizeof(first), uk_bytes_first(all, fixed))) ||
	    !uk_is_ok(uk_copy_str(second, sizeof(second),
		uk_bytes_from(uk_bytes_first(all, all.n - 2),
		    plus == NULL ? 0 : fixed + 1))))
		return false;
	return (plus == NULL || vc_duration(first, ns)) &&
	       vc_duration(second, ns_per_byte);
}
