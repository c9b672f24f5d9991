#include "wirenoise.h"

/* Knuth's MMIX generator; the high bits are good enough for noise. */
static unsigned draw(struct trm_noise *n)
{
	n->seed = n->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(n->seed >> 33);
}

enum trm_noise_kind trm_noise_next(struct trm_noise *n, unsigned *detail)
{
	unsigned long number = n->passed++;

	*detail = draw(n);
	if (n->kind != TRM_NOISE_NONE && number >= n->at &&
	    number - n->at < n->run)
		return n->kind;
	if (draw(n) % 1000 < n->per_mille)
		return (enum trm_noise_kind)(
		    1 + draw(n) % (TRM_NOISE_KINDS - 1));
	return TRM_NOISE_NONE;
}
