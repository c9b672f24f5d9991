/* AES-GCM, HKDF and Diffie-Hellman against published vectors. */

#include "cmocka_all.h"
#include "crypto_fixture.h"
#include "fixtures.h"

#include <stdlib.h>
#include <unistd.h>

/* McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16. */
#define GCM_KEY                                                                \
	"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
#define GCM_IV  "cafebabefacedbaddecaf888"
#define GCM_AAD "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define GCM_PLAIN                                                              \
	"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"     \
	"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define GCM_SEALED                                                             \
	"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"     \
	"8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"             \
	"76fc6ece0f4e1768cddf8853bb2d551b"

static void gcm(void **state)
{
	uint8_t room[128], again[128];
	uk_buf out = UK_BUF(room), back = UK_BUF(again);

	(void)state;
	expect_ok(uk_gcm_seal(crypto, hex(GCM_KEY), hex(GCM_IV), hex(GCM_AAD),
	    hex(GCM_PLAIN), &out));
	expect_bytes(uk_buf_view(&out), hex(GCM_SEALED));
	expect_ok(uk_gcm_open(crypto, hex(GCM_KEY), hex(GCM_IV), hex(GCM_AAD),
	    uk_buf_view(&out), &back));
	expect_bytes(uk_buf_view(&back), hex(GCM_PLAIN));
}

static void gcm_refuses(void **state)
{
	uint8_t room[128];
	uk_bytes sealed = hex(GCM_SEALED);

	(void)state;
	for (size_t i = 0; i < sealed.n; i += 7) {
		uint8_t storage[128];
		uk_buf bad = UK_BUF(storage), out = UK_BUF(room);

		uk_put(&bad, sealed);
		storage[i] ^= 1;
		expect_code(uk_gcm_open(crypto, hex(GCM_KEY), hex(GCM_IV),
				hex(GCM_AAD), uk_buf_view(&bad), &out),
		    UK_ERR_SIGNATURE);
		assert_int_equal(out.len, 0);
	}
	for (int i = 0; i < 3; i++) {
		uk_buf out = UK_BUF(room);

		expect_code(uk_gcm_open(crypto, hex(GCM_KEY), hex(GCM_IV),
				i == 0 ? UK_NONE : hex(GCM_AAD),
				uk_bytes_first(sealed, i == 1   ? 15
						       : i == 2 ? 40
								: sealed.n),
				&out),
		    UK_ERR_SIGNATURE);
	}
}

/* RFC 5869, A.1 and A.3. */
static void derivation(void **state)
{
	uint8_t room[128];
	uk_buf out = UK_BUF(room);

	(void)state;
	expect_ok(
	    uk_hkdf(crypto, hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"),
		hex("000102030405060708090a0b0c"), hex("f0f1f2f3f4f5f6f7f8f9"),
		42, &out));
	expect_bytes(uk_buf_view(&out),
	    hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5"
		"bf34007208d5b887185865"));
	out.len = 0;
	expect_ok(
	    uk_hkdf(crypto, hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"),
		UK_NONE, UK_NONE, 42, &out));
	expect_bytes(uk_buf_view(&out),
	    hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d"
		"2d9d201395faa4b61a96c8"));
}

/* RFC 7518, C: Alice's ephemeral key and Bob's; NIST CAVS would do as well. */
static void agreement(void **state)
{
	static const char alice[] =
	    "-----BEGIN EC PRIVATE KEY-----\n"
	    "MHcCAQEEINPzcWkT1DEKACbedBs/GIk6/IEU8MhGgrpnfjE6E5iKoAoGCCqGSM49\n"
	    "AwEHoUQDQgAEgI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV1Itb/FJ9/O\n"
	    "U9ascRUjfQMcz/h6BXC3c1Cp5QPucwWmmw==\n"
	    "-----END EC PRIVATE KEY-----\n";
	char path[] = "/tmp/test_aead.XXXXXX";
	uint8_t point_room[65], secret_room[32], own_room[65];
	uk_buf point = UK_BUF(point_room), secret = UK_BUF(secret_room),
	       own = UK_BUF(own_room);
	uk_blob x = { NULL, 0 }, y = { NULL, 0 };
	uk_key *a = NULL, *b = NULL;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(
	    write(fd, alice, sizeof(alice) - 1), sizeof(alice) - 1);
	close(fd);
	if (!uk_is_ok(uk_key_from_pem_file(crypto, path, &a)))
		fail();
	unlink(path);
	expect_ok(uk_base64url_decode(
	    uk_view_str("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ"), &x));
	expect_ok(uk_base64url_decode(
	    uk_view_str("e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"), &y));
	uk_put_u8(&point, 4);
	uk_put(&point, uk_blob_view(&x));
	uk_put(&point, uk_blob_view(&y));
	expect_ok(uk_key_from_point(crypto, uk_buf_view(&point), &b));
	expect_ok(uk_key_point(b, &own));
	expect_bytes(uk_buf_view(&own), uk_buf_view(&point));
	expect_ok(uk_key_agree(a, b, &secret));
	expect_bytes(uk_buf_view(&secret),
	    hex("9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90"
		"c4"));
	point_room[64] ^= 1; /* not on the curve */
	uk_key_close(&b);
	expect_code(
	    uk_key_from_point(crypto, uk_buf_view(&point), &b), UK_ERR_FORMAT);
	uk_blob_free(&x);
	uk_blob_free(&y);
	uk_key_close(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gcm),
		cmocka_unit_test(gcm_refuses),
		cmocka_unit_test(derivation),
		cmocka_unit_test(agreement),
	};

	return cmocka_run_group_tests(tests, open_crypto, close_crypto);
}
