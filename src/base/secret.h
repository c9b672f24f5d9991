/*
 * Secrets: wiping, comparing, and the type a PIN lives in.
 *
 * A PIN lives in one uk_pin on one stack frame, is passed by pointer, is never
 * copied, and is wiped whole by the frame that filled it, on every path. Keys
 * live in pages from uk_secret_new: locked, kept out of core dumps, wiped when
 * freed.
 */
#ifndef UK_SECRET_H
#define UK_SECRET_H

#include "bytes.h"

enum { UK_PIN_MAX = 64 };

typedef struct uk_pin {
	size_t n;
	uint8_t p[UK_PIN_MAX];
} uk_pin;

/* UK_ERR_PIN_LENGTH if v is empty or longer than UK_PIN_MAX. */
UK_RESULT uk_pin_set(uk_pin *pin, uk_bytes v);
static inline uk_bytes uk_pin_view(const uk_pin *pin)
{
	return uk_view(pin->p, pin->n);
}

/* Not removed by the optimizer. */
void uk_wipe(void *p, size_t n);
/* free() of what malloc() gave, wiped before: for libraries that let their
 * allocator be chosen (jansson: json_set_alloc_funcs). Accepts NULL. */
void uk_wipe_free(void *p);
/* Constant time for equal lengths. */
bool uk_equal(uk_bytes a, uk_bytes b);

/* n zeroed bytes in locked pages, or NULL; goes through the same failure switch
 * as uk_new. uk_secret_free wipes and accepts NULL; n as given to _new. */
void *uk_secret_new(size_t n);
void uk_secret_free(void *p, size_t n);

#endif
