/* A merchant. */
#include "shop.h"

#include "bhs.h"
#include "fields.h"
#include "files.h"
#include "jwe.h"
#include "merchants.h"
#include "phones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOVE_TOGETHER = 500, NONCE_BYTES = 16, PHONE = 32 };

static void need(uk_err err, const char *what)
{
	if (uk_is_ok(err))
		return;
	fprintf(stderr, "bench: %s: %s\n", what, uk_err_text(err));
	exit(1);
}

static void phone_of(size_t resident, char out[PHONE])
{
	snprintf(out, PHONE, "+8613%09zu", resident);
}

/* --- registering --------------------------------------------------------- */

static void give_phones(struct town *t, struct bank_store *s)
{
	struct bank_fields *fields = NULL;
	char path[BANK_PATH_MAX], phone[PHONE];
	struct bank_account a;

	need(bank_path(t->dir, BANK_FILE_FIELDS, path), "the path");
	need(bank_fields_make(t->crypto, path), "keys of fields");
	need(bank_fields_open(t->crypto, path, &fields), "keys of fields");
	for (size_t i = 0; i < t->count; i++) {
		phone_of(i, phone);
		need(bank_account_find(
			 s, uk_view_str(t->residents[i].account), &a),
		    "a resident");
		need(bank_phone_set(
			 s, fields, a.customer, uk_view_str(phone), time(NULL)),
		    "a phone number");
		if (i % MOVE_TOGETHER == 0)
			need(bank_flush(s), "phone numbers");
	}
	bank_fields_close(&fields);
}

static void make_merchant(struct shop *shop, struct bank_store *s)
{
	uk_buf keyid = uk_buf_over(shop->keyid, sizeof(shop->keyid) - 1);
	int64_t customer, account, id;
	uk_blob spki = { NULL, 0 };

	need(bank_customer_make(s, uk_view_str("Shop"), &customer), "a shop");
	need(bank_account_make(s, customer, uk_view_str("S-1"),
		 uk_view_str("Giro"), uk_view_str("CNY"), &account),
	    "a shop's account");
	need(bank_merchant_make(s, uk_view_str("Shop"), account,
		 uk_view_str("https://localhost:1/told"), &id),
	    "a merchant");
	need(bhs_keyid(shop->town->crypto, shop->key, &keyid), "a key");
	need(uk_key_spki(shop->key, &spki), "a key");
	need(bank_merchant_add_key(s, id, uk_view_str(shop->keyid),
		 uk_view_str(bhs_alg_of(shop->key)), uk_blob_view(&spki),
		 time(NULL) - 1),
	    "a merchant's key");
	uk_blob_free(&spki);
}

void shop_open(struct shop *s, struct town *t)
{
	struct bank_store *books = town_books(t);

	*s = (struct shop){ .town = t };
	need(uk_key_make_p256(t->crypto, &s->key), "a key");
	bank_store_collect(books);
	need(bank_begin(books), "a shop");
	make_merchant(s, books);
	need(bank_commit(books), "a shop");
	give_phones(t, books);
	need(bank_flush(books), "a shop");
	bank_store_close(&books);
}

/* The key that merchants seal for is made by the server's first start. */
void shop_meet(struct shop *s, unsigned port)
{
	char path[BANK_PATH_MAX];

	snprintf(s->authority, sizeof(s->authority), "localhost:%u", port);
	need(bank_path(s->town->dir, BANK_FILE_SEAL_KEY, path), "the path");
	need(uk_key_from_pem_file(s->town->crypto, path, &s->seal),
	    "the sealing key");
}

void shop_close(struct shop *s)
{
	uk_key_close(&s->key);
	uk_key_close(&s->seal);
}

/* --- a sealed phone number (RFC 7516; RFC 7518, 4.6) ---------------------- */

static void put_coordinate(uk_bytes point, size_t at, char *out, size_t cap)
{
	uk_blob text = { NULL, 0 };

	need(uk_base64url_encode(
		 uk_bytes_first(uk_bytes_from(point, at), 32), &text),
	    "a key");
	snprintf(out, cap, "%s", (const char *)text.p);
	uk_blob_free(&text);
}

static void add_part(uk_blob *out, const char *between, uk_bytes part)
{
	uk_blob text = { NULL, 0 };

	need(uk_blob_add(out, uk_view_str(between)), "sealing");
	need(uk_base64url_encode(part, &text), "sealing");
	need(uk_blob_add(out, uk_blob_view(&text)), "sealing");
	uk_blob_free(&text);
}

/* Appends "header" in base64url, and the key that both sides agree on. */
static void begin_jwe(const struct shop *s, uk_blob *out, uk_buf *cek)
{
	uint8_t storage[65], secret[32];
	uk_buf point = UK_BUF(storage), agreed = UK_BUF(secret);
	uk_crypto *c = s->town->crypto;
	char header[256], x[48], y[48];
	uk_key *own = NULL;

	need(uk_key_make_p256(c, &own), "sealing");
	need(uk_key_point(own, &point), "sealing");
	need(uk_key_agree(own, s->seal, &agreed), "sealing");
	need(bank_jwe_derive(c, uk_buf_view(&agreed), "A256GCM", UK_NONE,
		 UK_NONE, 256, cek),
	    "sealing");
	put_coordinate(uk_buf_view(&point), 1, x, sizeof(x));
	put_coordinate(uk_buf_view(&point), 33, y, sizeof(y));
	snprintf(header, sizeof(header),
	    "{\"alg\":\"ECDH-ES\",\"enc\":\"A256GCM\",\"epk\":{\"kty\":\"EC\","
	    "\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}}",
	    x, y);
	add_part(out, "", uk_view_str(header));
	uk_key_close(&own);
}

static void seal_phone(const struct shop *s, size_t resident, uk_blob *out)
{
	static const uint8_t iv[UK_GCM_NONCE] = { 1 }; /* each key is new */
	uint8_t key[32], storage[64];
	uk_buf cek = UK_BUF(key), sealed = UK_BUF(storage);
	char phone[PHONE];
	uk_bytes all;

	phone_of(resident, phone);
	begin_jwe(s, out, &cek);
	need(uk_gcm_seal(s->town->crypto, uk_buf_view(&cek), UK_ARRAY(iv),
		 uk_blob_view(out), uk_view_str(phone), &sealed),
	    "sealing");
	all = uk_buf_view(&sealed);
	add_part(out, "..", UK_ARRAY(iv));
	add_part(out, ".", uk_bytes_first(all, all.n - UK_GCM_TAG));
	add_part(out, ".", uk_bytes_from(all, all.n - UK_GCM_TAG));
	need(uk_blob_add(out, UK_ARRAY("")), "sealing"); /* NUL */
}

/* --- a signed request (RFC 9421) ------------------------------------------ */

struct fields {
	char digest[128];
};

static bool find_field(void *arg, uk_bytes name, size_t i, uk_bytes *value)
{
	const struct fields *f = arg;

	if (i > 0)
		return false;
	if (uk_bytes_eq(name, uk_view_str("content-type")))
		*value = uk_view_str("application/json");
	else if (uk_bytes_eq(name, uk_view_str("content-digest")))
		*value = uk_view_str(f->digest);
	else
		return false;
	return true;
}

static uk_err sign_base(void *arg, uk_bytes base, uk_buf *raw)
{
	const struct shop *s = arg;

	return uk_key_sign(s->key, UK_SIG_ECDSA, UK_HASH_SHA256, base, raw);
}

static void sign_request(const struct shop *s, size_t number, const char *body,
    char *head, size_t cap)
{
	struct fields f = { "" };
	char input[BHS_FIELD_MAX] = "", signature[BHS_FIELD_MAX] = "";
	uk_buf digest = uk_buf_over(f.digest, sizeof(f.digest) - 1);
	uk_buf in = uk_buf_over(input, sizeof(input) - 1);
	uk_buf sig = uk_buf_over(signature, sizeof(signature) - 1);
	char nonce[2 * NONCE_BYTES + 1];
	struct uk_http_message m = { .method = uk_view_str("POST"),
		.scheme = uk_view_str("https"),
		.authority = uk_view_str(s->authority),
		.path = uk_view_str("/v1/merchant/orders"),
		.field = find_field,
		.arg = &f };
	struct bhs_signing how = { .sign = sign_base,
		.arg = (void *)(uintptr_t)s,
		.tag = BHS_TAG_ORDER,
		.keyid = uk_view_str(s->keyid),
		.now = time(NULL),
		.has_body = true };

	snprintf(nonce, sizeof(nonce), "%032zu", number);
	how.nonce = uk_view_str(nonce);
	need(bhs_put_digest(s->town->crypto, uk_view_str(body), &digest),
	    "digest");
	need(bhs_sign(&how, &m, &in, &sig), "signing");
	snprintf(head, cap,
	    "POST /v1/merchant/orders HTTP/1.1\r\nHost: %s\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n"
	    "Content-Digest: %s\r\nSignature-Input: %s\r\nSignature: %s\r\n"
	    "\r\n",
	    s->authority, strlen(body), f.digest, input, signature);
}

void shop_order(
    const struct shop *s, size_t number, size_t resident, uk_blob *request)
{
	char body[4096], head[8192];
	uk_blob phone = { NULL, 0 };

	seal_phone(s, resident, &phone);
	snprintf(body, sizeof(body),
	    "{\"orderNumber\":\"w%zu\",\"amount\":125,\"currency\":\"CNY\","
	    "\"payerPhone\":\"%s\",\"payee\":\"Shop\",\"memo\":\"bench\"}",
	    number, (const char *)phone.p);
	sign_request(s, number, body, head, sizeof(head));
	need(uk_blob_set(request, uk_view_str(head)), "a request");
	need(uk_blob_add(request, uk_view_str(body)), "a request");
	uk_blob_free(&phone);
}
