/* The file of pairs and the names of lines: what was read is written the same.
 */
#include "fuzz_check.h"
#include "line.h"
#include "pairs.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trm_pairs p, q;
	static uint8_t storage[8192];
	uk_buf out = UK_BUF(storage);
	char name[600] = "";
	struct trm_line l;

	if (size < sizeof(name))
		memcpy(name, data, size);
	if (uk_is_ok(trm_line_parse(name, &l)))
		CHECK(strlen(l.path) > 0);
	if (!uk_is_ok(trm_pairs_parse(uk_view(data, size), &p)))
		return 0;
	trm_pairs_put(&out, &p);
	CHECK(uk_is_ok(trm_pairs_parse(uk_buf_view(&out), &q)));
	CHECK(p.n == q.n && p.n <= TRM_PAIRS_MAX);
	return 0;
}
