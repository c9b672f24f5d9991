/* Check codes: ISO/IEC 14443-3:2001, annex B, has the first two kinds with
 * these examples; T=1's was worked out with Python's binascii.crc_hqx on bytes
 * and result with their bits in reverse order. */
#include "crc16.h"

#include "cmocka_all.h"
#include "fixtures.h"

static void knows_the_examples(void **state)
{
	static const struct {
		enum uk_crc16 which;
		const char *data;
		uint16_t crc; /* on the line: low byte first */
	} rows[] = {
		{ UK_CRC_A, "0000", 0x1ea0 },
		{ UK_CRC_A, "1234", 0xcf26 },
		{ UK_CRC_B, "000000", 0xc6cc },
		{ UK_CRC_B, "0FAAFF", 0xd1fc },
		{ UK_CRC_B, "0A123456", 0xf62c },
		{ UK_CRC_PLAIN, "00C101FE", 0x544e },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    uk_crc16(rows[i].which, hex(rows[i].data)), rows[i].crc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_examples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
