/*
 * The classes of bugs that other middleware for cards has had with what stands
 * in files, certificates and the answer to reset, by the names under which they
 * became known (see test_hostile_card).
 */
#include "atr.h"
#include "certpeek.h"
#include "cmocka_all.h"
#include "fixtures.h"
#include "p15/p15_driver.h"
#include "piv/piv_driver.h"
#include "piv_script.h"
#include "tlv.h"

#include "cert_samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* --- every way to spoil something ----------------------------------------- */

/* Calls try with every beginning of the bytes, and with every byte replaced by
 * those that lengths and tags are made of; each time in a block of exactly that
 * size, so that sanitizers and valgrind see who looks behind it. */
static void spoil(const char *text, void (*try)(uk_bytes spoilt))
{
	static const uint8_t edges[] = { 0x00, 0x01, 0x30, 0x7f, 0x80, 0x81,
		0x82, 0x84, 0xff };
	uk_bytes good = hex(text);

	for (size_t n = 0; n < good.n; n++) {
		uint8_t *copy = uk_dup(uk_bytes_first(good, n));

		assert_non_null(copy);
		try(uk_view(copy, n));
		uk_free(copy);
	}
	for (size_t i = 0; i < good.n * sizeof(edges); i++) {
		uint8_t *copy = malloc(good.n);
		uk_buf b = uk_buf_over(copy, good.n);

		assert_non_null(copy);
		uk_put(&b, good);
		copy[i / sizeof(edges)] = edges[i % sizeof(edges)];
		try(uk_buf_view(&b));
		free(copy);
	}
}

static bool inside(uk_bytes part, uk_bytes whole)
{
	return part.n == 0 ||
	       (part.p >= whole.p && part.n <= whole.n &&
		   (size_t)(part.p - whole.p) <= whole.n - part.n);
}

/* --- what stands in files ------------------------------------------------- */

static void try_directory(uk_bytes file)
{
	for (int kind = UK_P15_PRKEY; kind <= UK_P15_PIN; kind++) {
		uk_reader r = uk_read(file);
		uk_p15_object o;
		size_t n = 0;

		while (uk_p15_next(&r, (enum uk_p15_kind)kind, &o)) {
			assert_true(inside(o.direct, file));
			assert_true(o.id_len <= UK_P15_ID_MAX);
			assert_true(o.path.n <= UK_P15_PATH_MAX);
			assert_true(++n <= file.n);
		}
	}
}

/* CVE-2019-6502, -15945, -15946, -19479 to -19481, CVE-2021-42779 to -42781:
 * bit strings without bits, octet strings that go on behind the file, entries
 * that are used after they failed. */
static void cve_2019_15945_directory_entries(void **state)
{
	(void)state;
	spoil("304D 3014 0C0B4365727469666963617465 030206C0 040101"
	      "     300E 040111 03020520 030203B8 020100"
	      "     A015 3013 3011310F300D06035504030C0669736F203131"
	      "     A10E 300C 300604043F005015 02020800",
	    try_directory);
	spoil("302F 3006 0C0450494E31 3003 040101"
	      "     A120 301E 0302024C 0A0101 020104 020108 020108 800181"
	      "     0401FF 30060404 3F005015",
	    try_directory);
	spoil("3026 3011 0C0B4365727469666963617465 03020640 3003 040111"
	      "     A10C 300A 300804063F0050153400",
	    try_directory);
}

static void try_info(uk_bytes file)
{
	uk_p15_odf_entry e;
	uk_reader r = uk_read(file);
	uk_p15_info info;

	if (uk_is_ok(uk_p15_info_parse(file, &info)))
		assert_true(info.serial_len <= UK_P15_ID_MAX);
	for (size_t n = 0; uk_p15_odf_next(&r, &e); n++)
		assert_true(n < file.n && e.path.n > 0);
}

/* CVE-2021-42778: a TokenInfo that is taken apart twice; and ODF, where the
 * directories are. */
static void cve_2021_42778_token_info(void **state)
{
	(void)state;
	spoil("303B 020100 04020A0B 0C07756E6B6E6F776E"
	      "8012 4A6176614361726420 69736F4170706C6574"
	      "03020410 A511180F32303236313132303232323534305A",
	    try_info);
	spoil("A80A 3008 0406 3F0050154401 A00A 3008 0406 3F0050154402",
	    try_info);
}

static void try_key(uk_bytes der)
{
	enum uk_key_type type;
	unsigned bits;
	uk_x509 x;

	if (uk_is_ok(uk_x509_parse(der, &x)) ||
	    uk_is_ok(uk_spki_parse(der, &x))) {
		assert_true(inside(x.spki, der) && inside(x.modulus, der));
		assert_true(inside(x.exponent, der) && inside(x.point, der));
	}
	UK_IGNORE(uk_certpeek(der, &type, &bits)); /* nothing to look at */
}

/* CVE-2025-66037: lengths inside of SubjectPublicKeyInfo. */
static void cve_2025_66037_public_key_info(void **state)
{
	(void)state;
	spoil(CERT_RSA, try_key);
	/* SEC 1 point on P-256: RFC 5480 */
	spoil("3059 3013 06072A8648CE3D0201 06082A8648CE3D030107 0342 00 "
	      "04" HASH32 HASH32,
	    try_key);
}

static void try_atr(uk_bytes atr)
{
	uk_atr a;

	if (uk_is_ok(uk_atr_parse(atr, &a)))
		assert_true(inside(a.historical, atr) && a.historical.n <= 15);
}

/* CVE-2025-66038: compact TLVs in the historical bytes that are longer than
 * those. */
static void cve_2025_66038_historical_bytes(void **state)
{
	(void)state;
	/* a card with capabilities; T=1 and check byte; nothing behind T0 */
	spoil("3B 88 80 01 80 31 80 65 73 C0 01 40 1F", try_atr);
	spoil("3B 85 80 01 80 73 C0 01 40 37", try_atr);
	spoil("3B 8F 80 01 80 7F 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 00",
	    try_atr);
	spoil("3B 0F 80 7F", try_atr);
}

/* --- files that lie ------------------------------------------------------- */

static struct desk open_any(const struct script_step *steps, size_t n)
{
	const struct uk_selected s = { UK_ARRAY(uk_p15_aid), UK_NONE };
	uk_link *link = script_link(steps, n);
	struct desk d = { NULL, NULL };

	script_reset();
	expect_ok(uk_channel_open(&link, &d.ch));
	expect_ok(uk_p15_ops.open(d.ch, &s, &d.card));
	return d;
}
#define ANY(steps) open_any(steps, sizeof(steps) / sizeof((steps)[0]))

#define NO_INFO                                                                \
	{ "00A40200 02 5032 00", "6A82", UK_OK },                              \
	{                                                                      \
		"00A40000 02 5032 00", "6A82", UK_OK                           \
	}

/* Directories that are the list of directories itself, the card's root, or each
 * other: they are read once, and nothing is found in them. */
static void cyclic_directories(void **state)
{
#define ODF_OF_ITSELF                                                          \
	"A006 3004 0402 5031 A406 3004 0402 5031 A106 3004 0402 5031"          \
	"A706 3004 0402 3F00 A806 3004 0402 5031 9000"
#define READ_ODF                                                               \
	{ "00A40200 02 5031 00", "9000", UK_OK },                              \
	{                                                                      \
		"00B00000 00", ODF_OF_ITSELF, UK_OK                            \
	}
	const struct script_step steps[] = { NO_INFO, READ_ODF, READ_ODF,
		READ_ODF, READ_ODF, READ_ODF,
		{ "00A40200 02 3F00 00", "9000", UK_OK },
		{ "00B00000 00", "6986", UK_OK } };
	struct desk d = ANY(steps);

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	assert_int_equal(d.card->object_count, 0);
	desk_close(&d);
}

/* CVE-2023-4535, CVE-2025-66215 and kin: a file that is said to be longer than
 * offsets can tell is read as far as they can, and no P1 says anything else
 * than an offset. */
static void file_sizes_lie(void **state)
{
	static struct script_step steps[4 + 128] = { NO_INFO,
		{ "00A40200 02 5031 00", "6F04 8002 FFFF 9000", UK_OK } };
	static char full[2 * 256 + 5], commands[128][16];
	struct desk d;
	size_t n = 3;

	(void)state;
	memset(full, '0', 512);
	memcpy(full + 512, "9000", 5);
	for (unsigned i = 0; i < 128; i++) {
		snprintf(commands[i], sizeof(commands[i]), "00B0%02X0000", i);
		steps[n++] = (struct script_step){ commands[i], full, UK_OK };
	}
	d = open_any(steps, n);
	expect_ok(uk_card_load_objects(d.card));
	assert_int_equal(d.card->object_count, 0);
	desk_close_after(&d, n);
}

/* Zeros, packed as RFC 1952 says, in the place of a certificate. */
static uk_err unpack_zeros(size_t n)
{
	static uint8_t zeros[1024], packed[PIV_OBJECT_MAX];
	z_stream z = { 0 };
	uint8_t object[PIV_OBJECT_MAX];
	uk_buf content = UK_BUF(object);
	uk_blob der = { NULL, 0 };
	uk_err err;

	assert_int_equal(
	    deflateInit2(&z, 9, Z_DEFLATED, 16 + 15, 9, Z_DEFAULT_STRATEGY),
	    Z_OK);
	z.next_out = packed;
	z.avail_out = sizeof(packed);
	for (; n > 0; n -= n < sizeof(zeros) ? n : sizeof(zeros)) {
		z.next_in = zeros;
		z.avail_in = (uInt)(n < sizeof(zeros) ? n : sizeof(zeros));
		assert_int_equal(deflate(&z, Z_NO_FLUSH), Z_OK);
	}
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	uk_put_tlv(&content, 0x70, uk_view(packed, z.total_out));
	uk_put_tlv_u8(&content, 0x71, 0x01);
	expect_ok(uk_buf_result(&content));
	err = piv_take_cert(uk_buf_view(&content), &der);
	assert_true(uk_is_ok(err) || der.n == 0);
	uk_blob_free(&der);
	return err;
}

/* A gzip bomb fits into one data object: fifteen megabytes. */
static void compressed_bombs(void **state)
{
	(void)state;
	expect_ok(unpack_zeros(PIV_CERT_MAX));
	expect_code(unpack_zeros(PIV_CERT_MAX + 1), UK_ERR_FORMAT);
	expect_code(unpack_zeros(15 << 20), UK_ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cve_2019_15945_directory_entries),
		cmocka_unit_test(cve_2021_42778_token_info),
		cmocka_unit_test(cve_2025_66037_public_key_info),
		cmocka_unit_test(cve_2025_66038_historical_bytes),
		cmocka_unit_test(cyclic_directories),
		cmocka_unit_test(file_sizes_lie),
		cmocka_unit_test(compressed_bombs),
	};

	return cmocka_run_group_tests_name("hostile_files", tests, NULL, NULL);
}
