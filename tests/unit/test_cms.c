/*
 * Signed data. What is read was made by others (tests/fuzz/corpus/fuzz_cms):
 * `openssl cms -sign -binary -noattr -nodetach -md sha256 -in text` with RSA,
 * RSA-PSS (-keyopt rsa_pss_saltlen:32), P-256 and P-384; "detached" without
 * -nodetach and with -nocerts; "attributes" without -noattr; "two" with two
 * signers; "revocation" is "p256" with a CRL and an OCSP answer put in, which
 * `openssl cms -verify -crl_check` takes; "sm2" by tests/system/gm_cms.py.
 */
#include "cms.h"

#include "cmocka_all.h"
#include "der.h"
#include "fixtures.h"
#include "x509.h"

#include <stdio.h>

enum { FILE_MAX = 8192 };

static uk_bytes load(const char *name)
{
	static uint8_t room[FILE_MAX];
	char path[512];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", CORPUS, name);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(room, 1, sizeof(room), f);
	fclose(f);
	assert_true(n > 0 && n < sizeof(room));
	return uk_view(room, n);
}

static const char text[] = "From: A-1, To: B-1, Amount: 12.34 CNY";

static const struct sample {
	const char *name;
	struct uk_cms_alg alg;
	bool attached;
	size_t certificates, crls, ocsp;
} samples[] = {
	{ "rsa", { UK_SIG_PKCS1, UK_HASH_SHA256, 0 }, true, 2, 0, 0 },
	{ "pss", { UK_SIG_PSS, UK_HASH_SHA256, 32 }, true, 2, 0, 0 },
	{ "p256", { UK_SIG_ECDSA, UK_HASH_SHA256, 0 }, true, 2, 0, 0 },
	{ "p384", { UK_SIG_ECDSA, UK_HASH_SHA384, 0 }, true, 2, 0, 0 },
	{ "detached", { UK_SIG_ECDSA, UK_HASH_SHA256, 0 }, false, 0, 0, 0 },
	{ "revocation", { UK_SIG_ECDSA, UK_HASH_SHA256, 0 }, true, 2, 1, 1 },
	{ "sm2", { UK_SIG_SM2, UK_HASH_SM3, 0 }, true, 2, 0, 0 },
};

static void reads_what_others_write(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		const struct sample *s = &samples[i];
		uk_bytes der = load(s->name), own;
		uk_cms c;

		expect_ok(uk_cms_parse(der, &c));
		assert_int_equal(c.alg.scheme, s->alg.scheme);
		assert_int_equal(c.alg.hash, s->alg.hash);
		assert_int_equal(c.alg.salt, s->alg.salt);
		assert_int_equal(c.attached, s->attached);
		assert_int_equal(c.certificates.count, s->certificates);
		assert_int_equal(c.crls.count, s->crls);
		assert_int_equal(c.ocsp.count, s->ocsp);
		if (s->attached)
			expect_bytes(c.content, uk_view_str(text));
		if (s->certificates == 0)
			expect_code(uk_cms_signer(&c, &own), UK_ERR_NOT_FOUND);
		else
			expect_ok(uk_cms_signer(&c, &own));
	}
}

/* The same fields, their items in another order: the others' bytes. */
static void writes_what_others_write(void **state)
{
	static uint8_t room[FILE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		uk_bytes der = load(samples[i].name), first;
		uk_buf out = UK_BUF(room);
		uk_cms c;

		expect_ok(uk_cms_parse(der, &c));
		if (c.certificates.count == 2) {
			first = c.certificates.item[0];
			c.certificates.item[0] = c.certificates.item[1];
			c.certificates.item[1] = first;
			c.certificates.item[c.certificates.count++] = first;
		}
		expect_ok(uk_put_cms(&out, &c));
		expect_bytes(uk_buf_view(&out), der);
	}
}

static void what_is_not_for_us(void **state)
{
	uk_cms c;

	(void)state;
	expect_code(uk_cms_parse(load("attributes"), &c), UK_ERR_UNSUPPORTED);
	expect_code(uk_cms_parse(load("two"), &c), UK_ERR_UNSUPPORTED);
	expect_code(uk_cms_parse(UK_NONE, &c), UK_ERR_FORMAT);
}

/* Whatever byte is cut off or put behind. */
static void nothing_less_and_nothing_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		static uint8_t longer[FILE_MAX];
		uk_bytes der = load(samples[i].name);
		uk_buf b = UK_BUF(longer);
		uk_cms c;

		for (size_t n = 0; n < der.n; n++)
			expect_code(uk_cms_parse(uk_bytes_first(der, n), &c),
			    UK_ERR_FORMAT);
		uk_put(&b, der);
		uk_put_u8(&b, 0);
		expect_code(uk_cms_parse(uk_buf_view(&b), &c), UK_ERR_FORMAT);
	}
}

static void what_cannot_be_written(void **state)
{
	static uint8_t room[FILE_MAX];
	static const struct uk_cms_alg bad[] = {
		{ UK_SIG_PKCS1, UK_HASH_SHA1, 0 },
		{ UK_SIG_PKCS1, UK_HASH_SM3, 0 },
		{ UK_SIG_SM2, UK_HASH_SHA256, 0 },
		{ UK_SIG_RSA_RAW, UK_HASH_SHA256, 0 },
		{ UK_SIG_PSS, UK_HASH_SHA256, 100000 },
	};
	uk_buf out = UK_BUF(room), small = UK_BUF(room);
	uk_cms good, c;

	(void)state;
	expect_ok(uk_cms_parse(load("p256"), &good));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		c = good;
		c.alg = bad[i];
		expect_code(uk_put_cms(&out, &c), UK_ERR_ARGUMENT);
	}
	c = good;
	c.crls.count = UK_CMS_ITEMS_MAX + 1;
	expect_code(uk_put_cms(&out, &c), UK_ERR_ARGUMENT);
	small.cap = 100;
	expect_code(uk_put_cms(&small, &good), UK_ERR_TOO_SMALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_others_write),
		cmocka_unit_test(writes_what_others_write),
		cmocka_unit_test(what_is_not_for_us),
		cmocka_unit_test(nothing_less_and_nothing_more),
		cmocka_unit_test(what_cannot_be_written),
	};

	return cmocka_run_group_tests_name("cms", tests, NULL, NULL);
}
