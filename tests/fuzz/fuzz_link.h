/*
 * A card that answers whatever the fuzzer says: the input is a row of answers,
 * each behind its length in two bytes, big-endian. After the last one the card
 * is gone. Not thread-safe, like fuzzers.
 */
#ifndef FUZZ_LINK_H
#define FUZZ_LINK_H

#include "transport.h"

uk_link *fuzz_link(uk_reader *answers);
/* Commands since the last call. */
size_t fuzz_link_commands(void);
/* The answer to reset that the card has, for a link that is made from now on;
 * none unless told so. */
void fuzz_link_has_atr(uk_bytes atr);
/* Commands since the last call that hold these bytes (kept); such a command
 * that is not said to be secret stops the fuzzer. */
void fuzz_link_watch(uk_bytes secret);
size_t fuzz_link_seen(void);
/* Stops the fuzzer, also in release builds. */
#define MUST(condition)                                                        \
	do {                                                                   \
		if (!(condition))                                              \
			__builtin_trap();                                      \
	} while (0)

#endif
