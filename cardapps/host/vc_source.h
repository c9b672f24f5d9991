/* What may be at the contacts: a card, or a transcript that is played. */
#ifndef VC_SOURCE_H
#define VC_SOURCE_H

#include "bytes.h"
#include "vc_front.h"

struct vc_source_ops {
	/* A view, good until the next call; empty: it keeps silent. */
	uk_bytes (*transmit)(void *source, uk_bytes command);
	void (*reset)(void *source);
	uk_bytes (*atr)(const void *source);
	void (*close)(void *source);
	/* What has gone wrong with it, for good; NULL: nothing, or nothing ever
	 * does. */
	const char *(*why)(const void *source);
};

struct vc_source {
	const struct vc_source_ops *ops; /* NULL: there is none */
	void *arg;
};

#endif
