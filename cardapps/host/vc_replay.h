/*
 * A transcript played as a card: it answers what it once answered, to the same
 * commands in the same order. What was redacted matches whatever is as long.
 * A command that does not match, or comes after the end, is an error with the
 * number of the line; from then on it keeps silent.
 */
#ifndef VC_REPLAY_H
#define VC_REPLAY_H

#include "vc_source.h"

#include "err.h"

/* UK_ERR_NOT_FOUND; UK_ERR_FORMAT: no transcript, or of a later version. */
UK_RESULT vc_replay_open(const char *path, struct vc_source *out);

#endif
