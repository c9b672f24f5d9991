/*
 * The card: a small operating system with applications on it.
 *
 * A card is opened from its file, gets command APDUs and answers them. It knows
 * classes, logical channels, chaining and GET RESPONSE, the MF with EF.DIR,
 * which applications there are (vc_registry.h), and which of them is selected
 * on each channel; everything else is the application's. One card is used by
 * one thread at a time.
 */
#ifndef VC_CARD_H
#define VC_CARD_H

#include "vc_registry.h"

struct vc_card;

/* kinds: `count` of them, kept by reference. path, mode and errors as
 * vc_nv_open and vc_registry_open; a new card has an instance of each
 * preinstalled kind, and is saved. */
UK_RESULT vc_card_open(const struct vc_app_ops *const *kinds, size_t count,
    const char *path, enum vc_store_mode mode, struct vc_card **out);
void vc_card_close(struct vc_card **card);

/* For personalisation, without the security domain's being asked: a selectable
 * instance of the kind with this name, with the kind's privileges. aid UK_NONE:
 * the kind's own; params: for the kind's install(). UK_ERR_NOT_FOUND: no such
 * kind; else as vc_registry_add. Saved; on failure nothing has changed. */
UK_RESULT vc_card_install(
    struct vc_card *card, const char *kind, uk_bytes aid, uk_bytes params);
/* Takes it away with all it stored, and resets the card. UK_ERR_NOT_FOUND. */
UK_RESULT vc_card_remove(struct vc_card *card, uk_bytes aid);

uk_bytes vc_card_atr(void);
/* Power off and on, or a reset: all statuses are gone, all channels but the
 * basic one are closed, and the default application is selected on that, or the
 * MF. */
void vc_card_reset(struct vc_card *card);
/* The answer, status word included: a view, good until the next call. */
uk_bytes vc_card_transmit(struct vc_card *card, uk_bytes apdu);

/* The application with this name, whole; NULL if there is none. */
struct vc_app *vc_card_app(struct vc_card *card, uk_bytes aid);

#endif
