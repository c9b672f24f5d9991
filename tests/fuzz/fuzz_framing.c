/* Where requests end: what is found lies inside, and what comes in pieces is
 * read as what comes at once. */
#include "framing.h"
#include "fuzz_check.h"

#include <string.h>

static void heads(uk_bytes come)
{
	struct bank_head head;
	size_t skip, n, skip2, n2;
	enum bank_code code = bank_head_find(come, &skip, &n);

	CHECK(skip + n <= come.n && n <= BANK_HEAD_MAX);
	if (code != BANK_OK || n == 0)
		return;
	/* Not a byte earlier, and no more with more behind it. */
	CHECK(bank_head_find(uk_bytes_first(come, skip + n - 1), &skip2, &n2) ==
	      BANK_OK);
	CHECK(n2 == 0);
	if (bank_head_read(
		uk_bytes_first(uk_bytes_from(come, skip), n), &head) != BANK_OK)
		return;
	CHECK(head.cut_at + head.cut < n);
	CHECK(head.length <= BANK_BODY_MAX);
	CHECK((head.length > 0) == (head.body == BANK_BODY_LENGTH));
}

static enum bank_code read_chunks(
    uk_bytes come, size_t step, uint8_t *storage, size_t *total)
{
	struct bank_chunks c = { .at = 0 };
	uk_buf out = uk_buf_over(storage, BANK_BODY_MAX);
	enum bank_code code = BANK_OK;

	while (come.n > 0 && code == BANK_OK && !c.done) {
		uk_bytes piece = uk_bytes_first(come, step), content;
		size_t used;

		code = bank_chunks_next(&c, piece, &used, &content);
		CHECK(used <= piece.n);
		CHECK(content.n == 0 || lies_inside(content, piece));
		CHECK(code != BANK_OK || used > 0);
		uk_put(&out, content);
		come = uk_bytes_from(come, used);
	}
	CHECK(!out.bad);
	*total = out.len;
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t once[BANK_BODY_MAX], pieces[BANK_BODY_MAX];
	uk_bytes come = uk_view(data, size);
	size_t n, m;
	enum bank_code code;

	heads(come);
	code = read_chunks(come, size, once, &n);
	CHECK(read_chunks(come, 3, pieces, &m) == code);
	CHECK(n == m && memcmp(once, pieces, n) == 0);
	return 0;
}
