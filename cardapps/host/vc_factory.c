/* Cards as a factory delivers them. */
#include "vc_factory.h"

#include "vc_apps.h"
#include "vc_emv_perso.h"
#include "vc_say_error.h"

#include <string.h>
#include <unistd.h>

static const uint8_t may_import[] = { 0x01 };

struct delivery {
	const char *name, *kind;
	uk_bytes params;
	/* What makes it useful; NULL: it is as INSTALL leaves it. */
	uk_err (*complete)(struct vc_card *card, const struct delivery *d);
	enum vc_emv_scheme scheme;
};

/* An account for tests, with the key that the examples of pyemv have, and both
 * directories. */
static uk_err complete_emv(struct vc_card *card, const struct delivery *d)
{
	static const uint8_t aid[] = { 0xa0, 0x00, 0x00, 0x03, 0x33, 0x01, 0x01,
		0x01 };
	static const uk_pin pin = { 4, "1234" };
	const struct vc_emv_perso perso = {
		.scheme = d->scheme,
		.pan = "6222021234567890",
		.sequence = 1,
		.effective = "240101",
		.expiry = "491231",
		.holder = "TEST/CARD",
		.issuer_key = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
		    0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10 },
		.key_index = 1,
		.priority = 1,
		.pin = &pin,
		.offline_most = 2,
		.log_entries = 10,
	};

	UK_TRY(vc_card_install(card, "pse", UK_NONE, UK_NONE));
	UK_TRY(vc_card_install(card, "ppse", UK_NONE, UK_NONE));
	return vc_emv_personalise(card, UK_ARRAY(aid), &perso);
}

static const struct delivery deliveries[] = {
	{ .name = "piv", .kind = "piv" },
	{ .name = "piv-yubico", .kind = "piv-yubico" },
	{ .name = "isoapplet", .kind = "isoapplet" },
	{ .name = "isoapplet-import",
	    .kind = "isoapplet",
	    .params = { may_import, 1 } },
	{ .name = "isoapplet0", .kind = "isoapplet0" },
	{ .name = "isoapplet0-import",
	    .kind = "isoapplet0",
	    .params = { may_import, 1 } },
	{ .name = "emv",
	    .kind = "emv",
	    .complete = complete_emv,
	    .scheme = VC_EMV_PBOC_3DES },
	{ .name = "emv-sm4",
	    .kind = "emv",
	    .complete = complete_emv,
	    .scheme = VC_EMV_PBOC_SM4 },
	{ .name = "emv-csk",
	    .kind = "emv",
	    .complete = complete_emv,
	    .scheme = VC_EMV_CSK },
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
	if (d->complete != NULL)
		UK_TRY(d->complete(card, d));
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
