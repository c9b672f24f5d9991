/*
 * Certificate requests. Made by OpenSSL 3.0 for two keys of its own:
 *     openssl req -new -utf8 -subj "/CN=Dora Weiß" -outform DER
 * The RSA key has 512 bits, to be short.
 */
#include "cmocka_all.h"
#include "csr.h"
#include "fixtures.h"

#include <string.h>

static const char name[] = "Dora Wei\xc3\x9f";

#define EC_SPKI                                                                \
	"3059301306072a8648ce3d020106082a8648ce3d0301070342000465670a6acb"     \
	"3e9ed87b13322b746188d83459708878e79744144b5df2fd0e6c369ea7dee6c3"     \
	"ee6e6d80f3bd48f2201bbdd203a3da1107e0dbb31cef58f2e458c6"
#define RSA_SPKI                                                               \
	"305c300d06092a864886f70d0101010500034b003048024100bdaba64dcc21e4"     \
	"0ac3d2e5ce5a2a1d92b6d2cb1a3f9cc98e28ee4dacb69c7444d2ae86dc724116"     \
	"fd2641e42203f4e7ba6a2ccbc12c76039f5b67f5432c190c150203010001"

static const struct row {
	enum uk_sig_scheme scheme;
	enum uk_hash hash;
	const char *spki, *signature, *request;
	size_t header; /* bytes before the info in the request */
	size_t info;
} rows[] = {
	{ UK_SIG_ECDSA, UK_HASH_SHA256, EC_SPKI,
	    "c5edf21db19312b8e020adc844a7cd51cbf3c3922b46fabd71a633b69b7fae0c"
	    "56764309bcfe705644694e40f7fd2c9e9fe8722ca9030be99f539cccd1845e5b",
	    "3081cf307702010030153113301106035504030c0a446f726120576569c39f30"
	    "59301306072a8648ce3d020106082a8648ce3d0301070342000465670a6acb3e"
	    "9ed87b13322b746188d83459708878e79744144b5df2fd0e6c369ea7dee6c3ee"
	    "6e6d80f3bd48f2201bbdd203a3da1107e0dbb31cef58f2e458c6a000300a0608"
	    "2a8648ce3d0403020348003045022100c5edf21db19312b8e020adc844a7cd51"
	    "cbf3c3922b46fabd71a633b69b7fae0c022056764309bcfe705644694e40f7fd"
	    "2c9e9fe8722ca9030be99f539cccd1845e5b",
	    3, 121 },
	{ UK_SIG_PKCS1, UK_HASH_SHA256, RSA_SPKI,
	    "971d9c7f6daddd12c3991aaf57508858cfe5fc9f760399db416850883880ad9f"
	    "e0ec1de57915d8d71c14c971bbb712b222750500d77c7e332b17fa9ec857f9d7",
	    "3081ce307a02010030153113301106035504030c0a446f726120576569c39f30"
	    "5c300d06092a864886f70d0101010500034b003048024100bdaba64dcc21e40a"
	    "c3d2e5ce5a2a1d92b6d2cb1a3f9cc98e28ee4dacb69c7444d2ae86dc724116fd"
	    "2641e42203f4e7ba6a2ccbc12c76039f5b67f5432c190c150203010001a00030"
	    "0d06092a864886f70d01010b0500034100971d9c7f6daddd12c3991aaf575088"
	    "58cfe5fc9f760399db416850883880ad9fe0ec1de57915d8d71c14c971bbb712"
	    "b222750500d77c7e332b17fa9ec857f9d7",
	    3, 124 },
};

static void as_openssl_writes_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *r = &rows[i];
		uint8_t one[512], two[512];
		uk_buf info = UK_BUF(one), all = UK_BUF(two);

		expect_ok(
		    uk_put_csr_info(&info, uk_view_str(name), hex(r->spki)));
		expect_bytes(uk_buf_view(&info),
		    uk_bytes_first(
			uk_bytes_from(hex(r->request), r->header), r->info));
		expect_ok(uk_put_csr(&all, uk_buf_view(&info), r->scheme,
		    r->hash, hex(r->signature)));
		expect_bytes(uk_buf_view(&all), hex(r->request));
	}
}

static void refuses(void **state)
{
	static const char long_name[UK_CSR_NAME + 1] = "";
	uint8_t room[512];
	uk_buf b = UK_BUF(room);
	uk_bytes spki = hex(EC_SPKI);

	(void)state;
	expect_code(uk_put_csr_info(&b, UK_NONE, spki), UK_ERR_ARGUMENT);
	expect_code(
	    uk_put_csr_info(&b, uk_view(long_name, sizeof(long_name)), spki),
	    UK_ERR_ARGUMENT);
	expect_code(uk_put_csr(&b, spki, UK_SIG_PKCS1, UK_HASH_SHA1, UK_NONE),
	    UK_ERR_ARGUMENT);
	expect_code(uk_put_csr(&b, spki, UK_SIG_ECDSA, UK_HASH_SM3, UK_NONE),
	    UK_ERR_ARGUMENT);
}

static void never_writes_beyond_its_room(void **state)
{
	uint8_t info_room[512], room[512];
	uk_buf info = UK_BUF(info_room);
	const struct row *r = &rows[0];
	size_t whole = hex(r->request).n;

	(void)state;
	expect_ok(uk_put_csr_info(&info, uk_view_str(name), hex(r->spki)));
	for (size_t n = 0; n < whole; n++) {
		uk_buf b = uk_buf_over(room, n);

		expect_code(uk_put_csr(&b, uk_buf_view(&info), r->scheme,
				r->hash, hex(r->signature)),
		    UK_ERR_TOO_SMALL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_openssl_writes_them),
		cmocka_unit_test(refuses),
		cmocka_unit_test(never_writes_beyond_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
