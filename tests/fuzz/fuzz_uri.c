/*
 * PKCS#11 URIs. One that is taken has no PIN in it, and means the same when
 * p11-kit has written it anew.
 */
#include "cli_uri.h"
#include "fuzz_check.h"

#include <string.h>

enum { TEXT_MAX = 8192 };

static void check_again(P11KitUri *uri, const struct cli_uri_place *place)
{
	P11KitUri *again = NULL;
	char *text = NULL;

	if (p11_kit_uri_format(uri,
		P11_KIT_URI_FOR_TOKEN | P11_KIT_URI_FOR_SLOT |
		    P11_KIT_URI_FOR_MODULE_WITH_VERSION,
		&text) != P11_KIT_URI_OK)
		return;
	if (cli_uri_parse(text, &again) == CLI_URI_OK) {
		CHECK(cli_uri_fits(again, place) == cli_uri_fits(uri, place));
		p11_kit_uri_free(again);
	}
	free(text); /* p11-kit's own */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cli_uri_place place = { .slot_id = 1 };
	char text[TEXT_MAX];
	P11KitUri *uri = NULL;
	enum cli_uri_fault fault;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	memset(place.token.label, ' ', sizeof(place.token.label));
	place.token.label[0] = 'a';
	fault = cli_uri_parse(text, &uri);
	CHECK((fault == CLI_URI_OK) == (uri != NULL));
	if (uri == NULL)
		return 0;
	CHECK(p11_kit_uri_get_pin_value(uri) == NULL);
	CHECK(p11_kit_uri_get_pin_source(uri) == NULL);
	check_again(uri, &place);
	p11_kit_uri_free(uri);
	return 0;
}
