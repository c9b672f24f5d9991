/* What happens to the card, and what it has seen. */
#include "desk_reader.h"

#include "hex.h"

static struct vc_card *card_in(void)
{
	return desk.cards->cards[desk.in];
}

/* --- counting --------------------------------------------------------------
 */

/* VERIFY with a PIN, CHANGE REFERENCE DATA, RESET RETRY COUNTER. */
static bool has_pin(uk_bytes apdu)
{
	return apdu.n > 5 &&
	       (apdu.p[1] == 0x20 || apdu.p[1] == 0x24 || apdu.p[1] == 0x2c);
}

static bool is_refusal(uk_bytes answer)
{
	uk_bytes sw = uk_bytes_last(answer, 2);

	return sw.p[0] == 0x63 || (sw.p[0] == 0x69 && sw.p[1] == 0x83);
}

uk_bytes desk_event_transmit(uk_bytes apdu)
{
	bool pin = has_pin(apdu);
	uk_bytes answer = vc_card_transmit(card_in(), apdu);

	desk.world->commands++;
	if (pin)
		desk.world->pins[desk.in]++;
	if (pin && is_refusal(answer))
		desk.world->wrong[desk.in]++;
	return answer;
}

/* --- other programs ---------------------------------------------------------
 */

unsigned desk_event_other(const char *hex)
{
	uint8_t bytes[64];
	uk_buf apdu = UK_BUF(bytes);
	uk_bytes sw;

	if (!uk_is_ok(uk_hex_decode(uk_view_str(hex), &apdu)))
		return 0;
	sw = uk_bytes_last(vc_card_transmit(card_in(), uk_buf_view(&apdu)), 2);
	return (unsigned)(sw.p[0] << 8 | sw.p[1]);
}

void desk_event_reset(void)
{
	vc_card_reset(card_in());
	desk.resets++;
}

struct desk_words desk_event_words(
    const struct desk_kind *kind, enum desk_event event)
{
	switch (event) {
	case DESK_RESET:
		return (struct desk_words){ NULL, NULL, true };
	case DESK_SELECT: /* the issuer security domain */
		return (struct desk_words){ "00A4040008A000000151000000", NULL,
			false };
	case DESK_LOGIN:
		return (struct desk_words){ kind->select, kind->verify, false };
	default:
		return (struct desk_words){ kind->select, kind->logout, false };
	}
}

/* --- hands ------------------------------------------------------------------
 */

static void pull(void)
{
	vc_card_reset(card_in());
	desk.present = false;
	desk.events++;
	desk_reader_free_card();
}

static void put(size_t which)
{
	if (desk.present)
		return;
	desk.in = which;
	vc_card_reset(card_in());
	desk.present = true;
	desk.events++;
}

static void hand(enum desk_event event)
{
	desk.world->fired = true; /* before anybody can see it */
	switch (event) {
	case DESK_OUT:
		pull();
		break;
	case DESK_AGAIN:
		pull();
		put(0);
		break;
	case DESK_SWAP:
		pull();
		put(1);
		break;
	case DESK_UNPLUG:
		pull();
		put(0);
		desk_reader_unplug();
		break;
	case DESK_KILL:
		pull();
		put(0);
		desk_reader_kill();
		break;
	default:
		desk_event_reset();
	}
	desk_reader_tell();
}

bool desk_event_due(void)
{
	return desk.world->countdown >= 0 && desk.world->countdown-- == 0;
}

void desk_event_happens(void)
{
	enum desk_event event = (enum desk_event)(int)desk.world->event;

	if (event < DESK_RESET) {
		hand(event);
		return;
	}
	desk.world->called = true;
	desk_reader_call();
}

char desk_event_answer(char word)
{
	switch (word) {
	case DESK_ASK_HEAL:
		put(desk.in);
		desk_reader_plug();
		desk_reader_tell();
		return 'y';
	case DESK_ASK_OPEN:
		return desk_event_other(desk.cards->kind->ask) == 0x9000 ? 'y'
									 : 'n';
	default:
		return 'y';
	}
}
