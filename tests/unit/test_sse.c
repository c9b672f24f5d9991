/* Blocks of server-sent events: HTML Living Standard, 9.2.6; the first rows are
 * the examples that stand there. */
#include "bc_sse.h"

#include "cmocka_all.h"
#include "fixtures.h"

static void blocks(void **state)
{
	static const struct {
		const char *in, *event, *data;
		size_t used;
	} rows[] = {
		{ "event: add\ndata: 73857293\n\n", "add", "73857293", 27 },
		{ ": test stream\n\ndata: first event\nid: 1\n\n", "", "", 15 },
		{ "data: first event\nid: 1\n\n", "", "first event", 25 },
		{ "data:second event\nid\n\nx", "", "second event", 22 },
		{ "data:  third event\n\n", "", " third event", 20 },
		{ "data\n\ndata\n", "", "", 6 },
		{ "data:test\n\ndata: test\n\n", "", "test", 11 },
		/* line ends of the other kind, unknown fields, only a comment
		 */
		{ "event: end\r\ndata: x\r\n\r\n", "end", "x", 23 },
		{ "retry: 2000\n\n", "", "", 13 },
		{ "datax: 1\nevents: 2\ndat: 3\n\n", "", "", 27 },
		{ ":\n\n", "", "", 3 },
		{ "\n", "", "", 1 },
		/* not whole yet */
		{ "", "", "", 0 },
		{ "data: a", "", "", 0 },
		{ "data: a\n", "", "", 0 },
		{ "data: a\n\r", "", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct bc_sse e;
		size_t used = 77;

		expect_ok(bc_sse_next(uk_view_str(rows[i].in), &e, &used));
		assert_int_equal(used, rows[i].used);
		expect_bytes(e.event, uk_view_str(rows[i].event));
		expect_bytes(e.data, uk_view_str(rows[i].data));
	}
}

/* The protocol's data are one line; what has more is not from such a bank. */
static void two_lines(void **state)
{
	struct bc_sse e;
	size_t used;

	(void)state;
	expect_code(
	    bc_sse_next(uk_view_str("data: YHOO\ndata: +2\n\n"), &e, &used),
	    UK_ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks),
		cmocka_unit_test(two_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
