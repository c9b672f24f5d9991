/* The parts of the measurement. */
#include "cases.h"

#include "books.h"
#include "figures.h"
#include "flows.h"
#include "peer.h"
#include "raw.h"

enum { CLIENTS = 32, RESIDENTS = 24 };

static const double raw_seconds = 0.2;

static const struct card_kind {
	const char *kind;
	size_t logins; /* a round */
	const char *v, *challenge, *login, *plain, *both, *naive;
	const char *p50, *p99;
	double goal;
} kinds[] = {
	{ "P-256", 6000, "P-256: V, verifications by OpenSSL",
	    "P-256: challenges", "P-256: logins, TLS", "P-256: logins, plain",
	    "P-256: logins with their challenges",
	    "P-256: logins, nothing remembered",
	    "P-256: login at half load, p50", "P-256: login at half load, p99",
	    0.55 },
	{ "RSA-2048", 6000, "RSA-2048: V, verifications by OpenSSL",
	    "RSA-2048: challenges", "RSA-2048: logins, TLS",
	    "RSA-2048: logins, plain", "RSA-2048: logins with their challenges",
	    "RSA-2048: logins, nothing remembered",
	    "RSA-2048: login at half load, p50",
	    "RSA-2048: login at half load, p99", 0.40 },
	{ "SM2", 2000, "SM2: V, verifications by OpenSSL", "SM2: challenges",
	    "SM2: logins, TLS", "SM2: logins, plain",
	    "SM2: logins with their challenges",
	    "SM2: logins, nothing remembered", "SM2: login at half load, p50",
	    "SM2: login at half load, p99", 0.60 },
};

static size_t scaled(const struct bench *b, size_t n)
{
	size_t few = (size_t)((double)n * b->scale);

	return few < 2 * RESIDENTS ? 2 * RESIDENTS : few;
}

/* Half of V is measured before the work and half after it, because the machine
 * may be busy with something else at either time. */
static double raw(const struct bench *b, EVP_PKEY *key)
{
	return raw_verifications(key, raw_seconds * (b->scale < 1 ? 0.1 : 1)) /
	       2;
}

static void open_flow(
    struct flow *f, struct town *t, const char *bankd, struct daemon *daemon)
{
	town_configure(t);
	*daemon = daemon_start(bankd, t->dir);
	*f = (struct flow){ .town = t,
		.daemon = daemon,
		.tls = load_tls(town_file(t, "bank/ca.pem"), NULL, NULL),
		.connections = CLIENTS };
}

static void close_flow(struct flow *f)
{
	SSL_CTX_free(f->tls);
	daemon_stop(f->daemon);
}

/* --- logins -------------------------------------------------------------- */

static void remembered(
    const struct bench *b, const struct card_kind *k, struct flow *f)
{
	struct phase asked, done, both;
	EVP_PKEY *key = raw_key(k->kind);
	double v;
	size_t n = scaled(b, k->logins);

	flow_logins(f, RESIDENTS, &asked, &done); /* fills the cache */
	for (size_t i = 0; i < b->rounds; i++) {
		v = raw(b, key);
		flow_logins(f, n, &asked, &done);
		figure_add(k->v, "/cpu-s", v + raw(b, key));
		both = phase_sum(&asked, &done);
		figure_add(k->challenge, "/cpu-s", phase_per_cpu(&asked));
		figure_add(k->login, "/cpu-s", phase_per_cpu(&done));
		figure_add(k->both, "/cpu-s", phase_per_cpu(&both));
		f->front = f->town->config.front_socket;
		flow_logins(f, n, &asked, &done);
		f->front = NULL;
		figure_add(k->plain, "/cpu-s", phase_per_cpu(&done));
		f->rate = phase_per_second(&done) / 2;
		flow_logins(f, n, &asked, &done);
		f->rate = 0;
		figure_add(k->p50, "ms", done.p50);
		figure_add(k->p99, "ms", done.p99);
	}
	EVP_PKEY_free(key);
	figure_compare(k->login, k->v, 0);
	figure_compare(k->plain, k->v, k->goal);
	figure_compare(k->both, k->v, 0);
	figure_compare(k->challenge, k->v, 0);
}

static void naive(
    const struct bench *b, const struct card_kind *k, struct flow *f)
{
	struct phase asked, done;

	for (size_t i = 0; i < b->rounds; i++) {
		flow_logins(f, scaled(b, k->logins / 3), &asked, &done);
		figure_add(k->naive, "/cpu-s", phase_per_cpu(&done));
	}
	figure_compare(k->naive, k->v, 0);
}

static void logins_of(const struct bench *b, const struct card_kind *k)
{
	struct daemon daemon;
	struct town t;
	struct flow f;

	if (town_make(&t, b->bankd, k->kind, RESIDENTS)) {
		open_flow(&f, &t, b->bankd, &daemon);
		remembered(b, k, &f);
		close_flow(&f);
		t.config.max_certificates =
		    1; /* one set of four: always missed */
		open_flow(&f, &t, b->bankd, &daemon);
		naive(b, k, &f);
		close_flow(&f);
	}
	town_clear(&t);
}

static void p256_logins(const struct bench *b)
{
	logins_of(b, &kinds[0]);
}

static void rsa_logins(const struct bench *b)
{
	logins_of(b, &kinds[1]);
}

static void sm2_logins(const struct bench *b)
{
	logins_of(b, &kinds[2]);
}

/* --- TLS client certificates --------------------------------------------- */

static const char tls_peer[] = "TLS: OpenSSL's defaults, no login";

static const struct {
	const char *what, *method, *path;
	bool resumed;
	double goal;
} tls_rows[] = {
	{ "TLS: GET /v1/bank", "GET", "/v1/bank", false, 1.9 },
	{ "TLS: logins by certificate", "POST", "/v1/login/tls", false, 0 },
	{ "TLS: logins, resumed", "POST", "/v1/login/tls", true, 0 },
};

enum { TLS_ROWS = sizeof(tls_rows) / sizeof(tls_rows[0]) };

static void ask_bank(const struct bench *b, const struct flow *f)
{
	for (size_t i = 0; i < TLS_ROWS; i++) {
		struct phase p = flow_fresh(f, tls_rows[i].method,
		    tls_rows[i].path, scaled(b, 1000), tls_rows[i].resumed);

		figure_add(tls_rows[i].what, "/cpu-s", phase_per_cpu(&p));
	}
}

static void ask_peer(const struct bench *b, struct flow *f)
{
	struct peer_files files = { town_file(f->town, "root.pem"),
		town_file(f->town, "bank/tls.pem"),
		town_file(f->town, "bank/tls.key") };
	struct daemon peer = daemon_fork(peer_serve, &files);
	struct flow to_peer = *f;
	struct phase p;

	to_peer.daemon = &peer;
	p = flow_fresh(&to_peer, "GET", "/v1/bank", scaled(b, 1000), false);
	figure_add(tls_peer, "/cpu-s", phase_per_cpu(&p));
	daemon_stop(&peer);
}

static void tls_logins(const struct bench *b)
{
	struct daemon daemon;
	struct town t;
	struct flow f;

	if (town_make(&t, b->bankd, "P-256", 1)) {
		t.config.main_certificates = 1;
		town_card_ca(&t);
		open_flow(&f, &t, b->bankd, &daemon);
		SSL_CTX_free(f.tls);
		f.tls = load_tls(town_file(&t, "bank/ca.pem"),
		    town_file(&t, "login.pem"), town_file(&t, "card.key"));
		for (size_t i = 0; i < b->rounds; i++) {
			ask_peer(b, &f);
			ask_bank(b, &f);
		}
		close_flow(&f);
	}
	town_clear(&t);
	for (size_t i = 0; i < TLS_ROWS; i++)
		figure_compare(tls_rows[i].what, tls_peer, tls_rows[i].goal);
}

/* --- transfers ----------------------------------------------------------- */

static void transfers_at_half_load(
    const struct bench *b, struct flow *f, double most)
{
	struct phase asked, done;

	f->rate = most / 2;
	flow_transfers(f, scaled(b, 4000), &asked, &done);
	f->rate = 0;
	figure_add("transfers: at half load, p50", "ms", done.p50);
	figure_add("transfers: at half load, p99", "ms", done.p99);
}

static void transfers(const struct bench *b)
{
	struct phase asked, done, both;
	struct daemon daemon;
	struct town t;
	struct flow f;
	EVP_PKEY *key = raw_key("P-256");

	if (town_make(&t, b->bankd, "P-256", RESIDENTS)) {
		open_flow(&f, &t, b->bankd, &daemon);
		flow_logins(&f, RESIDENTS, &asked, &done);
		flow_transfers(&f, RESIDENTS, &asked, &done);
		for (size_t i = 0; i < b->rounds; i++) {
			double v = raw(b, key);

			flow_transfers(&f, scaled(b, 4000), &asked, &done);
			figure_add("transfers: V, verifications by OpenSSL",
			    "/cpu-s", v + raw(b, key));
			both = phase_sum(&asked, &done);
			figure_add("transfers: prepared", "/cpu-s",
			    phase_per_cpu(&asked));
			figure_add("transfers: signed and posted", "/cpu-s",
			    phase_per_cpu(&done));
			figure_add(
			    "transfers: both", "/cpu-s", phase_per_cpu(&both));
			transfers_at_half_load(b, &f, phase_per_second(&done));
		}
		close_flow(&f);
	}
	EVP_PKEY_free(key);
	town_clear(&t);
	figure_compare("transfers: signed and posted",
	    "transfers: V, verifications by OpenSSL", 0.35);
	figure_compare(
	    "transfers: both", "transfers: V, verifications by OpenSSL", 0);
}

/* --- the books alone ----------------------------------------------------- */

static void commits(
    const struct bench *b, const char *where, const char *one, const char *many)
{
	struct books *books = books_open(where);
	size_t n = scaled(b, 3200);

	for (size_t i = 0; i < b->rounds; i++) {
		figure_add(one, "/s", books_transfers(books, n / 4, 1));
		figure_add(many, "/s",
		    books_transfers(books, n / CLIENTS * CLIENTS, CLIENTS));
	}
	books_close(&books);
}

static void books_of_sqlite(const struct bench *b)
{
	struct town t;

	if (town_make(&t, b->bankd, "P-256", 1))
		commits(b, town_file(&t, "books.db"),
		    "SQLite: a commit for each transfer",
		    "SQLite: a commit for 32");
	town_clear(&t);
	figure_compare("SQLite: a commit for 32",
	    "SQLite: a commit for each transfer", 3.0);
}

static void books_of_postgresql(const struct bench *b)
{
	struct town t;
	const char *where;

	if (town_make(&t, b->bankd, "P-256", 1)) {
		where = books_pg_start(t.folder);
		if (where != NULL)
			commits(b, where,
			    "PostgreSQL: a call for each transfer",
			    "PostgreSQL: 32 in one call");
		books_pg_stop(t.folder);
	}
	town_clear(&t);
	figure_compare("PostgreSQL: 32 in one call",
	    "PostgreSQL: a call for each transfer", 1.8);
}

/* --- many accounts ------------------------------------------------------- */

static void growth(const struct bench *b)
{
	static const struct {
		size_t accounts;
		const char *what;
	} sizes[] = {
		{ 1000, "transfers, 1000 accounts" },
		{ 10000, "transfers, 10 000 accounts" },
		{ 100000, "transfers, 100 000 accounts" },
		{ 1000000, "transfers, 1 000 000 accounts" },
	};
	size_t most = b->scale < 1 ? 2 : sizeof(sizes) / sizeof(sizes[0]);
	struct phase asked, done, both;
	struct daemon daemon;
	struct town t;
	struct flow f;

	if (town_make(&t, b->bankd, "P-256", RESIDENTS)) {
		for (size_t k = 0; k < most; k++) {
			town_grow(&t, sizes[k].accounts);
			open_flow(&f, &t, b->bankd, &daemon);
			flow_logins(&f, RESIDENTS, &asked, &done);
			for (size_t i = 0; i < b->rounds; i++) {
				flow_transfers(
				    &f, scaled(b, 2000), &asked, &done);
				both = phase_sum(&asked, &done);
				figure_add(sizes[k].what, "/cpu-s",
				    phase_per_cpu(&both));
			}
			close_flow(&f);
			figure_compare(sizes[k].what, sizes[0].what, 0);
		}
	}
	town_clear(&t);
}

/* --- HTTP alone ---------------------------------------------------------- */

static void http_alone(const struct bench *b)
{
	struct daemon daemon;
	struct town t;
	struct flow f;
	struct phase p;

	if (town_make(&t, b->bankd, "P-256", 1)) {
		open_flow(&f, &t, b->bankd, &daemon);
		for (size_t i = 0; i < b->rounds; i++) {
			p = flow_get(&f, "/v1/bank", scaled(b, 20000));
			figure_add(
			    "http: GET /v1/bank", "/cpu-s", phase_per_cpu(&p));
		}
		close_flow(&f);
	}
	town_clear(&t);
}

const struct bench_part bench_parts[] = {
	{ "http", http_alone },
	{ "logins, P-256", p256_logins },
	{ "logins, RSA-2048", rsa_logins },
	{ "logins, SM2", sm2_logins },
	{ "tls", tls_logins },
	{ "transfers", transfers },
	{ "books, SQLite", books_of_sqlite },
	{ "books, PostgreSQL", books_of_postgresql },
	{ "growth", growth },
	{ "waiting", bench_waiting },
	{ "instances", bench_instances },
	{ "commits", bench_together },
};

const size_t bench_part_count = sizeof(bench_parts) / sizeof(bench_parts[0]);
