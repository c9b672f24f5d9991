/*
 * Preloaded into a pcscd of the test's own and its clients: what is asked again
 * and again while nothing happens is asked sooner. pcscd looks for cards every
 * 400 ms and its clients whether a card is free every 100 ms; with two pulled
 * cards in each of a thousand cells, that is all that a test would do. Nothing
 * else of theirs is touched, and desk-pcsc works without it, too.
 */
#include <time.h>

static const struct {
	long given_ms, taken_ms;
} rows[] = {
	{ 400, 8 }, /* PCSCLITE_STATUS_POLL_RATE */
	{ 100, 1 }, /* PCSCLITE_LOCK_POLL_RATE */
};

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
	struct timespec t = *wanted;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (t.tv_sec == 0 && t.tv_nsec == rows[i].given_ms * 1000000)
			t.tv_nsec = rows[i].taken_ms * 1000000;
	}
	return clock_nanosleep(CLOCK_REALTIME, 0, &t, left) == 0 ? 0 : -1;
}
