/* Answers of OCSP responders: whatever comes, none that the CA did not sign is
 * believed. The CA's key is nowhere, so only the corpus has good ones. */
#include "fuzz_check.h"
#include "ocsp.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* openssl's making: a CA, and a certificate that it issued. */
static const char ca_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBbjCCAROgAwIBAgIUbeTdAQXiev2sNX6nUMziSuuN5b4wCgYIKoZIzj0EAwIw\n"
    "DDEKMAgGA1UEAwwBQzAeFw0yNjExMjEwNDQ1MjBaFw0zNjExMTgwNDQ1MjBaMAwx\n"
    "CjAIBgNVBAMMAUMwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASHxY4ZLolvYtt6\n"
    "NzJpGRkD4sfiepkXrcpguFjn9jT2xzu5GQY9EWW8/dCPR2o3gW9a/stwfQcS3htq\n"
    "G9C7I+uwo1MwUTAdBgNVHQ4EFgQUkvKmAamI3t3mfJnoT1/8wQkvN9AwHwYDVR0j\n"
    "BBgwFoAUkvKmAamI3t3mfJnoT1/8wQkvN9AwDwYDVR0TAQH/BAUwAwEB/zAKBggq\n"
    "hkjOPQQDAgNJADBGAiEA5R+r8JDx6gBfojMVbRY2jO8T1biUgb5cJVQ49vk6eOoC\n"
    "IQDj7+ucSsUw0v+dOcrZXFyhpQ94MI/mexMgEZp74Q8i6g==\n"
    "-----END CERTIFICATE-----\n";
static const char cert_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIH/MIGmAgEFMAoGCCqGSM49BAMCMAwxCjAIBgNVBAMMAUMwHhcNMjYxMTIxMDQ0\n"
    "NTIwWhcNMzYxMTE4MDQ0NTIwWjAMMQowCAYDVQQDDAF4MFkwEwYHKoZIzj0CAQYI\n"
    "KoZIzj0DAQcDQgAE5wVl4sDVRxg/iHRXSyj5UROgzSlowhvxI3tz/W7GRzBmYLvB\n"
    "f9i/YJFLLxDP6PncBS8h570EyIl+5NdVv5QGxjAKBggqhkjOPQQDAgNIADBFAiEA\n"
    "ilkG8VjbKijgagnVik9G/N0YW2Xm1CgRw1PcC8D/XbECICQJBT/vKQhysMqpH2hl\n"
    "mtBd/6Vnu6eYVeYtsSW6qHVD\n"
    "-----END CERTIFICATE-----\n";

static uk_crypto *crypto;
static uk_trust *trust;
static uk_cert *cert;
static uk_ocsp *question;

/* Both are read from files. */
static void write_file(char *path, const char *text, size_t n)
{
	int fd = mkstemp(path);

	CHECK(fd >= 0 && write(fd, text, n) == (ssize_t)n);
	close(fd);
}

static void set_up(void)
{
	char ca_path[] = "/tmp/ukey-fuzz-XXXXXX";
	char cert_path[] = "/tmp/ukey-fuzz-XXXXXX";

	write_file(ca_path, ca_pem, sizeof(ca_pem) - 1);
	write_file(cert_path, cert_pem, sizeof(cert_pem) - 1);
	CHECK(uk_is_ok(uk_crypto_open(&crypto)));
	CHECK(uk_is_ok(uk_trust_open(crypto, &trust)));
	CHECK(uk_is_ok(uk_trust_add_ca_file(trust, ca_path)));
	CHECK(uk_is_ok(uk_cert_from_pem_file(crypto, cert_path, &cert)));
	CHECK(uk_is_ok(uk_ocsp_open(trust, cert, NULL, 0, &question)));
	unlink(ca_path);
	unlink(cert_path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct uk_ocsp_rules rules = { .now = 1800000000,
		.skew = 60,
		.max_age = 3650LL * 86400,
		.kept = size > 0 && (data[size - 1] & 1) != 0 };
	struct uk_ocsp_answer a;

	if (question == NULL)
		set_up();
	if (uk_is_ok(uk_ocsp_check(
		question, trust, uk_view(data, size), &rules, &a)))
		CHECK(a.until > rules.now && a.status == UK_OCSP_GOOD);
	else
		CHECK(a.status == UK_OCSP_UNKNOWN || a.until <= rules.now);
	return 0;
}
