/* A link is its table; these wrappers are the only callers of it. */
#include "transport.h"

uk_err uk_link_transmit(uk_link *l, uk_bytes cmd, uk_buf *resp, bool secret)
{
	return l->ops->transmit(l, cmd, resp, secret);
}

uk_err uk_link_begin(uk_link *l)
{
	return l->ops->begin(l);
}

void uk_link_end(uk_link *l, enum uk_card_fate fate)
{
	l->ops->end(l, fate);
}

void uk_link_close(uk_link **l, enum uk_card_fate fate)
{
	if (*l != NULL)
		(*l)->ops->close(*l, fate);
	*l = NULL;
}
