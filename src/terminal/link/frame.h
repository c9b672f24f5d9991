/*
 * A frame on the wire between host and terminal.
 *
 *   00  COBS( kind seq ack payload crc )  00
 *
 * Consistent Overhead Byte Stuffing (Cheshire and Baker, 1999) takes all zero
 * bytes out of what stands between two zero bytes, so that after any noise the
 * next zero is where a frame ends. crc: CRC-32 of ISO/IEC 13239 (also IEEE
 * 802.3), least significant byte first, over all that stands before it. A frame
 * that is too long, too short, of another version or with a wrong crc is as if
 * it had never come. docs/terminal.md, section 2.
 */
#ifndef TRM_FRAME_H
#define TRM_FRAME_H

#include "bytes.h"

enum {
	TRM_FRAME_VERSION = 1,
	TRM_FRAME_PAYLOAD = 1024,
	TRM_FRAME_PLAIN = 3 + TRM_FRAME_PAYLOAD + 4, /* before stuffing */
	/* one byte more for every 254 begun, and the two zeros */
	TRM_FRAME_MAX = TRM_FRAME_PLAIN + TRM_FRAME_PLAIN / 254 + 1 + 2
};

enum trm_frame_kind {
	TRM_FRAME_OPEN = 1,   /* payload: 4 bytes, the number of this stream */
	TRM_FRAME_OPENED = 2, /* the same number */
	TRM_FRAME_DATA = 3,   /* seq; payload: at least one byte */
	TRM_FRAME_ACK = 4,    /* only ack means something */
	TRM_FRAME_CLOSED = 5  /* there is no stream: open one */
};

struct trm_frame {
	uint8_t kind;
	uint8_t seq;      /* of this frame, modulo 256 */
	uint8_t ack;      /* the next number that is expected */
	uk_bytes payload; /* view */
};

void trm_frame_put(uk_buf *out, const struct trm_frame *f);

/* What comes in, byte by byte. A struct by value; all zero to begin with. */
struct trm_frame_reader {
	uint8_t bytes[TRM_FRAME_PLAIN];
	size_t n;
	uint8_t left; /* bytes until the next place of a zero */
	bool zero;    /* there a zero stood */
	bool bad;     /* wait for the end of this one */
};
/* True when this byte has ended a good frame: *out is a view into the reader,
 * until the next byte. */
bool trm_frame_feed(
    struct trm_frame_reader *r, uint8_t byte, struct trm_frame *out);

#endif
