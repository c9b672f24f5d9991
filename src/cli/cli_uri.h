/*
 * PKCS#11 URIs (RFC 7512) where `ukey` takes one: --token and `token` in the
 * configuration. They say which card is meant, by what they say of the library,
 * the reader (slot) and the token. What they say of objects and modules is
 * allowed and not looked at: the bank's keys are told apart by their use, and
 * which module is loaded is not for a URI to say. p11-kit reads them.
 *
 * A URI that hands over a PIN is refused, whichever way: a PIN on the command
 * line is seen by everybody, and no program or file named there is ever run or
 * read.
 */
#ifndef CLI_URI_H
#define CLI_URI_H

#include "p11client.h"

#include <p11-kit/uri.h>
#include <stdbool.h>

enum cli_uri_fault {
	CLI_URI_OK,
	CLI_URI_MEMORY,
	CLI_URI_IS_NONE,
	CLI_URI_UNKNOWN, /* an attribute that we do not know: it fits nothing */
	CLI_URI_HAS_PIN,
};

/* CLI_URI_OK: *out is to be freed with p11_kit_uri_free; else it is NULL. */
enum cli_uri_fault cli_uri_parse(const char *text, P11KitUri **out);

/* What URIs are compared with. */
struct cli_uri_place {
	CK_INFO library;
	CK_SLOT_ID slot_id;
	CK_SLOT_INFO slot;
	CK_TOKEN_INFO token;
};

bool cli_uri_fits(P11KitUri *uri, const struct cli_uri_place *place);

#endif
