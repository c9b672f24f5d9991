/* The ordinary source of readers: PC/SC and the kinds of src/card. */
#include "source.h"

static const struct p11_source pcsc = {
	.open = uk_pcsc_open,
	.close = uk_pcsc_close,
	.readers = uk_pcsc_readers,
	.wait = uk_pcsc_wait,
	.cancel = uk_pcsc_cancel,
	.connect = uk_pcsc_connect,
	.open_cards = uk_cards_open,
};

static const struct p11_source *current = &pcsc;

const struct p11_source *p11_source(void)
{
	return current;
}

void p11_use_source(const struct p11_source *source)
{
	current = source == NULL ? &pcsc : source;
}
