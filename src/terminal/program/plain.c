#include "plain.h"

#include "line.h"
#include "mem.h"
#include "simlink.h"
#include "twin.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct plain {
	int fd;
	bool dead;
	uk_readers *readers;
	char reader[UK_READER_NAME_MAX]; /* empty: the first */
	uint32_t events;                 /* of the card that is in */
	struct trm_simcard *card;
	struct trm_contact contact;
	struct trm_twin twin;
	uk_reader_state states[UK_READERS_MAX];
};

/* The driver reads at once: what does not go in now waits for it. */
static void send(void *arg, uk_bytes frame)
{
	struct plain *p = arg;

	while (frame.n > 0 && !p->dead) {
		struct pollfd wait = { p->fd, POLLOUT, 0 };
		size_t n = 0;

		p->dead = poll(&wait, 1, -1) < 0 ||
			  !trm_line_write(p->fd, frame, &n);
		frame = uk_bytes_from(frame, n);
	}
}

/* --- the card ------------------------------------------------------------- */

static const uk_reader_state *look(struct plain *p)
{
	size_t n = 0;

	if (!uk_is_ok(
		uk_readers_list(p->readers, p->states, UK_READERS_MAX, &n)))
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const uk_reader_state *s = &p->states[i];

		if (p->reader[0] == '\0' || strcmp(p->reader, s->name) == 0)
			return s->present ? s : NULL;
	}
	return NULL;
}

static void insert(struct plain *p, const uk_reader_state *s)
{
	uk_link *link = NULL;
	uk_err err = uk_readers_connect(p->readers, s->name, &link);

	if (uk_is_ok(err))
		err = uk_link_begin(link);
	if (uk_is(err, UK_ERR_CARD_RESET))
		err = uk_link_begin(link);
	if (uk_is_ok(err)) {
		trm_simcard_insert(p->card, uk_view(s->atr, s->atr_len), &link);
		p->events = s->events;
		trm_twin_card(&p->twin, true);
	}
	uk_link_close(&link, UK_RESET_CARD);
}

/* Before each command: the driver asks for the card often enough. */
static void see_cards(struct plain *p)
{
	const uk_reader_state *s = look(p);
	bool had = p->card->inner != NULL;

	if (had && (s == NULL || s->events != p->events ||
		       !p->card->contacts.present)) {
		trm_simcard_remove(p->card);
		trm_twin_card(&p->twin, false);
		had = false;
	}
	if (!had && s != NULL)
		insert(p, s);
}

/* --- the tty -------------------------------------------------------------- */

static uk_err serve(struct plain *p)
{
	uint8_t bytes[TRM_TWIN_FRAME];

	while (!p->dead) {
		struct pollfd wait = { p->fd, POLLIN, 0 };
		size_t n = 0;

		if (poll(&wait, 1, -1) < 0 ||
		    !trm_line_read(p->fd, bytes, sizeof(bytes), &n))
			break;
		see_cards(p);
		trm_twin_feed(&p->twin, uk_view(bytes, n));
	}
	return uk_ok();
}

static uk_err open_card(struct plain *p, const char *name)
{
	static const char pcsc[] = "pcsc:";
	struct uk_readers_config config = { .no_pcsc = false };
	struct trm_simwish wish = { .contacts = { .protocol = 1 } };
	uk_err err = trm_simcard_parse(&name, &wish);

	if (uk_is(err, UK_ERR_FORMAT) || wish.contactless)
		return uk_fail(UK_ERR_FORMAT); /* a Twin has contacts */
	if (strncmp(name, pcsc, sizeof(pcsc) - 1) == 0) {
		UK_TRY(uk_copy_str(p->reader, sizeof(p->reader),
		    uk_view_str(name + sizeof(pcsc) - 1)));
	} else {
		config.no_pcsc = true;
		UK_TRY(uk_readers_add(&config, name));
	}
	UK_TRY(trm_simcard_open(&wish, &p->card));
	trm_contact_init(&p->contact, &trm_simcontacts, &p->card->contacts);
	trm_twin_init(&p->twin, &p->contact, send, p);
	return uk_readers_open(&config, &p->readers);
}

static uk_err open_tty(struct plain *p, const char *tty)
{
	struct trm_line line = { .kind = TRM_LINE_TTY };

	UK_TRY(uk_copy_str(line.path, sizeof(line.path), uk_view_str(tty)));
	return trm_line_open(&line, &p->fd);
}

uk_err trm_plain_run(const char *tty, const char *card, int ready_fd)
{
	struct plain *p = uk_new(sizeof(*p));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	if (p == NULL)
		return err;
	p->fd = -1;
	err = open_card(p, card);
	if (uk_is_ok(err))
		err = open_tty(p, tty);
	if (uk_is_ok(err)) {
		if (ready_fd >= 0)
			(void)!write(ready_fd, "ready\n", 6);
		err = serve(p);
	}
	if (p->fd >= 0)
		(void)close(p->fd);
	trm_simcard_close(&p->card);
	uk_readers_close(&p->readers);
	uk_free(p);
	return err;
}
