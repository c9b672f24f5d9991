/*
 * PINs with retry counters (ISO/IEC 7816-4:2020, 9.3.4; 7816-9 for unblocking).
 *
 * The counter is written down one lower before the comparison and restored
 * after a good one. The value is kept as a salted hash, which for four digits
 * is no protection at all against somebody who has the card's file: it only
 * keeps the PIN itself out of file listings and backups. A real chip keeps it
 * inside.
 */
#ifndef VC_PINS_H
#define VC_PINS_H

#include "vc_home.h"

enum { VC_PIN_SIZE = 16 };

struct vc_pin_state {
	uint8_t max, left; /* max 0: not set */
};

struct vc_pin_state vc_pin_state(const struct vc_home *h, uint8_t ref);

/* Drops padding FF; false unless min..16 bytes without FF are left. */
bool vc_pin_clean(uk_bytes field, size_t min, uk_bytes *value);

/* One counted try: 9000, 63Cx, 6983, 6A88 (not set) or 6581. Commits. */
uint16_t vc_pin_try(const struct vc_home *h, uint8_t ref, uk_bytes value);

/* Pending until vc_nv_commit: a new value with all its tries; all its tries; at
 * most so many. The last two: UK_ERR_NOT_FOUND if it is not set. */
UK_RESULT vc_pin_put(
    const struct vc_home *h, uint8_t ref, uint8_t max, uk_bytes value);
UK_RESULT vc_pin_refill(const struct vc_home *h, uint8_t ref);
UK_RESULT vc_pin_limit(const struct vc_home *h, uint8_t ref, uint8_t left);

#endif
