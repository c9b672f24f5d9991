/* What was measured: medians, with what they are compared to. */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

enum { FIGURES_MAX = 160, SAMPLES_MAX = 16 };

/* Another sample of this figure; what and unit are literals. */
void figure_add(const char *what, const char *unit, double value);
/* The figure as a multiple of another; goal 0: none was set. For printing only.
 */
void figure_compare(const char *what, const char *to, double goal);
/* Median so far; 0 if there is none. */
double figure_median(const char *what);
/* All of it to standard output. */
void figures_print(bool json);

#endif
