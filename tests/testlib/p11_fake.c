/* Fake readers, links and cards. */
#include "p11_fake_parts.h"

#include "fixtures.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { READERS = 4 };

struct reader {
	bool attached, present;
	uint32_t events, epoch; /* epoch: counts resets */
	int held;               /* transactions */
	bool seized;            /* by another program */
	/* What the card looks at without the world's lock. */
	_Atomic uint8_t serial, second; /* second: another application, or 0 */
	_Atomic uint8_t selected;       /* serial of the application that is */
	atomic_bool user, so, consent, stolen;
	atomic_bool changed;        /* by another program */
	const char *_Atomic pad;    /* see fake_pad */
	const char *_Atomic screen; /* see fake_screen */
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool service;
	struct reader readers[READERS];
	unsigned commands, countdown;
	enum uk_code code;
	bool failed;
	bool person_waits;
	unsigned begins;
	unsigned waiting, entries;
	int slow; /* the reader whose card does not answer yet, or -1 */
	unsigned working;
} world = { .slow = -1,
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER };

struct fake_request fake_last;
uint8_t fake_screen_text[5000];
size_t fake_screen_text_n;
unsigned fake_tries[READERS];

static void lock(void)
{
	pthread_mutex_lock(&world.lock);
}

static void unlock(void)
{
	pthread_cond_broadcast(&world.changed);
	pthread_mutex_unlock(&world.lock);
}

/* --- links --------------------------------------------------------------- */

struct fake_link {
	uk_link base;
	int reader;
	uint32_t events, epoch;
	bool holds; /* a transaction */
};

static uk_err link_state(struct fake_link *l)
{
	struct reader *r = &world.readers[l->reader];

	if (!world.service)
		return uk_fail(UK_ERR_NO_SERVICE);
	if (!r->present || r->events != l->events)
		return uk_fail(UK_ERR_CARD_REMOVED);
	if (r->epoch == l->epoch)
		return uk_ok();
	l->epoch = r->epoch;
	return uk_fail(UK_ERR_CARD_RESET);
}

/* A key pair can take a card minutes. */
static void card_works(const struct fake_link *l)
{
	if (world.slow != l->reader)
		return;
	world.working++;
	while (world.slow == l->reader)
		pthread_cond_wait(&world.changed, &world.lock);
	world.working--;
}

static uk_err fake_transmit(
    uk_link *link, uk_bytes cmd, uk_buf *resp, bool secret)
{
	struct fake_link *l = (struct fake_link *)link;
	uk_err err;

	(void)cmd;
	(void)secret;
	lock();
	world.commands++;
	card_works(l);
	err = link_state(l);
	if (uk_is_ok(err) && world.countdown > 0 && --world.countdown == 0) {
		struct reader *r = &world.readers[l->reader];

		world.failed = true;
		err = uk_fail(world.code);
		if (world.code == UK_ERR_CARD_RESET) {
			l->epoch = ++r->epoch;
			r->user = false;
			r->so = false;
			r->consent = false;
		}
		if (world.code == UK_ERR_CARD_REMOVED) {
			r->present = false;
			r->consent = false;
			r->events++;
		}
	}
	unlock();
	if (uk_is_ok(err))
		uk_put_u16(resp, 0x9000);
	return err;
}

static void hold(struct fake_link *l, bool holds)
{
	world.readers[l->reader].held += holds - l->holds;
	l->holds = holds;
}

static uk_err fake_begin(uk_link *link)
{
	struct fake_link *l = (struct fake_link *)link;
	uk_err err;

	lock();
	while (world.readers[l->reader].seized)
		pthread_cond_wait(&world.changed, &world.lock);
	world.begins++;
	err = link_state(l);
	if (uk_is_ok(err))
		hold(l, true);
	unlock();
	return err;
}

static void fake_end(uk_link *link, enum uk_card_fate fate)
{
	struct fake_link *l = (struct fake_link *)link;
	struct reader *r = &world.readers[l->reader];

	lock();
	hold(l, false);
	if (fate == UK_RESET_CARD) {
		l->epoch = ++r->epoch;
		r->stolen = true; /* the master file is selected */
		r->user = r->so = r->consent = false;
	}
	unlock();
}

static void fake_close(uk_link *link, enum uk_card_fate fate)
{
	fake_end(link, fate);
	uk_free(link);
}

/* --- PIN pads ------------------------------------------------------------ */

static uk_err person_acts(struct fake_link *l, uk_buf *out)
{
	struct reader *r = &world.readers[l->reader];
	const char *pad;

	world.entries++;
	world.waiting++;
	pthread_cond_broadcast(&world.changed);
	while (world.person_waits && uk_is_ok(link_state(l)))
		pthread_cond_wait(&world.changed, &world.lock);
	world.waiting--;
	UK_TRY(link_state(l));
	pad = r->pad;
	uk_put(out, hex(*pad == '!' ? &pad[1] : "9000"));
	return uk_buf_result(out);
}

/* A screen: its key, what the person says to a text, what is stated then. */
static uk_err screen_answers(
    struct fake_link *l, uint32_t code, uk_bytes in, uk_buf *out)
{
	struct reader *r = &world.readers[l->reader];
	uk_buf shown = UK_BUF(fake_screen_text);

	if (code == UK_CTL_DISPLAY_KEY) {
		uk_put_u8(out, 4);
		uk_put_fill(out, 0x11, 64);
	} else if (code == UK_CTL_DISPLAY) {
		uk_put(&shown, in);
		fake_screen_text_n = shown.len;
		world.entries++;
		UK_TRY(link_state(l));
		uk_put(out, hex(r->screen[0] == '!' ? &r->screen[1] : "9000"));
	} else if (r->screen[0] == '!' || fake_last.input_len == 0) {
		return uk_fail(UK_ERR_NOT_FOUND);
	} else {
		uk_put(out, hex(r->screen)); /* "" is none */
	}
	return uk_buf_result(out);
}

static bool is_screen(uint32_t code)
{
	return code == UK_CTL_DISPLAY_KEY || code == UK_CTL_DISPLAY ||
	       code == UK_CTL_STATEMENT;
}

/* The control codes say which feature is meant; the card looks at what was
 * typed itself (card_verify). */
static uk_err fake_control(
    uk_link *link, uint32_t code, uk_bytes in, uk_buf *out)
{
	struct fake_link *l = (struct fake_link *)link;
	uk_err err = uk_fail(UK_ERR_UNSUPPORTED);

	lock();
	if (is_screen(code)) {
		if (world.readers[l->reader].screen != NULL)
			err = screen_answers(l, code, in, out);
	} else if (world.readers[l->reader].pad == NULL) {
		;
	} else if (code == UK_CTL_FEATURES) {
		uk_put(out, hex("060400000006 070400000007"));
		err = uk_buf_result(out);
	} else {
		err = person_acts(l, out);
	}
	unlock();
	return err;
}

static const struct uk_link_ops link_ops = {
	.control = fake_control,
	.transmit = fake_transmit,
	.begin = fake_begin,
	.end = fake_end,
	.close = fake_close,
};

/* --- the service --------------------------------------------------------- */

struct uk_readers {
	bool cancelled;
};

static uk_err source_open(uk_readers **out)
{
	bool runs;

	*out = NULL;
	lock();
	runs = world.service;
	unlock();
	if (!runs)
		return uk_fail(UK_ERR_NO_SERVICE);
	*out = uk_new(sizeof(**out));
	return *out == NULL ? uk_fail(UK_ERR_MEMORY) : uk_ok();
}

static void source_close(uk_readers **p)
{
	uk_free(*p);
	*p = NULL;
}

static size_t list(uk_reader_state *out)
{
	size_t n = 0;

	for (int i = 0; i < READERS; i++) {
		struct reader *r = &world.readers[i];

		if (!r->attached)
			continue;
		out[n] = (uk_reader_state){ .present = r->present,
			.events = r->events };
		snprintf(out[n].name, sizeof(out[n].name), "Fake Reader %d", i);
		n++;
	}
	return n;
}

static uk_err source_readers(
    uk_readers *p, uk_reader_state *out, size_t cap, size_t *n)
{
	bool runs;

	(void)p;
	(void)cap;
	lock();
	runs = world.service;
	*n = runs ? list(out) : 0;
	unlock();
	return runs ? uk_ok() : uk_fail(UK_ERR_NO_SERVICE);
}

static bool same(const uk_reader_state *known, size_t n)
{
	uk_reader_state now[READERS];
	size_t count = list(now);

	for (size_t i = 0; i < n && i < count; i++) {
		if (now[i].present != known[i].present ||
		    now[i].events != known[i].events ||
		    strcmp(now[i].name, known[i].name) != 0)
			return false;
	}
	return n == count;
}

static _Atomic int waiting;

int fake_waiting(void)
{
	return atomic_load(&waiting);
}

static uk_err source_wait(
    uk_readers *p, const uk_reader_state *known, size_t n, unsigned timeout_ms)
{
	uk_err err = uk_ok();
	struct timespec until;
	int woken = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += timeout_ms / 1000 + 1;
	pthread_mutex_lock(&world.lock);
	atomic_fetch_add(&waiting, 1);
	while (world.service && !p->cancelled && same(known, n) && woken == 0)
		woken = pthread_cond_timedwait(
		    &world.changed, &world.lock, &until);
	atomic_fetch_sub(&waiting, 1);
	if (!world.service)
		err = uk_fail(UK_ERR_NO_SERVICE);
	else if (p->cancelled)
		err = uk_fail(UK_ERR_CANCELLED);
	p->cancelled = false;
	pthread_mutex_unlock(&world.lock);
	return err;
}

static void source_cancel(uk_readers *p)
{
	lock();
	p->cancelled = true;
	unlock();
}

static uk_err source_connect(uk_readers *p, const char *reader, uk_link **out)
{
	int i = reader[strlen("Fake Reader ")] - '0';
	struct fake_link *l = uk_new(sizeof(*l));

	(void)p;
	*out = NULL;
	if (l == NULL)
		return uk_fail(UK_ERR_MEMORY);
	lock();
	*l = (struct fake_link){ { &link_ops }, i, world.readers[i].events,
		world.readers[i].epoch, false };
	if (world.readers[i].present)
		*out = &l->base;
	unlock();
	if (*out != NULL)
		return uk_ok();
	uk_free(l);
	return uk_fail(UK_ERR_NO_CARD);
}

/* --- the card ------------------------------------------------------------ */

static struct reader *reader_of(uk_card *c)
{
	return &world.readers[((struct fake_card *)c)->reader];
}

uk_err fake_tick(uk_card *c)
{
	uk_cmd cmd = { .ins = 0xca };

	UK_TRY(uk_channel_transmit(c->ch, &cmd, NULL, NULL));
	if (reader_of(c)->second != 0 && c->info.serial[7] != 0 &&
	    c->info.serial[7] != reader_of(c)->selected)
		return uk_fail_sw(UK_ERR_UNSUPPORTED, 0x6d00);
	return reader_of(c)->stolen ? uk_fail_sw(UK_ERR_UNSUPPORTED, 0x6d00)
				    : uk_ok();
}

bool fake_logged_in(uk_card *c, bool as_so)
{
	struct reader *r = reader_of(c);

	return as_so ? r->so : r->user;
}

static void card_close(uk_card *c)
{
	uk_free(c->objects);
	uk_free(c);
}

static uk_err card_reselect(uk_card *c)
{
	struct reader *r = reader_of(c);

	r->stolen = false;
	r->selected = c->info.serial[7];
	UK_TRY(fake_tick(c));
	r->consent = false;
	if (r->changed)
		fake_lose_first(c);
	r->changed = false;
	return r->serial == c->info.serial[7] || r->second == c->info.serial[7]
		   ? uk_ok()
		   : uk_fail(UK_ERR_CARD_REMOVED);
}

static uk_err card_revoke(uk_card *c)
{
	UK_TRY(fake_tick(c));
	reader_of(c)->consent = false;
	return uk_ok();
}

static uk_err card_verify(uk_card *c, enum uk_pin_ref ref, const uk_pin *pin);

/* On the pad: what was typed is then looked at as if it had been given. */
static uk_err verify_on_pad(uk_card *c, enum uk_pin_ref ref, bool new_pin)
{
	struct uk_pinpad_entry e = { .asks_old = true,
		.asks_new = new_pin,
		.pin_min = 4,
		.pin_max = 16 };
	uk_pin typed;

	UK_TRY(uk_channel_enter_pin(c->ch, &e));
	UK_TRY(uk_pin_set(&typed, uk_view_str(reader_of(c)->pad)));
	return card_verify(c, ref, &typed);
}

static uk_err card_verify(uk_card *c, enum uk_pin_ref ref, const uk_pin *pin)
{
	struct reader *r = reader_of(c);
	bool so = ref == UK_PIN_SO;
	uk_pin_state *state = &c->pins[so];
	const char *right = so ? FAKE_PUK : FAKE_PIN;

	if (pin == NULL)
		return verify_on_pad(c, ref, false);
	if (pin->n > 16)
		return uk_fail(UK_ERR_PIN_LENGTH);
	UK_TRY(fake_tick(c));
	if (state->tries_left == 0)
		return uk_fail_sw(UK_ERR_PIN_BLOCKED, 0x6983);
	if (!uk_bytes_eq(uk_pin_view(pin), uk_view_str(right))) {
		state->tries_left--;
		fake_tries[((struct fake_card *)c)->reader] =
		    (unsigned)state->tries_left;
		r->user = false;
		return uk_fail_sw(
		    UK_ERR_PIN_WRONG, (uint16_t)(0x63c0 + state->tries_left));
	}
	state->tries_left = state->tries_max;
	if (ref == UK_PIN_USER)
		r->user = true;
	else if (so)
		r->so = true;
	else
		r->consent = true;
	return uk_ok();
}

static uk_err card_logout(uk_card *c)
{
	UK_TRY(fake_tick(c));
	reader_of(c)->user = reader_of(c)->so = false;
	return uk_ok();
}

static uk_err card_change(
    uk_card *c, enum uk_pin_ref ref, const uk_pin *old, const uk_pin *pin)
{
	return pin == NULL ? verify_on_pad(c, ref, true)
			   : card_verify(c, ref, old);
}

static uk_err card_unblock(uk_card *c, const uk_pin *puk, const uk_pin *pin)
{
	(void)pin;
	if (puk != NULL) {
		UK_TRY(card_verify(c, UK_PIN_SO, puk));
		reader_of(c)->so = false;
	} else {
		UK_TRY(fake_tick(c));
		if (!reader_of(c)->so)
			return uk_fail_sw(UK_ERR_NOT_LOGGED_IN, 0x6982);
	}
	c->pins[0].tries_left = c->pins[0].tries_max;
	return uk_ok();
}

/* Key 2 signs hashes only. */
static bool card_can_sign(const uk_card *c, const struct uk_sign_request *r)
{
	(void)c;
	if (r->scheme == UK_SIG_RSA_RAW)
		return fake_is_further(r->key);
	return r->scheme != UK_SIG_ECDSA ||
	       (r->input.n >= 20 && r->input.n <= 64);
}

static uk_err card_sign(
    uk_card *c, const struct uk_sign_request *r, uk_buf *sig)
{
	struct reader *where = reader_of(c);
	uk_buf seen = UK_BUF(fake_last.input);

	UK_TRY(fake_tick(c));
	if (r->key->always_auth ? !where->consent : !where->user)
		return uk_fail_sw(UK_ERR_NOT_LOGGED_IN, 0x6982);
	where->consent = false;
	lock();
	uk_put(&seen, r->input);
	fake_last.scheme = r->scheme;
	fake_last.hash = r->hash;
	fake_last.input_len = seen.len;
	unlock();
	uk_put_fill(sig, 0x5a, r->key->key_type == UK_KEY_RSA ? 256 : 64);
	return uk_ok();
}

static uk_err card_challenge(uk_card *c, uint8_t *out, size_t n)
{
	UK_TRY(fake_tick(c));
	memset(out, 0xc5, n);
	return uk_ok();
}

static uk_err card_prove(uk_card *c, uk_bytes hash, uk_bytes signature)
{
	(void)hash;
	UK_TRY(fake_tick(c));
	return signature.p[0] == 0x01 ? uk_ok() : uk_fail(UK_ERR_SIGNATURE);
}

static uk_err card_initialize(
    uk_card *c, const uk_pin *so_pin, const char *label)
{
	UK_TRY(card_verify(c, UK_PIN_SO, so_pin));
	reader_of(c)->so = false;
	UK_TRY(uk_copy_str(
	    c->info.label, sizeof(c->info.label), uk_view_str(label)));
	return fake_wipe_objects(c);
}

/* But for refresh: see fake_refreshes. */
static struct uk_card_ops card_ops = {
	.name = "fake",
	.close = card_close,
	.reselect = card_reselect,
	.revoke = card_revoke,
	.load_objects = fake_load_objects,
	.describe = fake_describe,
	.read_object = fake_read_object,
	.read_public = fake_read_public,
	.verify = card_verify,
	.logout = card_logout,
	.change_pin = card_change,
	.unblock = card_unblock,
	.can_sign = card_can_sign,
	.sign = card_sign,
	.challenge = card_challenge,
	.prove_bank = card_prove,
	.generate = fake_generate,
	.import = fake_import,
	.store = fake_store,
	.destroy = fake_destroy,
	.rename = fake_rename,
	.initialize = card_initialize,
	.can_decipher = fake_can_decipher,
	.decipher = fake_decipher,
};

static const uk_card_info info = {
	.kind = "fake",
	.model = "Fake 1.0",
	.manufacturer = "Nobody",
	.label = "Fake card",
	.serial_len = 8,
	.content_version = 7,
	.pin_min = 4,
	.pin_max = 16,
	.so_pin_min = 8,
	.so_pin_max = 16,
	.bank_proof = true,
};

/* Which reader is it? The channel does not tell: the one whose turn it is. */
static _Thread_local int connecting;

static uk_err source_connect_and_note(
    uk_readers *p, const char *reader, uk_link **out)
{
	connecting = reader[strlen("Fake Reader ")] - '0';
	return source_connect(p, reader, out);
}

static uk_err open_application(uk_channel *ch, bool second, uk_card **out)
{
	struct fake_card *c = uk_new(sizeof(*c));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (c == NULL)
		goto out;
	c->base.ops = &card_ops;
	c->base.ch = ch;
	c->reader = connecting;
	reader_of(&c->base)->stolen = false; /* it is selected */
	if (!uk_is_ok(err = fake_tick(&c->base)))
		goto out;
	err = uk_fail(UK_ERR_CARD_UNKNOWN);
	if (reader_of(&c->base)->serial == 0)
		goto out;
	c->base.info = info;
	c->base.info.pin_pad = uk_channel_has_pinpad(ch, false);
	c->base.info.serial[7] = second ? reader_of(&c->base)->second
					: reader_of(&c->base)->serial;
	reader_of(&c->base)->selected = c->base.info.serial[7];
	c->base.pins[0] = (uk_pin_state){ 3, 3, true };
	c->base.pins[1] = (uk_pin_state){ 5, 5, true };
	fake_tries[c->reader] = 3;
	*out = &c->base;
	c = NULL; /* handed over */
	err = uk_ok();
out:
	uk_free(c);
	return err;
}

/* The second one's PINs are counted with the first one's. */
static uk_err source_open_cards(uk_channel *ch, struct uk_cards *out)
{
	uk_err err;

	*out = (struct uk_cards){ 0 };
	err = open_application(ch, false, &out->list[0]);
	out->selected = out->list[0];
	out->count = uk_is_ok(err);
	if (uk_is_ok(err) && world.readers[connecting].second != 0) {
		err = open_application(ch, true, &out->list[1]);
		out->selected = out->list[1];
		out->count = 2;
	}
	if (!uk_is_ok(err))
		uk_cards_close(out);
	return err;
}

static const struct p11_source source = {
	.open = source_open,
	.close = source_close,
	.readers = source_readers,
	.wait = source_wait,
	.cancel = source_cancel,
	.connect = source_connect_and_note,
	.open_cards = source_open_cards,
};

/* --- the world ----------------------------------------------------------- */

void fake_reset(void)
{
	lock();
	world.service = true;
	memset(world.readers, 0, sizeof(world.readers));
	world.commands = world.countdown = 0;
	world.entries = 0;
	world.person_waits = false;
	world.slow = -1;
	world.begins = 0;
	world.failed = false;
	unlock();
	fake_refreshes(false);
	p11_use_source(&source);
	fake_reads = 0;
	fake_vague = false;
}

void fake_after_fork(void)
{
	atomic_store(&waiting, 0);
	pthread_mutex_init(&world.lock, NULL);
	pthread_cond_init(&world.changed, NULL);
}

void fake_service(bool runs)
{
	lock();
	world.service = runs;
	unlock();
}

void fake_attach(int i)
{
	lock();
	world.readers[i].attached = true;
	unlock();
}

void fake_detach(int i)
{
	lock();
	world.readers[i].attached = world.readers[i].present = false;
	world.readers[i].events++;
	unlock();
}

void fake_insert_two(int i, uint8_t serial, uint8_t second)
{
	struct reader *r = &world.readers[i];

	lock();
	r->attached = r->present = true;
	r->events++;
	r->epoch = 0;
	r->serial = serial;
	r->second = second;
	r->selected = 0;
	r->user = r->so = r->consent = r->stolen = r->changed = false;
	unlock();
}

void fake_insert(int i, uint8_t serial)
{
	fake_insert_two(i, serial, 0);
}

void fake_remove(int i)
{
	lock();
	world.readers[i].present = false;
	world.readers[i].events++;
	unlock();
}

void fake_seize(int i)
{
	lock();
	while (world.readers[i].held > 0)
		pthread_cond_wait(&world.changed, &world.lock);
	world.readers[i].seized = true;
	unlock();
}

void fake_let_go(int i)
{
	lock();
	world.readers[i].seized = false;
	unlock();
}

void fake_reset_card(int i)
{
	lock();
	world.readers[i].epoch++;
	world.readers[i].stolen = true; /* the master file is selected */
	world.readers[i].user = world.readers[i].so = false;
	unlock();
}

void fake_change(int i)
{
	fake_reset_card(i);
	lock();
	world.readers[i].changed = true;
	unlock();
}

void fake_change_quietly(int i)
{
	lock();
	world.readers[i].changed = true;
	unlock();
}

void fake_steal(int i)
{
	lock();
	world.readers[i].stolen = true;
	world.readers[i].user = world.readers[i].so = false;
	unlock();
}

bool fake_has_consent(int i)
{
	return atomic_load(&world.readers[i].consent);
}

bool fake_is_held(int i)
{
	bool held;

	lock();
	held = world.readers[i].held > 0;
	unlock();
	return held;
}

unsigned fake_begins(void)
{
	unsigned n;

	lock();
	n = world.begins;
	world.begins = 0;
	unlock();
	return n;
}

void fake_refreshes(bool can)
{
	card_ops.refresh = can ? card_reselect : NULL;
}

bool fake_is_open(int i)
{
	bool open;

	lock();
	open = world.readers[i].user || world.readers[i].so;
	unlock();
	return open;
}

void fake_screen(int i, const char *does)
{
	lock();
	world.readers[i].screen = does;
	unlock();
}

void fake_pad(int i, const char *does)
{
	lock();
	world.readers[i].pad = does;
	unlock();
}

void fake_person_waits(bool waits)
{
	lock();
	world.person_waits = waits;
	unlock();
}

void fake_slow_card(int i)
{
	lock();
	world.slow = i;
	unlock();
}

bool fake_working(void)
{
	bool working;

	lock();
	working = world.working > 0;
	unlock();
	return working;
}

bool fake_entering(void)
{
	bool entering;

	lock();
	entering = world.waiting > 0;
	unlock();
	return entering;
}

unsigned fake_entries(void)
{
	unsigned n;

	lock();
	n = world.entries;
	world.entries = 0;
	unlock();
	return n;
}

unsigned fake_commands(void)
{
	unsigned n;

	lock();
	n = world.commands;
	world.commands = 0;
	unlock();
	return n;
}

void fake_fail(unsigned nth, enum uk_code code)
{
	lock();
	world.countdown = nth;
	world.code = code;
	world.failed = false;
	unlock();
}

bool fake_failed(void)
{
	bool failed;

	lock();
	failed = world.failed;
	unlock();
	return failed;
}
