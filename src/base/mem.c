/* The heap, with a switch that lets tests fail the Nth allocation. */
#include "mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Atomic unsigned long calls;
static _Atomic unsigned long fail_at; /* value of calls that fails; 0 = never */
static _Atomic long live;

bool uk_mem_may_take(void)
{
	unsigned long now = atomic_fetch_add(&calls, 1) + 1;

	if (now == atomic_load(&fail_at))
		return false;
	atomic_fetch_add(&live, 1);
	return true;
}

void uk_mem_given_back(void)
{
	atomic_fetch_sub(&live, 1);
}

void uk_mem_fail_nth(unsigned long nth)
{
	atomic_store(&calls, 0);
	atomic_store(&fail_at, nth);
}

unsigned long uk_mem_calls(void)
{
	return atomic_load(&calls);
}

long uk_mem_live(void)
{
	return atomic_load(&live);
}

void *uk_new_array(size_t count, size_t size)
{
	size_t total;
	void *p;

	if (__builtin_mul_overflow(count, size, &total) || total == 0 ||
	    !uk_mem_may_take())
		return NULL;
	p = calloc(1, total);
	if (p == NULL)
		uk_mem_given_back();
	return p;
}

void *uk_resize_array(void *old, size_t old_count, size_t count, size_t size)
{
	void *p = uk_new_array(count, size);

	if (p == NULL)
		return NULL;
	if (old != NULL)
		memcpy(p, old, (old_count < count ? old_count : count) * size);
	uk_free(old);
	return p;
}

uint8_t *uk_dup(uk_bytes v)
{
	uint8_t *p = v.n == SIZE_MAX ? NULL : uk_new(v.n + 1);

	if (p != NULL && v.n > 0)
		memcpy(p, v.p, v.n);
	return p;
}

char *uk_dup_str(const char *s)
{
	return (char *)uk_dup(uk_view_str(s));
}

void uk_free(void *p)
{
	if (p == NULL)
		return;
	uk_mem_given_back();
	free(p);
}

uk_err uk_blob_set(uk_blob *b, uk_bytes v)
{
	uint8_t *copy = uk_dup(v);

	if (copy == NULL)
		return uk_fail(UK_ERR_MEMORY);
	uk_free(b->p);
	b->p = copy;
	b->n = v.n;
	return uk_ok();
}

uk_err uk_blob_add(uk_blob *b, uk_bytes v)
{
	uint8_t *p;

	if (v.n > SIZE_MAX - b->n - 1)
		return uk_fail(UK_ERR_MEMORY);
	p = uk_new(b->n + v.n + 1);
	if (p == NULL)
		return uk_fail(UK_ERR_MEMORY);
	if (b->n > 0)
		memcpy(p, b->p, b->n);
	if (v.n > 0)
		memcpy(p + b->n, v.p, v.n); /* v may be part of b itself */
	uk_free(b->p);
	b->p = p;
	b->n += v.n;
	return uk_ok();
}

void uk_blob_free(uk_blob *b)
{
	uk_free(b->p);
	b->p = NULL;
	b->n = 0;
}
