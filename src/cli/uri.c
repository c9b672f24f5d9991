/* Which card does a PKCS#11 URI mean? */
#include "cli_uri.h"

#include <stddef.h>
#include <string.h>

enum { URI_MAX = 4096 };

static enum cli_uri_fault check(P11KitUri *uri)
{
	if (p11_kit_uri_any_unrecognized(uri) != 0)
		return CLI_URI_UNKNOWN;
	if (p11_kit_uri_get_pin_value(uri) != NULL ||
	    p11_kit_uri_get_pin_source(uri) != NULL)
		return CLI_URI_HAS_PIN;
	return CLI_URI_OK;
}

enum cli_uri_fault cli_uri_parse(const char *text, P11KitUri **out)
{
	P11KitUri *uri;
	enum cli_uri_fault fault;

	*out = NULL;
	if (strnlen(text, URI_MAX + 1) > URI_MAX)
		return CLI_URI_IS_NONE;
	if ((uri = p11_kit_uri_new()) == NULL)
		return CLI_URI_MEMORY;
	switch (p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri)) {
	case P11_KIT_URI_OK:
		fault = check(uri);
		break;
	case P11_KIT_URI_NO_MEMORY:
		fault = CLI_URI_MEMORY;
		break;
	default:
		fault = CLI_URI_IS_NONE;
		break;
	}
	if (fault == CLI_URI_OK)
		*out = uri;
	else
		p11_kit_uri_free(uri);
	return fault;
}

bool cli_uri_fits(P11KitUri *uri, const struct cli_uri_place *place)
{
	CK_SLOT_ID id = p11_kit_uri_get_slot_id(uri);

	return (id == (CK_SLOT_ID)-1 || id == place->slot_id) &&
	       p11_kit_uri_match_module_info(uri, &place->library) != 0 &&
	       p11_kit_uri_match_slot_info(uri, &place->slot) != 0 &&
	       p11_kit_uri_match_token_info(uri, &place->token) != 0;
}
