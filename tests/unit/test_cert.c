/* Reading one certificate. */

#include "cmocka_all.h"
#include "crypto_fixture.h"
#include "fixtures.h"
#include "pki_fixture.h"

#include <stdio.h>

static uk_bytes read_file(const char *name)
{
	static uint8_t storage[4096];
	FILE *f = fopen(pki_file(name), "rb");
	size_t n;

	assert_non_null(f);
	n = fread(storage, 1, sizeof(storage), f);
	fclose(f);
	return uk_view(storage, n);
}

static void fields(void **state)
{
	uk_cert *cert = NULL;
	uk_blob spki = { NULL, 0 };
	char name[6], small[5];

	(void)state;
	expect_ok(uk_cert_from_pem_file(crypto, pki_file("login.pem"), &cert));
	expect_ok(uk_cert_common_name(cert, name, sizeof(name)));
	assert_string_equal(name, "login");
	expect_code(
	    uk_cert_common_name(cert, small, sizeof(small)), UK_ERR_TOO_SMALL);
	assert_int_equal(uk_cert_not_after(cert), 1798761600); /* 2027-01-01 */
	assert_int_equal(uk_key_kind(uk_cert_key(cert)), UK_KEY_P256);
	expect_bytes(uk_cert_der(cert), read_file("login.der"));
	expect_bytes(uk_cert_fingerprint(cert), read_file("login.sha256"));
	expect_ok(uk_key_spki(uk_cert_key(cert), &spki));
	expect_bytes(uk_blob_view(&spki), read_file("login.spki"));
	uk_blob_free(&spki);
	uk_cert_close(&cert);
}

static void refusals(void **state)
{
	uk_bytes good = read_file("login.der");
	uint8_t longer[4096];
	uk_buf b = UK_BUF(longer);
	uk_cert *cert = NULL;

	(void)state;
	for (size_t n = 0; n < good.n; n++) {
		expect_code(
		    uk_cert_from_der(crypto, uk_bytes_first(good, n), &cert),
		    UK_ERR_FORMAT);
	}
	uk_put(&b, good);
	uk_put_u8(&b, 0);
	expect_code(
	    uk_cert_from_der(crypto, uk_buf_view(&b), &cert), UK_ERR_FORMAT);
	expect_code(uk_cert_from_pem_file(crypto, pki_file("none"), &cert),
	    UK_ERR_NOT_FOUND);
	expect_code(uk_cert_from_pem_file(crypto, pki_file("login.key"), &cert),
	    UK_ERR_FORMAT);
	assert_null(cert);
}

static uk_err load(void *arg)
{
	uk_cert *cert = NULL;
	uk_err err = uk_cert_from_der(crypto, *(uk_bytes *)arg, &cert);

	uk_cert_close(&cert);
	return err;
}

static void allocation_fails(void **state)
{
	uk_bytes der = read_file("login.der");

	(void)state;
	assert_true(fail_every_allocation(load, &der) > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(refusals),
		cmocka_unit_test(allocation_fails),
	};

	return cmocka_run_group_tests_name("cert", tests, pki_open, pki_close);
}
