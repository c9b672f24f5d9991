/*
 * JWE: the key of RFC 7518, appendix C, and what the python package
 * `cryptography` sealed with the keys there (Alice's as the ephemeral one).
 */
#include "jwe.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLAIN "+8613800001234"

/* Bob's key of appendix C, as PKCS #8. */
static const char bob_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgVEmDZpDXXK8p8N0C\n"
    "ndsxs924q6nS1RXFASRl6BfUqdyhRANCAATB40nLYexwJIzoAQNMODThuI6+EWHL\n"
    "Ja84dB94X8/ExHvJZwjvgJUrU/jSVV/nK4Qe0EWIYosdN4pZSTlQDsnJ\n"
    "-----END PRIVATE KEY-----\n";

#define PARTIES                                                                \
	"eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6eyJrdHkiOiJF"     \
	"QyIsImNydiI6IlAtMjU2IiwieCI6ImdJMEdBSUxCZHU3VDUzYWtyRm1NeUdjc0Yz"     \
	"bjVkTzdNbXdOQkhLVzVTVjAiLCJ5IjoiU0xXX3hTZmZ6bFBXckhFVkkzMERITV80"     \
	"ZWdWd3QzTlFxZVVEN25NRnBwcyJ9LCJhcHUiOiJRV3hwWTJVIiwiYXB2IjoiUW05"     \
	"aSJ9..AAECAwQFBgcICQoL.sDPqFerGPJN4hgOaLt8.xdgDUCqhiRvCVaiQl92mF"     \
	"g"
#define PLAINEST                                                               \
	"eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6eyJrdHkiOiJF"     \
	"QyIsImNydiI6IlAtMjU2IiwieCI6ImdJMEdBSUxCZHU3VDUzYWtyRm1NeUdjc0Yz"     \
	"bjVkTzdNbXdOQkhLVzVTVjAiLCJ5IjoiU0xXX3hTZmZ6bFBXckhFVkkzMERITV80"     \
	"ZWdWd3QzTlFxZVVEN25NRnBwcyJ9fQ..AAECAwQFBgcICQoL.fXkuT_PUOG2ju3N"     \
	"LxtU.zUwfwYWwaWM1rEM8XKxrCw"
#define BAD_ZIP                                                                \
	"eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6eyJrdHkiOiJF"     \
	"QyIsImNydiI6IlAtMjU2IiwieCI6ImdJMEdBSUxCZHU3VDUzYWtyRm1NeUdjc0Yz"     \
	"bjVkTzdNbXdOQkhLVzVTVjAiLCJ5IjoiU0xXX3hTZmZ6bFBXckhFVkkzMERITV80"     \
	"ZWdWd3QzTlFxZVVEN25NRnBwcyJ9LCJ6aXAiOiJERUYifQ..AAECAwQFBgcICQoL"     \
	".fXkuT_PUOG2ju3NLxtU.AgTxKwquUiGZKuwOz_hEBg"
#define BAD_CRIT                                                               \
	"eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6eyJrdHkiOiJF"     \
	"QyIsImNydiI6IlAtMjU2IiwieCI6ImdJMEdBSUxCZHU3VDUzYWtyRm1NeUdjc0Yz"     \
	"bjVkTzdNbXdOQkhLVzVTVjAiLCJ5IjoiU0xXX3hTZmZ6bFBXckhFVkkzMERITV80"     \
	"ZWdWd3QzTlFxZVVEN25NRnBwcyJ9LCJjcml0IjpbImV4cCJdfQ..AAECAwQFBgcI"     \
	"CQoL.fXkuT_PUOG2ju3NLxtU.3aYf0re4UYGPNp35TMTHmg"
#define BAD_ALG                                                                \
	"eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwiZXBrIjp7Imt0eSI6IkVDIiwi"     \
	"Y3J2IjoiUC0yNTYiLCJ4IjoiZ0kwR0FJTEJkdTdUNTNha3JGbU15R2NzRjNuNWRP"     \
	"N01td05CSEtXNVNWMCIsInkiOiJTTFdfeFNmZnpsUFdySEVWSTMwREhNXzRlZ1Z3"     \
	"dDNOUXFlVUQ3bk1GcHBzIn19..AAECAwQFBgcICQoL.fXkuT_PUOG2ju3NLxtU.I"     \
	"9CRTaCpdm0V14ZnI5_yTg"
#define BAD_ENC                                                                \
	"eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTEyOEdDTSIsImVwayI6eyJrdHkiOiJF"     \
	"QyIsImNydiI6IlAtMjU2IiwieCI6ImdJMEdBSUxCZHU3VDUzYWtyRm1NeUdjc0Yz"     \
	"bjVkTzdNbXdOQkhLVzVTVjAiLCJ5IjoiU0xXX3hTZmZ6bFBXckhFVkkzMERITV80"     \
	"ZWdWd3QzTlFxZVVEN25NRnBwcyJ9fQ..AAECAwQFBgcICQoL.fXkuT_PUOG2ju3N"     \
	"LxtU.f0tuk6_91I8CDWG-YYa3Kw"
#define BAD_OFF                                                                \
	"eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6eyJrdHkiOiJF"     \
	"QyIsImNydiI6IlAtMjU2IiwieCI6ImdJMEdBSUxCZHU3VDUzYWtyRm1NeUdjc0Yz"     \
	"bjVkTzdNbXdOQkhLVzVTVjAiLCJ5IjoiZ0kwR0FJTEJkdTdUNTNha3JGbU15R2Nz"     \
	"RjNuNWRPN01td05CSEtXNVNWMCJ9fQ..AAECAwQFBgcICQoL.fXkuT_PUOG2ju3N"     \
	"LxtU.Je33K9ePBCxibMI2-Psvvw"
#define BAD_EPKD                                                               \
	"eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6eyJrdHkiOiJF"     \
	"QyIsImNydiI6IlAtMjU2IiwieCI6ImdJMEdBSUxCZHU3VDUzYWtyRm1NeUdjc0Yz"     \
	"bjVkTzdNbXdOQkhLVzVTVjAiLCJ5IjoiU0xXX3hTZmZ6bFBXckhFVkkzMERITV80"     \
	"ZWdWd3QzTlFxZVVEN25NRnBwcyIsImQiOiJnSTBHQUlMQmR1N1Q1M2FrckZtTXlH"     \
	"Y3NGM241ZE83TW13TkJIS1c1U1YwIn19..AAECAwQFBgcICQoL.fXkuT_PUOG2ju"     \
	"3NLxtU.iZCukwhj7IcqyCDS2vavfQ"
#define BAD_CRV                                                                \
	"eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6eyJrdHkiOiJF"     \
	"QyIsImNydiI6IlAtMzg0IiwieCI6ImdJMEdBSUxCZHU3VDUzYWtyRm1NeUdjc0Yz"     \
	"bjVkTzdNbXdOQkhLVzVTVjAiLCJ5IjoiU0xXX3hTZmZ6bFBXckhFVkkzMERITV80"     \
	"ZWdWd3QzTlFxZVVEN25NRnBwcyJ9fQ..AAECAwQFBgcICQoL.fXkuT_PUOG2ju3N"     \
	"LxtU.Fl_wClkEmpwfMAwJcLnESg"
#define BAD_NOEPK                                                              \
	"eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSJ9..AAECAwQFBgcICQoL.f"     \
	"XkuT_PUOG2ju3NLxtU.F8j--Nmd04Mc60hglED9cw"
#define BAD_LONG                                                               \
	"eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6eyJrdHkiOiJF"     \
	"QyIsImNydiI6IlAtMjU2IiwieCI6ImdJMEdBSUxCZHU3VDUzYWtyRm1NeUdjc0Yz"     \
	"bjVkTzdNbXdOQkhLVzVTVjAiLCJ5IjoiU0xXX3hTZmZ6bFBXckhFVkkzMERITV80"     \
	"ZWdWd3QzTlFxZVVEN25NRnBwcyJ9LCJhcHUiOiJBQUFBQUFBQUFBQUFBQUFBQUFB"     \
	"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQSJ9..AAECAwQFBgcICQoL.fXkuT_PUO"     \
	"G2ju3NLxtU.oiBhytrz8wuae7-3TaWu_A"

static uk_crypto *crypto;
static uk_key *bob;

static uk_bytes str(const char *s)
{
	return uk_view_str(s);
}

static int set_up(void **state)
{
	char path[] = "/tmp/test_jwe.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	expect_ok(uk_crypto_open(&crypto));
	assert_true(fd >= 0);
	assert_int_equal(
	    write(fd, bob_pem, sizeof(bob_pem) - 1), sizeof(bob_pem) - 1);
	close(fd);
	expect_ok(uk_key_from_pem_file(crypto, path, &bob));
	unlink(path);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	uk_key_close(&bob);
	uk_crypto_close(&crypto);
	return 0;
}

static uk_err open_it(uk_bytes compact)
{
	uint8_t room[BANK_JWE_PLAIN_MAX];
	uk_buf plain = UK_BUF(room);
	uk_err err = bank_jwe_open(crypto, bob, compact, &plain);

	if (uk_is_ok(err))
		expect_bytes(uk_buf_view(&plain), str(PLAIN));
	else
		assert_int_equal(plain.len, 0);
	return err;
}

/* RFC 7518, appendix C: Z, and the key "VqqN6vgjbSBcIijNcacQGg". */
static void appendix_c(void **state)
{
	uint8_t room[32];
	uk_buf key = UK_BUF(room);

	(void)state;
	expect_ok(bank_jwe_derive(crypto,
	    hex("9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90"
		"c4"),
	    "A128GCM", str("Alice"), str("Bob"), 128, &key));
	expect_bytes(
	    uk_buf_view(&key), hex("56aa8deaf8236d205c2228cd71a7101a"));
	expect_code(
	    bank_jwe_derive(crypto, str("z"), "A", UK_NONE, UK_NONE, 264, &key),
	    UK_ERR_ARGUMENT);
}

static void as_python_seals(void **state)
{
	(void)state;
	expect_ok(open_it(str(PARTIES)));
	expect_ok(open_it(str(PLAINEST)));
}

/* Each is sealed rightly, but says something that is not ours. */
static void other_headers(void **state)
{
	static const char *const bad[] = { BAD_ZIP, BAD_CRIT, BAD_ALG, BAD_ENC,
		BAD_OFF, BAD_EPKD, BAD_CRV, BAD_NOEPK, BAD_LONG };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect_code(open_it(str(bad[i])), UK_ERR_FORMAT);
}

/* One character changed is never the plain text: base64url has one spelling. */
static void altered(void **state)
{
	char text[sizeof(PLAINEST)];

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		memcpy(text, PLAINEST, sizeof(text));
		text[i] = text[i] == 'A' ? 'B' : 'A';
		assert_false(uk_is_ok(open_it(str(text))));
	}
}

static void truncated(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(PLAINEST) - 1; n++)
		assert_false(
		    uk_is_ok(open_it(uk_bytes_first(str(PLAINEST), n))));
}

static void shapes(void **state)
{
	static char large[BANK_JWE_MAX + 2];
	static const char *const bad[] = { "", ".", "....", ".....", "a....",
		"bnVsbA....", "W10....", "e30....", "e30.e30...", PLAINEST ".",
		"." PLAINEST, PLAINEST "=", PLAINEST "\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect_code(open_it(str(bad[i])), UK_ERR_FORMAT);
	memset(large, 'A', sizeof(large) - 1);
	memcpy(large, PLAINEST, sizeof(PLAINEST) - 1);
	expect_code(open_it(str(large)), UK_ERR_FORMAT);
}

static void another_key(void **state)
{
	uint8_t room[BANK_JWE_PLAIN_MAX];
	uk_buf plain = UK_BUF(room);
	uk_key *other = NULL;

	(void)state;
	expect_ok(uk_key_make_p256(crypto, &other));
	expect_code(bank_jwe_open(crypto, other, str(PLAINEST), &plain),
	    UK_ERR_SIGNATURE);
	assert_int_equal(plain.len, 0);
	uk_key_close(&other);
}

static uk_err open_again(void *arg)
{
	(void)arg;
	return open_it(str(PARTIES));
}

static void allocation_fails(void **state)
{
	(void)state;
	assert_true(fail_every_allocation(open_again, NULL) > 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appendix_c),
		cmocka_unit_test(as_python_seals),
		cmocka_unit_test(other_headers),
		cmocka_unit_test(altered),
		cmocka_unit_test(truncated),
		cmocka_unit_test(shapes),
		cmocka_unit_test(another_key),
		cmocka_unit_test(allocation_fails),
	};

	return cmocka_run_group_tests_name("jwe", tests, set_up, tear_down);
}
