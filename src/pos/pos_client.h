/*
 * ukey-pos: a card terminal for a bank's orders (docs/card-terminal.md).
 *
 * One program, one order at a time: log in, see what waits to be paid, ask for
 * the card, read it, ask for PIN or signature, have the issuer decide, give the
 * card the last word. Nothing of a card is written anywhere.
 */
#ifndef POS_CLIENT_H
#define POS_CLIENT_H

#include "bc_http.h"
#include "cli_pin.h"
#include "cli_store.h"
#include "crypto.h"
#include "transport.h"

#include <jansson.h>

enum { POS_URL_MAX = 1024 };

/* Exit codes; sysexits.h where it has one. */
enum pos_exit {
	POS_OK = 0,
	POS_DECLINED = 10, /* by card or issuer; nothing was paid */
	POS_REVERSED = 11, /* the card did not complete; the money went back */
	POS_UNKNOWN = 12,  /* no answer: `ukey-pos history` tells later */
	POS_CARD = 13,     /* no card, or not one that can pay */
	POS_REFUSED = 14,  /* the bank says no: the message says why */
	POS_USAGE = 64,
	POS_DATA = 65,
	POS_UNREACHABLE = 69,
	POS_FAILED = 70,
	POS_CANCELLED = 75
};

struct pos_options {
	const char *bank, *ca, *email, *account, *token, *order, *signature,
	    *search, *merchant, *from, *until, *export, *out, *reader_file;
	const char *reader[UK_LOCALS_MAX];
	size_t readers;
	unsigned wait_seconds, country;
	int pin_fd;
	bool json;
};

struct pos {
	struct pos_options opt;
	uk_crypto *crypto;
	struct bc_http *http;
	struct pin_asker pins;
	char session[BC_SECRET_MAX + 1]; /* secret */
};

/* --- pos_bank.c ----------------------------------------------------------- */

/* Says what is wrong on standard error, and what to do. */
enum pos_exit pos_say(enum pos_exit code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum pos_exit pos_say_err(const char *what, uk_err err);

/* Opens the connection. */
enum pos_exit pos_connect(struct pos *p);
/* One request; body NULL: GET. Takes over body. *answer is new, or NULL.
 * quiet: no message. */
enum pos_exit pos_call(
    struct pos *p, const char *path, json_t *body, bool quiet, json_t **answer);
/* The session kept by login. */
enum pos_exit pos_load_session(struct pos *p);
enum pos_exit pos_login(struct pos *p);
enum pos_exit pos_logout(struct pos *p);
enum pos_exit pos_register(struct pos *p);
enum pos_exit pos_confirm(struct pos *p);
enum pos_exit pos_password(struct pos *p);
enum pos_exit pos_request_reader(struct pos *p);
enum pos_exit pos_readers(struct pos *p);

/* A member's text: "" if it is not there or would not show as it is. */
const char *pos_text(const json_t *o, const char *name);
/* "12.34 CNY" of an object with amount and currency. */
void pos_money(const json_t *o, char *out, size_t cap);

/* --- the others ----------------------------------------------------------- */

enum pos_exit pos_orders(struct pos *p);
enum pos_exit pos_pay(struct pos *p);
enum pos_exit pos_serve(struct pos *p); /* until the session ends */
enum pos_exit pos_history(struct pos *p);
enum pos_exit pos_get_signature(struct pos *p);

/* A signature's file, JSON {"width","height","strokes":[[[x,y],...],...]}, to
 * the bytes of strokes.h. UK_ERR_FORMAT. */
UK_RESULT pos_read_signature(const char *path, uk_blob *out);
/* One field of a CSV file (RFC 4180): quoted, and never what a spreadsheet
 * would take for a formula. */
void pos_put_csv(uk_buf *out, const char *text);

#endif
