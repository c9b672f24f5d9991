/* Transaction texts, with and without the module's help. */
#include "cli_transact.h"

#include "cli.h"

static const struct {
	const char *name, *text;
} displays[] = {
	[UKEY_DISPLAY_NONE] = { "none", "none (nobody was asked)" },
	[UKEY_DISPLAY_HOST] = { "host", "host (shown by this computer)" },
	[UKEY_DISPLAY_TERMINAL] = { "terminal",
	    "terminal (shown by the reader)" },
};

enum { DISPLAYS = sizeof(displays) / sizeof(displays[0]) };

const char *transact_display_text(const char *display)
{
	for (size_t i = 0; i < DISPLAYS; i++) {
		if (uk_bytes_eq(
			uk_view_str(display), uk_view_str(displays[i].name)))
			return displays[i].text;
	}
	return display;
}

bool transact_by_module(const struct transact *x)
{
	CK_MECHANISM unused;

	return module_shows_texts(x->t->m) &&
	       token_mechanism(x->t, x->k->alg, &unused);
}

/* --- without the module --------------------------------------------------- */

static cli_end confirm(struct transact *x, const uk_tx_item *items, size_t n)
{
	cli_end end = cli_ok();

	if (!x->approved)
		end = cli_confirm(x->cli, items, n);
	x->approved = cli_is_ok(end);
	return end;
}

cli_end transact_confirm(struct transact *x)
{
	uk_err err;
	uk_tx tx;

	x->display =
	    displays[x->cli->opt.yes ? UKEY_DISPLAY_NONE : UKEY_DISPLAY_HOST]
		.name;
	err = uk_tx_parse(x->text, &tx);
	return uk_is_ok(err) ? confirm(x, tx.items, tx.shown)
			     : cli_from_err(err);
}

/* --- with it --------------------------------------------------------------
 */

static CK_RV show(void *arg, const struct ukey_item *items, CK_ULONG n)
{
	struct transact *x = arg;
	uk_tx_item lines[UK_TX_ITEMS];

	if (n > UK_TX_ITEMS)
		return CKR_FUNCTION_REJECTED;
	for (CK_ULONG i = 0; i < n; i++)
		lines[i] = (uk_tx_item){ uk_view(
					     items[i].key, items[i].key_len),
			uk_view(items[i].value, items[i].value_len) };
	x->end = confirm(x, lines, n);
	return cli_is_ok(x->end) ? CKR_OK : CKR_FUNCTION_REJECTED;
}

static CK_RV prepare(void *arg)
{
	struct transact *x = arg;
	const uk_pin *pin = NULL;

	x->unlocking = true;
	x->end = x->unlock(x->arg, &pin);
	if (pin != NULL) {
		x->call.pin = pin->p;
		x->call.pin_len = pin->n;
	}
	return cli_is_ok(x->end) ? CKR_OK : CKR_FUNCTION_CANCELED;
}

cli_end transact_sign(struct transact *x, uk_buf *signature, CK_RV *rv)
{
	const struct ukey_functions *v = x->t->m->vendor;
	CK_ULONG n = uk_buf_left(signature);
	struct ukey_report report;
	CK_MECHANISM mechanism;
	CK_BYTE key_of_reader[UKEY_READER_KEY];
	CK_OBJECT_HANDLE key;

	*rv = CKR_OK;
	if (!token_mechanism(x->t, x->k->alg, &mechanism))
		return cli_fail(CLI_UNSUPPORTED);
	x->end = cli_ok();
	x->unlocking = false;
	x->call = (struct ukey_transaction){ .text = x->text.p,
		.text_len = x->text.n,
		.show = show,
		.prepare = prepare,
		.arg = x };
	/* Shown here as well, it would prove nothing. */
	if (module_reader_key(x->t->m, x->t->slot, key_of_reader)) {
		cli_say(x->cli, "Read the order on the reader's screen, and "
				"approve it there.");
	} else if (x->cli->opt.yes) { /* it is told, and nobody is asked */
		x->call.show = NULL;
		x->end = transact_confirm(x);
	}
	if (!cli_is_ok(x->end))
		return x->end;
	*rv = token_find(x->t, CKO_CERTIFICATE, x->k, &key);
	if (*rv == CKR_OK)
		*rv = v->sign_transaction(x->t->session, &mechanism, key,
		    &x->call, &signature->p[signature->len], &n, &report);
	/* a no on the reader; after it, it would be the card's */
	if (*rv == CKR_FUNCTION_REJECTED && !x->unlocking && cli_is_ok(x->end))
		x->end = cli_fail(CLI_DECLINED);
	if (!cli_is_ok(x->end))
		*rv = CKR_OK;
	if (!cli_is_ok(x->end) || *rv != CKR_OK)
		return cli_is_ok(x->end) ? cli_fail(CLI_MODULE_FAILED) : x->end;
	(void)uk_put_room(signature, n);
	if (report.display < DISPLAYS)
		x->display = displays[report.display].name;
	uk_put(&x->statement, uk_view(report.statement, report.statement_len));
	return cli_ok();
}
