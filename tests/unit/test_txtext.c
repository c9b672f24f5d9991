/* The transaction text: one real example, everything that must be refused. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "txtext.h"

#include <stdio.h>
#include <string.h>

/* Public display-key sample (Chinese second-generation U-key), as its published
 * SM2 signature covers it, byte for byte. */
static const char SAMPLE[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?><T><D><M><k>Remitter Name:</k>"
    "<v>Alan</v></M><M><k>Remitter Account:</k><v>1234567890123456</v></M><M>"
    "<k>Amount:</k><v>123.23</v></M></D><E><M><k>Trade ID:</k><v>1234567890"
    "</v></M></E></T>";

static void expect_text(uk_bytes got, const char *want)
{
	expect_bytes(got, uk_view_str(want));
}

static void reads_the_public_sample(void **state)
{
	uk_tx tx;
	uk_bytes v;

	(void)state;
	expect_ok(uk_tx_parse(uk_view_str(SAMPLE), &tx));
	assert_int_equal(tx.shown, 3);
	assert_int_equal(tx.count, 4);
	expect_text(tx.items[0].key, "Remitter Name:");
	expect_text(tx.items[0].value, "Alan");
	expect_text(tx.items[1].key, "Remitter Account:");
	expect_text(tx.items[1].value, "1234567890123456");
	expect_text(tx.items[2].key, "Amount:");
	expect_text(tx.items[2].value, "123.23");
	expect_text(tx.items[3].key, "Trade ID:");
	expect_text(tx.items[3].value, "1234567890");
	assert_true(uk_tx_find(&tx, "Trade ID:", &v));
	expect_text(v, "1234567890");
	assert_false(uk_tx_find(&tx, "Trade ID", &v));
	assert_int_equal(v.n, 0);
}

static void writes_the_public_sample(void **state)
{
	uint8_t room[512];
	uk_buf b = UK_BUF(room);

	(void)state;
	uk_tx_begin(&b);
	uk_tx_put(&b, "Remitter Name:", uk_view_str("Alan"));
	uk_tx_put(&b, "Remitter Account:", uk_view_str("1234567890123456"));
	uk_tx_put(&b, "Amount:", uk_view_str("123.23"));
	uk_tx_extra(&b);
	uk_tx_put(&b, "Trade ID:", uk_view_str("1234567890"));
	expect_ok(uk_tx_end(&b));
	expect_text(uk_buf_view(&b), SAMPLE);
}

static void accepts_the_whole_grammar(void **state)
{
	static const struct {
		const char *text;
		size_t shown, count;
	} rows[] = {
		{ "<T><D><M><k>a</k><v>b</v></M></D></T>", 1, 1 },
		{ "<T><D><M><k>a</k><v></v></M></D></T>", 1, 1 },
		{ "<T><D><M><k>a</k><v>b</v></M></D><E></E></T>", 1, 1 },
		{ "<T><D><M><k>a</k><v>b</v></M></D>"
		  "<E><M><k>c</k><v>d</v></M></E></T>",
		    1, 2 },
		/* quotes, apostrophes and slashes are characters like others */
		{ "<T><D><M><k>\"'/=</k><v>a; b</v></M></D></T>", 1, 1 },
		/* payee: Zhang San, with a full-width colon */
		{ "<T><D><M><k>\xe6\x94\xb6\xe6\xac\xbe\xe4\xba\xba\xef\xbc\x9a"
		  "</k><v>\xe5\xbc\xa0\xe4\xb8\x89</v></M></D></T>",
		    1, 1 },
		/* e and a combining acute accent; Hebrew */
		{ "<T><D><M><k>e\xcc\x81</k><v>\xd7\xa9\xd7\x9c</v></M></D></"
		  "T>",
		    1, 1 },
	};
	uk_tx tx;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect_ok(uk_tx_parse(uk_view_str(rows[i].text), &tx));
		assert_int_equal(tx.shown, rows[i].shown);
		assert_int_equal(tx.count, rows[i].count);
	}
}

#define ITEM "<M><k>a</k><v>b</v></M>"
#define DECL "<?xml version=\"1.0\" encoding=\"utf-8\"?>"

static void refuses_any_other_structure(void **state)
{
	static const char *const rows[] = {
		"",
		"<T></T>",
		"<T><D></D></T>",
		"<T><E>" ITEM "</E></T>",
		"<T><D></D><E>" ITEM "</E></T>",         /* nothing is shown */
		"<T><E>" ITEM "</E><D>" ITEM "</D></T>", /* order */
		"<T><D>" ITEM "</D><D><M><k>c</k><v>b</v></M></D></T>",
		"<T><D>" ITEM "</D><E></E><E></E></T>",
		"<T><D>" ITEM "</D><E></E><D></D></T>",
		"<D>" ITEM "</D>",
		ITEM,
		"<T><D>" ITEM "</D></T><T><D>" ITEM "</D></T>",
		/* a byte too few or too many */
		"<T><D>" ITEM "</D></T",
		"T><D>" ITEM "</D></T>",
		"<T><D>" ITEM "</D></T>\n",
		" <T><D>" ITEM "</D></T>",
		"<T><D>" ITEM "</D></T>x",
		"\xef\xbb\xbf<T><D>" ITEM "</D></T>",
		/* blanks between and inside tags */
		"<T> <D>" ITEM "</D></T>",
		"<T><D>\n" ITEM "</D></T>",
		"<T><D>" ITEM " </D></T>",
		"<T ><D>" ITEM "</D></T>",
		"<T><D><M> <k>a</k><v>b</v></M></D></T>",
		"<T><D><M><k>a</k> <v>b</v></M></D></T>",
		"<T><D>" ITEM "</D></T >",
		"<T><D>" ITEM "</D>\t<E></E></T>",
		/* declarations but the one */
		DECL "\n<T><D>" ITEM "</D></T>",
		DECL DECL "<T><D>" ITEM "</D></T>",
		"<?xml version=\"1.0\"?><T><D>" ITEM "</D></T>",
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?><T><D>" ITEM
		"</D></T>",
		"<?xml version='1.0' encoding='utf-8'?><T><D>" ITEM "</D></T>",
		"<?xml version=\"1.0\" encoding=\"gbk\"?><T><D>" ITEM
		"</D></T>",
		"<!DOCTYPE T><T><D>" ITEM "</D></T>",
		/* what XML would allow: attributes, comments, CDATA, empty tags
		 */
		"<T a=\"1\"><D>" ITEM "</D></T>",
		"<T><D>" ITEM "<!-- x --></D></T>",
		"<T><D>" ITEM "<?pi?></D></T>",
		"<T><D><M><k>a</k><v><![CDATA[b]]></v></M></D></T>",
		"<T><D><M><k>a</k><v/></M></D></T>",
		"<T><D>" ITEM "</D><E/></T>",
		"<T/>",
		/* other elements, other case, wrong or missing ends */
		"<t><d><m><k>a</k><v>b</v></m></d></t>",
		"<T><D><M><K>a</K><V>b</V></M></D></T>",
		"<T><D><X>a</X></D></T>",
		"<T><D>text" ITEM "</D></T>",
		"<T><D><M><v>b</v><k>a</k></M></D></T>",
		"<T><D><M><k>a</k></M></D></T>",
		"<T><D><M><v>b</v></M></D></T>",
		"<T><D><M><k>a</k><v>b</v><v>c</v></M></D></T>",
		"<T><D><M><k>a</k><v>b</k></M></D></T>",
		"<T><D><M><k>a</k><v>b</v></D></T>",
		"<T><D>" ITEM "</E></T>",
		"<T><D>" ITEM "</T>",
		"<T><D>" ITEM "</D><E></T>",
		/* nesting */
		"<T><D><M><k>a</k><v>" ITEM "</v></M></D></T>",
		"<T><D><D>" ITEM "</D></D></T>",
		"<T><T><D>" ITEM "</D></T></T>",
		"<T><D><M>" ITEM "</M></D></T>",
		/* one name twice, shown or not */
		"<T><D>" ITEM ITEM "</D></T>",
		"<T><D>" ITEM "</D><E>" ITEM "</E></T>",
	};
	uk_tx tx;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (uk_is_ok(uk_tx_parse(uk_view_str(rows[i]), &tx)))
			fail_msg("accepted: %s", rows[i]);
		assert_int_equal(tx.count, 0);
	}
}

/* Strings that neither k nor v may be. */
static const struct bad_chars {
	const char *why, *hex;
} bad_chars[] = {
	{ "less than", "613C62" },
	{ "greater than", "613E62" },
	{ "ampersand", "266C743B" },
	{ "NUL", "610062" },
	{ "tab", "610962" },
	{ "line feed", "610A62" },
	{ "carriage return", "610D62" },
	{ "escape", "611B5B324A" },
	{ "delete", "617F62" },
	{ "C1 control (CSI)", "61C29B62" },
	{ "next line U+0085", "61C28562" },
	{ "soft hyphen", "61C2AD62" },
	{ "grapheme joiner", "61CD8F62" },
	{ "Arabic letter mark U+061C", "61D89C62" },
	{ "Hangul filler U+3164", "E385A4" },
	{ "Hangul filler U+FFA0", "EFBEA0" },
	{ "Braille blank", "E2A080" },
	{ "zero-width space U+200B", "61E2808B62" },
	{ "zero-width non-joiner", "61E2808C62" },
	{ "zero-width joiner", "61E2808D62" },
	{ "left-to-right mark", "61E2808E62" },
	{ "right-to-left mark", "61E2808F62" },
	{ "line separator U+2028", "61E280A862" },
	{ "paragraph separator", "61E280A962" },
	{ "LRE U+202A", "61E280AA62" },
	{ "RLE U+202B", "61E280AB62" },
	{ "PDF U+202C", "61E280AC62" },
	{ "LRO U+202D", "61E280AD62" },
	{ "RLO U+202E", "61E280AE62" },
	{ "word joiner U+2060", "61E281A062" },
	{ "LRI U+2066", "61E281A662" },
	{ "RLI U+2067", "61E281A762" },
	{ "FSI U+2068", "61E281A862" },
	{ "PDI U+2069", "61E281A962" },
	{ "private use U+E000", "61EE808062" },
	{ "non-character U+FDD0", "61EFB79062" },
	{ "variation selector U+FE0F", "61EFB88F62" },
	{ "byte order mark", "61EFBBBF62" },
	{ "interlinear annotation", "61EFBFB962" },
	{ "replacement character", "61EFBFBD62" },
	{ "non-character U+FFFF", "61EFBFBF62" },
	{ "tag U+E0041", "61F3A0818162" },
	{ "variation selector U+E0100", "61F3A0848062" },
	{ "plane 15 private use", "61F3B0808062" },
	{ "non-character U+10FFFF", "61F48FBFBF62" },
	{ "overlong slash", "61C0AF62" },
	{ "overlong less-than, 3 bytes", "61E080BC62" },
	{ "surrogate U+D800", "61EDA08062" },
	{ "surrogate pair", "EDA18CEDBEB4" },
	{ "over U+10FFFF", "61F490808062" },
	{ "cut character", "61E4B8" },
	{ "continuation alone", "618062" },
	{ "Latin-1", "4A6F73E9" },
	{ "GBK", "D5C5C8FD" },
	{ "blank in front", "2061" },
	{ "blank behind", "6120" },
	{ "only a blank", "20" },
	{ "two blanks", "61202062" },
	{ "no-break space behind", "61C2A0" },
	{ "ideographic space in front", "E3808061" },
	{ "two kinds of blank", "61C2A02062" },
	{ "combining mark in front", "CC8161" },
	{ "combining mark after a blank", "6120CC8162" },
	{ "five combining marks", "61CC81CC81CC81CC81CC81" },
};

static void refuses_bad_characters(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_chars) / sizeof(bad_chars[0]); i++) {
		const struct bad_chars *row = &bad_chars[i];
		uint8_t room[256];
		uk_buf b = UK_BUF(room);
		uk_tx tx;

		if (uk_tx_key_ok(hex(row->hex)) ||
		    uk_tx_value_ok(hex(row->hex)))
			fail_msg("accepted: %s", row->why);
		uk_put_str(&b, "<T><D><M><k>a</k><v>");
		uk_put(&b, hex(row->hex));
		uk_put_str(&b, "</v></M></D></T>");
		if (uk_is_ok(uk_tx_parse(uk_buf_view(&b), &tx)))
			fail_msg("accepted as value: %s", row->why);
		b = (uk_buf)UK_BUF(room);
		uk_put_str(&b, "<T><D><M><k>");
		uk_put(&b, hex(row->hex));
		uk_put_str(&b, "</k><v>b</v></M></D></T>");
		if (uk_is_ok(uk_tx_parse(uk_buf_view(&b), &tx)))
			fail_msg("accepted as key: %s", row->why);
	}
	assert_true(uk_tx_value_ok(hex("61CC81CC81CC81CC81")));
}

static void counts_characters_not_bytes(void **state)
{
	uint8_t text[4 * 257];
	uk_buf b = UK_BUF(text);

	(void)state;
	/* U+233B4, four bytes each */
	for (int i = 0; i < 257; i++)
		uk_put(&b, hex("F0A38EB4"));
	assert_false(uk_tx_key_ok(UK_NONE));
	assert_true(uk_tx_key_ok(uk_view(text, 4)));
	assert_true(uk_tx_key_ok(uk_view(text, 4 * 64)));
	assert_false(uk_tx_key_ok(uk_view(text, 4 * 65)));
	assert_true(uk_tx_value_ok(UK_NONE));
	assert_true(uk_tx_value_ok(uk_view(text, 4 * 256)));
	assert_false(uk_tx_value_ok(uk_view(text, 4 * 257)));
}

/* n items k00, k01, ...; the first `shown` of them in D. */
static void put_items(uk_buf *b, size_t shown, size_t n, uk_bytes value)
{
	uk_tx_begin(b);
	for (size_t i = 0; i < n; i++) {
		char key[8];

		if (i == shown)
			uk_tx_extra(b);
		snprintf(key, sizeof(key), "k%02zu", i);
		uk_tx_put(b, key, value);
	}
}

static void bounds_the_number_of_items(void **state)
{
	static uint8_t room[8192];
	uk_buf b = UK_BUF(room);

	(void)state;
	put_items(&b, 20, 32, uk_view_str("v"));
	expect_ok(uk_tx_end(&b));
	b = (uk_buf)UK_BUF(room);
	put_items(&b, 20, 33, uk_view_str("v"));
	expect_code(uk_tx_end(&b), UK_ERR_FORMAT);
	b = (uk_buf)UK_BUF(room);
	put_items(&b, 99, 33, uk_view_str("v"));
	expect_code(uk_tx_end(&b), UK_ERR_FORMAT);
}

/* 52 bytes of frame with the declaration; an item is 21 + key + value. */
static void bounds_the_number_of_bytes(void **state)
{
	static uint8_t room[8192], text[256];
	uk_buf b = UK_BUF(room);
	uk_tx tx;

	(void)state;
	memset(text, 'x', sizeof(text));
	put_items(&b, 99, 14, uk_view(text, 256));
	uk_tx_put(&b, "last", uk_view(text, 1));
	expect_ok(uk_tx_end(&b));
	b = (uk_buf)UK_BUF(room);
	put_items(&b, 99, 14, uk_view(text, 256));
	uk_tx_put(&b, "last", uk_view(text, UK_TX_MAX - 3997));
	expect_ok(uk_tx_end(&b));
	assert_int_equal(b.len, UK_TX_MAX);
	expect_ok(uk_tx_parse(uk_buf_view(&b), &tx));
	b = (uk_buf)UK_BUF(room);
	put_items(&b, 99, 14, uk_view(text, 256));
	uk_tx_put(&b, "last", uk_view(text, UK_TX_MAX - 3996));
	expect_code(uk_tx_end(&b), UK_ERR_FORMAT);
	assert_int_equal(b.len, UK_TX_MAX + 1);
}

static void writer_lets_nothing_in(void **state)
{
	uint8_t room[512];
	uk_buf b = UK_BUF(room);

	(void)state;
	/* a value that would become an item of its own */
	uk_tx_begin(&b);
	uk_tx_put(&b, "To", uk_view_str("1</v></M><M><k>Amount</k><v>2"));
	expect_code(uk_tx_end(&b), UK_ERR_FORMAT);
	b = (uk_buf)UK_BUF(room);
	uk_tx_begin(&b);
	uk_tx_put(&b, "a</k><v>b</v></M><M><k>c", uk_view_str("d"));
	expect_code(uk_tx_end(&b), UK_ERR_FORMAT);
	b = (uk_buf)UK_BUF(room);
	uk_tx_begin(&b);
	uk_tx_put(&b, "a", uk_view_str("b"));
	uk_tx_put(&b, "Memo", uk_view_str("</v></M></D><E><M><k>c</k><v>"));
	expect_code(uk_tx_end(&b), UK_ERR_FORMAT);
}

static void writer_reports_misuse(void **state)
{
	uint8_t room[512];
	uk_buf b = UK_BUF(room);

	(void)state;
	uk_tx_begin(&b);
	expect_code(uk_tx_end(&b), UK_ERR_FORMAT); /* no item */
	b = (uk_buf)UK_BUF(room);
	uk_put_str(&b, "x");
	uk_tx_begin(&b); /* not empty */
	uk_tx_put(&b, "a", uk_view_str("b"));
	expect_code(uk_tx_end(&b), UK_ERR_FORMAT);
	b = (uk_buf)UK_BUF(room);
	uk_tx_begin(&b);
	uk_tx_put(&b, "a", uk_view_str("b"));
	uk_tx_extra(&b);
	uk_tx_extra(&b); /* twice */
	expect_code(uk_tx_end(&b), UK_ERR_FORMAT);
	b = (uk_buf)UK_BUF(room);
	uk_tx_begin(&b);
	uk_tx_put(&b, "a", uk_view_str("b"));
	uk_tx_put(&b, "a", uk_view_str("c")); /* the same name */
	expect_code(uk_tx_end(&b), UK_ERR_FORMAT);
	for (size_t cap = 0; cap < 84; cap++) {
		b = uk_buf_over(room, cap);
		uk_tx_begin(&b);
		uk_tx_put(&b, "a", uk_view_str("b"));
		expect_code(uk_tx_end(&b), cap < 75 ? UK_ERR_TOO_SMALL : UK_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_public_sample),
		cmocka_unit_test(writes_the_public_sample),
		cmocka_unit_test(accepts_the_whole_grammar),
		cmocka_unit_test(refuses_any_other_structure),
		cmocka_unit_test(refuses_bad_characters),
		cmocka_unit_test(counts_characters_not_bytes),
		cmocka_unit_test(bounds_the_number_of_items),
		cmocka_unit_test(bounds_the_number_of_bytes),
		cmocka_unit_test(writer_lets_nothing_in),
		cmocka_unit_test(writer_reports_misuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
