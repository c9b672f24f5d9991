#include "line_fixture.h"

#include "vcard_fixture.h"

static uk_bytes atr(void *arg)
{
	(void)arg;
	return vc_card_atr();
}

static void reset(void *arg)
{
	vc_card_reset(arg);
}

static uk_bytes transmit(void *arg, uk_bytes command)
{
	return vc_card_transmit(arg, command);
}

struct vc_line_card line_card(struct vc_card *card)
{
	return (struct vc_line_card){ atr, reset, transmit, card };
}
