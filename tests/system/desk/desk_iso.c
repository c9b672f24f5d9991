/*
 * An IsoApplet card, made by plain commands: the files are those of pkcs15-init
 * of OpenSC 0.23 (tests/component/test_p15_card.c), with one key on P-256 and
 * its certificate, which is OpenSSL's.
 */
#include "desk.h"

#include "hex.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define SELECT "00A404000CF276A288BCFBA69D34F3100100"
#define P256                                                                   \
	"8120FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF" \
	"8220FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC" \
	"83205AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B" \
	"844104"                                                               \
	"6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"     \
	"4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"     \
	"8520FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551" \
	"87020001"
#define CREATE(fid, size, acl)                                                 \
	"00E00000176F158102" size "8201018302" fid "8608FF" acl
#define TO_FOLDER    "00A40000025015"
#define TO_FILE(fid) "00A4000002" fid

/* Until there is a PIN everything may be done to files. %s: the PIN, padded; #:
 * its first digit, so that not all cards are of the same second. */
static const char *const before[] = {
	SELECT,
	"00E00000176F158102138882013883025015"
	"8608FF00000000000000",
	CREATE("5032", "001F", "00000000000000"),
	"00D600001F301D020100040109030204"
	"10A511180F323032303031303130303030303#5A",
	TO_FOLDER,
	CREATE("5031", "0100", "00000000000000"),
	"00D6000024"
	"A00A300804063F0050154402A10A300804063F0050154403"
	"A40A300804063F0050154404",
	TO_FOLDER,
	CREATE("4403", "0100", "90909090909000"),
	TO_FOLDER,
	CREATE("4402", "0100", "90909090909000"),
	"00D600002F"
	"A02D300B0C026563030206C0040101300E04012203020520030203B8020101"
	"A10E300C300604043F00501502020100",
	TO_FOLDER,
	CREATE("4404", "0040", "90909090909000"),
	"00D600001E"
	"301C30070C01630302064030030401"
	"22A10C300A300804063F0050153400",
	"002401021037333531393430323733353139343032",
	"0024010110%s",
	"0020000110%s",
	"00224100068001EC840101",
};
static const char *const afterwards[] = {
	TO_FOLDER,
	CREATE("3400", "0800", "90FFFFFFFF9000"),
};

/* --- commands ------------------------------------------------------------- */

static uk_bytes send(struct vc_card *card, const char *hex)
{
	static uint8_t bytes[1024];
	uk_buf apdu = UK_BUF(bytes);

	if (!uk_is_ok(uk_hex_decode(uk_view_str(hex), &apdu)))
		return UK_NONE;
	return vc_card_transmit(card, uk_buf_view(&apdu));
}

static bool is_good(uk_bytes answer)
{
	static const uint8_t good[] = { 0x90, 0x00 };

	return uk_bytes_eq(uk_bytes_last(answer, 2), UK_ARRAY(good));
}

static bool send_all(
    struct vc_card *card, const char *const *words, size_t n, const char *pin)
{
	char padded[33] = "", text[512];

	for (size_t i = 0; i < 16; i++)
		(void)snprintf(padded + 2 * i, 3, "%02X",
		    i < strlen(pin) ? (unsigned)pin[i] : 0);
	for (size_t i = 0; i < n; i++) {
		const char *at = strchr(words[i], '%');

		(void)snprintf(text, sizeof(text), "%.*s%s",
		    at == NULL ? (int)strlen(words[i]) : (int)(at - words[i]),
		    words[i], at == NULL ? "" : padded);
		if (strchr(text, '#') != NULL)
			*strchr(text, '#') = pin[0];
		if (!is_good(send(card, text))) {
			(void)fprintf(stderr, "desk: not 9000: %s\n", text);
			return false;
		}
	}
	return true;
}
#define SEND_ALL(card, words, pin)                                             \
	send_all(card, words, sizeof(words) / sizeof((words)[0]), pin)

static bool put_file(struct vc_card *card, const unsigned char *der, int n)
{
	char text[600];

	for (int off = 0; off < n; off += 200) {
		int len = n - off < 200 ? n - off : 200;
		int at = snprintf(text, sizeof(text), "00D6%04X%02X", off, len);

		for (int i = 0; i < len; i++)
			at += snprintf(text + at, sizeof(text) - (size_t)at,
			    "%02X", der[off + i]);
		if (!is_good(send(card, text)))
			return false;
	}
	return true;
}

/* --- the certificate ------------------------------------------------------ */

/* 7F49 { ... 86 point 87 cofactor } */
static EVP_PKEY *generate(struct vc_card *card)
{
	uk_bytes answer = send(card, "004600000000CF" P256 "0000");
	EVP_PKEY *key = EVP_EC_gen("P-256");
	uk_bytes point = uk_bytes_first(uk_bytes_last(answer, 71), 69);

	if (!is_good(answer) || EVP_PKEY_set1_encoded_public_key(key,
				    uk_bytes_first(point, 65).p, 65) != 1) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

static X509 *certify(EVP_PKEY *key, EVP_PKEY *signer, long serial)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	(void)X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_ASC, (const unsigned char *)"desk", -1, -1, 0);
	(void)X509_set_issuer_name(x, name);
	(void)X509_set_pubkey(x, key);
	(void)X509_sign(x, signer, EVP_sha256());
	return x;
}

static char *pem_of(X509 *x)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL, *copy;
	long n;

	(void)PEM_write_bio_X509(bio, x);
	n = BIO_get_mem_data(bio, &text);
	copy = OPENSSL_strndup(text, (size_t)n);
	BIO_free(bio);
	return copy;
}

static bool put_certificate(struct vc_card *card, EVP_PKEY *key, char **ca)
{
	static long serial = 1;
	EVP_PKEY *signer = EVP_EC_gen("P-256");
	X509 *root = certify(signer, signer, serial++);
	X509 *x = certify(key, signer, serial++);
	unsigned char *der = NULL;
	int n = i2d_X509(x, &der);
	bool ok = n > 0 && put_file(card, der, n);

	*ca = pem_of(root);
	OPENSSL_free(der);
	X509_free(x);
	X509_free(root);
	EVP_PKEY_free(signer);
	return ok;
}

bool desk_iso_make(struct vc_card *card, const char *pin, char **ca)
{
	EVP_PKEY *key = NULL;
	bool ok = SEND_ALL(card, before, pin) &&
		  (key = generate(card)) != NULL &&
		  SEND_ALL(card, afterwards, pin) &&
		  put_certificate(card, key, ca);

	EVP_PKEY_free(key);
	vc_card_reset(card);
	return ok;
}
