#include "fuzz_card.h"

uk_err fuzz_card_bring(uk_card *c, const struct uk_new_object *what, size_t *at)
{
	static const uint8_t number[128] = { 0x80, 1 };
	const uk_bytes half = UK_ARRAY(number);
	const uk_public_key pub = { .type = what->key_type,
		.modulus = { 0x80 },
		.modulus_len = 256,
		.exponent = { 3 },
		.exponent_len = 1,
		.point = { 4 },
		.point_len = 1 + 2 * uk_key_field(what->key_type) };
	const struct uk_private_key key = { .p = half,
		.q = half,
		.dp = half,
		.dq = half,
		.qinv = half,
		.d = uk_bytes_first(half, 32),
		.public = &pub };

	return uk_card_import(c, what, &key, at);
}
