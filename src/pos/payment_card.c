/* A payment application, read by a terminal. */
#include "payment_card.h"

#include "secret.h"
#include "sw.h"

enum {
	ANSWER_MAX = 256,
	DIRECTORY_RECORDS = 16,
	APPS_MAX = 8,
	CLA_PAYMENT = 0x80,
	TAG_OPTIONS = 0x83,
	AIP_ISSUER = 0x04, /* 82, byte 1: EXTERNAL AUTHENTICATE */
	LOWEST = 16
};

static const char pse[] = "1PAY.SYS.DDF01", ppse[] = "2PAY.SYS.DDF01";

/* Whom we try when there is no directory: UnionPay debit, credit,
 * quasi-credit. */
static const uint8_t known[][8] = {
	{ 0xa0, 0x00, 0x00, 0x03, 0x33, 0x01, 0x01, 0x01 },
	{ 0xa0, 0x00, 0x00, 0x03, 0x33, 0x01, 0x01, 0x02 },
	{ 0xa0, 0x00, 0x00, 0x03, 0x33, 0x01, 0x01, 0x03 },
};

static uk_err select_name(uk_channel *ch, uk_bytes name, uk_buf *fci)
{
	const uk_cmd cmd = {
		.ins = 0xa4, .p1 = 0x04, .data = name, .le = UK_LE_SHORT_MAX
	};

	return uk_channel_transmit(ch, &cmd, fci, NULL);
}

static uk_err read_record(
    uk_channel *ch, uint8_t sfi, uint8_t number, uk_buf *out)
{
	const uk_cmd cmd = { .ins = 0xb2,
		.p1 = number,
		.p2 = (uint8_t)(sfi << 3 | 0x04),
		.le = UK_LE_SHORT_MAX };

	return uk_channel_transmit(ch, &cmd, out, NULL);
}

/* --- which application ---------------------------------------------------- */

struct apps {
	struct uk_emv_app list[APPS_MAX];
	size_t count;
};

/* Entries 61, one after the other; what is malformed is left out. */
static void add_entries(struct apps *a, uk_bytes entries)
{
	uk_reader r = uk_read(entries);
	uk_tlv t;

	UK_TLV_EACH (r, t) {
		if (t.tag == UK_EMV_ENTRY && a->count < APPS_MAX &&
		    uk_is_ok(uk_emv_app_read(t.value, &a->list[a->count])))
			a->count++;
	}
}

static bool fci_part(uk_bytes fci, uk_bytes *part)
{
	uk_bytes whole;

	return uk_is_ok(uk_tlv_only(fci, UK_EMV_FCI, &whole)) &&
	       uk_tlv_find(whole, UK_EMV_FCI_PART, part);
}

/* Book 1, 12.2.3: the records of the file that the directory names. */
static uk_err read_directory(uk_channel *ch, uint8_t sfi, struct apps *a)
{
	for (uint8_t i = 1; i <= DIRECTORY_RECORDS; i++) {
		uint8_t room[ANSWER_MAX];
		uk_buf b = UK_BUF(room);
		uk_bytes entries;
		uk_err err = read_record(ch, sfi, i, &b);

		if (err.sw == UK_SW_NO_RECORD)
			return uk_ok();
		UK_TRY(err);
		if (uk_is_ok(
			uk_tlv_only(uk_buf_view(&b), UK_EMV_RECORD, &entries)))
			add_entries(a, entries);
	}
	return uk_ok();
}

/* A directory that is not there is no error: sw tells. */
static uk_err look_in(uk_channel *ch, const char *name, struct apps *a)
{
	uint8_t room[ANSWER_MAX];
	uk_buf fci = UK_BUF(room);
	uk_bytes part, v;
	uk_err err = select_name(ch, uk_view_str(name), &fci);

	if (!uk_is_ok(err))
		return err.sw != 0 ? uk_ok() : err;
	if (!fci_part(uk_buf_view(&fci), &part))
		return uk_ok();
	if (uk_tlv_find(part, UK_EMV_FCI_ISSUER, &v))
		add_entries(a, v);
	if (uk_tlv_find(part, UK_EMV_SFI, &v) && v.n == 1 && v.p[0] >= 1 &&
	    v.p[0] <= 10)
		return read_directory(ch, v.p[0], a);
	return uk_ok();
}

static void add_known(struct apps *a)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct uk_emv_app *app = &a->list[a->count++];

		*app = (struct uk_emv_app){ .aid_len = sizeof(known[i]) };
		UK_IGNORE(uk_copy_exact(app->aid, sizeof(known[i]),
		    UK_ARRAY(known[i]))); /* it fits */
	}
}

/* Ours are the issuers of this RID; the best priority first. */
static bool is_ours(const struct uk_emv_app *app)
{
	return uk_bytes_eq(uk_view(app->aid, 5), uk_view(known[0], 5));
}

static unsigned rank(const struct uk_emv_app *app)
{
	return app->priority == 0 ? LOWEST : app->priority;
}

static uk_err select_best(struct uk_payment *p, const struct apps *a)
{
	for (unsigned turn = 1; turn <= LOWEST; turn++) {
		for (size_t i = 0; i < a->count; i++) {
			const struct uk_emv_app *app = &a->list[i];
			uint8_t room[ANSWER_MAX];
			uk_buf fci = UK_BUF(room);
			uk_bytes part;
			uk_err err;

			if (rank(app) != turn || !is_ours(app))
				continue;
			err = select_name(
			    p->ch, uk_view(app->aid, app->aid_len), &fci);
			if (!uk_is_ok(err) && err.sw == 0)
				return err;
			if (!uk_is_ok(err) ||
			    !fci_part(uk_buf_view(&fci), &part))
				continue;
			p->app = *app;
			return uk_emv_collect(&p->data, part);
		}
	}
	return uk_fail(UK_ERR_CARD_UNKNOWN);
}

uk_err uk_payment_open(uk_channel *ch, struct uk_payment *out)
{
	struct apps a = { .count = 0 };

	*out = (struct uk_payment){ .ch = ch };
	uk_channel_allow(ch, UK_PAYMENT_COMMANDS);
	UK_TRY(look_in(ch, ppse, &a));
	if (a.count == 0)
		UK_TRY(look_in(ch, pse, &a));
	if (a.count == 0)
		add_known(&a);
	return select_best(out, &a);
}

/* --- a transaction -------------------------------------------------------- */

static uk_err get_options(struct uk_payment *p)
{
	uint8_t values[UK_EMV_DATA_MAX], data[UK_EMV_DATA_MAX + 3],
	    room[ANSWER_MAX];
	uk_buf v = UK_BUF(values), d = UK_BUF(data), answer = UK_BUF(room);
	uk_cmd cmd = { .cla = CLA_PAYMENT, .ins = 0xa8, .le = UK_LE_SHORT_MAX };
	uk_bytes pdol;

	(void)uk_emv_get(&p->data, UK_EMV_PDOL, &pdol); /* or none */
	UK_TRY(uk_emv_dol_fill(pdol, &p->data, &v));
	uk_put_tlv(&d, TAG_OPTIONS, uk_buf_view(&v));
	cmd.data = uk_buf_view(&d);
	UK_TRY(uk_buf_result(&d));
	UK_TRY(uk_channel_transmit(p->ch, &cmd, &answer, NULL));
	return uk_emv_read_options(&p->data, uk_buf_view(&answer));
}

static uk_err read_one(struct uk_payment *p, uint8_t sfi, uint8_t number)
{
	uint8_t room[ANSWER_MAX];
	uk_buf b = UK_BUF(room);
	uk_bytes objects;
	uk_err err = read_record(p->ch, sfi, number, &b);

	if (uk_is_ok(err) && sfi <= 10)
		err = uk_tlv_only(uk_buf_view(&b), UK_EMV_RECORD, &objects);
	if (uk_is_ok(err) && sfi <= 10)
		err = uk_emv_collect(&p->data, objects);
	uk_wipe(room, sizeof(room)); /* it may have been the account */
	return err;
}

static uk_err read_records(struct uk_payment *p)
{
	uint8_t copy[4 * UK_EMV_RECORDS_MAX];
	uk_buf b = UK_BUF(copy);
	struct uk_emv_file f;
	unsigned records = 0;
	uk_bytes afl;
	uk_reader r;

	if (!uk_emv_get(&p->data, UK_EMV_AFL, &afl))
		return uk_ok(); /* all was in the options */
	uk_put(&b, afl);        /* reading moves the set */
	UK_TRY(uk_buf_result(&b));
	r = uk_read(uk_buf_view(&b));
	while (uk_emv_afl_next(&r, &f)) {
		for (unsigned n = f.first; n <= f.last; n++) {
			if (++records > UK_EMV_RECORDS_MAX)
				return uk_fail(UK_ERR_FORMAT);
			UK_TRY(read_one(p, f.sfi, (uint8_t)n));
		}
	}
	return uk_read_end(&r);
}

uk_err uk_payment_begin(struct uk_payment *p)
{
	UK_TRY(get_options(p));
	return read_records(p);
}

uk_err uk_payment_generate(
    struct uk_payment *p, uint8_t type, bool second, struct uk_emv_set *ac)
{
	uint8_t values[UK_EMV_DATA_MAX], room[ANSWER_MAX];
	uk_buf v = UK_BUF(values), answer = UK_BUF(room);
	uk_cmd cmd = { .cla = CLA_PAYMENT,
		.ins = 0xae,
		.p1 = type,
		.le = UK_LE_SHORT_MAX };
	uk_bytes dol;

	*ac = (struct uk_emv_set){ .count = 0 };
	if (!uk_emv_get(&p->data, second ? UK_EMV_CDOL2 : UK_EMV_CDOL1, &dol))
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(uk_emv_dol_fill(dol, &p->data, &v));
	cmd.data = uk_buf_view(&v);
	UK_TRY(uk_channel_transmit(p->ch, &cmd, &answer, NULL));
	return uk_emv_read_ac(ac, uk_buf_view(&answer));
}

uk_err uk_payment_authenticate(
    struct uk_payment *p, uk_bytes issuer_data, bool *good)
{
	const uk_cmd cmd = { .ins = 0x82, .data = issuer_data };
	uk_bytes aip;
	uk_err err;

	*good = false;
	/* It may be among what CDOL2 asks for. */
	UK_TRY(uk_emv_put(&p->data, UK_EMV_ISSUER_DATA, issuer_data));
	if (!uk_emv_get_n(&p->data, UK_EMV_AIP, 2, &aip) ||
	    (aip.p[0] & AIP_ISSUER) == 0)
		return uk_ok();
	err = uk_channel_transmit(p->ch, &cmd, NULL, NULL);
	*good = uk_is_ok(err);
	return err.sw != 0 ? uk_ok() : err; /* its last word follows */
}
