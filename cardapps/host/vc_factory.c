/* Cards as a factory delivers them. */
#include "vc_factory.h"

#include "vc_apps.h"
#include "vc_say_error.h"

#include <string.h>
#include <unistd.h>

static const uint8_t may_import[] = { 0x01 };

static const struct delivery {
	const char *name, *kind;
	uk_bytes params;
} deliveries[] = {
	{ "piv", "piv", { NULL, 0 } },
	{ "piv-yubico", "piv-yubico", { NULL, 0 } },
	{ "isoapplet", "isoapplet", { NULL, 0 } },
	{ "isoapplet-import", "isoapplet", { may_import, 1 } },
	{ "isoapplet0", "isoapplet0", { NULL, 0 } },
	{ "isoapplet0-import", "isoapplet0", { may_import, 1 } },
};

static const struct delivery *find(const char *app)
{
	for (size_t i = 0; i < sizeof(deliveries) / sizeof(deliveries[0]);
	     i++) {
		if (strcmp(deliveries[i].name, app) == 0)
			return &deliveries[i];
	}
	return NULL;
}

bool vc_factory_knows(const char *app)
{
	return find(app) != NULL;
}

/* It alone: an empty U-key application would be in everybody's way. */
static uk_err fill(struct vc_card *card, const char *app)
{
	static const uint8_t ukey[] = { 0xf0, 'u', 'k', 'e', 'y', '.', '0',
		'1' };
	const struct delivery *d = find(app);

	if (d == NULL)
		return uk_fail(UK_ERR_NOT_FOUND);
	UK_TRY(vc_card_install(card, d->kind, UK_NONE, d->params));
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
