/* What one client asks, and who may have the card. */
#include "vc_reader_parts.h"

#include "secret.h"

static bool owns(const struct vc_client *c)
{
	return c->plug != NULL && c->reader->owners[c->slot] == c;
}

static bool is_lost(const struct vc_client *c)
{
	return !c->plug->inserted || c->plug->events != c->events;
}

void vc_client_let_go(struct vc_client *c, enum uk_wire_fate fate)
{
	if (c->plug == NULL)
		return;
	if (owns(c))
		c->reader->owners[c->slot] = NULL;
	if (fate == UK_WIRE_RESET && !is_lost(c))
		vc_plug_reset(c->plug);
}

/* --- answers ---------------------------------------------------------------
 */

void vc_client_say(struct vc_client *c, const struct uk_wire *m)
{
	/* One message fits: nobody gets the next before the last is sent. */
	if (!uk_is_ok(uk_wire_encode(m, &c->out)))
		c->ends = true;
}

static void say_done(struct vc_client *c)
{
	vc_client_say(c, &(struct uk_wire){ .type = UK_WIRE_DONE });
}

static void say_error(struct vc_client *c, enum uk_wire_error error)
{
	vc_client_say(c, &(struct uk_wire){
			     .type = UK_WIRE_ERROR, .error = (uint8_t)error });
}

/* What the card made of a command. */
static void deliver(void *to, enum vc_outcome outcome, uk_bytes answer)
{
	struct vc_client *c = to;
	struct uk_wire m = { .type = UK_WIRE_ANSWER, .apdu = answer };

	c->at_work = false;
	if (outcome == VC_PULLED) {
		say_error(c, UK_WIRE_E_REMOVED);
	} else if (outcome == VC_WAS_RESET) {
		c->resets = c->plug->resets;
		say_error(c, UK_WIRE_E_RESET);
	} else if (outcome == VC_SILENT || answer.n < 2) {
		say_error(c, UK_WIRE_E_MUTE); /* as PC/SC calls a short one */
	} else {
		vc_client_say(c, &m);
	}
}

/* --- requests --------------------------------------------------------------
 */

/* false: not now; asked again when something has changed. */
typedef bool request_fn(struct vc_client *c, const struct uk_wire *m);

static bool may_have(const struct vc_client *c)
{
	const struct vc_client *owner = c->reader->owners[c->slot];

	/* A transaction with a card that was pulled is over. */
	return (owner == NULL || owner == c || is_lost(owner)) &&
	       !vc_plug_busy(c->plug);
}

/* The card is gone, or was reset since this one last heard: says so. */
static bool has_news(struct vc_client *c)
{
	if (is_lost(c)) {
		say_error(c, UK_WIRE_E_REMOVED);
		return true;
	}
	if (c->resets == c->plug->resets)
		return false;
	c->resets = c->plug->resets;
	say_error(c, UK_WIRE_E_RESET);
	return true;
}

static bool do_watch(struct vc_client *c, const struct uk_wire *m)
{
	c->role = VC_WATCHER;
	if (m->version != UK_WIRE_VERSION) {
		say_error(c, UK_WIRE_E_VERSION);
		c->ends = true;
	}
	return true;
}

static bool do_connect(struct vc_client *c, const struct uk_wire *m)
{
	struct vc_reader *r = c->reader;

	c->ends = true; /* unless it is good */
	if (m->version != UK_WIRE_VERSION) {
		say_error(c, UK_WIRE_E_VERSION);
	} else if (m->slot >= r->count) {
		say_error(c, UK_WIRE_E_SLOT);
	} else if (!r->plugs[m->slot]->inserted) {
		say_error(c, UK_WIRE_E_NO_CARD);
	} else {
		c->role = VC_LINK;
		c->slot = m->slot;
		c->plug = r->plugs[m->slot];
		c->events = c->plug->events;
		c->resets = c->plug->resets;
		c->ends = false;
		say_done(c);
	}
	return true;
}

static bool do_begin(struct vc_client *c, const struct uk_wire *m)
{
	(void)m;
	if (owns(c)) {
		say_error(c, UK_WIRE_E_ORDER);
		return true;
	}
	if (has_news(c))
		return true;
	if (!may_have(c))
		return false;
	c->reader->owners[c->slot] = c;
	say_done(c);
	return true;
}

static bool do_end(struct vc_client *c, const struct uk_wire *m)
{
	if (!owns(c)) {
		say_error(c, UK_WIRE_E_ORDER);
		return true;
	}
	vc_client_let_go(c, m->fate);
	say_done(c);
	return true;
}

static bool do_transmit(struct vc_client *c, const struct uk_wire *m)
{
	if (has_news(c))
		return true;
	if (!may_have(c))
		return false;
	c->at_work = true;
	vc_plug_command(c->plug, m->apdu, deliver, c);
	return true;
}

static bool do_disconnect(struct vc_client *c, const struct uk_wire *m)
{
	vc_client_let_go(c, m->fate);
	c->plug = NULL;
	c->ends = true;
	say_done(c);
	return true;
}

static const struct request {
	uint8_t type;
	enum vc_role role;
	request_fn *run;
} requests[] = {
	{ UK_WIRE_WATCH, VC_NEW, do_watch },
	{ UK_WIRE_CONNECT, VC_NEW, do_connect },
	{ UK_WIRE_BEGIN, VC_LINK, do_begin },
	{ UK_WIRE_END, VC_LINK, do_end },
	{ UK_WIRE_TRANSMIT, VC_LINK, do_transmit },
	{ UK_WIRE_DISCONNECT, VC_LINK, do_disconnect },
};

/* NULL: not from a client in this role. */
static const struct request *find_request(uint8_t type, enum vc_role role)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (requests[i].type == type && requests[i].role == role)
			return &requests[i];
	}
	return NULL;
}

static void take_off(uk_buf *b, uint8_t *storage, size_t n)
{
	uk_bytes rest = uk_bytes_from(uk_buf_view(b), n);
	size_t was = b->len;

	b->len = 0;
	uk_put(b, rest);
	uk_wipe(storage + b->len, was - b->len);
}

/* The message at the front, if this one may be served now. A client that says
 * what it may not say is hung up on. */
bool vc_client_advance(struct vc_client *c)
{
	const struct request *q;
	struct uk_wire m;
	size_t size;
	uk_err err;

	if (c->ends || c->at_work || c->out.len > 0)
		return false;
	err = uk_wire_decode(uk_buf_view(&c->in), &m, &size);
	if (uk_is(err, UK_ERR_TOO_SMALL))
		return false;
	q = uk_is_ok(err) ? find_request(m.type, c->role) : NULL;
	if (q == NULL) {
		c->ends = true;
		return true;
	}
	if (!q->run(c, &m)) {
		if (c->ticket == 0)
			c->ticket = ++c->reader->tickets;
		return false;
	}
	c->ticket = 0;
	take_off(&c->in, c->in_bytes, size);
	return true;
}
