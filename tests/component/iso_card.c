/* IsoApplet cards for tests. */
#include "iso_card.h"

#include "cmocka_all.h"
#include "fixtures.h"

struct vc_card *iso_card(const char *kind, bool import)
{
	struct vc_card *card = NULL;

	expect_ok(vc_apps_open(NULL, VC_STORE_CREATE, &card));
	expect_ok(
	    vc_card_install(card, kind, UK_NONE, import ? hex("01") : UK_NONE));
	expect_sw(card, ISO_SELECT, 0x9000);
	return card;
}

struct vc_card *iso_card_open(const char *kind, bool import)
{
	struct vc_card *card = iso_card(kind, import);

	expect_sw(card, "0024010210" ISO_PUK16, 0x9000);
	expect_sw(card, "0024010110" ISO_PIN16, 0x9000);
	expect_sw(card, ISO_LOGIN, 0x9000);
	return card;
}

int iso_set_up_1(void **state)
{
	*state = iso_card_open("isoapplet", false);
	return 0;
}

int iso_set_up_0(void **state)
{
	*state = iso_card_open("isoapplet0", false);
	return 0;
}

int iso_set_up_new(void **state)
{
	*state = iso_card("isoapplet", false);
	return 0;
}
