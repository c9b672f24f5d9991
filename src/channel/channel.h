/*
 * How commands travel: the only road to the card.
 *
 * uk_channel_transmit() encodes, chooses extended length or chaining from what
 * the card and reader really take, sends, collects 61xx, repeats on 6Cxx,
 * checks and strips the answer; each step is a function of its own. Secure
 * messaging will be one more step here. The number of round trips per call is
 * bounded.
 */
#ifndef UK_CHANNEL_H
#define UK_CHANNEL_H

#include "apdu.h"
#include "display.h"
#include "pinpad.h"
#include "transport.h"

typedef struct uk_channel uk_channel;

struct uk_limits {
	size_t max_command;  /* data bytes the card takes in one command; > 255
			      * means extended length is allowed */
	size_t max_response; /* likewise for answers; > 256 means extended Le */
	bool chaining;       /* ISO/IEC 7816-4 command chaining is allowed */
};

/* Takes over the link. Starts with the limits of any ISO card: 255, 256, no
 * chaining. */
UK_RESULT uk_channel_open(uk_link **link, uk_channel **out);
void uk_channel_close(uk_channel **ch, enum uk_card_fate fate);
void uk_channel_limit(uk_channel *ch, struct uk_limits limits);
struct uk_limits uk_channel_limits(const uk_channel *ch);

/* What the card says of itself in the historical bytes of its answer to reset
 * (atr.h); all false if it says nothing. Not for telling kinds apart. */
struct uk_atr_facts {
	bool chaining, extended;
	bool directory; /* it has an EF.DIR, and so files of its own */
};
struct uk_atr_facts uk_channel_atr(uk_channel *ch);
/* The answer to reset itself, UK_ATR_MAX bytes at most; or UK_ERR_UNSUPPORTED.
 */
UK_RESULT uk_channel_atr_bytes(uk_channel *ch, uk_buf *out);

/* Keeps others away between begin and end; see uk_link_ops. */
UK_RESULT uk_channel_begin(uk_channel *ch);
void uk_channel_end(uk_channel *ch, enum uk_card_fate fate);
/* Another number after every begin: between two calls with the same one nobody
 * else has spoken to the card (if the caller begins at all). */
uint32_t uk_channel_turn(const uk_channel *ch);

/* From now on at most so many commands are sent, pieces of commands and of
 * answers counted; whatever would be one more is UK_ERR_CARD_MUTE and not sent.
 * So no card, whatever it answers, keeps a caller busy for ever. A channel that
 * was opened just now has no such limit. */
void uk_channel_allow(uk_channel *ch, size_t commands);

/*
 * Sends one command and appends the answer's data to `out` (NULL if none is
 * wanted; data then is an error UK_ERR_CARD_MUTE unless cmd->le is 0).
 * Returns uk_sw_err() of the final status word, and *sw = that word when sw is
 * not NULL. Transport failures have sw 0. An answer longer than what fits into
 * `out` is UK_ERR_TOO_SMALL, never cut. cmd->le larger than what the limits
 * allow is reduced to them.
 */
UK_RESULT uk_channel_transmit(
    uk_channel *ch, const uk_cmd *cmd, uk_buf *out, uint16_t *sw);

/*
 * The same for whoever may be content with an answer's beginning: after every
 * piece that leaves more to fetch, enough(arg, answer so far) is asked, and if
 * it says so, the rest stays on the card and the result is UK_OK with *sw =
 * 61xx.
 */
typedef bool uk_channel_enough(void *arg, uk_bytes answer);
UK_RESULT uk_channel_transmit_until(uk_channel *ch, const uk_cmd *cmd,
    uk_buf *out, uint16_t *sw, uk_channel_enough *enough, void *arg);

/* --- the reader's PIN pad ------------------------------------------------ */

/* Asks the reader for a pad, inside a transaction. Costs no APDU; a reader that
 * has none is asked once. Whoever does not ask has no pad. */
void uk_channel_find_pinpad(uk_channel *ch);
/* Does the reader take this kind of entry? */
bool uk_channel_has_pinpad(const uk_channel *ch, bool new_pin);
/* Called at the beginning (true) and the end (false) of the time in which
 * uk_channel_enter_pin waits for a person, so that whoever calls that may let
 * go of a lock. Nobody may use the channel in between. */
typedef void uk_person_hook(void *arg, bool begins);
void uk_channel_on_person(uk_channel *ch, uk_person_hook *hook, void *arg);
/* A person enters it on the reader; returns when that has ended. The result is
 * that of uk_pinpad_result, or of the way to the reader; UK_ERR_UNSUPPORTED
 * without a pad, or if it takes none of the lengths. Never repeated here. */
UK_RESULT uk_channel_enter_pin(uk_channel *ch, const struct uk_pinpad_entry *e);

/* --- the reader's own display, inside a transaction ----------------------- */

/* Appends its key, UK_DISPLAY_POINT bytes; UK_ERR_UNSUPPORTED, or the way to
 * the reader: there is none. Costs no APDU. */
UK_RESULT uk_channel_display_key(uk_channel *ch, uk_buf *key);
/* A person reads a transaction text there and answers (uk_channel_on_person);
 * uk_display_result. */
UK_RESULT uk_channel_show(uk_channel *ch, uk_bytes text);
/* Appends the reader's statement for the last signature over a text that it has
 * shown, once; not UK_OK: there is none. */
UK_RESULT uk_channel_statement(uk_channel *ch, uk_buf *out);

#endif
