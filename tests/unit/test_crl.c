/* Revocation lists; the samples were made with Python's cryptography 38 (issuer
 * CN=x, serial 5 revoked), times checked with `date -u -d @...`. */
#include "crl.h"

#include "cmocka_all.h"
#include "der.h"
#include "fixtures.h"

#define FRONT(n)                                                               \
	"3081" n "020101300a06082a8648ce3d040302300c310a300806035504030c0178"  \
	"170d3236303130313030303030305a180f32303531303130313030303030305a"
#define ENTRY "30143012020105170d3236303130313030303030305a"
#define TAIL                                                                   \
	"300a06082a8648ce3d0403020349003046022100dbbd8669c9d4ca0d4cad6679fe4c" \
	"838e99f83efaec30286ea17cfeb42ed93293022100b52a89675506fd5722f20539b8" \
	"936f194613668a0da6823a010637042d66f75d"

static const char plain[] = FRONT("ac3053") ENTRY TAIL;

static void fields(void **state)
{
	uk_bytes der = hex(plain), serial;
	uk_reader r;
	uk_crl c;

	(void)state;
	expect_ok(uk_crl_parse(der, &c));
	assert_int_equal(c.this_update, 1767225600); /* 2026-01-01 */
	assert_int_equal(c.next_update, 2556144000); /* 2051-01-01 */
	assert_int_equal(c.count, 1);
	expect_bytes(c.issuer, hex("300c310a300806035504030c0178"));
	assert_int_equal(c.tbs.n, 0x53 + 2);
	r = uk_read(c.entries);
	assert_true(uk_crl_next(&r, &serial));
	expect_bytes(serial, hex("05"));
	assert_false(uk_crl_next(&r, &serial));
}

/* Every beginning of it, something behind it, and every length byte changed is
 * no list; no bit makes it read outside (sanitizers watch). */
static void cut_and_changed(void **state)
{
	uint8_t copy[256];
	uk_bytes der = hex(plain);
	uk_crl c;

	(void)state;
	for (size_t n = 0; n < der.n; n++)
		expect_code(
		    uk_crl_parse(uk_bytes_first(der, n), &c), UK_ERR_FORMAT);
	expect_ok(uk_copy_exact(copy, der.n, der));
	copy[der.n] = 0;
	expect_code(uk_crl_parse(uk_view(copy, der.n + 1), &c), UK_ERR_FORMAT);
	for (size_t i = 0; i < der.n * 8; i++) {
		copy[i / 8] ^= (uint8_t)(1U << i % 8);
		UK_IGNORE(uk_crl_parse(uk_view(copy, der.n), &c));
		copy[i / 8] ^= (uint8_t)(1U << i % 8);
	}
}

/* The same front with extensions; the signature may stay: nobody looks. */
static const struct {
	const char *list;
	enum uk_code code;
} extended[] = {
	/* CRL number, not critical */
	{ FRONT("bc3063") ENTRY "a00e300c300a0603551d140403020107" TAIL,
	    UK_OK },
	/* critical: delta, distribution point */
	{ FRONT("bf3066") ENTRY "a011300f300d0603551d1b0101ff0403020101" TAIL,
	    UK_ERR_UNSUPPORTED },
	{ FRONT("cc3073") ENTRY "a01e301c301a0603551d1c0101ff0410300ea00ca00a"
				"8608687474703a2f2f78" TAIL,
	    UK_ERR_UNSUPPORTED },
	/* an entry of another issuer, critical */
	{ FRONT("cc3073") "30343032020105170d3236303130313030303030305a301e"
			  "301c0603551d1d0101ff04123010a40e300c310a3008060355"
			  "04030c0178" TAIL,
	    UK_ERR_UNSUPPORTED },
	/* another algorithm outside than inside (ES384) */
	{ FRONT("ac3053") ENTRY "300a06082a8648ce3d0403030349003046022100dbbd"
				"8669c9d4ca0d4cad6679fe4c838e99f83efaec30286e"
				"a17cfeb42ed93293022100b52a89675506fd5722f205"
				"39b8936f194613668a0da6823a010637042d66f75d",
	    UK_ERR_FORMAT },
};

static void extensions(void **state)
{
	uk_crl c;

	(void)state;
	for (size_t i = 0; i < sizeof(extended) / sizeof(extended[0]); i++)
		expect_code(
		    uk_crl_parse(hex(extended[i].list), &c), extended[i].code);
}

static const struct {
	const char *der;
	int64_t seconds; /* -1: refused */
} times[] = {
	{ "170d3439313233313233353935395a", 2524607999 }, /* 2049 */
	{ "170d3530303130313030303030305a", -631152000 }, /* 1950 */
	{ "180f32303530303130313030303030305a", 2524608000 },
	{ "170d3236303130313030303030302b", -1 }, /* no Z */
	{ "170c32363031303130303030305a", -1 },   /* no seconds */
	{ "170d3236313330313030303030305a", -1 }, /* month 13 */
	{ "170d3236303130303030303030305a", -1 }, /* day 0 */
	{ "170d3236303130313234303030305a", -1 }, /* hour 24 */
	{ "180f32303236303130313030303030 2e", -1 },
	{ "0c0d3236303130313030303030305a", -1 }, /* no time at all */
};

static void points_in_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		uk_reader r = uk_read(hex(times[i].der));
		int64_t t = uk_der_get_time(&r);

		assert_int_equal(r.bad, times[i].seconds == -1);
		if (!r.bad)
			assert_true(t == times[i].seconds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(cut_and_changed),
		cmocka_unit_test(extensions),
		cmocka_unit_test(points_in_time),
	};

	return cmocka_run_group_tests_name("crl", tests, NULL, NULL);
}
