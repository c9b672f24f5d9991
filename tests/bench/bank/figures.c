/* What was measured. */
#include "figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct figure {
	const char *what, *unit, *to;
	double goal;
	double samples[SAMPLES_MAX];
	size_t count;
};

static struct figure figures[FIGURES_MAX];
static size_t used;

static struct figure *find(const char *what)
{
	for (size_t i = 0; i < used; i++) {
		if (strcmp(figures[i].what, what) == 0)
			return &figures[i];
	}
	return NULL;
}

void figure_add(const char *what, const char *unit, double value)
{
	struct figure *f = find(what);

	if (f == NULL && used < FIGURES_MAX) {
		f = &figures[used++];
		f->what = what;
	}
	if (f == NULL || f->count == SAMPLES_MAX)
		abort();
	f->unit = unit;
	f->samples[f->count++] = value;
}

void figure_compare(const char *what, const char *to, double goal)
{
	struct figure *f = find(what);

	if (f == NULL)
		return; /* not measured here */
	f->to = to;
	f->goal = goal;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double middle(double *samples, size_t n)
{
	qsort(samples, n, sizeof(*samples), by_value);
	return (samples[(n - 1) / 2] + samples[n / 2]) / 2;
}

static double median_of(const struct figure *f)
{
	double sorted[SAMPLES_MAX];

	if (f == NULL)
		return 0;
	for (size_t i = 0; i < f->count; i++)
		sorted[i] = f->samples[i];
	return middle(sorted, f->count);
}

/* Rounds are compared one by one, because the machine's speed changes from one
 * to the next. 0: there is nothing to compare to. */
static double ratio_of(const struct figure *f)
{
	const struct figure *to = f->to == NULL ? NULL : find(f->to);
	double ratios[SAMPLES_MAX];

	if (to == NULL)
		return 0;
	if (to->count != f->count)
		return median_of(f) / median_of(to);
	for (size_t i = 0; i < f->count; i++)
		ratios[i] = f->samples[i] / to->samples[i];
	return middle(ratios, f->count);
}

double figure_median(const char *what)
{
	return median_of(find(what));
}

static void print_row(const struct figure *f)
{
	double ratio = ratio_of(f);

	printf("%-40s %10.*f %-8s", f->what, median_of(f) < 100 ? 2 : 0,
	    median_of(f), f->unit);
	if (ratio > 0)
		printf(" %6.2f x %-36s", ratio, f->to);
	if (ratio > 0 && f->goal > 0)
		printf(" goal %.2f%s", f->goal,
		    ratio >= f->goal ? "" : ": NOT MET");
	printf("\n");
}

static void print_json(const struct figure *f, bool last)
{
	double ratio = ratio_of(f);

	printf(" {\"what\": \"%s\", \"unit\": \"%s\", \"median\": %.4f",
	    f->what, f->unit, median_of(f));
	if (ratio > 0)
		printf(", \"to\": \"%s\", \"ratio\": %.4f", f->to, ratio);
	if (f->goal > 0)
		printf(", \"goal\": %.2f", f->goal);
	printf("}%s\n", last ? "" : ",");
}

void figures_print(bool json)
{
	if (json)
		printf("[\n");
	for (size_t i = 0; i < used; i++) {
		if (json)
			print_json(&figures[i], i + 1 == used);
		else
			print_row(&figures[i]);
	}
	if (json)
		printf("]\n");
}
