/* Payment cards for tests. */
#include "emv_card.h"

#include "cmocka_all.h"
#include "fixtures.h"

static const uk_pin pin = { 4, "1234" };

const struct vc_emv_perso emv_test = {
	.scheme = VC_EMV_PBOC_3DES,
	.pan = "6222021234567890",
	.sequence = 1,
	.effective = "240101",
	.expiry = "301231",
	.holder = "TEST/CARD",
	.issuer_key = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe,
	    0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10 },
	.key_index = 1,
	.priority = 1,
	.pin = &pin,
	.offline_most = 2,
	.log_entries = 3,
};

struct vc_card *emv_card(const struct vc_emv_perso *perso)
{
	struct vc_card *card = NULL;

	expect_ok(vc_apps_open(NULL, VC_STORE_CREATE, &card));
	expect_ok(vc_card_install(card, "emv", UK_NONE, UK_NONE));
	expect_ok(vc_card_install(card, "pse", UK_NONE, UK_NONE));
	expect_ok(vc_card_install(card, "ppse", UK_NONE, UK_NONE));
	expect_ok(vc_emv_personalise(card, hex("A000000333010101"), perso));
	return card;
}

int emv_set_up(void **state)
{
	*state = emv_card(&emv_test);
	assert_int_equal(answer_of(*state, EMV_SELECT).n > 0, 1);
	return 0;
}
