/* Logins and transfers, in phases. */
#include "flows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct work {
	const struct flow *flow;
	size_t n;
	uk_blob *requests;
	char (*nonces)[BANK_NONCE_TEXT + 1];
	uk_blob *texts;  /* base64, of prepared orders */
	unsigned series; /* in order numbers */
};

double phase_per_cpu(const struct phase *p)
{
	return p->cpu > 0 ? (double)p->good / p->cpu : 0;
}

double phase_per_second(const struct phase *p)
{
	return p->seconds > 0 ? (double)p->good / p->seconds : 0;
}

struct phase phase_sum(const struct phase *a, const struct phase *b)
{
	return (struct phase){ .good = b->good,
		.cpu = a->cpu + b->cpu,
		.seconds = a->seconds + b->seconds };
}

/* --- pieces -------------------------------------------------------------- */

static void need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

static struct resident *resident_of(const struct work *w, size_t i)
{
	struct town *t = w->flow->town;

	return &t->residents[i % t->count];
}

/* The text of a member, as it stands; answers have no escapes. */
static uk_bytes member(uk_bytes body, const char *name)
{
	char want[40];
	const char *at, *end;
	int n = snprintf(want, sizeof(want), "\"%s\":\"", name);

	at = memmem(body.p, body.n, want, (size_t)n);
	need(at != NULL, name);
	at += n;
	end = memchr(at, '"', body.n - (size_t)(at - (const char *)body.p));
	need(end != NULL, name);
	return uk_view(at, (size_t)(end - at));
}

static void put(struct work *w, size_t i, const char *path, const char *token,
    const char *body)
{
	load_http(&w->requests[i], "POST", path, token, uk_view_str(body));
}

static uk_bytes next_request(void *arg, size_t i)
{
	const struct work *w = arg;

	return uk_blob_view(&w->requests[i]);
}

/* All of the flow's servers: seconds that they have spent. */
static double spent(const struct flow *f)
{
	double cpu = daemon_cpu(f->daemon);

	for (size_t i = 1; i < f->daemons; i++)
		cpu += daemon_cpu(&f->daemon[i]);
	return cpu;
}

static void ask_all(const struct flow *f, struct load *l)
{
	l->port_count = f->daemons == 0 ? 1 : f->daemons;
	for (size_t i = 0; i < l->port_count; i++)
		l->ports[i] = f->daemon[i].port;
}

static struct phase run(struct work *w, double rate,
    void (*answer)(void *arg, size_t i, uk_bytes body))
{
	struct load l = { .tls = w->flow->front == NULL ? w->flow->tls : NULL,
		.front = w->flow->front,
		.connections = w->flow->connections,
		.total = w->n,
		.rate = rate,
		.request = next_request,
		.answer = answer,
		.arg = w };
	double before = spent(w->flow);
	struct phase p;

	ask_all(w->flow, &l);
	load_run(&l);
	p = (struct phase){ .good = l.good,
		.cpu = spent(w->flow) - before,
		.seconds = l.seconds,
		.p50 = load_percentile(&l, 0.5),
		.p99 = load_percentile(&l, 0.99) };
	need(l.failed == 0, "not everything was answered with 200");
	load_free(&l);
	return p;
}

static struct work begin(const struct flow *f, size_t n)
{
	struct work w = { .flow = f, .n = n };

	w.requests = uk_new_array(n, sizeof(*w.requests));
	w.nonces = uk_new_array(n, sizeof(*w.nonces));
	w.texts = uk_new_array(n, sizeof(*w.texts));
	need(w.requests != NULL && w.nonces != NULL && w.texts != NULL,
	    "out of memory");
	return w;
}

static void end(struct work *w)
{
	for (size_t i = 0; i < w->n; i++) {
		uk_blob_free(&w->requests[i]);
		uk_blob_free(&w->texts[i]);
	}
	uk_free(w->requests);
	uk_free(w->nonces);
	uk_free(w->texts);
}

/* --- logins -------------------------------------------------------------- */

static void keep_nonce(void *arg, size_t i, uk_bytes body)
{
	struct work *w = arg;

	need(uk_is_ok(uk_copy_str(
		 w->nonces[i], sizeof(w->nonces[i]), member(body, "nonce"))),
	    "nonce");
}

static void keep_session(void *arg, size_t i, uk_bytes body)
{
	struct resident *r = resident_of(arg, i);

	need(uk_is_ok(uk_copy_str(
		 r->session, sizeof(r->session), member(body, "session"))),
	    "session");
}

static void make_token(struct work *w, size_t i)
{
	const struct town *t = w->flow->town;
	struct resident *r = resident_of(w, i);
	uint8_t storage[2 * UK_HASH_MAX];
	uk_buf message = UK_BUF(storage);
	uk_blob sig = { NULL, 0 };
	char origin[64], body[8192];

	if (t->config.origin[0] != '\0')
		snprintf(origin, sizeof(origin), "%.63s", t->config.origin);
	else
		snprintf(origin, sizeof(origin), "https://localhost:%u",
		    w->flow->daemon->port);
	need(uk_is_ok(uk_hash_one(
		 t->crypto, t->alg->hash, uk_view_str(origin), &message)) &&
		 uk_is_ok(uk_hash_one(t->crypto, t->alg->hash,
		     uk_view_str(w->nonces[i]), &message)),
	    "hash");
	town_sign(t, r, uk_buf_view(&message), &sig);
	snprintf(body, sizeof(body),
	    "{\"nonce\":\"%s\",\"authToken\":{\"unverifiedCertificate\":\"%s\","
	    "\"algorithm\":\"%s\",\"signature\":\"%s\","
	    "\"format\":\"web-eid:1.0\",\"appVersion\":\"bench\"}}",
	    w->nonces[i], (const char *)r->login.p, t->alg->name,
	    (const char *)sig.p);
	put(w, i, "/v1/login", NULL, body);
	uk_blob_free(&sig);
}

void flow_logins(
    const struct flow *f, size_t n, struct phase *asked, struct phase *done)
{
	struct work w = begin(f, n);

	for (size_t i = 0; i < n; i++)
		put(&w, i, "/v1/login/challenge", NULL,
		    "{\"clientNonce\":"
		    "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}");
	*asked = run(&w, 0, keep_nonce);
	for (size_t i = 0; i < n; i++)
		make_token(&w, i);
	*done = run(&w, f->rate, keep_session);
	end(&w);
}

/* --- transfers ----------------------------------------------------------- */

static void keep_text(void *arg, size_t i, uk_bytes body)
{
	struct work *w = arg;

	need(uk_is_ok(uk_blob_set(&w->texts[i], member(body, "text"))), "text");
}

static void make_order(struct work *w, size_t i)
{
	struct resident *from = resident_of(w, i), *to = resident_of(w, i + 1);
	char body[512];

	snprintf(body, sizeof(body),
	    "{\"orderNumber\":\"b%u-%zu\",\"from\":\"%s\",\"to\":\"%s\","
	    "\"toName\":\"A neighbour\",\"amount\":125,\"currency\":\"CNY\","
	    "\"memo\":\"bench\"}",
	    w->series, i, from->account, to->account);
	put(w, i, "/v1/orders", from->session, body);
}

static void make_confirmation(struct work *w, size_t i)
{
	const struct town *t = w->flow->town;
	struct resident *r = resident_of(w, i);
	uk_blob text = { NULL, 0 }, sig = { NULL, 0 };
	char path[64], body[16384];

	need(uk_is_ok(uk_base64_decode(uk_blob_view(&w->texts[i]), &text)),
	    "text");
	town_sign(t, r, uk_blob_view(&text), &sig);
	snprintf(
	    path, sizeof(path), "/v1/orders/b%u-%zu/confirm", w->series, i);
	snprintf(body, sizeof(body),
	    "{\"text\":\"%s\",\"algorithm\":\"%s\",\"signature\":\"%s\","
	    "\"certificate\":\"%s\"}",
	    (const char *)w->texts[i].p, t->alg->name, (const char *)sig.p,
	    (const char *)r->signing.p);
	put(w, i, path, r->session, body);
	uk_blob_free(&text);
	uk_blob_free(&sig);
}

void flow_transfers(
    const struct flow *f, size_t n, struct phase *asked, struct phase *done)
{
	static unsigned series; /* over all of them */
	struct work w = begin(f, n);

	w.series = ++series;
	for (size_t i = 0; i < n; i++)
		make_order(&w, i);
	*asked = run(&w, 0, keep_text);
	for (size_t i = 0; i < n; i++)
		make_confirmation(&w, i);
	*done = run(&w, f->rate, NULL);
	end(&w);
}

/* --- TLS client certificates --------------------------------------------- */

static uk_bytes same_request(void *arg, size_t i)
{
	const struct work *w = arg;

	(void)i;
	return uk_blob_view(&w->requests[0]);
}

struct phase flow_fresh(const struct flow *f, const char *method,
    const char *path, size_t n, bool resumed)
{
	struct work w = begin(f, 1);
	struct load l = { .tls = f->tls,
		.connections = resumed ? 1 : 8,
		.fresh = true,
		.resume = resumed,
		.total = n,
		.request = same_request,
		.arg = &w };
	double before = daemon_cpu(f->daemon);
	struct phase p;

	load_http(&w.requests[0], method, path, NULL, UK_NONE);
	ask_all(f, &l);
	load_run(&l);
	p = (struct phase){ .good = l.good,
		.cpu = daemon_cpu(f->daemon) - before,
		.seconds = l.seconds };
	need(l.failed == 0, "not everything was answered with 200");
	need(!resumed || l.resumed + 1 >= n, "sessions are not resumed");
	load_free(&l);
	end(&w);
	return p;
}

/* --- anything ------------------------------------------------------------ */

struct phase flow_get(const struct flow *f, const char *path, size_t n)
{
	struct work w = begin(f, n);
	struct phase p;

	for (size_t i = 0; i < n; i++)
		load_http(&w.requests[i], "GET", path, NULL, UK_NONE);
	p = run(&w, 0, NULL);
	end(&w);
	return p;
}
