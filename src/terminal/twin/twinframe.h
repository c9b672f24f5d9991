/*
 * Frames of a GemPC Twin on its serial line, as Debian's libccidtwin reads and
 * writes them:
 *
 *   03 06 message check        message: CCID; check: exclusive or of all before
 *   03 15 16                   what came was not understood
 *
 * The driver expects each command back before its answer, and looks only at the
 * length of that: a header without data does.
 */
#ifndef TRM_TWINFRAME_H
#define TRM_TWINFRAME_H

#include "ccid.h"

enum {
	TRM_TWIN_DATA = 600, /* of a message; the driver's longest is 271 */
	TRM_TWIN_MESSAGE = UK_CCID_HEAD + TRM_TWIN_DATA,
	TRM_TWIN_FRAME = 2 + TRM_TWIN_MESSAGE + 1
};

/* What comes in, byte by byte. All zero to begin with. */
struct trm_twin_reader {
	uint8_t bytes[TRM_TWIN_FRAME];
	size_t n;
};

enum trm_twin_heard {
	TRM_TWIN_NOTHING, /* yet */
	TRM_TWIN_MESSAGE_COME,
	TRM_TWIN_BAD /* what was coming is no frame; its rest is looked through
		      */
};
/* message: a view, until the next byte. */
enum trm_twin_heard trm_twin_hear(
    struct trm_twin_reader *r, uint8_t byte, uk_bytes *message);

void trm_twin_put(uk_buf *out, uk_bytes message);
void trm_twin_put_nak(uk_buf *out);

#endif
