/* What a line has brought: of contacts a character, of the field a frame. */
#ifndef TRM_HEARD_H
#define TRM_HEARD_H

enum trm_heard {
	TRM_HEARD,
	TRM_GARBLED, /* something with a wrong parity bit, or not framed */
	TRM_SILENCE, /* nothing within the time */
	TRM_PULLED   /* there is no card any more */
};

#endif
