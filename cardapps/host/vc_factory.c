/* Cards as a factory delivers them. */
#include "vc_factory.h"

#include "vc_apps.h"
#include "vc_say_error.h"

#include <string.h>
#include <unistd.h>

static const char *const deliverable[] = { "piv", "piv-yubico" };

bool vc_factory_knows(const char *app)
{
	for (size_t i = 0; i < sizeof(deliverable) / sizeof(deliverable[0]);
	     i++) {
		if (strcmp(deliverable[i], app) == 0)
			return true;
	}
	return false;
}

/* It alone: an empty U-key application would be in everybody's way. */
static uk_err fill(struct vc_card *card, const char *app)
{
	static const uint8_t ukey[] = { 0xf0, 'u', 'k', 'e', 'y', '.', '0',
		'1' };

	UK_TRY(vc_card_install(card, app, UK_NONE, UK_NONE));
	return vc_card_remove(card, UK_ARRAY(ukey));
}

int vc_factory_make(const char *app, const char *path)
{
	struct vc_card *card = NULL;
	uk_err err = vc_apps_open(path, VC_STORE_CREATE, &card);

	if (uk_is_ok(err)) {
		err = fill(card, app);
		if (!uk_is_ok(err)) /* half a card is none */
			(void)unlink(path);
	}
	vc_card_close(&card);
	return vc_say_error(err, path);
}
