/* Headers of a front, and which part of an address counts. */
#include "front.h"

#include "cmocka_all.h"
#include "fixtures.h"

static const struct {
	const char *header, *der; /* NULL: refused */
} certificates[] = {
	{ ":AAEC:", "000102" }, /* RFC 9440, 2.1 */
	{ "-----BEGIN%20CERTIFICATE-----%0AAAEC%0A"
	  "-----END%20CERTIFICATE-----%0A",
	    "000102" },
	{ ":AAEC", NULL },
	{ "AAEC:", NULL },
	{ ":", NULL },
	{ "", NULL },
	{ ":AA%3D:", NULL },
	{ "-----BEGIN%20CERTIFICATE-----%0AAAEC%0", NULL },
	{ "-----BEGIN%20CERTIFICATE-----AAEC%zz-----END%20CERTIFICATE-----",
	    NULL },
};

static void of_certificates(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(certificates) / sizeof(certificates[0]);
	     i++) {
		uk_blob der = { NULL, 0 };
		uk_err err = bank_front_certificate(
		    uk_view_str(certificates[i].header), &der);

		assert_int_equal(uk_is_ok(err), certificates[i].der != NULL);
		if (uk_is_ok(err))
			expect_bytes(
			    uk_blob_view(&der), hex(certificates[i].der));
		uk_blob_free(&der);
	}
}

static const struct {
	const char *address, *network;
} networks[] = {
	{ "192.0.2.1", "c0000201" },
	{ "2001:db8:1:2:3:4:5:6", "20010db800010002" },
	{ "2001:db8:1:2::", "20010db800010002" },
	{ "::ffff:192.0.2.1", "c0000201" },
	{ "unix", "756e6978" },
};

static void of_networks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
		uint8_t storage[16];
		uk_buf out = UK_BUF(storage);

		bank_front_network(uk_view_str(networks[i].address), &out);
		expect_bytes(uk_buf_view(&out), hex(networks[i].network));
	}
}

/* The last one is the front's; what stands before it anybody can have sent. */
static void of_addresses(void **state)
{
	(void)state;
	expect_bytes(bank_front_address(uk_view_str("203.0.113.9, 192.0.2.1")),
	    uk_view_str("192.0.2.1"));
	expect_bytes(bank_front_address(uk_view_str("2001:db8::1")),
	    uk_view_str("2001:db8::1"));
	expect_bytes(bank_front_address(uk_view_str("192.0.2.1, x")), UK_NONE);
	expect_bytes(bank_front_address(UK_NONE), UK_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_certificates),
		cmocka_unit_test(of_networks),
		cmocka_unit_test(of_addresses),
	};

	return cmocka_run_group_tests_name("front", tests, NULL, NULL);
}
