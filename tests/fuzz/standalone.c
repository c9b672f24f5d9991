/*
 * Runs a fuzzer without libFuzzer, as an ordinary test: every file of the
 * corpus folder given as argument, then a bounded number of mutations of them,
 * from a fixed seed, so that a failure comes back. UKEY_FUZZ_RUNS sets the
 * number.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_FILES = 1024, MAX_SIZE = 8192, DEFAULT_RUNS = 20000 };

struct input {
	uint8_t *p;
	size_t n;
};

static struct input inputs[MAX_FILES];
static size_t count;
static uint64_t state = 0x9e3779b97f4a7c15u;

static uint64_t next_random(void)
{
	/* xorshift64* (Vigna 2016) */
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1du;
}

static size_t below(size_t n)
{
	return n == 0 ? 0 : (size_t)(next_random() % n);
}

static void run_once(const uint8_t *p, size_t n)
{
	/* An exact copy on the heap, so that the sanitizer sees every overread.
	 */
	uint8_t *copy = malloc(n == 0 ? 1 : n);

	if (copy == NULL)
		abort();
	memcpy(copy, p, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void load(const char *folder, const char *name)
{
	char path[4096];
	FILE *f;
	struct input *in = &inputs[count];

	if (name[0] == '.' || count == MAX_FILES)
		return;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if ((f = fopen(path, "rb")) == NULL)
		return;
	in->p = malloc(MAX_SIZE);
	if (in->p == NULL)
		abort();
	in->n = fread(in->p, 1, MAX_SIZE, f);
	fclose(f);
	count++;
}

/* In the order of their names: the same on every machine. */
static void load_folder(const char *folder)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		load(folder, entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static size_t mutate(uint8_t *p, size_t n)
{
	static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0x81, 0x82, 0xff };

	for (size_t i = 1 + below(4); i > 0; i--) {
		size_t at = below(n);

		switch (below(6)) {
		case 0:
			if (n > 0)
				p[at] ^= (uint8_t)(1u << below(8));
			break;
		case 1:
			if (n > 0)
				p[at] = edges[below(sizeof(edges))];
			break;
		case 2:
			if (n > 0)
				p[at] = (uint8_t)next_random();
			break;
		case 3: /* drop */
			if (n > 0) {
				memmove(p + at, p + at + 1, n - at - 1);
				n--;
			}
			break;
		case 4: /* insert */
			if (n < MAX_SIZE) {
				memmove(p + at + 1, p + at, n - at);
				p[at] = (uint8_t)next_random();
				n++;
			}
			break;
		default: /* cut */
			n = below(8) == 0 ? at : n;
			break;
		}
	}
	return n;
}

int main(int argc, char **argv)
{
	const char *wanted = getenv("UKEY_FUZZ_RUNS");
	unsigned long runs = wanted == NULL ? DEFAULT_RUNS
					    : strtoul(wanted, NULL, 10);
	static uint8_t work[MAX_SIZE];

	if (argc > 1)
		load_folder(argv[1]);
	for (size_t i = 0; i < count; i++)
		run_once(inputs[i].p, inputs[i].n);
	for (unsigned long i = 0; i < runs; i++) {
		struct input *in = count > 0 ? &inputs[below(count)] : NULL;
		size_t n = in == NULL ? below(64) : in->n;

		if (in != NULL)
			memcpy(work, in->p, n);
		n = mutate(work, n);
		run_once(work, n);
	}
	printf("%zu inputs, %lu mutations\n", count, runs);
	for (size_t i = 0; i < count; i++)
		free(inputs[i].p);
	return 0;
}
