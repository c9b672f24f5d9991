/* The parts of the measurement that are about many: clients that wait, servers
 * over one database, transfers that share a commit. */
#include "cases.h"

#include "books.h"
#include "figures.h"
#include "flows.h"
#include "shop.h"
#include "waiting.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CLIENTS = 32 };

static size_t scaled(const struct bench *b, size_t n)
{
	size_t few = (size_t)((double)n * b->scale);

	return few < CLIENTS ? CLIENTS : few;
}

/* --- clients that wait for bills ------------------------------------------ */

enum { WAITING = 10000, ORDERS = 2000, ORDERS_PER_SECOND = 100 };

static void while_idle(const struct bench *b, const struct daemon *d)
{
	unsigned seconds = b->scale < 1 ? 1 : 30;
	double before = daemon_cpu(d);

	sleep(seconds);
	figure_add("waiting: a core while nothing happens", "%",
	    (daemon_cpu(d) - before) * 100 / seconds);
}

static struct deliveries make_orders(
    const struct shop *shop, size_t count, size_t clients)
{
	struct deliveries d = { .count = count, .rate = ORDERS_PER_SECOND };

	d.requests = uk_new_array(count, sizeof(*d.requests));
	d.answer = uk_new_array(count, sizeof(double));
	d.event = uk_new_array(count, sizeof(double));
	d.after = uk_new_array(count, sizeof(double));
	if (d.requests == NULL || d.answer == NULL || d.event == NULL ||
	    d.after == NULL)
		abort();
	/* Far from each other in every table; 7919 is a prime. */
	for (size_t i = 0; i < count; i++)
		shop_order(shop, i, i * 7919 % clients, &d.requests[i]);
	return d;
}

static void free_orders(struct deliveries *d)
{
	for (size_t i = 0; i < d->count; i++)
		uk_blob_free(&d->requests[i]);
	uk_free(d->requests);
	uk_free(d->answer);
	uk_free(d->event);
	uk_free(d->after);
}

static double part_of(const double *sorted, size_t n, double part)
{
	return sorted[(size_t)(part * (double)(n - 1))];
}

static void deliver(const struct bench *b, const struct shop *shop,
    const struct daemon *server, struct waiting *w, size_t clients)
{
	struct deliveries d = make_orders(shop, scaled(b, ORDERS), clients);
	double before = daemon_cpu(server);

	waiting_deliver(w, &d);
	figure_add("waiting: orders, each with its event", "/cpu-s",
	    (double)d.count / (daemon_cpu(server) - before));
	figure_add("waiting: order to answer, p50", "ms",
	    part_of(d.answer, d.count, 0.5));
	figure_add("waiting: order to answer, p99", "ms",
	    part_of(d.answer, d.count, 0.99));
	figure_add("waiting: order to event, p50", "ms",
	    part_of(d.event, d.count, 0.5));
	figure_add("waiting: order to event, p99", "ms",
	    part_of(d.event, d.count, 0.99));
	figure_add("waiting: answer to event, p50", "ms",
	    part_of(d.after, d.count, 0.5));
	figure_add("waiting: answer to event, p99", "ms",
	    part_of(d.after, d.count, 0.99));
	figure_add("waiting: events that were lost", "", (double)d.missing);
	free_orders(&d);
}

static void wait_for_bills(const struct bench *b, struct town *t)
{
	struct phase asked, done;
	struct waiting *w;
	struct daemon server;
	struct shop shop;
	struct flow f;
	double before;

	shop_open(&shop, t);
	town_configure(t);
	server = daemon_start(b->bankd, t->dir);
	shop_meet(&shop, server.port);
	f = (struct flow){ .town = t,
		.daemon = &server,
		.tls = load_tls(town_file(t, "bank/ca.pem"), NULL, NULL),
		.connections = CLIENTS };
	flow_logins(&f, t->count, &asked, &done);
	before = daemon_memory_kb(&server);
	w = waiting_open(t, server.port, f.tls, t->count);
	figure_add("waiting: clients", "", (double)t->count);
	figure_add("waiting: memory of each", "KiB",
	    (daemon_memory_kb(&server) - before) / (double)t->count);
	while_idle(b, &server);
	deliver(b, &shop, &server, w, t->count);
	waiting_close(&w);
	SSL_CTX_free(f.tls);
	daemon_stop(&server);
	shop_close(&shop);
}

/* Once, whatever the number of rounds: it is a crowd, not a race. */
void bench_waiting(const struct bench *b)
{
	size_t n = waiting_possible(scaled(b, WAITING));
	struct town t;

	if (town_make(&t, b->bankd, "P-256", n)) {
		t.config.max_connections = (int64_t)n + 100;
		/* Sets of four: with room to spare nothing is forgotten. */
		t.config.max_certificates = 4 * (int64_t)n;
		wait_for_bills(b, &t);
	}
	town_clear(&t);
}

/* --- several servers over one PostgreSQL -----------------------------------
 */

enum { MOST = 4, NEIGHBOURS = 400 };

static const struct {
	size_t servers;
	const char *logins, *logins_cpu, *posted, *posted_cpu, *posted_all;
} instances[] = {
	{ 1, "1 server: logins, by the clock", "1 server: logins",
	    "1 server: transfers, by the clock", "1 server: transfers",
	    "1 server: transfers, with PostgreSQL" },
	{ 2, "2 servers: logins, by the clock", "2 servers: logins",
	    "2 servers: transfers, by the clock", "2 servers: transfers",
	    "2 servers: transfers, with PostgreSQL" },
	{ 4, "4 servers: logins, by the clock", "4 servers: logins",
	    "4 servers: transfers, by the clock", "4 servers: transfers",
	    "4 servers: transfers, with PostgreSQL" },
};

enum { INSTANCES = sizeof(instances) / sizeof(instances[0]) };

static void measure_instances(
    const struct bench *b, const struct flow *f, size_t row, const char *pg)
{
	struct phase asked, done;
	double before;

	flow_logins(f, scaled(b, 4000), &asked, &done);
	figure_add(instances[row].logins, "/s", phase_per_second(&done));
	figure_add(instances[row].logins_cpu, "/cpu-s", phase_per_cpu(&done));
	flow_logins(f, f->town->count, &asked, &done);
	before = books_pg_cpu(pg);
	flow_transfers(f, scaled(b, 3000), &asked, &done);
	figure_add(instances[row].posted, "/s", phase_per_second(&done));
	figure_add(instances[row].posted_cpu, "/cpu-s", phase_per_cpu(&done));
	done = phase_sum(&asked, &done);
	done.cpu += books_pg_cpu(pg) - before;
	figure_add(instances[row].posted_all, "/cpu-s", phase_per_cpu(&done));
}

static void run_instances(
    const struct bench *b, struct town *t, size_t row, const char *pg)
{
	struct daemon servers[MOST];
	struct phase asked, done;
	struct flow f = { .town = t,
		.daemon = servers,
		.daemons = instances[row].servers,
		.tls = load_tls(town_file(t, "bank/ca.pem"), NULL, NULL),
		.connections = CLIENTS };

	for (size_t i = 0; i < f.daemons; i++)
		servers[i] = daemon_start(b->bankd, t->dir);
	flow_logins(&f, t->count * f.daemons, &asked, &done);
	for (size_t i = 0; i < b->rounds; i++)
		measure_instances(b, &f, row, pg);
	for (size_t i = 0; i < f.daemons; i++)
		daemon_stop(&servers[i]);
	SSL_CTX_free(f.tls);
	figure_compare(instances[row].logins, instances[0].logins, 0);
	figure_compare(instances[row].logins_cpu, instances[0].logins_cpu, 0);
	figure_compare(instances[row].posted, instances[0].posted, 0);
	figure_compare(instances[row].posted_cpu, instances[0].posted_cpu, 0);
	figure_compare(instances[row].posted_all, instances[0].posted_all, 0);
}

void bench_instances(const struct bench *b)
{
	char folder[] = "/tmp/ukey-bench-XXXXXX", command[64];
	const char *where;
	struct town t;

	if (mkdtemp(folder) == NULL)
		abort();
	where = books_pg_start(folder);
	if (where != NULL &&
	    town_make_at(&t, b->bankd, "P-256", scaled(b, NEIGHBOURS), where)) {
		/* What customers sign names the bank, whichever they ask. */
		snprintf(t.config.origin, sizeof(t.config.origin),
		    "https://bank.example");
		t.config.front_socket[0] = '\0';
		town_configure(&t);
		for (size_t row = 0; row < INSTANCES; row++)
			run_instances(b, &t, row, folder);
		town_clear(&t);
	}
	books_pg_stop(folder);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		fprintf(stderr, "bench: %s stays\n", folder);
}

/* --- transfers that share a commit ------------------------------------------
 */

static const struct {
	const char *disk_us; /* that a write takes longer; NULL: no longer */
	const char *alone, *together, *cpu_alone, *cpu_together;
	double goal;
} disks[] = {
	{ NULL, "transfers, a commit for each, by the clock",
	    "transfers, 32 clients' in a commit, by the clock",
	    "transfers, a commit for each",
	    "transfers, 32 clients' in a commit", 3 },
	{ "2000", "the same, disk 2 ms: a commit for each",
	    "the same, disk 2 ms: 32 clients' in a commit", NULL, NULL, 3 },
};

static struct phase post(const struct bench *b, struct town *t,
    int64_t requests_per_commit, const char *disk_us)
{
	struct phase asked, done;
	struct daemon server;
	struct flow f;

	t->config.requests_per_commit = requests_per_commit;
	town_configure(t);
	if (disk_us != NULL) {
		setenv("BENCH_DISK_US", disk_us, 1);
		setenv("LD_PRELOAD", SLOW_DISK, 1);
	}
	server = daemon_start(b->bankd, t->dir);
	unsetenv("LD_PRELOAD");
	f = (struct flow){ .town = t,
		.daemon = &server,
		.tls = load_tls(town_file(t, "bank/ca.pem"), NULL, NULL),
		.connections = CLIENTS };
	flow_logins(&f, t->count, &asked, &done);
	flow_transfers(&f, scaled(b, 1000), &asked, &done);
	daemon_stop(&server);
	SSL_CTX_free(f.tls);
	return done;
}

void bench_together(const struct bench *b)
{
	struct phase alone, together;
	struct town t;

	if (!town_make(&t, b->bankd, "P-256", scaled(b, CLIENTS)))
		abort();
	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; i < b->rounds; i++) {
			alone = post(b, &t, 1, disks[k].disk_us);
			together = post(b, &t, 64, disks[k].disk_us);
			figure_add(
			    disks[k].alone, "/s", phase_per_second(&alone));
			figure_add(disks[k].together, "/s",
			    phase_per_second(&together));
			if (disks[k].cpu_alone == NULL)
				continue;
			figure_add(disks[k].cpu_alone, "/cpu-s",
			    phase_per_cpu(&alone));
			figure_add(disks[k].cpu_together, "/cpu-s",
			    phase_per_cpu(&together));
		}
		figure_compare(
		    disks[k].together, disks[k].alone, disks[k].goal);
		if (disks[k].cpu_alone != NULL)
			figure_compare(
			    disks[k].cpu_together, disks[k].cpu_alone, 0);
	}
	town_clear(&t);
}
