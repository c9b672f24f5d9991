/* Secrets: wiped whole, compared in constant time, kept off the disk. */
#include "secret.h"

#include "mem.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void uk_wipe(void *p, size_t n)
{
	if (p != NULL && n > 0)
		explicit_bzero(p, n);
}

void uk_wipe_free(void *p)
{
	if (p != NULL)
		uk_wipe(p, malloc_usable_size(p)); /* glibc, musl */
	free(p);
}

bool uk_equal(uk_bytes a, uk_bytes b)
{
	volatile uint8_t diff = 0;

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		diff = (uint8_t)(diff | (a.p[i] ^ b.p[i]));
	return diff == 0;
}

uk_err uk_pin_set(uk_pin *pin, uk_bytes v)
{
	uk_wipe(pin, sizeof(*pin));
	if (v.n == 0 || v.n > sizeof(pin->p))
		return uk_fail(UK_ERR_PIN_LENGTH);
	memcpy(pin->p, v.p, v.n);
	pin->n = v.n;
	return uk_ok();
}

static size_t whole_pages(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

void *uk_secret_new(size_t n)
{
	void *p;

	if (n == 0 || n > SIZE_MAX / 2 || !uk_mem_may_take())
		return NULL;
	p = mmap(NULL, whole_pages(n), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		uk_mem_given_back();
		return NULL;
	}
	/* Best effort: RLIMIT_MEMLOCK may be 0, and a secret that cannot be
	 * locked is still better used than refused. */
	(void)mlock(p, whole_pages(n));
	(void)madvise(p, whole_pages(n), MADV_DONTDUMP);
	return p;
}

void uk_secret_free(void *p, size_t n)
{
	if (p == NULL)
		return;
	uk_wipe(p, n);
	uk_mem_given_back();
	(void)munmap(p, whole_pages(n));
}
