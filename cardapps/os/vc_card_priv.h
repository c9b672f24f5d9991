/* Between vc_card.c (commands in, answers out), vc_class.c (what their first
 * byte says) and vc_select.c (which application they are for). */
#ifndef VC_CARD_PRIV_H
#define VC_CARD_PRIV_H

#include "vc_card.h"
#include "vc_root.h"

enum { VC_IN_MAX = 0xffff /* command data, chained parts together */ };

/* A logical channel (7816-4:2020, 5.4.2): what is selected on it, the command
 * chain it is in the middle of, and what it has not yet fetched. */
struct vc_channel {
	uint8_t number;
	bool closing;            /* by the command it is carrying out */
	struct vc_app *selected; /* NULL: the MF */
	struct vc_root root;
	bool chaining;
	uk_cmd chain; /* header of the chain; its data is in */
	uk_buf in;
	uk_buf out;    /* what the command answered */
	uk_bytes rest; /* of out: not yet fetched */
	uint16_t sw;   /* that comes with its last byte */
	uint8_t in_bytes[VC_IN_MAX];
	uint8_t out_bytes[UK_LE_MAX + 8];
};

struct vc_card {
	struct vc_crypto *crypto;
	struct vc_nv *nv;
	struct vc_registry *registry;
	struct vc_channel *channels[VC_CHANNELS]; /* the first is always open */
	uk_buf reply;
	uint8_t reply_bytes[UK_RESPONSE_MAX];
};

/* The selected application's command; NULL if it has none, or there is none. */
const struct vc_command *vc_channel_command(
    const struct vc_channel *ch, uint8_t ins);

/* Finds the channel that a command is for; leaves cmd->cla without its bits,
 * *more the chaining. 9000, 6881, or 6E00 if what is selected there does not
 * take the class. */
uint16_t vc_class_take(
    struct vc_card *card, uk_cmd *cmd, struct vc_channel **ch, bool *more);

/* Wipes what it holds. */
void vc_channel_end_chain(struct vc_channel *ch);
void vc_channel_drop_answer(struct vc_channel *ch);

/* With the MF selected. UK_ERR_MEMORY. */
UK_RESULT vc_channel_open(struct vc_card *card, uint8_t number);
void vc_channel_close(struct vc_card *card, uint8_t number);
/* The MF is selected; if that was the application's last channel, it forgets
 * its security statuses. */
void vc_channel_leave(struct vc_channel *ch);
/* The MF, or the application that has the privilege to be the default. */
void vc_channel_select_default(struct vc_card *card, struct vc_channel *ch);

/* What every channel knows whatever is selected; false: not such a command. */
bool vc_select_is_ours(const struct vc_channel *ch, const uk_cmd *cmd);
uint16_t vc_select_run(
    struct vc_card *card, struct vc_channel *ch, const uk_cmd *cmd);

#endif
