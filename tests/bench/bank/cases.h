/* The parts of the measurement. */
#ifndef BENCH_CASES_H
#define BENCH_CASES_H

#include <stddef.h>

struct bench {
	const char *bankd; /* the program */
	size_t rounds;
	double scale; /* of the numbers of requests */
};

struct bench_part {
	const char *name;
	void (*run)(const struct bench *b);
};

extern const struct bench_part bench_parts[];
extern const size_t bench_part_count;

/* cases_scale.c: many clients, several servers, many transfers in a commit. */
void bench_waiting(const struct bench *b);
void bench_instances(const struct bench *b);
void bench_together(const struct bench *b);

#endif
