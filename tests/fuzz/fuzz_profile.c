/* Profiles: whatever the document, there is either a card that can be spoken
 * to, or a sentence that says why there is none. */
#include "fuzz_check.h"
#include "mem.h"
#include "vc_profile.h"

#include <openssl/crypto.h>
#include <string.h>

enum { TEXT_MAX = 4096, NOW = 1795176000 /* 2026-11-20 12:00 UTC */ };

/* RSA keys take seconds to make; and devices are not read. */
static bool is_too_slow(const char *text)
{
	return strstr(text, "rsa") != NULL || strstr(text, "/d") != NULL ||
	       strstr(text, "/p") != NULL;
}

static void try_profile(const char *text)
{
	static const uint8_t any[] = { 0x00, 0xa4, 0x04, 0x00 };
	struct vc_card *card = NULL;
	struct vc_doc doc;
	char *pem = NULL;
	uk_err err = vc_doc_read(text, "profile", NOW, &doc);

	if (uk_is_ok(err))
		err = vc_profile_make(&doc, NULL, &card, &pem);
	CHECK(uk_is_ok(err) == (card != NULL && pem != NULL));
	CHECK(uk_is_ok(err) != doc.bad);
	CHECK(doc.bad == (doc.why[0] != '\0'));
	CHECK(memchr(doc.why, '\0', sizeof(doc.why)) != NULL);
	if (card != NULL)
		CHECK(vc_card_transmit(card, UK_ARRAY(any)).n >= 2);
	vc_doc_close(&doc);
	OPENSSL_free(pem);
	vc_card_close(&card);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TEXT_MAX + 1];

	if (uk_is_ok(uk_copy_str(text, sizeof(text), uk_view(data, size))) &&
	    !is_too_slow(text))
		try_profile(text);
	CHECK(uk_mem_live() == 0);
	return 0;
}
