/* Where requests end: tables by the clauses of RFC 9112, in one piece and cut
 * at every place. What the server makes of it is in tests/system/bank_raw.py.
 */
#include "framing.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <string.h>

#define HOST "Host: h\r\n"

static const struct {
	const char *head;
	enum bank_code code;
	enum bank_body body;
	uint64_t length;
} heads[] = {
	{ "GET / HTTP/1.1\r\n" HOST "\r\n", BANK_OK, BANK_BODY_NONE, 0 },
	{ "GET / HTTP/1.0\r\n\r\n", BANK_OK, BANK_BODY_NONE, 0 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 65536\r\n\r\n", BANK_OK,
	    BANK_BODY_LENGTH, 65536 },
	{ "POST / HTTP/1.1\r\n" HOST "content-length:  007\t\r\n\r\n", BANK_OK,
	    BANK_BODY_LENGTH, 7 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n",
	    BANK_TOO_LARGE, 0, 0 },
	{ "POST / HTTP/1.1\r\n" HOST "TRANSFER-encoding: Chunked\r\n\r\n",
	    BANK_OK, BANK_BODY_CHUNKED, 0 },
	{ "POST / HTTP/1.1\r\n" HOST
	  "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
	    BANK_MALFORMED, 0, 0 }, /* 6.1 */
	{ "HEAD / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n",
	    BANK_MALFORMED, 0, 0 },
	{ "GET / HTTP/1.1\r\n\r\n", BANK_MALFORMED, 0, 0 }, /* 3.2 */
	{ "GET / HTTP/1.2\r\n" HOST "\r\n", BANK_VERSION, 0, 0 },
	{ "GET /%41 HTTP/1.1\r\n" HOST "\r\n", BANK_OK, BANK_BODY_NONE, 0 },
	{ "GET /%4 HTTP/1.1\r\n" HOST "\r\n", BANK_MALFORMED, 0, 0 },
	{ "GET /%00 HTTP/1.1\r\n" HOST "\r\n", BANK_MALFORMED, 0, 0 },
	{ "GET /\r\n\r\n", BANK_MALFORMED, 0, 0 },
	{ "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", BANK_OK, BANK_BODY_NONE,
	    0 },
	{ "\r\n\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", BANK_MALFORMED, 0, 0 },
};

static enum bank_code find_and_read(uk_bytes come, struct bank_head *head)
{
	size_t skip, n;
	enum bank_code code = bank_head_find(come, &skip, &n);

	*head = (struct bank_head){ .body = BANK_BODY_NONE };
	if (code != BANK_OK || n == 0)
		return code;
	assert_int_equal(skip + n, come.n);
	return bank_head_read(
	    uk_bytes_first(uk_bytes_from(come, skip), n), head);
}

static void of_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct bank_head head;

		assert_int_equal(
		    find_and_read(uk_view_str(heads[i].head), &head),
		    heads[i].code);
		if (heads[i].code != BANK_OK)
			continue;
		assert_int_equal(head.body, heads[i].body);
		assert_int_equal(head.length, heads[i].length);
	}
}

/* No part of a good head is refused, or taken for a head. */
static void cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		uk_bytes all = uk_view_str(heads[i].head);
		size_t skip, n;

		for (size_t k = 0; k < all.n && heads[i].code == BANK_OK; k++) {
			assert_int_equal(
			    bank_head_find(uk_bytes_first(all, k), &skip, &n),
			    BANK_OK);
			assert_int_equal(n, 0);
		}
	}
}

static void a_target_with_a_host(void **state)
{
	static const struct {
		const char *line;
		size_t cut;
		bool no_path;
	} rows[] = {
		{ "GET http://h:80/p HTTP/1.1\r\n" HOST "\r\n", 11, false },
		{ "GET HTTPS://h HTTP/1.1\r\n" HOST "\r\n", 9, true },
		{ "GET http://[::1]?q HTTP/1.1\r\n" HOST "\r\n", 12, true },
		{ "GET /http://h HTTP/1.1\r\n" HOST "\r\n", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bank_head head;

		assert_int_equal(
		    find_and_read(uk_view_str(rows[i].line), &head), BANK_OK);
		assert_int_equal(head.cut, rows[i].cut);
		assert_int_equal(head.cut_at, rows[i].cut == 0 ? 0 : 4);
		assert_int_equal(head.no_path, rows[i].no_path);
	}
}

static const struct {
	const char *text, *content; /* NULL: refused */
	enum bank_code code;
} bodies[] = {
	{ "0\r\n\r\n", "", BANK_OK },
	{ "5\r\nhello\r\n0\r\n\r\n", "hello", BANK_OK },
	/* 7.1.1, 7.1.2 */
	{ "2;a\r\nhe\r\n03 ; b=\"c\"\r\nllo\r\n00\r\nA: b\r\nC: d\r\n\r\n",
	    "hello", BANK_OK },
	{ "A\r\n0123456789\r\n0\r\n\r\n", "0123456789", BANK_OK },
	{ "10001\r\n", NULL, BANK_TOO_LARGE },
	{ "ffffffffffffffff\r\n", NULL, BANK_TOO_LARGE },
	{ "5\r\nhello!\r\n", NULL, BANK_MALFORMED },
	{ "5\nhello\r\n", NULL, BANK_MALFORMED },
	{ " 5\r\nhello\r\n", NULL, BANK_MALFORMED },
	{ "5 \r\nhello\r\n", NULL, BANK_MALFORMED },
	{ "g\r\n", NULL, BANK_MALFORMED },
	{ "0\r\nA\x01\r\n\r\n", NULL, BANK_MALFORMED },
	{ "00000000000000000\r\n", NULL, BANK_MALFORMED },
};

/* In pieces of so many bytes; the answer, and content in out. */
static enum bank_code read_chunks(uk_bytes text, size_t step, uk_buf *out)
{
	struct bank_chunks c = { .at = 0 };
	enum bank_code code = BANK_OK;

	while (text.n > 0 && code == BANK_OK && !c.done) {
		uk_bytes content;
		size_t used;

		code = bank_chunks_next(
		    &c, uk_bytes_first(text, step), &used, &content);
		uk_put(out, content);
		text = uk_bytes_from(text, used);
	}
	assert_true(code != BANK_OK || (c.done && text.n == 0));
	return code;
}

static void of_chunks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		for (size_t step = 1; step < 40; step++) {
			uint8_t storage[64];
			uk_buf out = UK_BUF(storage);

			assert_int_equal(
			    read_chunks(
				uk_view_str(bodies[i].text), step, &out),
			    bodies[i].code);
			if (bodies[i].content != NULL)
				expect_bytes(uk_buf_view(&out),
				    uk_view_str(bodies[i].content));
		}
	}
}

static void limits(void **state)
{
	static char long_one[BANK_HEAD_MAX + 1];
	size_t skip, n;

	(void)state;
	memset(long_one, 'a', sizeof(long_one));
	assert_int_equal(
	    bank_head_find(uk_view(long_one, BANK_HEAD_MAX - 1), &skip, &n),
	    BANK_OK);
	assert_int_equal(
	    bank_head_find(uk_view(long_one, BANK_HEAD_MAX), &skip, &n),
	    BANK_HEAD_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_heads),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(a_target_with_a_host),
		cmocka_unit_test(of_chunks),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
