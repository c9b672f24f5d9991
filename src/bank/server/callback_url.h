/*
 * Where merchants may be called: only where they are registered, and only by
 * https (for tests, and if the settings say so, by http on 127.0.0.1).
 */
#ifndef BANK_CALLBACK_URL_H
#define BANK_CALLBACK_URL_H

#include "bytes.h"

struct bank_url {
	bool secure;
	uk_bytes authority; /* host[:port], in lower case */
	uk_bytes path;      /* "/" if there is none */
	uk_bytes query;
	bool has_query;
};

/* UK_ERR_FORMAT: no https or http URL of visible ASCII; with a user name, a
 * fragment, or without a host. Views into url. */
UK_RESULT bank_url_parse(uk_bytes url, struct bank_url *out);
/* May it be registered? plain: http on 127.0.0.1 is allowed, too. */
bool bank_callback_ok(uk_bytes url, bool plain);
/* Same scheme, host and port. */
bool bank_callback_same_origin(uk_bytes url, uk_bytes registered);

#endif
