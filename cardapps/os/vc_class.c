/* Class bytes: ISO/IEC 7816-4:2020, 5.4.1; GlobalPlatform 2.3.1, 11.1.4. */
#include "vc_card_priv.h"

/* A class byte taken to pieces. */
struct class
{
	uint8_t base; /* without channel and chaining bits */
	uint8_t channel;
	bool more;
};

/* 7816-4:2020, 5.4.1, and GlobalPlatform 2.3.1, 11.1.4: interindustry and the
 * proprietary classes 8x and 9x alike have channels 0 to 3 in bits 2-1 and
 * chaining in bit 5. Classes 4x to 7x have channels 4 to 19. */
static uint16_t split_class(uint8_t cla, struct class *out)
{
	if ((cla & 0xe0) == 0x00 || (cla & 0xe0) == 0x80) {
		*out = (struct class){ cla & 0xec, cla & 0x03,
			(cla & UK_CLA_CHAIN) != 0 };
		return UK_SW_OK;
	}
	return (cla & 0xc0) == 0x40 ? UK_SW_CHANNEL : UK_SW_CLA;
}

static bool takes_class(const struct vc_channel *ch, const uk_cmd *cmd)
{
	const struct vc_app *app = ch->selected;

	/* Selection itself is always in class 00. */
	if (cmd->cla == 0 || app == NULL || app->ops->takes_class == NULL)
		return cmd->cla == 0;
	return app->ops->takes_class(cmd->cla);
}

uint16_t vc_class_take(
    struct vc_card *card, uk_cmd *cmd, struct vc_channel **ch, bool *more)
{
	struct class class;
	uint16_t sw = split_class(cmd->cla, &class);

	if (sw != UK_SW_OK)
		return sw;
	if (card->channels[class.channel] == NULL)
		return UK_SW_CHANNEL;
	*ch = card->channels[class.channel];
	cmd->cla = class.base;
	*more = class.more;
	return takes_class(*ch, cmd) ? UK_SW_OK : UK_SW_CLA;
}
