/* Rules read, chosen, and done to answers. */
#include "vc_fault.h"

#include "hex.h"
#include "vc_number.h"

#include <stdio.h>
#include <string.h>

enum { WORDS = 4, LINE_CAP = 512, BYTES_MAX = 65535, MAC_BYTES = 8 };

/* --- reading ---------------------------------------------------------------
 */

enum argument { NOTHING, SW, BYTES, DURATION, WRITES, CARD_FILE };

static const struct {
	const char *name;
	enum vc_fault_kind kind;
	enum argument argument;
} kinds[] = {
	{ "remove", VC_FAULT_REMOVE, NOTHING },
	{ "reset", VC_FAULT_RESET, NOTHING },
	{ "mute", VC_FAULT_MUTE, NOTHING },
	{ "status", VC_FAULT_STATUS, SW },
	{ "truncate", VC_FAULT_TRUNCATE, BYTES },
	{ "extend", VC_FAULT_EXTEND, BYTES },
	{ "random", VC_FAULT_RANDOM, BYTES },
	{ "flip", VC_FAULT_FLIP, NOTHING },
	{ "delay", VC_FAULT_DELAY, DURATION },
	{ "tear", VC_FAULT_TEAR, WRITES },
	{ "swap", VC_FAULT_SWAP, CARD_FILE },
};

static const struct {
	const char *name;
	enum vc_fault_when when;
	unsigned long min, max;
} whens[] = {
	{ "at", VC_WHEN_AT, 1, 1000000000 },
	{ "every", VC_WHEN_EVERY, 1, 1000000000 },
	{ "ins", VC_WHEN_INS, 0, 255 }, /* in hexadecimal */
	{ "chance", VC_WHEN_CHANCE, 1, 100 },
};

static bool get_hex(const char *text, size_t n, unsigned long *out)
{
	uint8_t bytes[2];
	uk_buf b = UK_BUF(bytes);

	if (!uk_is_ok(uk_hex_decode(uk_view_str(text), &b)) || b.bad ||
	    b.len != n)
		return false;
	*out = n == 1 ? bytes[0] : (unsigned long)bytes[0] << 8 | bytes[1];
	return true;
}

static bool get_when(char *const words[WORDS], struct vc_fault *f)
{
	for (size_t i = 0; i < sizeof(whens) / sizeof(whens[0]); i++) {
		if (strcmp(whens[i].name, words[0]) != 0)
			continue;
		f->when = whens[i].when;
		if (f->when == VC_WHEN_INS)
			return get_hex(words[1], 1, &f->which);
		return vc_number(words[1], whens[i].max, &f->which) &&
		       f->which >= whens[i].min;
	}
	return false;
}

static bool get_argument(
    const char *text, enum argument argument, struct vc_fault *f)
{
	if ((text == NULL) != (argument == NOTHING))
		return false;
	switch (argument) {
	case NOTHING:
		return true;
	case SW:
		return get_hex(text, 2, &f->number);
	case BYTES:
	case WRITES:
		return vc_number(text, BYTES_MAX, &f->number) && f->number > 0;
	case DURATION:
		return vc_duration(text, &f->ns);
	case CARD_FILE:
		return uk_is_ok(
		    uk_copy_str(f->file, sizeof(f->file), uk_view_str(text)));
	}
	return false;
}

static bool get_what(char *const words[WORDS], struct vc_fault *f)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, words[2]) != 0)
			continue;
		f->kind = kinds[i].kind;
		return get_argument(words[3], kinds[i].argument, f);
	}
	return false;
}

uk_err vc_faults_add(struct vc_faults *f, const char *rule, unsigned long now)
{
	char line[LINE_CAP], *words[WORDS + 1] = { NULL }, *rest = NULL;
	struct vc_fault fault = { .from = now };

	UK_TRY(uk_copy_str(line, sizeof(line), uk_view_str(rule)));
	for (size_t i = 0; i < WORDS + 1; i++) {
		words[i] = strtok_r(i == 0 ? line : NULL, " \t\r\n", &rest);
		if (words[i] == NULL)
			break;
	}
	if (words[2] == NULL || words[WORDS] != NULL ||
	    !get_when(words, &fault) || !get_what(words, &fault))
		return uk_fail(UK_ERR_FORMAT);
	if (f->count == VC_FAULTS_MAX)
		return uk_fail(UK_ERR_TOO_SMALL);
	f->rules[f->count++] = fault;
	return uk_ok();
}

void vc_faults_drop(struct vc_faults *f, enum vc_fault_kind kind)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->count; i++) {
		if (kind != VC_FAULT_NONE && f->rules[i].kind != kind)
			f->rules[kept++] = f->rules[i];
	}
	f->count = kept;
}

uk_err vc_faults_load(struct vc_faults *f, const char *path, size_t *line)
{
	char text[LINE_CAP];
	FILE *file = fopen(path, "re");
	uk_err err = uk_ok();

	*line = 0;
	if (file == NULL)
		return uk_fail(UK_ERR_IO);
	while (uk_is_ok(err) && fgets(text, sizeof(text), file) != NULL) {
		size_t blank = strspn(text, " \t\r\n");

		++*line;
		if (text[blank] != '\0' && text[blank] != '#')
			err = vc_faults_add(f, text, 0);
	}
	(void)fclose(file);
	return err;
}

/* --- random numbers --------------------------------------------------------
 */

void vc_faults_seed(struct vc_faults *f, uint64_t seed)
{
	f->state = seed;
}

/* SplitMix64 (Steele, Lea, Flood 2014): the same on every machine. */
static uint64_t draw(struct vc_faults *f)
{
	uint64_t z = f->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* --- choosing --------------------------------------------------------------
 */

static bool applies(struct vc_faults *f, const struct vc_fault *r,
    unsigned long number, uk_bytes command)
{
	switch (r->when) {
	case VC_WHEN_AT:
		return number == r->from + r->which;
	case VC_WHEN_EVERY:
		return number > r->from && (number - r->from) % r->which == 0;
	case VC_WHEN_INS:
		return command.n > 1 && command.p[1] == r->which;
	case VC_WHEN_CHANCE:
		return draw(f) % 100 < r->which;
	}
	return false;
}

static void forget_old(struct vc_faults *f, unsigned long number)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->count; i++) {
		const struct vc_fault *r = &f->rules[i];

		if (r->when != VC_WHEN_AT || number <= r->from + r->which)
			f->rules[kept++] = *r;
	}
	f->count = kept;
}

const struct vc_fault *vc_faults_next(
    struct vc_faults *f, unsigned long number, uk_bytes command)
{
	forget_old(f, number);
	for (size_t i = 0; i < f->count; i++) {
		if (applies(f, &f->rules[i], number, command))
			return &f->rules[i];
	}
	return NULL;
}

/* --- spoiling --------------------------------------------------------------
 */

static void put_random(struct vc_faults *f, uk_buf *b, size_t n)
{
	for (; n > 0; n--)
		uk_put_u8(b, (uint8_t)draw(f));
}

/* The answer's data becomes n random bytes, or gets so many more. */
static void randomise(struct vc_faults *f, uk_buf *b, size_t keep, size_t n)
{
	uk_reader tail = uk_read(uk_bytes_last(uk_buf_view(b), 2));
	uint16_t sw = uk_get_u16(&tail);
	size_t room = b->cap - keep - 2;

	uk_buf_cut(b, keep);
	put_random(f, b, n < room ? n : room);
	uk_put_u16(b, sw);
}

static void flip(struct vc_faults *f, uk_buf *b)
{
	size_t data = b->len - 2, n = data < MAC_BYTES ? data : MAC_BYTES;
	uint64_t bit;

	if (n == 0)
		return;
	bit = draw(f) % (8 * n);
	b->p[data - 1 - bit / 8] ^= (uint8_t)(1U << bit % 8);
}

void vc_fault_spoil(struct vc_faults *f, const struct vc_fault *rule, uk_buf *b)
{
	if (b->len < 2)
		return;
	switch (rule->kind) {
	case VC_FAULT_TRUNCATE:
		uk_buf_cut(
		    b, b->len > rule->number ? b->len - rule->number : 0);
		break;
	case VC_FAULT_EXTEND:
		randomise(f, b, b->len - 2, rule->number);
		break;
	case VC_FAULT_RANDOM:
		randomise(f, b, 0, rule->number);
		break;
	case VC_FAULT_FLIP:
		flip(f, b);
		break;
	default:
		break;
	}
}
