#include "simlink.h"

#include "mem.h"
#include "secret.h"

#include <string.h>

/* --- the card ------------------------------------------------------------- */

static void set_present(struct trm_simcard *s, bool present)
{
	s->contacts.present = s->field.present = present;
}

static uk_bytes card_atr(void *arg)
{
	const struct trm_simcard *s = arg;

	return uk_view(s->atr, s->atr_n);
}

static void card_reset(void *arg)
{
	struct trm_simcard *s = arg;

	uk_link_end(s->inner, UK_RESET_CARD);
	s->err = uk_link_begin(s->inner);
	if (uk_is(s->err, UK_ERR_CARD_RESET)) /* we know */
		s->err = uk_link_begin(s->inner);
	set_present(s, uk_is_ok(s->err));
}

static uk_bytes card_transmit(void *arg, uk_bytes command)
{
	struct trm_simcard *s = arg;
	uk_buf answer = UK_BUF(s->answer);

	/* Whatever it is, this line does not know: nothing is traced. */
	s->err = uk_link_transmit(s->inner, command, &answer, true);
	if (uk_is_ok(s->err))
		return uk_buf_view(&answer);
	set_present(s, uk_is(s->err, UK_ERR_CARD_MUTE));
	return UK_NONE;
}

/* The field's: frames of 256 bytes, FWT 77 ms; no MBL (type B). */
#define PROX .fsci = 8, .fwi = 8, .cid = true

uk_err trm_simcard_parse(const char **name, struct trm_simwish *out)
{
	static const struct {
		const char *name;
		struct trm_simwish wish;
	} kinds[] = {
		{ "line:t0:", { .contacts = { .protocol = 0 } } },
		{ "line:t1:", { .contacts = { .protocol = 1 } } },
		{ "line:t1-crc:",
		    { .contacts = { .protocol = 1, .crc = true } } },
		{ "line:a:", { .contactless = true, .prox = { PROX } } },
		{ "line:b:",
		    { .contactless = true, .prox = { PROX, .type_b = true } } },
	};

	if (strncmp(*name, "line:", 5) != 0)
		return uk_fail(UK_ERR_NOT_FOUND);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t n = strlen(kinds[i].name);

		if (strncmp(*name, kinds[i].name, n) == 0) {
			*out = kinds[i].wish;
			*name += n;
			return uk_ok();
		}
	}
	return uk_fail(UK_ERR_FORMAT);
}

uk_err trm_simcard_open(
    const struct trm_simwish *wish, struct trm_simcard **out)
{
	struct trm_simcard *s = uk_new(sizeof(*s));
	struct vc_line_card behind = { card_atr, card_reset, card_transmit, s };

	*out = s;
	if (s == NULL)
		return uk_fail(UK_ERR_MEMORY);
	trm_simcontacts_init(&s->contacts, &behind, &wish->contacts);
	trm_simfield_init(&s->field, &behind, &wish->prox);
	set_present(s, false);
	return uk_ok();
}

void trm_simcard_insert(struct trm_simcard *s, uk_bytes atr, uk_link **inner)
{
	uk_buf own = UK_BUF(s->atr);

	trm_simcard_remove(s);
	uk_put(&own, atr);
	s->atr_n = own.len;
	s->inner = *inner;
	*inner = NULL;
	s->err = uk_ok();
	set_present(s, true);
}

void trm_simcard_remove(struct trm_simcard *s)
{
	if (s->inner != NULL)
		uk_link_end(s->inner, UK_RESET_CARD);
	uk_link_close(&s->inner, UK_RESET_CARD);
	set_present(s, false);
	uk_wipe(s->answer, sizeof(s->answer));
	vc_line_off(&s->contacts.line);
	vc_prox_field(&s->field.prox, false);
}

void trm_simcard_close(struct trm_simcard **card)
{
	if (*card == NULL)
		return;
	trm_simcard_remove(*card);
	uk_wipe(*card, sizeof(**card));
	uk_free(*card);
	*card = NULL;
}

/* --- as a link -------------------------------------------------------------
 */

struct simlink {
	uk_link base; /* first: a uk_link is one of these */
	struct trm_simcard *card;
	bool contactless;
	struct trm_contact contact;
	struct trm_prox prox;
};

static uk_err link_transmit(uk_link *l, uk_bytes cmd, uk_buf *resp, bool secret)
{
	struct simlink *s = (struct simlink *)l;
	uk_err err = s->contactless
			 ? trm_prox_transmit(&s->prox, cmd, resp)
			 : trm_contact_transmit(&s->contact, cmd, resp);

	(void)secret;
	/* Nobody has reset it but somebody has: the inner link knows more. */
	if (!uk_is_ok(err) && !uk_is_ok(s->card->err))
		return s->card->err;
	return err;
}

/* The line has the card for itself as long as it lives. */
static uk_err link_begin(uk_link *l)
{
	(void)l;
	return uk_ok();
}

static void link_end(uk_link *l, enum uk_card_fate fate)
{
	(void)l, (void)fate;
}

static uk_err link_atr(uk_link *l, uk_buf *out)
{
	const struct simlink *s = (const struct simlink *)l;

	if (s->contactless)
		uk_put(out, uk_view(s->prox.atr, s->prox.atr_n));
	else
		uk_put(out, uk_view(s->contact.atr, s->contact.atr_n));
	return uk_buf_result(out);
}

static void link_close(uk_link *l, enum uk_card_fate fate)
{
	struct simlink *s = (struct simlink *)l;

	(void)fate;
	if (s->contactless)
		trm_prox_off(&s->prox);
	else
		trm_contact_off(&s->contact);
	trm_simcard_close(&s->card);
	uk_free(s);
}

static const struct uk_link_ops link_ops = {
	.transmit = link_transmit,
	.begin = link_begin,
	.end = link_end,
	.atr = link_atr,
	.close = link_close,
};

static uk_err power(struct simlink *s)
{
	uint8_t storage[TRM_ATR_CHARS];
	uk_buf shown = UK_BUF(storage);

	trm_contact_init(&s->contact, &trm_simcontacts, &s->card->contacts);
	trm_prox_init(&s->prox, &trm_simfield, &s->card->field);
	return s->contactless ? trm_prox_power(&s->prox, &shown)
			      : trm_contact_power(&s->contact, &shown);
}

uk_err trm_simlink_open(const struct trm_simwish *wish, uk_bytes atr,
    uk_link **inner, uk_link **out)
{
	struct simlink *s = uk_new(sizeof(*s));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (s != NULL)
		err = trm_simcard_open(wish, &s->card);
	if (!uk_is_ok(err))
		goto out;
	trm_simcard_insert(s->card, atr, inner);
	s->base.ops = &link_ops;
	s->contactless = wish->contactless;
	err = power(s);
	if (!uk_is_ok(err))
		goto out;
	*out = &s->base;
	s = NULL; /* handed over */
out:
	uk_link_close(inner, UK_RESET_CARD);
	if (s != NULL)
		trm_simcard_close(&s->card);
	uk_free(s);
	return err;
}
