/* Chains through the places of somebody's array. */
#include "index.h"

static size_t power_of_two_from(size_t n)
{
	size_t p = 1;

	while (p < n)
		p *= 2;
	return p;
}

uk_err uk_index_open(uk_index *x, size_t room)
{
	*x = (uk_index){ 0, NULL, NULL };
	if (room == 0 || room > (size_t)1 << 31)
		return uk_fail(UK_ERR_ARGUMENT);
	x->mask = power_of_two_from(room) - 1;
	x->heads = uk_new_array(x->mask + 1, sizeof(*x->heads));
	x->next = uk_new_array(room, sizeof(*x->next));
	if (x->heads == NULL || x->next == NULL) {
		uk_index_close(x);
		return uk_fail(UK_ERR_MEMORY);
	}
	return uk_ok();
}

void uk_index_close(uk_index *x)
{
	uk_free(x->heads);
	uk_free(x->next);
	*x = (uk_index){ 0, NULL, NULL };
}

void uk_index_add(uk_index *x, size_t place, uint64_t hash)
{
	uint32_t *head = &x->heads[hash & x->mask];

	x->next[place] = *head;
	*head = (uint32_t)(place + 1);
}

void uk_index_remove(uk_index *x, size_t place, uint64_t hash)
{
	uint32_t *at = &x->heads[hash & x->mask];

	while (*at != 0 && *at != place + 1)
		at = &x->next[*at - 1];
	if (*at != 0)
		*at = x->next[place];
}

size_t uk_index_first(const uk_index *x, uint64_t hash)
{
	return (size_t)x->heads[hash & x->mask] - 1;
}

size_t uk_index_next(const uk_index *x, size_t place)
{
	return (size_t)x->next[place] - 1;
}

uint64_t uk_index_of(uk_bytes key)
{
	uk_reader r = uk_read(key);

	return uk_get_u64(&r);
}

/* The finalizer of MurmurHash3 (public domain): every bit reaches every bit. */
uint64_t uk_index_mix(uint64_t n)
{
	n = (n ^ n >> 33) * UINT64_C(0xff51afd7ed558ccd);
	n = (n ^ n >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return n ^ n >> 33;
}
