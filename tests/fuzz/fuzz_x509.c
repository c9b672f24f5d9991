/* Certificates and public keys: every field is a view inside the input, and a
 * key written again is the same key. */
#include "fuzz_check.h"
#include "x509.h"

static uint8_t room[16384];

static void check_key(const uk_x509 *c)
{
	uk_buf b = UK_BUF(room);
	uk_x509 again;

	if (c->key_type == UK_KEY_NONE) {
		CHECK(c->modulus.n == 0 && c->point.n == 0);
		return;
	}
	CHECK(c->key_bits > 0);
	CHECK(uk_is_ok(
	    uk_put_spki(&b, c->key_type, c->modulus, c->exponent, c->point)));
	CHECK(uk_is_ok(uk_spki_parse(uk_buf_view(&b), &again)));
	CHECK(again.key_type == c->key_type && again.key_bits == c->key_bits);
	CHECK(uk_bytes_eq(again.modulus, c->modulus));
	CHECK(uk_bytes_eq(again.exponent, c->exponent));
	CHECK(uk_bytes_eq(again.point, c->point));
}

static void check_date(const char date[9])
{
	CHECK(date[8] == 0);
	for (int i = 0; i < 8; i++)
		CHECK(date[i] >= '0' && date[i] <= '9');
}

static void check_certificate(uk_bytes der)
{
	uk_x509 c;

	if (!uk_is_ok(uk_x509_parse(der, &c))) {
		CHECK(c.whole.n == 0 && c.spki.n == 0);
		return;
	}
	CHECK(c.whole.p == der.p && c.whole.n <= der.n);
	CHECK(lies_inside(c.serial, c.whole) && c.serial.n >= 2);
	CHECK(lies_inside(c.issuer, c.whole));
	CHECK(lies_inside(c.subject, c.whole));
	CHECK(lies_inside(c.spki, c.whole));
	CHECK(lies_inside(c.modulus, c.spki));
	CHECK(lies_inside(c.exponent, c.spki));
	CHECK(lies_inside(c.point, c.spki));
	check_date(c.not_before);
	check_date(c.not_after);
	check_key(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_x509 c;

	check_certificate(uk_view(data, size));
	if (uk_is_ok(uk_spki_parse(uk_view(data, size), &c))) {
		CHECK(c.spki.n == size && c.spki.p == data);
		check_key(&c);
	}
	return 0;
}
