#include "simfield.h"

#include "secret.h"

static bool present(void *arg)
{
	const struct trm_simfield *s = arg;

	return s->present;
}

static void field(void *arg, bool on)
{
	struct trm_simfield *s = arg;

	s->late_n = 0;
	vc_prox_field(&s->prox, on && s->present);
}

static void pause_us(void *arg, uint64_t us)
{
	struct trm_simfield *s = arg;

	s->now_us += us;
}

static uint64_t now_us(void *arg)
{
	const struct trm_simfield *s = arg;

	return s->now_us;
}

/* Part 3 with its own repetitions is one step here: it fails as a whole. */
static enum trm_heard find(void *arg, struct trm_prox_found *found)
{
	struct trm_simfield *s = arg;
	uint8_t storage[TRM_PROX_ATQB];
	uk_buf out = UK_BUF(storage), atqb = UK_BUF(found->atqb);
	unsigned detail;

	if (!s->present)
		return TRM_PULLED;
	if (trm_noise_next(&s->noise, &detail) != TRM_NOISE_NONE ||
	    !vc_prox_wake(&s->prox, true, &out))
		return TRM_SILENCE;
	found->type_b = s->prox.wish.type_b;
	if (found->type_b)
		uk_put(&atqb, uk_buf_view(&out));
	else
		found->sak = storage[VC_PROX_UID];
	found->atqb_n = atqb.len;
	return TRM_HEARD;
}

/* What becomes of a frame that is not lost and not late. */
static void spoil(enum trm_noise_kind k, unsigned detail, uk_buf *frame)
{
	size_t at = frame->len == 0 ? 0 : detail % frame->len;

	if (k == TRM_NOISE_EXTRA)
		uk_put_u8(frame, (uint8_t)detail);
	else if (k == TRM_NOISE_LATE)
		uk_buf_cut(frame, at);
	else if (k == TRM_NOISE_PARITY)
		frame->p[at] ^= (uint8_t)(1U << detail / 256 % 8);
	else if (k == TRM_NOISE_FLIP)
		frame->p[at] ^= (uint8_t)(3U << detail / 256 % 7);
}

/* The card's answer, if it has heard anything and has one. */
static uk_bytes reach_card(struct trm_simfield *s, uk_bytes frame)
{
	uint8_t storage[TRM_PROX_FRAME + 1];
	uk_buf on_air = UK_BUF(storage);
	uk_bytes answer = UK_NONE;
	unsigned detail;
	enum trm_noise_kind k = trm_noise_next(&s->noise, &detail);

	s->sent++;
	uk_put(&on_air, frame);
	spoil(k, detail, &on_air);
	if (k != TRM_NOISE_LOST)
		answer = vc_prox_hear(&s->prox, uk_buf_view(&on_air));
	uk_wipe(storage, sizeof(storage));
	return answer;
}

static enum trm_heard reach_reader(
    struct trm_simfield *s, uk_bytes frame, uk_buf *answer)
{
	uk_buf late = UK_BUF(s->late);
	unsigned detail;
	enum trm_noise_kind k = trm_noise_next(&s->noise, &detail);

	if (k == TRM_NOISE_LATE)
		uk_put(&late, frame);
	s->late_n = late.len;
	if (k == TRM_NOISE_LATE || k == TRM_NOISE_LOST)
		return TRM_SILENCE;
	s->received++;
	uk_put(answer, frame);
	if (!answer->bad)
		spoil(k, detail, answer);
	return k == TRM_NOISE_PARITY || answer->bad ? TRM_GARBLED : TRM_HEARD;
}

static enum trm_heard swap(
    void *arg, uk_bytes frame, uk_buf *answer, uint64_t wait_us)
{
	struct trm_simfield *s = arg;
	enum trm_heard h = TRM_SILENCE;
	uk_bytes said;

	if (!s->present)
		return TRM_PULLED;
	if (s->late_n > 0) {
		uk_put(answer, uk_view(s->late, s->late_n));
		s->late_n = 0;
		return TRM_HEARD;
	}
	said = reach_card(s, frame);
	if (said.n > 0)
		h = reach_reader(s, said, answer);
	if (h == TRM_SILENCE)
		s->now_us += wait_us;
	return s->present ? h : TRM_PULLED;
}

static void waiting(void *arg)
{
	struct trm_simfield *s = arg;

	s->waits++;
}

const struct trm_coil trm_simfield = { present, field, pause_us, now_us, find,
	swap, waiting };

void trm_simfield_init(struct trm_simfield *s, const struct vc_line_card *card,
    const struct vc_prox_wish *wish)
{
	s->noise = (struct trm_noise){ .kind = TRM_NOISE_NONE };
	s->present = true;
	s->late_n = 0;
	s->now_us = 0;
	s->waits = s->received = s->sent = 0;
	vc_prox_init(&s->prox, card, wish);
}
