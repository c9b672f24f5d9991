/*
 * What the bank's server costs, as multiples of what OpenSSL's verifications
 * alone cost on the same machine in the same minutes:
 *
 *     bankbench UKEY-BANKD [--json] [--smoke] [--rounds N] [--only WORD]
 *
 * docs/performance.md says what the rows mean. Everything is measured in
 * seconds of the server's processor time unless it says "/s", so that it may
 * run beside other work; each figure is the median of N short runs (5).
 * --smoke: once and little, to see that it works. --only: the parts whose name
 * begins with WORD.
 */
#include "cases.h"
#include "figures.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(void)
{
	fprintf(stderr, "usage: bankbench UKEY-BANKD [--json] [--smoke]"
			" [--rounds N] [--only WORD]\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct bench b = { .rounds = 5, .scale = 1 };
	bool json = false;
	const char *only = "";

	if (argc < 2)
		return usage();
	b.bankd = argv[1];
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (strcmp(argv[i], "--smoke") == 0)
			b.rounds = 1, b.scale = 0.02;
		else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
			b.rounds = (size_t)atoi(argv[++i]);
		else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
			only = argv[++i];
		else
			return usage();
	}
	if (b.rounds < 1 || b.rounds > SAMPLES_MAX)
		return usage();
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < bench_part_count; i++) {
		const struct bench_part *p = &bench_parts[i];

		if (strncmp(p->name, only, strlen(only)) != 0)
			continue;
		fprintf(stderr, "%s ...\n", p->name);
		p->run(&b);
	}
	figures_print(json);
	return 0;
}
