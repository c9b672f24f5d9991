/* The chain of the journal: expected hashes are Python's hashlib over bytes put
 * together with struct.pack from the description in docs/bankd.md. */
#include "journal.h"

#include "cmocka_all.h"
#include "fixtures.h"

static const uint8_t first_hash[BANK_HASH] = { 0x51, 0xed, 0x47, 0x54, 0x64,
	0xd8, 0xaf, 0x95, 0x14, 0x39, 0xb8, 0x94, 0xbb, 0xd9, 0x5a, 0x95, 0x08,
	0x9c, 0xcd, 0xc2, 0x2b, 0x9f, 0xb8, 0x76, 0x41, 0xea, 0x80, 0xce, 0xe8,
	0x3d, 0x7f, 0x69 };
static const uint8_t second_hash[BANK_HASH] = { 0x43, 0xad, 0x72, 0x7d, 0x83,
	0xf5, 0xe1, 0x2e, 0x05, 0x6d, 0x7b, 0x83, 0x01, 0x56, 0x85, 0x2d, 0x76,
	0x25, 0x35, 0x0c, 0x05, 0x01, 0x2e, 0xf4, 0x17, 0xc4, 0x00, 0x28, 0x61,
	0xb4, 0xd0, 0x62 };
static const uint8_t order_basis[BANK_HASH] = { 0xe1, 0x99, 0x68, 0x26, 0x28,
	0xfd, 0xfd, 0x4b, 0x6f, 0xb6, 0x68, 0x1f, 0x31, 0xa6, 0x8c, 0xa7, 0xdb,
	0x6d, 0xc6, 0x60, 0x22, 0xdf, 0xe9, 0xd8, 0x8d, 0x9c, 0x1f, 0xd1, 0xda,
	0x43, 0xf6, 0x4f };

static struct bank_journal_row first_row(uint8_t basis[BANK_HASH])
{
	for (unsigned i = 0; i < BANK_HASH; i++)
		basis[i] = (uint8_t)i;
	return (struct bank_journal_row){
		.id = 1,
		.time = 1700000000,
		.kind = uk_view_str("transfer"),
		.memo = uk_view_str("Miete f\xc3\xbcr Mai"),
		.currency = uk_view_str("CNY"),
		.order = 7,
		.basis = uk_view(basis, BANK_HASH),
		.count = 2,
		.entries = { { 1, -1234, 98766 }, { 2, 1234, 1734 } },
	};
}

static void chain(void **state)
{
	uint8_t hash[BANK_HASH] = { 0 }, basis[BANK_HASH];
	struct bank_journal_row row = first_row(basis);
	const struct bank_journal_row second = {
		.id = 2,
		.time = 1700000001,
		.kind = uk_view_str("reversal"),
		.currency = uk_view_str("CNY"),
		.reverses = 1,
		.hold = 3,
		.count = 2,
		.entries = { { 2, -1234, 500 }, { 1, 1234, 100000 } },
	};

	(void)state;
	expect_ok(bank_journal_chain(&row, hash));
	assert_memory_equal(hash, first_hash, BANK_HASH);
	expect_ok(bank_journal_chain(&second, hash));
	assert_memory_equal(hash, second_hash, BANK_HASH);
}

static void rows_that_cannot_be(void **state)
{
	uint8_t hash[BANK_HASH] = { 0 }, basis[BANK_HASH], room[64];
	static const uint8_t long_memo[4096];
	struct bank_journal_row row = first_row(basis);
	uk_buf small = UK_BUF(room);

	(void)state;
	expect_code(bank_journal_put(&small, &row), UK_ERR_TOO_SMALL);
	row.basis.n = 31;
	expect_code(bank_journal_chain(&row, hash), UK_ERR_ARGUMENT);
	row = first_row(basis);
	row.count = 3;
	expect_code(bank_journal_chain(&row, hash), UK_ERR_ARGUMENT);
	row = first_row(basis);
	row.memo = UK_ARRAY(long_memo);
	expect_code(bank_journal_chain(&row, hash), UK_ERR_TOO_SMALL);
}

static void basis_of_an_order(void **state)
{
	uint8_t basis[BANK_HASH];

	(void)state;
	expect_ok(bank_journal_basis(
	    uk_view_str("text"), uk_view_str("signature"), basis));
	assert_memory_equal(basis, order_basis, BANK_HASH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chain),
		cmocka_unit_test(rows_that_cannot_be),
		cmocka_unit_test(basis_of_an_order),
	};

	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
