/*
 * ISO/IEC 7816-15 objects. The bytes were put together by hand from the ASN.1
 * of PKCS #15 v1.1 and 7816-15:2016, one line per element, and each was looked
 * at with `openssl asn1parse -inform DER`.
 */
#include "cmocka_all.h"
#include "fixtures.h"
#include "p15.h"

/* Key 02 of docs/card-profile.md, as elliptic-curve key. */
static const char EC_KEY[] =
    "A0 3A"
    "  30 14 0C 08 7472616E73666572 03 02 07 80" /* "transfer", private */
    "        04 01 01 02 01 01"                  /* authId 01, userConsent 1 */
    "  30 12 04 04 A1A2A3A4"
    "        03 03 06 00 40" /* nonRepudiation = bit 9 */
    "        03 02 03 B8"    /* sensitive, always, never extractable, local */
    "        02 01 02"
    "  A1 0E 30 0C 30 06 04 04 3F004402 02 02 01 00";

static void reads_ec_private_key(void **state)
{
	uk_reader r = uk_read(hex(EC_KEY));
	uk_p15_object o;

	(void)state;
	assert_true(uk_p15_next(&r, UK_P15_PRKEY, &o));
	assert_string_equal(o.label, "transfer");
	assert_int_equal(o.flags, UK_P15_PRIVATE);
	expect_bytes(uk_view(o.auth_id, o.auth_id_len), hex("01"));
	assert_int_equal(o.user_consent, 1);
	expect_bytes(uk_view(o.id, o.id_len), hex("A1A2A3A4"));
	assert_int_equal(o.usage, 1u << 9);
	assert_int_equal(o.access, UK_P15_SENSITIVE | UK_P15_ALWAYS_SENSITIVE |
				       UK_P15_NEVER_EXTRACTABLE | UK_P15_LOCAL);
	assert_int_equal(o.key_ref, 2);
	assert_true(o.native);
	assert_int_equal(o.key_type, UK_KEY_P256);
	assert_int_equal(o.bits, 256);
	expect_bytes(uk_view(o.path.p, o.path.n), hex("3F004402"));
	assert_false(o.path.has_range);
	assert_false(uk_p15_next(&r, UK_P15_PRKEY, &o));
	expect_ok(uk_read_ok(&r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_ec_private_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
