/* Numbers for SM2 and SM3: the table. */
#include "gm.h"

#include "gm_numbers.h"

#include <string.h>

#define ROW(name, key, generate, sign, sign_sm3, encrypt, sm3)                 \
	{ name, key, generate, sign, sign_sm3, encrypt, sm3 },

static const struct p11_gm table[] = { P11_GM_PRESETS(ROW) };

enum { ROWS = sizeof(table) / sizeof(table[0]) };

static size_t chosen;

const struct p11_gm *p11_gm(void)
{
	return &table[chosen];
}

size_t p11_gm_place(void)
{
	return chosen;
}

const struct p11_gm *p11_gm_at(size_t i)
{
	return i < ROWS ? &table[i] : NULL;
}

bool p11_gm_choose(const char *name)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (strcmp(table[i].name, name) == 0) {
			chosen = i;
			return true;
		}
	}
	return false;
}

void p11_gm_default(void)
{
	chosen = 0;
}
