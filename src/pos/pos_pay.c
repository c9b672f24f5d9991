/* Paying an order with a card. */
#include "pos_client.h"

#include "hex.h"
#include "payment_card.h"
#include "pinblock.h"
#include "reader_key.h"
#include "secret.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	FIELD_55_MAX = 512,
	CARD_MAX = 48,
	TRIES = 3, /* of the same message, which the bank takes once */
	MERCHANT = 20,
	/* 95: offline data authentication was not performed; PIN entered */
	TVR_NO_ODA = 0x80,
	TVR_PIN = 0x04
};

/* The objects that the issuer is told: with a first and a last cryptogram. */
static const uint32_t field_55[] = { UK_EMV_CURRENCY, UK_EMV_SEQUENCE,
	UK_EMV_AIP, UK_EMV_DF_NAME, UK_EMV_TVR, UK_EMV_DATE, UK_EMV_TYPE,
	UK_EMV_AMOUNT, UK_EMV_OTHER, UK_EMV_COUNTRY, UK_EMV_CAPABILITIES,
	UK_EMV_CVM_RESULT, UK_EMV_UN };
static const uint32_t of_card[] = { UK_EMV_AC, UK_EMV_CID, UK_EMV_ATC,
	UK_EMV_IAD };

#define COUNT(t) (sizeof(t) / sizeof((t)[0]))

struct sale { /* secret */
	struct pos *pos;
	const char *number;
	json_t *order;
	struct uk_payment card;
	struct uk_emv_set ac;
	struct uk_cvm_choice cvm;
	struct uk_track2 track;
	uk_pin pin;
	uk_blob signature;
	uint8_t ksn[UK_DUKPT_KSN];
	struct uk_dukpt_keys keys;
};

/* --- the order ------------------------------------------------------------ */

static void show(const json_t *o)
{
	char money[64];

	pos_money(o, money, sizeof(money));
	printf("%s  %s  %s\n    %s\n", pos_text(o, "orderNumber"), money,
	    pos_text(o, "merchant"), pos_text(o, "goods"));
	if (*pos_text(o, "merchantOrder") != '\0')
		printf("    order %s\n", pos_text(o, "merchantOrder"));
	if (*pos_text(o, "terms") != '\0')
		printf("    %s\n", pos_text(o, "terms"));
	printf("    %s to %s\n", pos_text(o, "createdAt"),
	    pos_text(o, "expiresAt"));
}

enum pos_exit pos_orders(struct pos *p)
{
	json_t *answer, *o;
	size_t i;
	enum pos_exit code = pos_call(
	    p, "/v1/pos/orders", NULL, false, &answer);

	if (code == POS_OK && p->opt.json)
		json_dumpf(answer, stdout, JSON_INDENT(1));
	else
		json_array_foreach(json_object_get(answer, "orders"), i, o)
		    show(o);
	json_decref(answer);
	return code;
}

static enum pos_exit path_of(
    const struct sale *s, const char *tail, char path[POS_URL_MAX])
{
	if (!bank_order_number_ok(uk_view_str(s->number)))
		return pos_say(POS_USAGE, "this is no order number");
	(void)snprintf(
	    path, POS_URL_MAX, "/v1/pos/orders/%s%s", s->number, tail);
	return POS_OK;
}

static enum pos_exit get_order(struct sale *s)
{
	char path[POS_URL_MAX];
	enum pos_exit code = path_of(s, "", path);

	if (code == POS_OK)
		code = pos_call(s->pos, path, NULL, false, &s->order);
	if (code == POS_OK &&
	    strcmp(pos_text(s->order, "state"), "pending") != 0)
		code = pos_say(POS_REFUSED, "the order is %s",
		    pos_text(s->order, "state"));
	if (code == POS_OK)
		show(s->order);
	return code;
}

/* --- what the terminal says ------------------------------------------------
 */

static uk_err put_bcd(
    struct uk_emv_set *d, uint32_t tag, json_int_t v, size_t n)
{
	uint8_t room[8];
	uk_buf b = UK_BUF(room);

	if (v < 0)
		return uk_fail(UK_ERR_FORMAT);
	uk_put_bcd(&b, (uint64_t)v, n);
	UK_TRY(uk_buf_result(&b));
	return uk_emv_put(d, tag, uk_buf_view(&b));
}

static uk_err put_time(struct uk_emv_set *d)
{
	time_t t = time(NULL);
	struct tm now;

	if (gmtime_r(&t, &now) == NULL)
		return uk_fail(UK_ERR_INTERNAL);
	UK_TRY(put_bcd(d, UK_EMV_DATE,
	    now.tm_year % 100 * 10000 + (now.tm_mon + 1) * 100 + now.tm_mday,
	    3));
	return put_bcd(d, UK_EMV_TIME,
	    now.tm_hour * 10000 + now.tm_min * 100 + now.tm_sec, 3);
}

/* 9F4E, so many bytes of the merchant's name. */
static uk_err put_merchant(struct uk_emv_set *d, const char *name)
{
	uint8_t room[MERCHANT];
	uk_buf b = UK_BUF(room);

	uk_put(&b, uk_bytes_first(uk_view_str(name), MERCHANT));
	uk_put_fill(&b, ' ', MERCHANT - b.len);
	return uk_emv_put(d, UK_EMV_MERCHANT, uk_buf_view(&b));
}

static json_int_t integer(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

static uk_err put_terminal(struct sale *s)
{
	/* Keys and IC reader; online PIN, signature, no CVM; no offline
	 * authentication (EMV 4.3 Book 4, annex A2). */
	static const uint8_t capabilities[] = { 0xe0, 0x68, 0x00 };
	struct uk_emv_set *d = &s->card.data;
	uint8_t un[4];
	uk_buf number = UK_BUF(un);

	UK_TRY(uk_hex_decode(
	    uk_view_str(pos_text(s->order, "unpredictableNumber")), &number));
	if (number.len != sizeof(un))
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(uk_emv_put(d, UK_EMV_UN, UK_ARRAY(un)));
	UK_TRY(put_bcd(d, UK_EMV_AMOUNT, integer(s->order, "amount"), 6));
	UK_TRY(put_bcd(d, UK_EMV_OTHER, 0, 6));
	UK_TRY(put_bcd(
	    d, UK_EMV_CURRENCY, integer(s->order, "currencyNumber"), 2));
	UK_TRY(put_bcd(d, UK_EMV_COUNTRY, s->pos->opt.country, 2));
	UK_TRY(put_bcd(d, UK_EMV_TYPE, 0, 1));
	UK_TRY(put_time(d));
	UK_TRY(put_merchant(d, pos_text(s->order, "merchant")));
	return uk_emv_put(d, UK_EMV_CAPABILITIES, UK_ARRAY(capabilities));
}

/* --- the card ------------------------------------------------------------- */

/* Light, sound and screen of a program: a bell and a line. */
static enum pos_exit wait_for_card(
    struct pos *p, uk_readers *readers, uk_link **link)
{
	uk_reader_state seen[UK_READERS_MAX];
	size_t n = 0;
	bool asked = false;
	time_t until = time(NULL) + (time_t)p->opt.wait_seconds;

	while (time(NULL) <= until) {
		uk_err err = uk_readers_list(readers, seen, UK_READERS_MAX, &n);

		for (size_t i = 0; uk_is_ok(err) && i < n; i++) {
			if (seen[i].present &&
			    uk_is_ok(uk_readers_connect(
				readers, seen[i].name, link)))
				return POS_OK;
		}
		if (!asked)
			puts("\aPresent the card.");
		fflush(stdout);
		asked = true;
		if (!uk_is_ok(err))
			return pos_say_err("card readers", err);
		err = uk_readers_wait(readers, seen, n, 1000);
		if (!uk_is_ok(err) && !uk_is(err, UK_ERR_TIMEOUT))
			return pos_say_err("card readers", err);
	}
	return pos_say(POS_CARD, "no card was presented");
}

static uk_err open_channel(uk_link **link, uk_channel **ch)
{
	uk_err err = uk_channel_open(link, ch);

	if (!uk_is_ok(err))
		return err;
	err = uk_channel_begin(*ch);
	if (uk_is(err, UK_ERR_CARD_RESET))
		err = uk_channel_begin(*ch);
	return err;
}

static enum pos_exit open_card(
    struct pos *p, uk_readers **readers, uk_channel **ch)
{
	struct uk_readers_config config = { .no_pcsc = p->opt.readers > 0 };
	uk_link *link = NULL;
	enum pos_exit code;
	uk_err err = uk_ok();

	for (size_t i = 0; uk_is_ok(err) && i < p->opt.readers; i++)
		err = uk_readers_add(&config, p->opt.reader[i]);
	if (!uk_is_ok(err))
		return pos_say(POS_USAGE, "--reader is unix:PATH or fd:N");
	err = uk_readers_open(&config, readers);
	if (!uk_is_ok(err))
		return pos_say_err("card readers", err);
	code = wait_for_card(p, *readers, &link);
	if (code != POS_OK)
		return code;
	err = open_channel(&link, ch);
	return uk_is_ok(err) ? POS_OK : pos_say_err("the card", err);
}

static enum pos_exit card_failed(uk_err err)
{
	if (uk_is(err, UK_ERR_CARD_UNKNOWN))
		return pos_say(
		    POS_CARD, "this card has no payment application we know");
	if (uk_is(err, UK_ERR_FORMAT) || uk_is(err, UK_ERR_EXISTS) ||
	    uk_is(err, UK_ERR_TOO_SMALL))
		return pos_say(POS_CARD, "the card's data are malformed");
	return pos_say(POS_CARD, "the card: %s", uk_err_text(err));
}

static uk_err choose_cvm(struct sale *s)
{
	struct uk_emv_set *d = &s->card.data;
	uk_bytes list, ours, theirs;
	bool own = uk_emv_get(d, UK_EMV_CURRENCY, &ours) &&
		   uk_emv_get(d, UK_EMV_CARD_CURRENCY, &theirs) &&
		   uk_bytes_eq(ours, theirs);

	(void)uk_emv_get(d, UK_EMV_CVM_LIST, &list); /* or none */
	return uk_cvm_choose(
	    list, (uint64_t)integer(s->order, "amount"), own, &s->cvm);
}

static uk_err read_card(struct sale *s)
{
	uk_bytes track;
	uk_err err = uk_payment_open(s->card.ch, &s->card);

	if (uk_is_ok(err))
		err = put_terminal(s);
	if (uk_is_ok(err))
		err = uk_payment_begin(&s->card);
	if (uk_is_ok(err) && !uk_emv_get(&s->card.data, UK_EMV_TRACK2, &track))
		err = uk_fail(UK_ERR_FORMAT);
	if (uk_is_ok(err))
		err = uk_emv_track2(track, &s->track);
	return uk_is_ok(err) ? choose_cvm(s) : err;
}

/* --- the cardholder --------------------------------------------------------
 */

static enum pos_exit ask_pin(struct sale *s)
{
	char masked[UK_EMV_PAN_MAX + 1], money[64], purpose[128];
	const struct pin_question q = { purpose, masked, -1, NULL };
	uk_err err;

	uk_mask_pan(s->track.pan, masked);
	pos_money(s->order, money, sizeof(money));
	(void)snprintf(purpose, sizeof(purpose), "pay %s", money);
	err = pin_ask(&s->pos->pins, &q, &s->pin);
	if (uk_is(err, UK_ERR_CANCELLED))
		return pos_say(POS_CANCELLED, "cancelled: nothing was paid");
	if (!uk_is_ok(err) || !uk_is_pin(&s->pin))
		return pos_say(POS_CANCELLED,
		    "a PIN has 4 to 12 digits: nothing was paid");
	return POS_OK;
}

static enum pos_exit get_signature(struct sale *s)
{
	if (s->pos->opt.signature == NULL)
		return pos_say(POS_USAGE, "this card wants a handwritten "
					  "signature: --signature FILE");
	if (!uk_is_ok(pos_read_signature(s->pos->opt.signature, &s->signature)))
		return pos_say(POS_DATA, "%s: not a signature's strokes",
		    s->pos->opt.signature);
	return POS_OK;
}

static enum pos_exit check_holder(struct sale *s)
{
	uint8_t tvr[5] = { TVR_NO_ODA };
	enum pos_exit code = POS_OK;
	uk_err err;

	if (s->cvm.method == UK_CVM_FAILED)
		return pos_say(POS_DECLINED,
		    "the card wants a check that this terminal cannot make");
	if (s->cvm.method == UK_CVM_ONLINE_PIN) {
		tvr[2] |= TVR_PIN;
		code = ask_pin(s);
	}
	if (s->cvm.method == UK_CVM_SIGNATURE)
		code = get_signature(s);
	if (code != POS_OK)
		return code;
	err = uk_emv_put(&s->card.data, UK_EMV_TVR, UK_ARRAY(tvr));
	if (uk_is_ok(err))
		err = uk_emv_put(
		    &s->card.data, UK_EMV_CVM_RESULT, UK_ARRAY(s->cvm.result));
	return uk_is_ok(err) ? POS_OK : card_failed(err);
}

/* --- the message ---------------------------------------------------------- */

static uk_err put_field_55(const struct sale *s, uk_buf *out)
{
	uk_emv_write(&s->card.data, field_55, COUNT(field_55), out);
	uk_emv_write(&s->ac, of_card, COUNT(of_card), out);
	return uk_buf_result(out);
}

/* Track 2 equivalent data, 80 00.., in CBC under the data key. */
static uk_err seal_card(const struct sale *s, uk_buf *out)
{
	uint8_t room[CARD_MAX];
	uk_buf b = UK_BUF(room);
	uk_bytes track;
	uk_err err;

	(void)uk_emv_get(&s->card.data, UK_EMV_TRACK2, &track); /* checked */
	uk_put(&b, track);
	uk_put_u8(&b, 0x80);
	uk_put_fill(&b, 0, (16 - b.len % 16) % 16);
	err = uk_buf_result(&b);
	if (uk_is_ok(err))
		err = uk_cipher_cbc(s->pos->crypto, UK_CIPHER_AES, true,
		    UK_ARRAY(s->keys.data), UK_NONE, uk_buf_view(&b), out);
	uk_wipe(room, sizeof(room));
	return err;
}

static uk_err seal_pin(const struct sale *s, uk_buf *out)
{
	uint8_t filling[8], block[UK_PIN_BLOCK_4];

	if (s->pin.n == 0)
		return uk_ok();
	UK_TRY(uk_random(s->pos->crypto, filling, sizeof(filling)));
	UK_TRY(uk_pin_block_4(s->pos->crypto, UK_ARRAY(s->keys.pin),
	    uk_view_str(s->track.pan), &s->pin, UK_ARRAY(filling), block));
	uk_put(out, UK_ARRAY(block));
	return uk_buf_result(out);
}

/* docs/protocol.md: the context, then each field with its length. */
static uk_err put_mac(
    const struct sale *s, const uk_bytes *fields, size_t n, uk_buf *mac)
{
	static const char context[] = "ukey pos authorise 1";
	uint8_t lengths[8][4];
	uk_bytes parts[17];
	size_t count = 0;

	parts[count++] = uk_view_str(context);
	for (size_t i = 0; i < n; i++) {
		uk_buf b = UK_BUF(lengths[i]);

		uk_put_u32(&b, (uint32_t)fields[i].n);
		parts[count++] = UK_ARRAY(lengths[i]);
		parts[count++] = fields[i];
	}
	return uk_cmac_aes(
	    s->pos->crypto, UK_ARRAY(s->keys.mac), parts, count, mac);
}

static json_t *hex_text(uk_bytes v)
{
	char text[2 * 32 + 1];

	uk_hex_str(text, sizeof(text), v);
	return json_string(text);
}

static json_t *base64_text(uk_bytes v)
{
	uk_blob text = { NULL, 0 };
	json_t *j = NULL;

	if (uk_is_ok(uk_base64_encode(v, &text)))
		j = json_string((const char *)text.p);
	uk_blob_free(&text);
	return j;
}

static uk_err make_body(struct sale *s, json_t **body)
{
	uint8_t rooms[3][FIELD_55_MAX], mac_room[UK_CMAC_SIZE];
	uk_buf card = UK_BUF(rooms[0]), emv = UK_BUF(rooms[1]),
	       pin = UK_BUF(rooms[2]), mac = UK_BUF(mac_room);
	uk_bytes fields[6];

	UK_TRY(pos_reader_next(s->pos->crypto, s->ksn, &s->keys));
	UK_TRY(seal_card(s, &card));
	UK_TRY(put_field_55(s, &emv));
	UK_TRY(seal_pin(s, &pin));
	fields[0] = uk_view_str(s->number);
	fields[1] = UK_ARRAY(s->ksn);
	fields[2] = uk_buf_view(&card);
	fields[3] = uk_buf_view(&emv);
	fields[4] = uk_buf_view(&pin);
	fields[5] = uk_blob_view(&s->signature);
	UK_TRY(put_mac(s, fields, COUNT(fields), &mac));
	*body = json_pack("{s:o,s:o,s:o,s:o}", "ksn", hex_text(fields[1]),
	    "card", base64_text(fields[2]), "emv", base64_text(fields[3]),
	    "mac", hex_text(uk_buf_view(&mac)));
	if (pin.len > 0)
		json_object_set_new(*body, "pinBlock", hex_text(fields[4]));
	if (s->signature.n > 0)
		json_object_set_new(*body, "signature", base64_text(fields[5]));
	return *body == NULL ? uk_fail(UK_ERR_MEMORY) : uk_ok();
}

/* The same message again and again: the bank decides once. */
static enum pos_exit post(
    struct sale *s, const char *tail, json_t *body, json_t **answer)
{
	char path[POS_URL_MAX];
	enum pos_exit code = path_of(s, tail, path);

	for (int i = 1; code == POS_OK && i <= TRIES; i++) {
		enum pos_exit c = pos_call(
		    s->pos, path, json_incref(body), i < TRIES, answer);

		if (c != POS_UNKNOWN && c != POS_UNREACHABLE) {
			code = c;
			break;
		}
		if (i == TRIES)
			code = c;
	}
	json_decref(body);
	return code;
}

/* --- both halves ---------------------------------------------------------- */

static enum pos_exit first_cryptogram(struct sale *s)
{
	uk_err err = uk_payment_generate(&s->card, UK_EMV_ARQC, false, &s->ac);
	uk_bytes cid;

	if (!uk_is_ok(err))
		return card_failed(err);
	(void)uk_emv_get(&s->ac, UK_EMV_CID, &cid); /* it is there */
	if ((cid.p[0] & 0xc0) != UK_EMV_ARQC)
		return pos_say(
		    POS_DECLINED, "the card declined: nothing was paid");
	return POS_OK;
}

/* The card hears the issuer's word and gives its last. false: it is gone. */
static bool last_cryptogram(struct sale *s, const json_t *answer, bool good)
{
	uint8_t room[16];
	uk_buf data = UK_BUF(room);
	const char *code = pos_text(answer, "responseCode");
	bool knows;
	uk_err err = uk_emv_put(
	    &s->card.data, UK_EMV_RESPONSE_CODE, uk_view_str(code));

	if (uk_is_ok(err))
		err = uk_hex_decode(
		    uk_view_str(pos_text(answer, "issuerData")), &data);
	if (uk_is_ok(err) && data.len > 0)
		err = uk_payment_authenticate(
		    &s->card, uk_buf_view(&data), &knows);
	if (uk_is_ok(err))
		err = uk_payment_generate(
		    &s->card, good ? UK_EMV_TC : UK_EMV_AAC, true, &s->ac);
	return uk_is_ok(err);
}

static enum pos_exit say_declined(const json_t *answer)
{
	const json_t *left = json_object_get(answer, "pinTriesLeft");

	if (json_is_integer(left))
		return pos_say(POS_DECLINED,
		    "declined (%s): wrong PIN, %lld tries left",
		    pos_text(answer, "responseCode"),
		    (long long)json_integer_value(left));
	return pos_say(POS_DECLINED, "declined (%s): nothing was paid",
	    pos_text(answer, "responseCode"));
}

static enum pos_exit complete(struct sale *s, bool heard)
{
	uint8_t room[FIELD_55_MAX];
	uk_buf emv = UK_BUF(room);
	json_t *body = json_object(), *answer = NULL;
	enum pos_exit code;
	bool paid;

	if (heard && uk_is_ok(put_field_55(s, &emv)))
		json_object_set_new(
		    body, "emv", base64_text(uk_buf_view(&emv)));
	code = post(s, "/complete", body, &answer);
	paid = strcmp(pos_text(answer, "state"), "completed") == 0;
	if (code == POS_OK && paid)
		printf("Paid with %s.\n", pos_text(answer, "card"));
	else if (code == POS_OK)
		code = pos_say(POS_REVERSED,
		    "the card did not complete the payment: it was taken back");
	json_decref(answer);
	return code;
}

static enum pos_exit authorise(struct sale *s)
{
	json_t *body = NULL, *answer = NULL;
	enum pos_exit code;
	uk_err err = make_body(s, &body);
	bool good, heard;

	if (uk_is(err, UK_ERR_NOT_FOUND))
		return pos_say(POS_USAGE, "no reader's keys are here: "
					  "`ukey-pos load-reader`");
	if (!uk_is_ok(err))
		return pos_say_err("the message", err);
	code = post(s, "/authorise", body, &answer);
	if (code != POS_OK)
		return code;
	good = strcmp(pos_text(answer, "state"), "authorised") == 0;
	heard = last_cryptogram(s, answer, good);
	code = good ? complete(s, heard) : say_declined(answer);
	json_decref(answer);
	return code;
}

static enum pos_exit run(struct sale *s)
{
	uk_readers *readers = NULL;
	uk_channel *ch = NULL;
	enum pos_exit code = get_order(s);
	uk_err err;

	if (code == POS_OK)
		code = open_card(s->pos, &readers, &ch);
	if (code == POS_OK) {
		s->card.ch = ch;
		err = read_card(s);
		code = uk_is_ok(err) ? check_holder(s) : card_failed(err);
	}
	if (code == POS_OK)
		code = first_cryptogram(s);
	if (code == POS_OK)
		code = authorise(s);
	if (ch != NULL)
		uk_channel_end(ch, UK_RESET_CARD);
	uk_channel_close(&ch, UK_RESET_CARD);
	uk_readers_close(&readers);
	return code;
}

enum pos_exit pos_pay(struct pos *p)
{
	struct sale *s;
	enum pos_exit code;

	if (p->opt.order == NULL)
		return pos_say(POS_USAGE, "which order? `ukey-pos orders`");
	s = uk_secret_new(sizeof(*s));
	if (s == NULL)
		return pos_say(POS_FAILED, "out of memory");
	s->pos = p;
	s->number = p->opt.order;
	code = run(s);
	json_decref(s->order);
	uk_blob_free(&s->signature);
	uk_secret_free(s, sizeof(*s));
	return code;
}
