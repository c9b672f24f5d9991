/* Calls to merchants. */
#include "callbacks.h"

#include "bhs.h"
#include "bill_json.h"
#include "callback_url.h"
#include "curl_loop.h"
#include "deliveries.h"
#include "json_text.h"
#include "log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Fields of the answer that its signature can cover. */
static const char *const kept_fields[] = { "content-type", "content-digest",
	"signature-input", "signature" };
enum { FIELDS = sizeof(kept_fields) / sizeof(kept_fields[0]), FIELD = 2048 };

struct call {
	struct bank_callbacks *all;
	CURL *curl; /* NULL: a free place */
	struct curl_slist *headers;
	struct bank_delivery delivery;
	int64_t merchant;
	char url[BANK_URL_MAX + 1];
	uk_blob body;
	char digest[96], input[1024], signature[256]; /* of the request */
	uint8_t answer_room[BANK_CALLBACK_ANSWER];
	uk_buf answer;
	char fields[FIELDS][FIELD];
};

struct bank_callbacks {
	struct bank *bank;
	struct bank_curl *curl;
	struct call calls[BANK_CALLBACKS_MAX];
};

static void finish(void *of, CURLcode rc);

uk_err bank_callbacks_open(
    struct bank *b, struct event_base *base, struct bank_callbacks **out)
{
	struct bank_callbacks *c = uk_new(sizeof(*c));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = c;
	if (c == NULL)
		return err;
	c->bank = b;
	err = bank_curl_open(base, finish, &c->curl);
	if (!uk_is_ok(err))
		bank_callbacks_close(out);
	return err;
}

static void end_call(struct call *k)
{
	if (k->all != NULL)
		bank_curl_end(k->all->curl, k->curl);
	curl_slist_free_all(k->headers);
	uk_blob_free(&k->body);
	*k = (struct call){ 0 };
}

void bank_callbacks_close(struct bank_callbacks **c)
{
	if (*c == NULL)
		return;
	for (size_t i = 0; i < BANK_CALLBACKS_MAX; i++)
		end_call(&(*c)->calls[i]);
	bank_curl_close(&(*c)->curl);
	uk_free(*c);
	*c = NULL;
}

/* --- the request --------------------------------------------------------- */

static bool request_field(void *arg, uk_bytes name, size_t i, uk_bytes *value)
{
	const struct call *k = arg;

	if (i > 0)
		return false;
	if (uk_bytes_eq(name, uk_view_str("content-type")))
		*value = uk_view_str("application/json");
	else if (uk_bytes_eq(name, uk_view_str("content-digest")))
		*value = uk_view_str(k->digest);
	else if (uk_bytes_eq(name, uk_view_str("signature")))
		*value = uk_view_str(k->signature);
	else
		return false;
	return true;
}

static uk_err message_of(struct call *k, struct uk_http_message *out)
{
	struct bank_url u;

	UK_TRY(bank_url_parse(uk_view_str(k->url), &u));
	*out = (struct uk_http_message){
		.method = uk_view_str("POST"),
		.scheme = uk_view_str(u.secure ? "https" : "http"),
		.authority = u.authority,
		.path = u.path,
		.query = u.query,
		.has_query = u.has_query,
		.field = request_field,
		.arg = k,
	};
	return uk_ok();
}

static uk_err sign_request(struct bank *b, struct call *k, int64_t now)
{
	uk_buf digest = uk_buf_over(k->digest, sizeof(k->digest) - 1);
	uk_buf input = uk_buf_over(k->input, sizeof(k->input) - 1);
	uk_buf signature = uk_buf_over(k->signature, sizeof(k->signature) - 1);
	struct uk_http_message m;
	uint8_t random[16];
	char nonce[2 * sizeof(random) + 1];

	UK_TRY(uk_random(b->crypto, random, sizeof(random)));
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(nonce + 2 * i, 3, "%02x", random[i]);
	UK_TRY(bhs_put_digest(b->crypto, uk_blob_view(&k->body), &digest));
	UK_TRY(message_of(k, &m));
	return bhs_sign(&(struct bhs_signing){ .sign = bank_sign_message,
			    .arg = b,
			    .tag = BHS_TAG_CALLBACK,
			    .keyid = uk_view_str(b->keyid),
			    .nonce = uk_view_str(nonce),
			    .now = now,
			    .has_body = true },
	    &m, &input, &signature);
}

static uk_err add_header(struct call *k, const char *name, const char *value)
{
	char line[1200];
	struct curl_slist *longer;
	int n = snprintf(line, sizeof(line), "%s: %s", name, value);

	if (n < 0 || (size_t)n >= sizeof(line))
		return uk_fail(UK_ERR_TOO_SMALL);
	longer = curl_slist_append(k->headers, line);
	if (longer == NULL)
		return uk_fail(UK_ERR_MEMORY);
	k->headers = longer;
	return uk_ok();
}

static uk_err make_headers(struct call *k)
{
	UK_TRY(add_header(k, "Content-Type", "application/json"));
	UK_TRY(add_header(k, "Content-Digest", k->digest));
	UK_TRY(add_header(k, "Signature-Input", k->input));
	UK_TRY(add_header(k, "Signature", k->signature));
	return add_header(k, "Expect", ""); /* none */
}

/* --- the answer ---------------------------------------------------------- */

static size_t take_body(char *data, size_t size, size_t n, void *arg)
{
	struct call *k = arg;

	uk_put(&k->answer, uk_view(data, size * n));
	return k->answer.bad ? 0 : size * n;
}

/* A field that comes twice is as good as none. */
static void take_field(struct call *k, size_t i, uk_bytes value)
{
	while (value.n > 0 &&
	       (value.p[value.n - 1] == '\n' || value.p[value.n - 1] == '\r' ||
		   value.p[value.n - 1] == ' '))
		value.n--;
	while (value.n > 0 && value.p[0] == ' ')
		value = uk_bytes_from(value, 1);
	if (k->fields[i][0] != '\0' ||
	    !uk_is_ok(uk_copy_str(k->fields[i], FIELD, value)))
		UK_IGNORE(uk_copy_str(k->fields[i], FIELD, uk_view_str("?")));
}

static size_t take_header(char *data, size_t size, size_t n, void *arg)
{
	struct call *k = arg;
	uk_bytes line = uk_view(data, size * n);

	for (size_t i = 0; i < FIELDS; i++) {
		size_t name = strlen(kept_fields[i]);

		if (line.n > name && line.p[name] == ':' &&
		    strncasecmp(data, kept_fields[i], name) == 0)
			take_field(k, i, uk_bytes_from(line, name + 1));
	}
	return size * n;
}

static bool answer_field(void *arg, uk_bytes name, size_t i, uk_bytes *value)
{
	const struct call *k = arg;

	for (size_t f = 0; i == 0 && f < FIELDS; f++) {
		if (!uk_bytes_eq(name, uk_view_str(kept_fields[f])) ||
		    k->fields[f][0] == '\0')
			continue;
		*value = uk_view_str(k->fields[f]);
		return true;
	}
	return false;
}

static uk_err verify_with_key(
    struct bank *b, struct call *k, const struct uk_httpsig *s, int64_t now)
{
	struct bank_merchant_key key = { 0 };
	struct uk_http_message request, m = { .status = 200,
		.field = answer_field,
		.arg = k,
		.request = &request };
	uk_key *public = NULL;
	uk_err err = message_of(k, &request);

	if (uk_is_ok(err))
		err = bank_merchant_find_key(b->store, s->keyid, now, &key);
	if (uk_is_ok(err) && key.merchant != k->merchant)
		err = uk_fail(UK_ERR_SIGNATURE);
	if (uk_is_ok(err))
		err = uk_key_from_spki(
		    b->crypto, uk_blob_view(&key.spki), &public);
	if (uk_is_ok(err))
		err = bhs_verify(public, uk_view_str(key.alg), s, &m);
	uk_key_close(&public);
	uk_blob_free(&key.spki);
	return err;
}

/* {"acknowledged": number} of this very delivery. */
static uk_err check_content(const struct call *k)
{
	json_t *o = json_loadb((const char *)k->answer.p, k->answer.len,
	    JSON_REJECT_DUPLICATES, NULL);
	const json_t *n = json_object_get(o, "acknowledged");
	bool good = json_is_integer(n) &&
		    json_integer_value(n) == k->delivery.id;

	json_decref(o);
	return good ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

static uk_err check_answer(struct bank *b, struct call *k, int64_t now)
{
	struct uk_httpsig s;
	long status = 0;

	curl_easy_getinfo(k->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return uk_fail(UK_ERR_CONDITIONS);
	UK_TRY(uk_httpsig_find(uk_view_str(k->fields[2]),
	    uk_view_str(k->fields[3]), NULL, BHS_TAG_ACK, &s));
	UK_TRY(bhs_check_answer(&s, now));
	UK_TRY(bhs_check_digest(
	    b->crypto, uk_view_str(k->fields[1]), uk_buf_view(&k->answer)));
	UK_TRY(verify_with_key(b, k, &s, now));
	return check_content(k);
}

static void finish(void *of, CURLcode rc)
{
	struct call *k = of;
	struct bank *b = k->all->bank;
	int64_t now = time(NULL), customer = 0;
	uk_err err = rc == CURLE_OK ? check_answer(b, k, now)
				    : uk_fail(UK_ERR_IO);

	if (uk_is_ok(err))
		err = bank_delivery_done(
		    b->store, &k->delivery, now, &customer);
	bank_metrics_callback(b->metrics, uk_is_ok(err));
	uk_log(UK_LOG_INFO,
	    "event=callback id=%" PRId64 " try=%" PRId64 " result=%s%s%s",
	    k->delivery.id, k->delivery.tries + 1, uk_err_name(err),
	    rc == CURLE_OK ? "" : " reason=",
	    rc == CURLE_OK ? "" : curl_easy_strerror(rc));
	end_call(k);
	bank_touch(b, customer);
}

/* --- beginning ----------------------------------------------------------- */

static CURLcode set_up(struct call *k, const struct bank_config *config)
{
	CURLcode rc;

	k->curl = bank_curl_new(&(struct bank_curl_target){ .url = k->url,
				    .ca = config->callback_ca,
				    .plain = config->plain_callbacks != 0,
				    .seconds = BANK_CALLBACK_SECONDS,
				    .body = uk_blob_view(&k->body),
				    .headers = k->headers,
				    .take_body = take_body },
	    k);
	if (k->curl == NULL)
		return CURLE_OUT_OF_MEMORY;
	rc = curl_easy_setopt(k->curl, CURLOPT_HEADERFUNCTION, take_header);
	if (rc != CURLE_OK)
		return rc;
	return curl_easy_setopt(k->curl, CURLOPT_HEADERDATA, k);
}

static uk_err load(struct bank *b, struct call *k, int64_t now)
{
	struct bank_bill bill = { 0 };
	json_t *o;
	uk_err err = bank_bill_get(b->store, k->delivery.bill, &bill);

	if (uk_is_ok(err))
		err = uk_copy_str(
		    k->url, sizeof(k->url), uk_view_str(bill.callback));
	if (uk_is_ok(err)) {
		k->merchant = bill.merchant;
		o = json_pack("{s:I,s:s,s:o}", "id", (json_int_t)k->delivery.id,
		    "event", k->delivery.event, "order",
		    bank_json_merchant_bill(&bill, now));
		err = bank_json_text(o, &k->body);
		json_decref(o);
	}
	bank_bill_free(&bill);
	return err;
}

static size_t running_for(const struct bank_callbacks *c, int64_t merchant)
{
	size_t n = 0;

	for (size_t i = 0; i < BANK_CALLBACKS_MAX; i++)
		n += c->calls[i].curl != NULL &&
		     c->calls[i].merchant == merchant;
	return n;
}

static uk_err begin(struct bank_callbacks *c, struct call *k,
    const struct bank_delivery *d, int64_t now)
{
	uint8_t random;

	*k = (struct call){ .all = c, .delivery = *d };
	k->answer = UK_BUF(k->answer_room);
	UK_TRY(load(c->bank, k, now));
	if (running_for(c, k->merchant) >= BANK_CALLBACKS_EACH)
		return uk_fail(UK_ERR_CONDITIONS);
	UK_TRY(uk_random(c->bank->crypto, &random, 1));
	UK_TRY(bank_delivery_claim(c->bank->store, d, now,
	    now + bank_delivery_pause(d->tries, random)));
	UK_TRY(sign_request(c->bank, k, now));
	UK_TRY(make_headers(k));
	if (set_up(k, &c->bank->config) != CURLE_OK)
		return uk_fail(UK_ERR_MEMORY);
	return bank_curl_start(c->curl, k->curl);
}

static bool is_running(const struct bank_callbacks *c, int64_t id)
{
	for (size_t i = 0; i < BANK_CALLBACKS_MAX; i++) {
		if (c->calls[i].curl != NULL && c->calls[i].delivery.id == id)
			return true;
	}
	return false;
}

static struct call *free_place(struct bank_callbacks *c)
{
	for (size_t i = 0; i < BANK_CALLBACKS_MAX; i++) {
		if (c->calls[i].curl == NULL)
			return &c->calls[i];
	}
	return NULL;
}

void bank_callbacks_run(struct bank_callbacks *c, int64_t now)
{
	struct bank_delivery due[4 * BANK_CALLBACKS_MAX];
	struct call *k;
	size_t n = 0;

	if (free_place(c) == NULL ||
	    !uk_is_ok(bank_deliveries_due(
		c->bank->store, now, sizeof(due) / sizeof(due[0]), due, &n)))
		return;
	for (size_t i = 0; i < n && (k = free_place(c)) != NULL; i++) {
		uk_err err;

		if (is_running(c, due[i].id))
			continue;
		err = begin(c, k, &due[i], now);
		if (uk_is_ok(err))
			continue;
		end_call(k);
		if (!uk_is(err, UK_ERR_CONDITIONS))
			uk_log(UK_LOG_ERROR,
			    "event=callback id=%" PRId64 " result=%s",
			    due[i].id, uk_err_name(err));
	}
}
