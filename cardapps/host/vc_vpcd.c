/* The wire to vpcd. */
#include "vc_vpcd.h"

#include "mem.h"
#include "secret.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CTRL_OFF = 0x00, CTRL_ON = 0x01, CTRL_RESET = 0x02, CTRL_ATR = 0x04 };

uk_err vc_vpcd_open(
    struct vc_plug *plug, const char *host, unsigned port, struct vc_vpcd **out)
{
	struct vc_vpcd *v = uk_new(sizeof(*v));

	*out = v;
	if (v == NULL)
		return uk_fail(UK_ERR_MEMORY);
	v->plug = plug;
	v->host = host;
	v->port = port;
	v->fd = -1;
	return uk_ok();
}

static void hang_up(struct vc_vpcd *v)
{
	if (v->fd < 0)
		return;
	(void)close(v->fd);
	v->fd = -1;
	uk_wipe(v->in, v->have);
	v->have = 0;
	vc_plug_forget(v->plug, v);
	vc_plug_reset(v->plug);
}

void vc_vpcd_close(struct vc_vpcd **vpcd)
{
	struct vc_vpcd *v = *vpcd;

	*vpcd = NULL;
	if (v == NULL)
		return;
	hang_up(v);
	uk_free(v);
}

bool vc_vpcd_connect(struct vc_vpcd *v)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)v->port) };
	int one = 1;

	if (!v->plug->inserted)
		hang_up(v);
	if (!v->plug->inserted || v->fd >= 0)
		return v->fd >= 0;
	if (inet_pton(AF_INET, v->host, &to.sin_addr) != 1)
		return false;
	v->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (v->fd < 0)
		return false;
	if (connect(v->fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		(void)close(v->fd);
		v->fd = -1;
		return false;
	}
	(void)setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	v->have = 0;
	v->asked = false;
	return true;
}

/* --- messages --------------------------------------------------------------
 */

static bool send_all(int fd, uk_bytes v)
{
	while (v.n > 0) {
		ssize_t put = send(fd, v.p, v.n, MSG_NOSIGNAL);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		v = uk_bytes_from(v, (size_t)put);
	}
	return true;
}

/* Length and body in one write: one packet, no waiting for acknowledgements. */
static bool send_message(struct vc_vpcd *v, uk_bytes body)
{
	static uint8_t storage[2 + VC_MESSAGE_MAX];
	uk_buf out = UK_BUF(storage);
	bool good;

	if (body.n > VC_MESSAGE_MAX)
		return false;
	uk_put_u16(&out, (uint16_t)body.n);
	uk_put(&out, body);
	good = send_all(v->fd, uk_buf_view(&out));
	uk_wipe(storage, out.len);
	return good;
}

/* vpcd has no word for silence; no bytes at all come nearest to it. */
static void deliver(void *to, enum vc_outcome outcome, uk_bytes answer)
{
	struct vc_vpcd *v = to;

	if (outcome == VC_PULLED || !send_message(v, answer))
		hang_up(v);
}

static void run_control(struct vc_vpcd *v, uint8_t control)
{
	switch (control) {
	case CTRL_ATR:
		v->asked = true;
		if (!send_message(v, vc_plug_atr(v->plug)))
			hang_up(v);
		break;
	case CTRL_OFF:
	case CTRL_ON:
	case CTRL_RESET:
		vc_transcript_control(&v->plug->transcript, control);
		vc_plug_reset(v->plug);
		break;
	default:
		break;
	}
}

static void run_message(struct vc_vpcd *v, uk_bytes body)
{
	if (body.n == 1)
		run_control(v, body.p[0]);
	else if (body.n > 1)
		vc_plug_command(v->plug, body, deliver, v);
}

/* Whole messages at the front of in, until the card is at work or gone. */
void vc_vpcd_settle(struct vc_vpcd *v)
{
	uk_reader r = uk_read(uk_view(v->in, v->have));
	uk_buf keep = uk_buf_over(v->in, sizeof(v->in));

	while (v->fd >= 0 && !vc_plug_busy(v->plug)) {
		uk_reader message = r;
		uk_bytes body = uk_get(&message, uk_get_u16(&message));

		if (message.bad)
			break;
		r = message;
		run_message(v, body);
	}
	if (v->fd < 0)
		return;
	uk_put(&keep, uk_get_rest(&r));
	uk_wipe(v->in + keep.len, v->have - keep.len);
	v->have = keep.len;
}

void vc_vpcd_serve(struct vc_vpcd *v)
{
	uk_buf in = uk_buf_over(v->in, sizeof(v->in));
	size_t room;
	int one = 1;
	ssize_t got;

	/* vpcd writes length and body separately: without this, the delayed
	 * acknowledgement costs 40 ms for every command. */
	(void)setsockopt(v->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
	in.len = v->have;
	room = uk_buf_left(&in);
	got = recv(v->fd, uk_put_room(&in, room), room, MSG_DONTWAIT);
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got <= 0) {
		hang_up(v);
		return;
	}
	v->have += (size_t)got;
	vc_vpcd_settle(v);
}
