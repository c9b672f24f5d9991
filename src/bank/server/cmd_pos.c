/* The subcommands about card terminals: what an operator gives comes in a JSON
 * file, because card numbers, keys and PINs belong in no argument. */
#include "bank.h"
#include "cmd_parts.h"
#include "hex.h"
#include "pos_cards.h"
#include "pos_orders.h"
#include "pos_readers.h"
#include "users.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { VALID_HOURS = 72, VALID_HOURS_MAX = 8760 };

/* --- the bank and the file ------------------------------------------------ */

static enum bank_exit open_both(
    const struct bank_options *o, struct bank **b, json_t **in)
{
	char why[256];
	json_error_t error;

	*b = NULL;
	*in = NULL;
	if (o->in != NULL) {
		*in = json_load_file(o->in, JSON_REJECT_DUPLICATES, &error);
		if (!json_is_object(*in)) {
			json_decref(*in);
			*in = NULL;
			return bank_complain(BANK_EXIT_DATA, o->in,
			    "a JSON object is expected: docs/card-terminal.md");
		}
	}
	if (uk_is_ok(bank_open(o->dir, b, why, sizeof(why))))
		return BANK_EXIT_OK;
	json_decref(*in);
	*in = NULL;
	return bank_complain(BANK_EXIT_CONFIG, o->dir, why);
}

/* "" if it is not there. */
static uk_bytes text_of(const json_t *in, const char *name)
{
	const json_t *v = json_object_get(in, name);

	return json_is_string(v)
		   ? uk_view(json_string_value(v), json_string_length(v))
		   : UK_NONE;
}

static int64_t number_of(const json_t *in, const char *name, int64_t otherwise)
{
	const json_t *v = json_object_get(in, name);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

/* --- cards ---------------------------------------------------------------- */

static uk_err card_key(struct bank *b, const json_t *in,
    const struct bank_new_card *n, uint8_t key[BANK_CARD_KEY])
{
	uint8_t issuer[BANK_CARD_KEY];
	uk_buf i = UK_BUF(issuer);
	uk_err err = uk_hex_decode(text_of(in, "issuerKey"), &i);

	if (uk_is_ok(err) && i.len != sizeof(issuer))
		err = uk_fail(UK_ERR_FORMAT);
	if (uk_is_ok(err))
		err = bank_card_key(b->crypto, n->scheme, UK_ARRAY(issuer),
		    n->pan, n->sequence, key);
	uk_wipe(issuer, sizeof(issuer));
	return err;
}

static uk_err read_card(
    struct bank *b, const json_t *in, struct bank_new_card *n, uk_pin *pin)
{
	char scheme[16] = "";
	struct bank_account account;
	int64_t sequence = number_of(in, "sequence", 0);
	uk_bytes text = text_of(in, "pin");

	UK_TRY(uk_copy_str(scheme, sizeof(scheme), text_of(in, "scheme")));
	if (!bank_scheme_by_name(scheme, &n->scheme) || sequence < 0 ||
	    sequence > 99)
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(bank_account_find(b->store, text_of(in, "account"), &account));
	n->pan = text_of(in, "pan");
	n->expiry = text_of(in, "expiry");
	n->sequence = (uint8_t)sequence;
	n->account = account.id;
	n->method = (int)number_of(in, "arpcMethod", 1);
	if (text.n > 0) {
		UK_TRY(uk_pin_set(pin, text));
		n->pin = pin;
	}
	return card_key(b, in, n, n->key);
}

static enum bank_exit with_card(const struct bank_options *o, bool unblock)
{
	struct bank_new_card n = { .method = 1 };
	struct bank *b;
	uk_pin pin = { 0 };
	json_t *in;
	enum bank_exit code = open_both(o, &b, &in);
	uk_err err;

	if (code != BANK_EXIT_OK)
		return code;
	if (unblock)
		err = bank_card_unblock(&b->pos, text_of(in, "pan"),
		    (uint8_t)number_of(in, "sequence", 0));
	else
		err = read_card(b, in, &n, &pin);
	if (uk_is_ok(err) && !unblock)
		err = bank_card_make(&b->pos, &n);
	uk_wipe(&n, sizeof(n));
	uk_wipe(&pin, sizeof(pin));
	json_decref(in);
	bank_close(&b);
	return uk_is_ok(err) ? BANK_EXIT_OK : bank_failed(err, o->in);
}

enum bank_exit bank_cmd_pos_card(const struct bank_options *o)
{
	return with_card(o, false);
}

enum bank_exit bank_cmd_pos_unblock(const struct bank_options *o)
{
	return with_card(o, true);
}

/* --- orders --------------------------------------------------------------- */

enum bank_exit bank_cmd_pos_order(const struct bank_options *o)
{
	struct bank *b;
	json_t *in;
	enum bank_exit code = open_both(o, &b, &in);
	struct bank_pos_new_order n;
	enum bank_code done;
	int64_t now = time(NULL), hours;

	if (code != BANK_EXIT_OK)
		return code;
	hours = number_of(in, "validHours", VALID_HOURS);
	n = (struct bank_pos_new_order){ .number = text_of(in, "orderNumber"),
		.merchant = text_of(in, "merchant"),
		.goods = text_of(in, "goods"),
		.terms = text_of(in, "terms"),
		.currency = text_of(in, "currency"),
		.amount = number_of(in, "amount", 0) };
	if (hours < 0 || hours > VALID_HOURS_MAX)
		done = BANK_MALFORMED;
	else if (!uk_is_ok(
		     bank_user_find(&b->pos, text_of(in, "email"), &n.owner)))
		done = BANK_NOT_FOUND;
	else {
		n.expires = now + hours * 60 * 60;
		done = bank_pos_order_make(&b->pos, &n, now);
	}
	json_decref(in);
	bank_close(&b);
	return done == BANK_OK
		   ? BANK_EXIT_OK
		   : bank_complain(BANK_EXIT_DATA, o->in, bank_code_text(done));
}

/* --- readers -------------------------------------------------------------- */

/* What is put into the reader, and kept nowhere else. */
static uk_err write_key(const char *path, const struct bank_reader_key *key)
{
	char id[2 * sizeof(key->id) + 1], hex[2 * UK_DUKPT_KEY + 1], text[256];
	int n;
	uk_err err;

	uk_hex_str(id, sizeof(id), uk_view(key->id, key->id_len));
	uk_hex_str(hex, sizeof(hex), UK_ARRAY(key->key));
	n = snprintf(text, sizeof(text),
	    "{\"algorithm\":\"%s\",\"keyId\":\"%s\",\"initialKey\":\"%s\"}\n",
	    key->kind == BANK_READER_AES ? "aes" : "tdes", id, hex);
	err = n < 0 || (size_t)n >= sizeof(text)
		  ? uk_fail(UK_ERR_TOO_SMALL)
		  : bank_file_write(path, uk_view(text, (size_t)n), false);
	uk_wipe(hex, sizeof(hex));
	uk_wipe(text, sizeof(text));
	return err;
}

enum bank_exit bank_cmd_pos_reader(const struct bank_options *o)
{
	struct bank_reader_key key = { .id_len = 0 };
	struct bank *b;
	json_t *in;
	enum bank_exit code = open_both(o, &b, &in);
	uk_err err;

	if (code != BANK_EXIT_OK)
		return code;
	err = bank_reader_release(&b->pos, o->reader, &key);
	if (uk_is_ok(err))
		err = write_key(o->out, &key);
	uk_wipe(&key, sizeof(key));
	json_decref(in);
	bank_close(&b);
	return uk_is_ok(err) ? BANK_EXIT_OK : bank_failed(err, "--reader");
}

/* --- messages ------------------------------------------------------------- */

static void print_message(void *arg, const struct bank_message *m)
{
	json_t *j = json_pack("{s:I,s:I,s:s%,s:s%,s:s%}", "id",
	    (json_int_t)m->id, "time", (json_int_t)m->time, "to",
	    (const char *)m->recipient.p, m->recipient.n, "subject",
	    (const char *)m->subject.p, m->subject.n, "text",
	    (const char *)m->body.p, m->body.n);

	(void)arg;
	if (j != NULL && json_dumpf(j, stdout, JSON_COMPACT) == 0)
		putchar('\n');
	json_decref(j);
}

enum bank_exit bank_cmd_outbox(const struct bank_options *o)
{
	struct bank_store *store;
	enum bank_exit code = bank_open_store(o, &store);
	uk_err err;

	if (code != BANK_EXIT_OK)
		return code;
	err = bank_outbox_each(store, 0, print_message, NULL);
	bank_store_close(&store);
	return uk_is_ok(err) ? BANK_EXIT_OK : bank_failed(err, "outbox");
}
