/* Subcommands that decide about requests for certificates. */
#include "cmd_parts.h"

#include "customers.h"
#include "enrol.h"
#include "hex.h"
#include "proto.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <time.h>

enum { DAYS = 730, TIME_TEXT = 24 };

struct listing {
	bool json;
	json_t *array;
};

static void put_time(char text[TIME_TEXT], int64_t seconds)
{
	uk_buf b = uk_buf_over(text, TIME_TEXT - 1);

	bank_put_time(&b, seconds);
	text[b.bad ? 0 : b.len] = '\0';
}

static void list_one(void *arg, const struct bank_enrol *e)
{
	struct listing *l = arg;
	char key[65], when[TIME_TEXT];
	const char *purpose = e->purpose == UK_FOR_LOGIN ? "login"
							 : "transaction";

	uk_hex_str(key, sizeof(key), uk_blob_view(&e->key));
	put_time(when, e->time);
	if (l->json)
		json_array_append_new(l->array,
		    json_pack("{s:I,s:s,s:s%,s:s,s:s}", "number",
			(json_int_t)e->id, "time", when, "name", e->name.p,
			e->name.n, "purpose", purpose, "key", key));
	else
		printf("%" PRId64 "  %s  %s  %.*s\n   key %s\n", e->id, when,
		    purpose, (int)e->name.n, (const char *)e->name.p, key);
}

enum bank_exit bank_cmd_requests(const struct bank_options *o)
{
	struct listing l = { .json = o->json, .array = json_array() };
	struct bank_store *store = NULL;
	enum bank_exit code = bank_open_store(o, &store);
	uk_err err;

	if (code == BANK_EXIT_OK) {
		err = bank_enrol_each(store, list_one, &l);
		if (!uk_is_ok(err))
			code = bank_failed(err, "reading the requests");
	}
	if (code == BANK_EXIT_OK && o->json) {
		json_dumpf(l.array, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(l.array);
	bank_store_close(&store);
	return code;
}

static enum bank_exit complain_number(uk_err err, const char *doing)
{
	if (uk_is(err, UK_ERR_NOT_FOUND))
		return bank_complain(BANK_EXIT_DATA, "--number",
		    "there is no such request: see `ukey-bankd requests`");
	if (uk_is(err, UK_ERR_CONDITIONS))
		return bank_complain(
		    BANK_EXIT_DATA, "--number", "that was decided already");
	return bank_failed(err, doing);
}

/* The customer, his certificate and the decision: all or nothing. */
static uk_err keep(struct bank_store *s, const struct bank_enrol *e,
    uk_bytes customer, const struct bank_issued *issued)
{
	uk_crypto *crypto = NULL;
	int64_t id;
	uk_err err = uk_crypto_open(&crypto);

	if (uk_is_ok(err))
		err = bank_begin(s);
	if (uk_is_ok(err))
		err = bank_customer_make(s, customer, &id);
	if (uk_is_ok(err))
		err = bank_cert_register(s, crypto, id, e->purpose,
		    uk_view_str(issued->serial), uk_blob_view(&issued->der));
	if (uk_is_ok(err))
		err = bank_enrol_approve(
		    s, e->id, uk_blob_view(&issued->der), time(NULL));
	if (uk_is_ok(err))
		err = bank_commit(s);
	bank_rollback(s); /* does nothing after a commit */
	uk_crypto_close(&crypto);
	return err;
}

static uk_err approve(const struct bank_options *o, struct bank_store *s,
    const struct bank_enrol *e, struct bank_issued *issued)
{
	char name[BANK_CUSTOMER_MAX + 1];
	int64_t from = time(NULL) - 3600; /* clocks differ */
	int64_t days = o->days > 0 ? o->days : DAYS;

	if (e->state != BANK_ENROL_ASKED)
		return uk_fail(UK_ERR_CONDITIONS);
	UK_TRY(uk_copy_str(name, sizeof(name),
	    o->customer != NULL ? uk_view_str(o->customer)
				: uk_blob_view(&e->name)));
	UK_TRY(bank_ca_enroll(o->dir, uk_blob_view(&e->request), name,
	    e->purpose == UK_FOR_LOGIN ? BANK_PROFILE_LOGIN
				       : BANK_PROFILE_TRANSACTION,
	    from, from + days * 86400, issued));
	return keep(s, e, uk_view_str(name), issued);
}

enum bank_exit bank_cmd_approve(const struct bank_options *o)
{
	struct bank_issued issued = { 0 };
	struct bank_store *store = NULL;
	struct bank_enrol e = { .id = 0 };
	enum bank_exit code;
	uk_err err;

	if (o->customer != NULL &&
	    !bank_customer_name_ok(uk_view_str(o->customer)))
		return bank_bad_name("--customer");
	code = bank_open_store(o, &store);
	if (code != BANK_EXIT_OK)
		return code;
	err = bank_enrol_by_id(store, o->number, &e);
	if (uk_is_ok(err))
		err = approve(o, store, &e, &issued);
	if (uk_is_ok(err))
		fwrite(issued.pem.p, 1, issued.pem.n, stdout);
	else
		code = complain_number(err, "issuing the certificate");
	bank_enrol_free(&e);
	bank_issued_free(&issued);
	bank_store_close(&store);
	return code;
}

enum bank_exit bank_cmd_reject(const struct bank_options *o)
{
	struct bank_store *store = NULL;
	struct bank_enrol e = { .id = 0 };
	uk_bytes reason = uk_view_str(o->reason);
	enum bank_exit code;
	uk_err err;

	if (reason.n > BANK_ENROL_REASON)
		return bank_complain(
		    BANK_EXIT_DATA, "--reason", "at most 200 bytes, please");
	code = bank_open_store(o, &store);
	if (code != BANK_EXIT_OK)
		return code;
	err = bank_enrol_by_id(store, o->number, &e);
	if (uk_is_ok(err))
		err = bank_begin(store);
	if (uk_is_ok(err))
		err = bank_enrol_reject(store, e.id, reason, time(NULL));
	if (uk_is_ok(err))
		err = bank_commit(store);
	bank_rollback(store); /* does nothing after a commit */
	if (!uk_is_ok(err))
		code = complain_number(err, "rejecting the request");
	bank_enrol_free(&e);
	bank_store_close(&store);
	return code;
}
