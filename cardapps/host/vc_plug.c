/* In and out, and one command at a time. */
#include "vc_plug.h"

#include "hex.h"
#include "mem.h"
#include "vc_apps.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

int64_t vc_now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- opening ---------------------------------------------------------------
 */

static FILE *open_transcript(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	return fd < 0 ? NULL : fdopen(fd, "a");
}

uk_err vc_plug_hold(const struct vc_slot_option *slot, struct vc_card **card,
    struct vc_plug **out)
{
	struct vc_plug *plug = uk_new(sizeof(*plug));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (plug == NULL)
		return err;
	plug->inserted = true;
	plug->remove_after = slot->remove_after;
	/* Another program that serves the same slot later is another card. */
	plug->events = (uint32_t)(vc_now_ns() >> 10);
	err = uk_fail(UK_ERR_IO);
	if (slot->transcript != NULL &&
	    (plug->transcript = open_transcript(slot->transcript)) == NULL)
		goto out;
	plug->card = *card;
	*card = NULL;
	*out = plug;
	plug = NULL;
	err = uk_ok();
out:
	vc_plug_close(&plug);
	return err;
}

uk_err vc_plug_open(const struct vc_slot_option *slot, struct vc_plug **out)
{
	struct vc_card *card = NULL;
	uk_err err = vc_apps_open(slot->card, VC_STORE_WRITE, &card);

	*out = NULL;
	if (uk_is_ok(err))
		err = vc_plug_hold(slot, &card, out);
	vc_card_close(&card);
	return err;
}

void vc_plug_close(struct vc_plug **plug)
{
	struct vc_plug *p = *plug;

	*plug = NULL;
	if (p == NULL)
		return;
	if (p->transcript != NULL)
		(void)fclose(p->transcript);
	vc_card_close(&p->card);
	uk_free(p);
}

/* --- transcript
 * ------------------------------------------------------------------ */

static bool is_secret(uk_bytes command)
{
	/* VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER, PUT DATA; of
	 * GlobalPlatform: PUT KEY, STORE DATA; of Yubico's PIV: a key from
	 * outside, the management key */
	static const uint8_t secret[] = { 0x20, 0x24, 0x2c, 0xd8, 0xdb, 0xe2,
		0xfe, 0xff };

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

void vc_plug_note(struct vc_plug *plug, uint8_t control)
{
	note(plug, "# ", uk_view(&control, 1));
}

/* --- the contacts ----------------------------------------------------------
 */

uk_bytes vc_plug_atr(const struct vc_plug *plug)
{
	(void)plug;
	return vc_card_atr();
}

static void finish(struct vc_plug *plug, enum vc_outcome outcome)
{
	vc_deliver_fn *deliver = plug->deliver;
	uk_bytes answer = outcome == VC_ANSWERED ? plug->answer : UK_NONE;

	plug->deliver = NULL;
	plug->answer = UK_NONE;
	if (deliver != NULL)
		deliver(plug->to, outcome, answer);
}

void vc_plug_reset(struct vc_plug *plug)
{
	vc_card_reset(plug->card);
	plug->resets++;
}

void vc_plug_insert(struct vc_plug *plug)
{
	if (plug->inserted)
		return;
	plug->inserted = true;
	plug->events++;
}

void vc_plug_pull(struct vc_plug *plug)
{
	if (!plug->inserted)
		return;
	plug->inserted = false;
	plug->remove_after = -1;
	plug->events++;
	finish(plug, VC_PULLED);
	vc_plug_reset(plug);
}

void vc_plug_forget(struct vc_plug *plug, const void *to)
{
	if (plug->deliver == NULL || plug->to != to)
		return;
	plug->deliver = NULL;
	plug->answer = UK_NONE;
}

void vc_plug_command(
    struct vc_plug *plug, uk_bytes command, vc_deliver_fn *deliver, void *to)
{
	plug->commands++;
	plug->deliver = deliver;
	plug->to = to;
	plug->due_ns = 0;
	if (plug->remove_after == 0) {
		note_command(plug, "! ", command);
		vc_plug_pull(plug);
		return;
	}
	if (plug->remove_after > 0)
		plug->remove_after--;
	note_command(plug, "> ", command);
	plug->answer = vc_card_transmit(plug->card, command);
	plug->outcome = VC_ANSWERED;
	note_answer(plug, command, plug->answer);
	vc_plug_tick(plug, 0);
}

void vc_plug_tick(struct vc_plug *plug, int64_t now_ns)
{
	if (plug->deliver != NULL && plug->due_ns <= now_ns)
		finish(plug, plug->outcome);
}
