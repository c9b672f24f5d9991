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

uk_err uk_link_control(uk_link *l, uint32_t code, uk_bytes in, uk_buf *out)
{
	if (l->ops->control == NULL)
		return uk_fail(UK_ERR_UNSUPPORTED);
	return l->ops->control(l, code, in, out);
}

uk_err uk_link_atr(uk_link *l, uk_buf *out)
{
	return l->ops->atr == NULL ? uk_fail(UK_ERR_UNSUPPORTED)
				   : l->ops->atr(l, out);
}

bool uk_link_short_only(uk_link *l)
{
	return l->ops->short_only != NULL && l->ops->short_only(l);
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
