/* PKCS#11 URIs: examples of RFC 7512 (section 3), and what ukey makes of them.
 */
#include "cli_uri.h"
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *text;
	enum cli_uri_fault fault;
} texts[] = {
	/* RFC 7512, 3 */
	{ "pkcs11:", CLI_URI_OK },
	{ "pkcs11:object=my-pubkey;type=public", CLI_URI_OK },
	{ "pkcs11:object=my-key;type=private?pin-source=file:/etc/token",
	    CLI_URI_HAS_PIN },
	{ "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer="
	  "Snake%20Oil,%20Inc.;model=1.0;object=my-certificate;type=cert;"
	  "id=%69%95%3E%5C%F4%BD%EC%91;serial=?pin-source=file:/etc/token_pin",
	    CLI_URI_HAS_PIN },
	{ "pkcs11:object=my-sign-key;type=private?module-name=mypkcs11",
	    CLI_URI_OK },
	{ "pkcs11:object=my-sign-key;type=private"
	  "?module-path=/mnt/libmypkcs11.so.1",
	    CLI_URI_OK },
	{ "pkcs11:token=Software%20PKCS%2311%20softtoken;manufacturer=Snake%20"
	  "Oil,%20Inc.?pin-value=the-pin",
	    CLI_URI_HAS_PIN },
	{ "pkcs11:slot-description=Sun%20Metaslot", CLI_URI_OK },
	{ "pkcs11:library-manufacturer=Snake%20Oil,%20Inc.;library-description="
	  "Soft%20Token%20Library;library-version=1.23",
	    CLI_URI_OK },
	{ "pkcs11:token=My%20token%25%20created%20by%20Joe;library-version=3;"
	  "id=%01%02%03%Ba%dd%Ca%fe%04%05%06",
	    CLI_URI_OK },
	{ "pkcs11:token=A%20name%20with%20a%20substring%20%25%3B;object=my-"
	  "certificate;type=cert",
	    CLI_URI_OK },
	/* longer than a label can be: no card has it */
	{ "pkcs11:token=Name%20with%20a%20small%20A%20with%20acute:%20%C3%A1;"
	  "object=my-certificate;type=cert",
	    CLI_URI_UNKNOWN },
	{ "pkcs11:token=my-token;object=my-certificate;type=cert;"
	  "vendor-aaa=value-a?pin-source=file:/etc/"
	  "token_pin&vendor-bbb=value-b",
	    CLI_URI_UNKNOWN },
	/* a program is named, and nobody runs it */
	{ "pkcs11:token=a?pin-source=%7Ctouch%20run", CLI_URI_HAS_PIN },
	{ "pkcs11:token=a?pin-value=", CLI_URI_HAS_PIN },
	{ "pkcs11:slot-id=5", CLI_URI_OK },
	{ "pkcs11:colour=blue", CLI_URI_UNKNOWN },
	{ "pkcs11:slot-id=five", CLI_URI_IS_NONE },
	{ "pkcs11:token=%4", CLI_URI_IS_NONE },
	{ "pkcs11:token=%GG", CLI_URI_IS_NONE },
	{ "pkcs11:token", CLI_URI_IS_NONE },
	{ "pkcs12:token=a", CLI_URI_IS_NONE },
	{ "Test card", CLI_URI_IS_NONE },
	{ "", CLI_URI_IS_NONE },
};

static void what_is_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		P11KitUri *uri = NULL;
		enum cli_uri_fault fault = cli_uri_parse(texts[i].text, &uri);

		if (fault != texts[i].fault)
			print_error("%s\n", texts[i].text);
		assert_int_equal(fault, texts[i].fault);
		assert_int_equal(uri != NULL, fault == CLI_URI_OK);
		p11_kit_uri_free(uri);
	}
}

static void bounded(void **state)
{
	static char text[5000] = "pkcs11:object=";
	P11KitUri *uri;

	(void)state;
	memset(text + 14, 'a', 4096 - 14);
	assert_int_equal(cli_uri_parse(text, &uri), CLI_URI_OK);
	p11_kit_uri_free(uri);
	text[4096] = 'a';
	assert_int_equal(cli_uri_parse(text, &uri), CLI_URI_IS_NONE);
}

static void pad(CK_UTF8CHAR *field, size_t n, const char *text)
{
	memset(field, ' ', n);
	memcpy(field, text, strlen(text));
}

static const struct {
	const char *text;
	bool fits;
} here[] = {
	{ "pkcs11:", true },
	{ "pkcs11:token=Test%20card", true },
	{ "pkcs11:token=%54est%20card;serial=0123", true },
	{ "pkcs11:token=test%20card", false },
	{ "pkcs11:token=Test", false },
	{ "pkcs11:token=Test%20card;serial=0124", false },
	{ "pkcs11:token=Test%20card;object=Login;type=private;id=%01", true },
	{ "pkcs11:slot-id=5", true },
	{ "pkcs11:slot-id=0", false },
	{ "pkcs11:slot-id=5;token=other", false },
	{ "pkcs11:slot-description=Reader%200", true },
	{ "pkcs11:slot-description=Reader%201", false },
	{ "pkcs11:library-manufacturer=ukey", true },
	{ "pkcs11:library-manufacturer=other", false },
	{ "pkcs11:token=Test%20card?module-path=/nowhere.so&x-my=1", true },
};

static void which_card(void **state)
{
	struct cli_uri_place p = { .slot_id = 5 };

	(void)state;
	pad(p.library.manufacturerID, 32, "ukey");
	pad(p.library.libraryDescription, 32, "");
	pad(p.slot.slotDescription, 64, "Reader 0");
	pad(p.slot.manufacturerID, 32, "");
	pad(p.token.label, 32, "Test card");
	pad(p.token.serialNumber, 16, "0123");
	pad(p.token.manufacturerID, 32, "");
	pad(p.token.model, 16, "");
	for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++) {
		P11KitUri *uri;

		assert_int_equal(cli_uri_parse(here[i].text, &uri), CLI_URI_OK);
		if (cli_uri_fits(uri, &p) != here[i].fits)
			print_error("%s\n", here[i].text);
		assert_int_equal(cli_uri_fits(uri, &p), here[i].fits);
		p11_kit_uri_free(uri);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_taken),
		cmocka_unit_test(bounded),
		cmocka_unit_test(which_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
