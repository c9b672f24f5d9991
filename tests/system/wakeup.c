/*
 * Preloaded after a sanitizer's runtime into other people's programs: wakes the
 * runtime up before anything else happens.
 *
 * The runtime starts itself at the first malloc. In programs with libp11-kit
 * that is inside newlocale(), called by that library's constructor; the runtime
 * then asks for a translated message of dlerror(), which wants the lock that
 * newlocale() holds, and the program hangs in its next setlocale(). Linked with
 * -z initfirst, so that the constructor below is the first of all.
 */
#include <stdlib.h>

__attribute__((constructor)) static void wake_up(void)
{
	void *volatile p = malloc(1);

	free(p);
}
