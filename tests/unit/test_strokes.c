/* Handwritten signatures: the format of strokes.h, byte by byte. */
#include "strokes.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <string.h>

#define HEAD "01 0064 0032"

static void drawn(void **state)
{
	static const char want[] =
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 50\">"
	    "<path fill=\"none\" stroke=\"black\" stroke-width=\"2\" "
	    "d=\"M1 2L100 50M3 4\"/></svg>\n";
	uk_bytes image = hex(HEAD "02 0002 0001 0002 0064 0032 0001 0003 0004");
	struct uk_strokes s;
	uint8_t room[512];
	uk_buf b = UK_BUF(room);

	(void)state;
	expect_ok(uk_strokes_check(image, &s));
	assert_int_equal(s.width, 100);
	assert_int_equal(s.strokes, 2);
	assert_int_equal(s.points, 3);
	expect_ok(uk_strokes_svg(image, &b));
	expect_bytes(uk_buf_view(&b), uk_view_str(want));
}

static void refused(void **state)
{
	static const char *const bad[] = {
		"", "02 0064 0032 01 0001 0001 0001", /* another version */
		HEAD "00",                            /* nothing drawn */
		"01 0000 0032 01 0001 0000 0001",
		HEAD "41 0001 0001 0001", /* 65 strokes */
		HEAD "01 0000",           /* an empty stroke */
		HEAD "01 0001 0065 0001", /* outside */
		HEAD "01 0001 0001 0033", HEAD "01 0002 0001 0001", /* cut */
		HEAD "01 0001 0001 0001 00",                        /* more */
		HEAD "01 1001 0001 0001", /* 4097 points */
	};
	struct uk_strokes s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_code(uk_strokes_check(hex(bad[i]), &s), UK_ERR_FORMAT);
}

/* As many as there may be, in as many bytes. */
static void bounded(void **state)
{
	static uint8_t room[UK_STROKES_BYTES_MAX + 8];
	uk_buf b = UK_BUF(room);
	struct uk_strokes s;

	(void)state;
	uk_put(&b, hex(HEAD "01 0FF8"));
	uk_put_fill(&b, 0, 4088 * 4);
	expect_ok(uk_strokes_check(uk_buf_view(&b), &s));
	b.len = 6;
	uk_put_u16(&b, 4096);
	uk_put_fill(&b, 0, 4096 * 4);
	expect_code(uk_strokes_check(uk_buf_view(&b), &s), UK_ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drawn),
		cmocka_unit_test(refused),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
