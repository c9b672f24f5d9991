/* Payment cards by profile. */
#include "vc_profile.h"

#include "vc_emv_perso.h"

#include <time.h>

enum {
	DATE_MAX = 16,
	CENTURY = 2,
	PDOL_MAX = 64,
	CVM_MAX = 64,
	RECORD_MAX = 240,
	PIN_TRIES = 3,
	YEAR = 365 * 86400
};

#define USUAL_PIN "1234"
#define USUAL_PAN "6222021234567890"

static const char *const schemes[] = { "pboc", "pboc-sm4", "csk", NULL };

/* What the account's record points at, until the card has it. */
struct account {
	struct vc_emv_perso perso;
	struct vc_profile_pin pin;
	char effective[DATE_MAX], expiry[DATE_MAX];
	uint8_t pdol[PDOL_MAX], cvm[CVM_MAX];
	struct vc_emv_record records[VC_EMV_RECORDS_MAX];
	uint8_t contents[VC_EMV_RECORDS_MAX][RECORD_MAX];
};

static unsigned number_of(
    const struct vc_json *at, const char *name, unsigned max, unsigned usual)
{
	struct vc_json j = vc_json_at(at, name);

	return (unsigned)vc_json_int(&j, 0, max, usual);
}

static const char *text_of(
    const struct vc_json *at, const char *name, const char *usual)
{
	struct vc_json j = vc_json_at(at, name);

	return vc_json_text(&j, usual);
}

/* YYYYMMDD, UTC; the card takes what follows the century. */
static void get_date(const struct vc_json *at, const char *name,
    int64_t from_now, char out[DATE_MAX])
{
	struct vc_json j = vc_json_at(at, name);
	time_t t = (time_t)vc_json_time(&j, at->doc->now + from_now);
	struct tm day;

	out[0] = 0;
	if (gmtime_r(&t, &day) == NULL ||
	    strftime(out, DATE_MAX, "%Y%m%d", &day) == 0)
		vc_json_fail(&j, "a date of this age is expected");
}

static void get_issuer_key(const struct vc_json *at, struct account *a)
{
	/* The one of pyemv's examples; no secret. */
	static const uint8_t usual[VC_EMV_KEY_SIZE] = { 0x01, 0x23, 0x45, 0x67,
		0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54,
		0x32, 0x10 };
	struct vc_json j = vc_json_at(at, "issuer-key");
	uk_buf b = UK_BUF(a->perso.issuer_key);

	vc_json_hex(&j, VC_EMV_KEY_SIZE, VC_EMV_KEY_SIZE, &b);
	if (b.len == 0)
		uk_put(&b, UK_ARRAY(usual));
}

/* "pin": false is a card without one. */
static void get_pin(const struct vc_json *at, struct account *a)
{
	struct vc_json j = vc_json_at(at, "pin");

	if (json_is_false(j.v))
		return;
	vc_profile_pin_of(&j, USUAL_PIN, 4, 12, &a->pin);
	a->perso.pin = &a->pin.value;
	if (a->pin.tries_left > PIN_TRIES)
		vc_json_fail(&j, "tries-left is 0 to 3 here");
	else if (a->pin.tries_left >= 0)
		a->perso.pin_spent = (uint8_t)(PIN_TRIES - a->pin.tries_left);
}

static void get_record(struct vc_json at, struct account *a, size_t i)
{
	static const char *const members[] = { "sfi", "number", "value", NULL };
	struct vc_json value = vc_json_at(&at, "value");
	uk_buf content = UK_BUF(a->contents[i]);

	vc_json_only(&at, members);
	vc_json_hex(&value, 0, RECORD_MAX, &content);
	a->records[i] = (struct vc_emv_record){
		.sfi = (uint8_t)number_of(&at, "sfi", 10, 3),
		.number = (uint8_t)number_of(
		    &at, "number", 255, (unsigned)i + 1),
		.content = uk_buf_view(&content),
	};
}

static void get_records(const struct vc_json *at, struct account *a)
{
	struct vc_json list = vc_json_at(at, "records");
	size_t n = vc_json_count(&list);

	if (n > VC_EMV_RECORDS_MAX) {
		vc_json_fail(&list, "16 records are as many as there can be");
		return;
	}
	for (size_t i = 0; i < n; i++)
		get_record(vc_json_item(&list, i), a, i);
	a->perso.records = a->records;
	a->perso.record_count = n;
}

static void get_aip(const struct vc_json *at, struct account *a)
{
	struct vc_json j = vc_json_at(at, "aip");
	uint8_t bytes[2] = { 0 };
	uk_buf b = UK_BUF(bytes);

	vc_json_hex(&j, 2, 2, &b);
	a->perso.aip = (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void get_account(const struct vc_json *at, struct account *a)
{
	struct vc_json scheme = vc_json_at(at, "scheme"),
		       pdol = vc_json_at(at, "pdol"),
		       cvm = vc_json_at(at, "cvm");
	uk_buf list = UK_BUF(a->pdol), checks = UK_BUF(a->cvm);
	int which = vc_json_choice(&scheme, schemes, 0);

	a->perso = (struct vc_emv_perso){
		.scheme = which == 0   ? VC_EMV_PBOC_3DES
			  : which == 1 ? VC_EMV_PBOC_SM4
				       : VC_EMV_CSK,
		.pan = text_of(at, "pan", USUAL_PAN),
		.sequence = (uint8_t)number_of(at, "sequence", 99, 1),
		.effective = &a->effective[CENTURY],
		.expiry = &a->expiry[CENTURY],
		.holder = text_of(at, "holder", "TEST/CARD"),
		.label = text_of(at, "label", "PBOC DEBIT"),
		.country = number_of(at, "country", 999, 156),
		.currency = number_of(at, "currency", 999, 156),
		.priority = (uint8_t)number_of(at, "priority", 15, 1),
		.key_index = (uint8_t)number_of(at, "key-index", 255, 1),
		.offline_most = (uint8_t)number_of(at, "offline-most", 255, 2),
		.log_entries = (uint8_t)number_of(
		    at, "log-entries", VC_EMV_LOG_MAX, 10),
		.atc = (uint16_t)number_of(at, "atc", 0xffff, 0),
		.atc_last = (uint16_t)number_of(at, "atc-last", 0xffff, 0),
	};
	get_date(at, "effective", -YEAR, a->effective);
	get_date(at, "expiry", INT64_C(5) * YEAR, a->expiry);
	vc_json_hex(&pdol, 0, PDOL_MAX, &list);
	a->perso.pdol = uk_buf_view(&list);
	vc_json_hex(&cvm, 10, CVM_MAX, &checks);
	a->perso.cvm = uk_buf_view(&checks);
	get_aip(at, a);
	get_issuer_key(at, a);
	get_pin(at, a);
	get_records(at, a);
}

/* A card has its directories once, however many accounts. */
static uk_err put_directories(struct vc_profile *p)
{
	static const char *const kinds[] = { "pse", "ppse" };
	struct vc_json wanted = vc_json_at(&p->at, "directories");
	uk_err err = uk_ok();

	if (!vc_json_bool(&wanted, true))
		return err;
	for (size_t i = 0; uk_is_ok(err) && i < 2; i++) {
		err = vc_card_install(p->card, kinds[i], UK_NONE, UK_NONE);
		if (uk_is(err, UK_ERR_EXISTS))
			err = uk_ok();
	}
	return err;
}

uk_err vc_profile_emv(struct vc_profile *p)
{
	static const char *const members[] = { "application", "aid", "scheme",
		"pan", "sequence", "holder", "label", "effective", "expiry",
		"country", "currency", "priority", "issuer-key", "key-index",
		"aip", "pdol", "cvm", "pin", "offline-most", "log-entries",
		"atc", "atc-last", "records", "directories", NULL };
	struct account a = { .pin = { .tries_left = -1 } };
	uk_err err;

	vc_json_only(&p->at, members);
	get_account(&p->at, &a);
	err = vc_doc_result(p->at.doc);
	if (uk_is_ok(err))
		err = vc_emv_personalise(p->card, p->aid, &a.perso);
	if (uk_is(err, UK_ERR_FORMAT))
		vc_json_fail(&p->at,
		    "this is no account: pan is 12 to 19 digits, pin 4 to 12, "
		    "holder 2 to 26 and label 1 to 16 characters, records are "
		    "in files 3 to 10, pdol is a list of tags and lengths");
	if (uk_is_ok(err))
		err = put_directories(p);
	uk_wipe(&a, sizeof(a));
	return err;
}
