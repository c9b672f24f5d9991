#include "simcontacts.h"

static bool present(void *arg)
{
	const struct trm_simcontacts *s = arg;

	return s->present;
}

static void reset(void *arg)
{
	struct trm_simcontacts *s = arg;

	s->late = false;
	vc_line_reset(&s->line);
}

static void off(void *arg)
{
	struct trm_simcontacts *s = arg;

	vc_line_off(&s->line);
}

/* Tables 7 and 8, what is not reserved. */
static bool can(void *arg, uint8_t fi_di)
{
	(void)arg;
	return (0x3e7f >> (fi_di >> 4) & 1) != 0 &&
	       (0x03fe >> (fi_di & 0x0f) & 1) != 0;
}

static void use(void *arg, const struct trm_speed *speed)
{
	(void)arg, (void)speed;
}

static bool put(void *arg, uint8_t c)
{
	struct trm_simcontacts *s = arg;
	unsigned detail;

	s->sent++;
	switch (trm_noise_next(&s->noise, &detail)) {
	case TRM_NOISE_PARITY:
		return vc_line_hear(
		    &s->line, c ^ (uint8_t)(1U << detail % 8), false);
	case TRM_NOISE_LOST:
		return true;
	case TRM_NOISE_FLIP:
		c ^= (uint8_t)(3U << detail % 7);
		break;
	case TRM_NOISE_EXTRA:
		(void)vc_line_hear(&s->line, (uint8_t)detail, true);
		break;
	case TRM_NOISE_LATE:
		vc_line_quiet(&s->line);
		break;
	case TRM_NOISE_NONE:
	case TRM_NOISE_KINDS:
	default:
		break;
	}
	return vc_line_hear(&s->line, c, true);
}

static enum trm_heard hear(struct trm_simcontacts *s, uint8_t *c)
{
	unsigned detail;

	s->received++;
	switch (trm_noise_next(&s->noise, &detail)) {
	case TRM_NOISE_PARITY:
		*c ^= (uint8_t)(1U << detail % 8);
		return TRM_GARBLED;
	case TRM_NOISE_FLIP:
		*c ^= (uint8_t)(3U << detail % 7);
		return TRM_HEARD;
	case TRM_NOISE_EXTRA:
		vc_line_again(&s->line);
		*c = (uint8_t)detail;
		return TRM_HEARD;
	case TRM_NOISE_LOST:
	case TRM_NOISE_LATE:
	case TRM_NOISE_NONE:
	case TRM_NOISE_KINDS:
	default:
		return TRM_HEARD;
	}
}

/* The card's next word. When it has waited long enough for the rest of what it
 * is hearing, it speaks, too. */
static bool say(struct trm_simcontacts *s, uint8_t *c)
{
	if (vc_line_say(&s->line, c))
		return true;
	vc_line_quiet(&s->line);
	return vc_line_say(&s->line, c);
}

static enum trm_heard get(void *arg, uint8_t *c, uint64_t wait_us)
{
	struct trm_simcontacts *s = arg;

	while (s->present && say(s, c)) {
		struct trm_noise after = s->noise;
		unsigned detail;
		enum trm_noise_kind k = trm_noise_next(&after, &detail);

		if (k == TRM_NOISE_LATE && !s->late) {
			s->late = true;
			vc_line_again(&s->line);
			s->now_us += wait_us;
			return TRM_SILENCE;
		}
		s->late = false;
		if (k != TRM_NOISE_LOST)
			return hear(s, c);
		s->noise = after;
	}
	s->now_us += wait_us;
	return s->present ? TRM_SILENCE : TRM_PULLED;
}

static void complain(void *arg)
{
	struct trm_simcontacts *s = arg;

	vc_line_again(&s->line);
}

static void waiting(void *arg)
{
	struct trm_simcontacts *s = arg;

	s->waits++;
	if (s->waiting != NULL)
		s->waiting(s->waiting_arg);
}

const struct trm_contacts trm_simcontacts = { present, reset, off, can, use,
	put, get, complain, waiting };

void trm_simcontacts_init(struct trm_simcontacts *s,
    const struct vc_line_card *card, const struct vc_line_wish *wish)
{
	s->noise = (struct trm_noise){ .kind = TRM_NOISE_NONE };
	s->present = true;
	s->late = false;
	s->now_us = 0;
	s->waits = s->received = s->sent = 0;
	s->waiting = NULL;
	s->waiting_arg = NULL;
	vc_line_init(&s->line, card, wish);
}
