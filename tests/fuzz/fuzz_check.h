/* What every fuzzer needs: a check that stops the program, and "is a view
 * inside the input?", the property that keeps parsers from reading elsewhere.
 */
#ifndef FUZZ_CHECK_H
#define FUZZ_CHECK_H

#include "bytes.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                       \
	do {                                                                   \
		if (!(condition)) {                                            \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__,       \
			    __LINE__, #condition);                             \
			abort();                                               \
		}                                                              \
	} while (0)

static inline bool lies_inside(uk_bytes part, uk_bytes whole)
{
	uintptr_t first = (uintptr_t)whole.p, at = (uintptr_t)part.p;

	return part.n == 0 || (at >= first && part.n <= whole.n &&
				  at - first <= whole.n - part.n);
}

#endif
