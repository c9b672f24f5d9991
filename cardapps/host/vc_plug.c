/* The wire to vpcd. */
#include "vc_plug.h"

#include "hex.h"
#include "mem.h"
#include "secret.h"
#include "vc_apps.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CTRL_OFF = 0x00, CTRL_ON = 0x01, CTRL_RESET = 0x02, CTRL_ATR = 0x04 };

static FILE *open_transcript(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	return fd < 0 ? NULL : fdopen(fd, "a");
}

uk_err vc_plug_open(const struct vc_slot_option *slot, const char *host,
    unsigned port, struct vc_plug **out)
{
	struct vc_plug *plug = uk_new(sizeof(*plug));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (plug == NULL)
		return err;
	plug->fd = -1;
	plug->host = host;
	plug->port = port + slot->slot;
	plug->inserted = true;
	plug->remove_after = slot->remove_after;
	err = vc_apps_open(slot->card, VC_STORE_WRITE, &plug->card);
	if (!uk_is_ok(err))
		goto out;
	err = uk_fail(UK_ERR_IO);
	if (slot->transcript != NULL &&
	    (plug->transcript = open_transcript(slot->transcript)) == NULL)
		goto out;
	*out = plug;
	plug = NULL;
	err = uk_ok();
out:
	vc_plug_close(&plug);
	return err;
}

void vc_plug_close(struct vc_plug **plug)
{
	struct vc_plug *p = *plug;

	*plug = NULL;
	if (p == NULL)
		return;
	if (p->fd >= 0)
		(void)close(p->fd);
	if (p->transcript != NULL)
		(void)fclose(p->transcript);
	vc_card_close(&p->card);
	uk_wipe(p->in, sizeof(p->in));
	uk_free(p);
}

bool vc_plug_connect(struct vc_plug *plug)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)plug->port) };
	int one = 1;

	if (!plug->inserted || plug->fd >= 0)
		return plug->fd >= 0;
	if (inet_pton(AF_INET, plug->host, &to.sin_addr) != 1)
		return false;
	plug->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (plug->fd < 0)
		return false;
	if (connect(plug->fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		(void)close(plug->fd);
		plug->fd = -1;
		return false;
	}
	(void)setsockopt(plug->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	plug->have = 0;
	return true;
}

static void disconnect(struct vc_plug *plug)
{
	if (plug->fd >= 0)
		(void)close(plug->fd);
	plug->fd = -1;
	uk_wipe(plug->in, plug->have);
	plug->have = 0;
	vc_card_reset(plug->card);
}

void vc_plug_pull(struct vc_plug *plug)
{
	plug->inserted = false;
	plug->remove_after = -1;
	disconnect(plug);
}

/* --- transcript
 * ------------------------------------------------------------------ */

static bool is_secret(uk_bytes command)
{
	/* VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER, PUT DATA; of
	 * Yubico's PIV: a key from outside, the management key */
	static const uint8_t secret[] = { 0x20, 0x24, 0x2c, 0xdb, 0xfe, 0xff };

	for (size_t i = 0; command.n > 4 && i < sizeof(secret); i++) {
		if (command.p[1] == secret[i])
			return true;
	}
	return false;
}

/* PSO: DECIPHER, raw RSA (which deciphers as well), PIV's GENERAL AUTHENTICATE
 * (which also derives), and what is fetched of them. */
static bool answers_secret(struct vc_plug *plug, uk_bytes command)
{
	enum {
		PSO = 0x2a,
		GENERAL_AUTH = 0x87,
		INTERNAL_AUTH = 0x88,
		GET_RESPONSE = 0xc0
	};
	uint8_t ins = command.n < 4 ? 0 : command.p[1];

	if (ins != GET_RESPONSE)
		plug->answers_secret = (ins == PSO && command.p[2] == 0x80) ||
				       ins == GENERAL_AUTH ||
				       (ins == INTERNAL_AUTH &&
					   command.p[2] == 0x00);
	return plug->answers_secret;
}

static void write_hex(FILE *f, uk_bytes v)
{
	char text[2 * 64 + 1];

	for (; v.n > 0; v = uk_bytes_from(v, 64)) {
		uk_hex_str(text, sizeof(text), uk_bytes_first(v, 64));
		(void)fputs(text, f);
	}
}

/* Shows all of it, or the first bytes only. */
static void note_part(
    struct vc_plug *plug, const char *what, uk_bytes v, size_t shown)
{
	if (plug->transcript == NULL)
		return;
	(void)fputs(what, plug->transcript);
	write_hex(plug->transcript, uk_bytes_first(v, shown));
	if (shown < v.n)
		(void)fprintf(
		    plug->transcript, " (%zu bytes not shown)", v.n - shown);
	(void)fputc('\n', plug->transcript);
	(void)fflush(plug->transcript);
}

static void note(struct vc_plug *plug, const char *what, uk_bytes v)
{
	note_part(plug, what, v, v.n);
}

static void note_command(struct vc_plug *plug, const char *what, uk_bytes v)
{
	note_part(plug, what, v, is_secret(v) ? 4 : v.n);
}

/* The status word comes last, and is never secret. */
static void note_answer(struct vc_plug *plug, uk_bytes command, uk_bytes v)
{
	bool hide = answers_secret(plug, command) && v.n > 2;

	if (plug->transcript != NULL && hide)
		(void)fprintf(
		    plug->transcript, "< (%zu bytes not shown)\n", v.n - 2);
	note(plug, "< ", hide ? uk_bytes_last(v, 2) : v);
}

/* --- messages
 * --------------------------------------------------------------------- */

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
static bool send_message(struct vc_plug *plug, uk_bytes body)
{
	static uint8_t storage[2 + VC_MESSAGE_MAX];
	uk_buf out = UK_BUF(storage);
	bool good;

	if (body.n > VC_MESSAGE_MAX)
		return false;
	uk_put_u16(&out, (uint16_t)body.n);
	uk_put(&out, body);
	good = send_all(plug->fd, uk_buf_view(&out));
	uk_wipe(storage, out.len);
	return good;
}

static bool run_control(struct vc_plug *plug, uint8_t control)
{
	switch (control) {
	case CTRL_ATR:
		return send_message(plug, vc_card_atr());
	case CTRL_OFF:
	case CTRL_ON:
	case CTRL_RESET:
		note(plug, "# ", uk_view(&control, 1));
		vc_card_reset(plug->card);
		return true;
	default:
		return true;
	}
}

static bool run_command(struct vc_plug *plug, uk_bytes command)
{
	uk_bytes answer;

	plug->commands++;
	if (plug->remove_after == 0) {
		note_command(plug, "! ", command);
		plug->inserted = false;
		plug->remove_after = -1;
		return false;
	}
	if (plug->remove_after > 0)
		plug->remove_after--;
	note_command(plug, "> ", command);
	answer = vc_card_transmit(plug->card, command);
	note_answer(plug, command, answer);
	return send_message(plug, answer);
}

static bool run_message(struct vc_plug *plug, uk_bytes body)
{
	if (body.n == 1)
		return run_control(plug, body.p[0]);
	return body.n == 0 || run_command(plug, body);
}

/* Whole messages at the front of in; false: the connection is over. */
static bool run_messages(struct vc_plug *plug)
{
	uk_reader r = uk_read(uk_view(plug->in, plug->have));
	uk_buf keep = uk_buf_over(plug->in, sizeof(plug->in));
	bool good = true;

	while (good) {
		uk_reader message = r;
		uk_bytes body = uk_get(&message, uk_get_u16(&message));

		if (message.bad)
			break;
		r = message;
		good = run_message(plug, body);
	}
	uk_put(&keep, uk_get_rest(&r));
	uk_wipe(plug->in + keep.len, plug->have - keep.len);
	plug->have = keep.len;
	return good;
}

void vc_plug_serve(struct vc_plug *plug)
{
	int one = 1;
	ssize_t got;

	/* vpcd writes length and body separately: without this, the delayed
	 * acknowledgement costs 40 ms for every command. */
	(void)setsockopt(
	    plug->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
	got = recv(plug->fd, plug->in + plug->have,
	    sizeof(plug->in) - plug->have, MSG_DONTWAIT);
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got > 0) {
		plug->have += (size_t)got;
		if (run_messages(plug))
			return;
	}
	disconnect(plug);
}
