/*
 * The card: a small operating system with applications on it.
 *
 * A card is opened from its file, gets command APDUs and answers them. It knows
 * classes, chaining and GET RESPONSE, the MF with EF.DIR, and which application
 * is selected; everything else is the application's. One card is used by one
 * thread at a time.
 */
#ifndef VC_CARD_H
#define VC_CARD_H

#include "vc_app.h"

struct vc_card;

/* apps: `count` of them, kept by reference. path, mode and errors as
 * vc_nv_open; a new card has its applications installed and saved. */
UK_RESULT vc_card_open(const struct vc_app_ops *const *apps, size_t count,
    const char *path, enum vc_store_mode mode, struct vc_card **out);
void vc_card_close(struct vc_card **card);

uk_bytes vc_card_atr(void);
/* Power off and on, or a reset: the MF is selected, all statuses are gone. */
void vc_card_reset(struct vc_card *card);
/* The answer, status word included: a view, good until the next call. */
uk_bytes vc_card_transmit(struct vc_card *card, uk_bytes apdu);

/* The application with this name, whole; NULL if there is none. */
struct vc_app *vc_card_app(struct vc_card *card, uk_bytes aid);

#endif
