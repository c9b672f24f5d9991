/*
 * A running bank and its customers, for component tests: the real server on a
 * free port of the loopback address, libcurl in front of it, and key files
 * where people have cards.
 */
#ifndef BANK_FIXTURE_H
#define BANK_FIXTURE_H

#include "crypto.h"
#include "db_fixture.h"

#include <curl/curl.h>
#include <jansson.h>

#include <sys/types.h>

extern uk_crypto *fx_crypto;

/* Group set-up: folder, bank and customers (make-bank); and server started. */
int fx_make(void **state);
int fx_open(void **state);
int fx_close(void **state);
const char *fx_file(const char *name); /* in the folder; a ring of 8 */
const char *fx_dir(void);              /* of the bank */
const char *fx_origin(void);
unsigned fx_port(void);

/* Several servers of one bank; those below mean the first of them. */
enum { FX_SERVERS = 3 };
void fx_start_nth(int nth); /* on its port as before */
void fx_kill_nth(int nth, int sig);
/* Before fx_make: the bank's origin, and as many connections as may be. */
void fx_origin_is(const char *text);
void fx_many_connections(bool yes);

void fx_start(void); /* on the same port as before, once there was one */
void fx_signal(int sig);
void fx_kill(int sig);    /* and waits for its end */
int fx_exit_status(void); /* of the last one that ended */
/* One of the bank's settings; of a server that is started after it. Takes over
 * value. */
void fx_setting(const char *name, json_t *value);
/* ukey-bankd with these arguments (NULL ends them); its exit code. */
int fx_bankd(const char *const *args);

/* One customer's connection. */
struct fx_link {
	CURL *curl;
	char session[65];
	int server;  /* which one it talks to */
	long status; /* of the last answer; 0: none came */
	/* NULL, or instead of https://localhost:PORT. */
	const char *base;
	/* NULL, or called before each request: options of the test's own. */
	void (*options)(CURL *curl, void *arg);
	void *arg;
};
void fx_link_open(struct fx_link *l);
void fx_link_to(struct fx_link *l, int server);
void fx_link_close(struct fx_link *l);
/* body NULL: GET. Takes over body. NULL if no JSON came back. */
json_t *fx_call(struct fx_link *l, const char *path, json_t *body);
json_t *fx_call_raw(
    struct fx_link *l, const char *path, const char *text, size_t n);
/* "ok" or the error's code; frees the answer. A ring of 4. */
const char *fx_code(json_t *answer);
/* Decoded b64 member; the caller frees it. */
uk_blob fx_b64(const json_t *answer, const char *name);

/* Logs in with NAME.key and NAME.pem; the answer. origin NULL: the real one.
 * nonce: NULL, or where the one used is put (129 bytes). */
json_t *fx_login_as(
    struct fx_link *l, const char *name, const char *origin, char *nonce);
json_t *fx_token_login(
    struct fx_link *l, const char *name, const char *origin, const char *nonce);
json_t *fx_challenge(struct fx_link *l);
json_t *fx_order(const char *number, const char *from, const char *to,
    int64_t amount); /* the body */
/* A certificate, and bytes, as members of a body. */
json_t *fx_cert(const char *name);
json_t *fx_to_b64(uk_bytes v);
/* Signs text with NAME.key and confirms the order. */
json_t *fx_confirm(
    struct fx_link *l, const char *number, uk_bytes text, const char *name);
json_t *fx_sig(const char *name, uk_bytes message, const char **alg);
int64_t fx_balance(struct fx_link *l, const char *account);

#endif
