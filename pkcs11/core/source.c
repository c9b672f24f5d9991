/* The ordinary source of readers: PC/SC, the readers that the configuration
 * names, and the kinds of src/card. */
#include "source.h"

#include "p11config.h"

static uk_err open_configured(uk_readers **out)
{
	return uk_readers_open(p11_config_readers(), out);
}

static const struct p11_source ordinary = {
	.open = open_configured,
	.close = uk_readers_close,
	.readers = uk_readers_list,
	.wait = uk_readers_wait,
	.cancel = uk_readers_cancel,
	.connect = uk_readers_connect,
	.open_cards = uk_cards_open,
};

static const struct p11_source *current = &ordinary;

const struct p11_source *p11_source(void)
{
	return current;
}

void p11_use_source(const struct p11_source *source)
{
	current = source == NULL ? &ordinary : source;
}
