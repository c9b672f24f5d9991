/* The books alone. */
#include "books.h"

#include "ledger.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MONEY = 1000000000 };

struct books {
	struct bank_store *store;
	int64_t accounts[2];
};

static void need(uk_err err, const char *what)
{
	if (uk_is_ok(err))
		return;
	fprintf(stderr, "bench: %s: %s\n", what, uk_err_text(err));
	exit(1);
}

static void open_account(struct books *b, size_t i)
{
	char name[16];
	struct bank_account account;
	int64_t customer;

	snprintf(name, sizeof(name), "Books-%zu", i);
	need(bank_customer_make(b->store, uk_view_str(name), &customer),
	    "a customer");
	need(bank_account_make(b->store, customer, uk_view_str(name),
		 uk_view_str("Giro"), uk_view_str("CNY"), &b->accounts[i]),
	    "an account");
	need(bank_account_find(b->store, uk_view_str(name), &account),
	    "an account");
	need(bank_ledger_deposit(b->store, &account, MONEY, time(NULL)),
	    "a deposit");
}

struct books *books_open(const char *where)
{
	struct books *b = uk_new(sizeof(*b));

	if (b == NULL)
		abort();
	need(bank_store_open(where, &b->store), "the database");
	need(bank_begin(b->store), "the accounts");
	open_account(b, 0);
	open_account(b, 1);
	need(bank_commit(b->store), "the accounts");
	return b;
}

void books_close(struct books **b)
{
	bank_store_close(&(*b)->store);
	uk_free(*b);
	*b = NULL;
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double books_transfers(struct books *b, size_t n, size_t together)
{
	struct bank_posting p[BANK_POSTINGS_MAX];
	struct bank_posted done[BANK_POSTINGS_MAX];
	double began = now_s();

	for (size_t i = 0; i < together; i++)
		p[i] = (struct bank_posting){ .from = b->accounts[i % 2],
			.to = b->accounts[1 - i % 2],
			.amount = 1,
			.time = time(NULL),
			.kind = "transfer",
			.memo = uk_view_str("bench") };
	for (size_t made = 0; made < n; made += together) {
		need(bank_begin(b->store), "posting");
		need(bank_ledger_post_many(b->store, p, done, together),
		    "posting");
		need(done[0].err, "posting");
		need(bank_commit(b->store), "posting");
	}
	return (double)n / (now_s() - began);
}

/* --- PostgreSQL ---------------------------------------------------------- */

/* The last line of what it prints. */
static bool pg(const char *what, const char *folder, const char *more,
    char *out, size_t cap)
{
	char command[512], line[256];
	FILE *f;

	snprintf(command, sizeof(command), "%s %s %s %s", PG_SERVER, what,
	    folder, more);
	f = popen(command, "re");
	if (f == NULL)
		return false;
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (out != NULL)
			snprintf(out, cap, "%s", line);
	}
	return pclose(f) == 0;
}

const char *books_pg_start(const char *folder)
{
	static char where[256];

	if (!pg("init", folder, "", NULL, 0) ||
	    !pg("start", folder, "", NULL, 0) ||
	    !pg("fresh", folder, "bench", where, sizeof(where)))
		return NULL;
	return where;
}

void books_pg_stop(const char *folder)
{
	(void)pg("stop", folder, "", NULL, 0);
}

/* Its processes are those of the postmaster and its children; what children
 * have spent that are gone is in the postmaster's account (proc(5)). */
struct account {
	long parent;
	double own, gone;
};

static bool read_account(const char *pid, struct account *out)
{
	char path[64], line[1024] = "";
	const char *rest;
	unsigned long own[2], gone[2];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.16s/stat", pid);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	(void)!fgets(line, sizeof(line), f);
	fclose(f);
	rest = strrchr(line, ')');
	if (rest == NULL ||
	    sscanf(rest,
		") %*c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %lu %lu",
		&out->parent, &own[0], &own[1], &gone[0], &gone[1]) != 5)
		return false;
	out->own = (double)(own[0] + own[1]) / (double)sysconf(_SC_CLK_TCK);
	out->gone = (double)(gone[0] + gone[1]) / (double)sysconf(_SC_CLK_TCK);
	return true;
}

static long read_postmaster(const char *folder)
{
	char path[256], line[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s/data/postmaster.pid", folder);
	f = fopen(path, "re");
	if (f != NULL) {
		(void)!fgets(line, sizeof(line), f);
		fclose(f);
	}
	return strtol(line, NULL, 10);
}

double books_pg_cpu(const char *folder)
{
	long postmaster = read_postmaster(folder);
	DIR *all = opendir("/proc");
	const struct dirent *e;
	struct account a;
	double sum = 0;

	while (all != NULL && (e = readdir(all)) != NULL) {
		if (!isdigit((unsigned char)e->d_name[0]) ||
		    !read_account(e->d_name, &a))
			continue;
		if (strtol(e->d_name, NULL, 10) == postmaster)
			sum += a.own + a.gone;
		else if (a.parent == postmaster)
			sum += a.own;
	}
	if (all != NULL)
		closedir(all);
	return sum;
}
