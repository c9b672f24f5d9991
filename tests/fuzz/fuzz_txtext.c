/* The transaction text: what is accepted is made of allowed pieces only, and
 * written again from its items it reads the same. */
#include "fuzz_check.h"
#include "txtext.h"
#include "utf8.h"

#include <string.h>

static const char declaration[] = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";

static void check_piece(uk_bytes piece, uk_bytes text)
{
	uk_reader r = uk_read(piece);

	CHECK(lies_inside(piece, text));
	while (r.left > 0) {
		uint32_t c = uk_utf8_next(&r);

		CHECK(!r.bad && uk_utf8_is_shown(c));
		CHECK(c != '<' && c != '>' && c != '&');
	}
}

static void write_again(const uk_tx *tx, uk_buf *out)
{
	uk_tx_begin(out);
	for (size_t i = 0; i < tx->count; i++) {
		char key[4 * UK_TX_KEY_MAX + 1];

		if (i == tx->shown)
			uk_tx_extra(out);
		CHECK(
		    uk_is_ok(uk_copy_str(key, sizeof(key), tx->items[i].key)));
		uk_tx_put(out, key, tx->items[i].value);
	}
	if (out->len + 8 <= UK_TX_MAX) /* the declaration may be new */
		CHECK(uk_is_ok(uk_tx_end(out)));
	else
		UK_IGNORE(uk_tx_end(out)); /* may have become too long */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t room[UK_TX_MAX + 64];
	uk_bytes text = uk_view(data, size);
	uk_buf b = UK_BUF(room);
	uk_tx tx;

	if (!uk_is_ok(uk_tx_parse(text, &tx))) {
		CHECK(tx.count == 0 && tx.shown == 0);
		return 0;
	}
	CHECK(size <= UK_TX_MAX);
	CHECK(tx.shown > 0 && tx.shown <= tx.count && tx.count <= UK_TX_ITEMS);
	for (size_t i = 0; i < tx.count; i++) {
		CHECK(uk_tx_key_ok(tx.items[i].key));
		CHECK(uk_tx_value_ok(tx.items[i].value));
		check_piece(tx.items[i].key, text);
		check_piece(tx.items[i].value, text);
	}
	write_again(&tx, &b);
	/* byte for byte, unless we wrote what had been left out */
	if (size > 40 && memcmp(data, declaration, 38) == 0 &&
	    memmem(data, size, "<E></E>", 7) == NULL)
		CHECK(uk_bytes_eq(uk_buf_view(&b), text));
	return 0;
}
