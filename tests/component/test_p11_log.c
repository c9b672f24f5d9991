/* The debug log, at its most talkative: one line per call with name, result,
 * card time and commands, and nothing of what was handed in or came out. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "hex.h"
#include "p11_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOG_MAX = 1 << 20 };

static char path[] = "/tmp/ukey-log-XXXXXX", conf[] = "/tmp/ukey-conf-XXXXXX";
static char text[LOG_MAX];

static int up(void **state)
{
	FILE *f = fdopen(mkstemp(conf), "w");

	close(mkstemp(path));
	if (f == NULL)
		return -1;
	fprintf(f, "debug = %s\ndebug_level = debug\n", path);
	fclose(f);
	setenv("UKEY_PKCS11_CONF", conf, 1);
	return p11_up(state);
}

static int down(void **state)
{
	unlink(path);
	unlink(conf);
	unsetenv("UKEY_PKCS11_CONF");
	return p11_down(state);
}

static void read_log(void)
{
	FILE *f = fopen(path, "re");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	assert_in_range(n, 100, sizeof(text) - 2);
}

/* As it is, and in hex of either case. */
static void expect_secret(uk_bytes v)
{
	char plain[64], hexed[129];
	size_t n = v.n < sizeof(plain) - 1 ? v.n : sizeof(plain) - 1;

	memset(plain, 0, sizeof(plain));
	memcpy(plain, v.p, n);
	uk_hex_str(hexed, sizeof(hexed), uk_bytes_first(v, n));
	/* random bytes may begin with a NUL, or have one soon */
	if (strlen(plain) >= 6)
		assert_null(strstr(text, plain));
	assert_null(strcasestr(text, hexed));
}

/* ... and its line ends with that many commands. */
static void expect_call(const char *name, const char *rv, const char *commands)
{
	char start[80];
	const char *line, *end;

	snprintf(start, sizeof(start), "info %s %s ", name, rv);
	line = strstr(text, start);
	if (line == NULL)
		fail_msg("no line for %s%s", name, rv);
	end = strchr(line, '\n');
	assert_non_null(end);
	assert_non_null(memmem(line, end - line, " us, card ", 10));
	assert_int_equal(
	    memcmp(end - strlen(commands), commands, strlen(commands)), 0);
}

static CK_OBJECT_HANDLE imported(CK_SESSION_HANDLE s)
{
	static struct tmpl t;
	/* long enough not to be a part of somebody's time of day */
	CK_BYTE d[32] = "thirty-one letters and no more";
	CK_OBJECT_HANDLE o = 0;

	t_ec_private(&t);
	for (CK_ULONG i = 0; i < t.n; i++) {
		if (t.list[i].type == CKA_VALUE) {
			t.list[i].pValue = d;
			t.list[i].ulValueLen = sizeof(d);
		}
	}
	expect_rv(t_create(s, &t, &o), CKR_OK);
	read_log();
	expect_secret(UK_ARRAY(d));
	return o;
}

static CK_OBJECT_HANDLE key_that_deciphers(CK_SESSION_HANDLE s)
{
	CK_MECHANISM m = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
	CK_ULONG bits = 2048;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE pub[] = { { CKA_MODULUS_BITS, &bits, sizeof(bits) } };
	CK_ATTRIBUTE key[] = { { CKA_TOKEN, &yes, 1 },
		{ CKA_DECRYPT, &yes, 1 } };
	CK_OBJECT_HANDLE p, k = 0;

	expect_rv(F->C_GenerateKeyPair(s, &m, pub, 1, key, 2, &p, &k), CKR_OK);
	return k;
}

static void nothing_is_told(void **state)
{
	CK_MECHANISM pkcs = { CKM_RSA_PKCS, NULL, 0 };
	CK_MECHANISM raw = { CKM_RSA_X_509, NULL, 0 };
	CK_BYTE message[] = "pay 1000.00 CNY to Bob", out[512];
	CK_BYTE plain[256], cipher[256];
	CK_SESSION_HANDLE s = open_rw(0);
	CK_ULONG n = sizeof(out);

	(void)state;
	expect_rv(login(s, CKU_USER, "918273"), CKR_PIN_INCORRECT);
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	expect_rv(F->C_SignInit(s, &pkcs, find(s, CKO_PRIVATE_KEY, 1)), CKR_OK);
	expect_rv(F->C_Sign(s, message, sizeof(message) - 1, out, &n), CKR_OK);
	memset(plain, 'p', sizeof(plain));
	memset(cipher, 'c', sizeof(cipher));
	memcpy(fake_cipher.output, plain, sizeof(plain));
	fake_cipher.output_len = sizeof(plain);
	expect_rv(F->C_DecryptInit(s, &raw, key_that_deciphers(s)), CKR_OK);
	n = sizeof(out);
	expect_rv(F->C_Decrypt(s, cipher, 256, out, &n), CKR_OK);
	assert_memory_equal(out, plain, 256);
	expect_rv(F->C_GenerateRandom(s, out, 32), CKR_OK);
	(void)imported(s);

	read_log();
	expect_secret(uk_view_str(FAKE_PIN));
	expect_secret(uk_view_str("918273"));
	expect_secret(uk_view(message, sizeof(message) - 1));
	expect_secret(uk_view(plain, 16));
	expect_secret(uk_view(cipher, 16));
	expect_secret(uk_view(out, 32));
	expect_call("C_Login", "CKR_PIN_INCORRECT", " commands");
	expect_call("C_Sign", "CKR_OK", ", 1 commands");
	expect_call("C_SignInit", "CKR_OK", ", 0 commands");
	expect_call("C_Decrypt", "CKR_OK", ", 1 commands");
	expect_call("C_GenerateRandom", "CKR_OK", ", 1 commands");
	assert_non_null(strstr(text, "apdu "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_told, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
