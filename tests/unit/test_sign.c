/*
 * What is done with a PIN, against a module made of a few functions: it counts
 * what reaches it. Keys and certificates are openssl's (make-pki).
 */
#include "cli.h"
#include "cli_module.h"
#include "cli_token.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "pki_fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char right_pin[] = "482915";

/* --- the module ----------------------------------------------------------- */

static struct {
	int tries;         /* left on the card */
	unsigned logins;   /* C_Login with CKU_USER */
	unsigned consents; /* C_Login with CKU_CONTEXT_SPECIFIC */
	unsigned signatures;
	bool logged_in, consented, signing;
	bool pad; /* the PIN is entered on the reader */
	/* what happened: D displayed, L login, P prepare, C consent, S sign */
	char order[16];
	unsigned found; /* objects left in the search */
	CK_OBJECT_CLASS wanted;
} card;

static void note(char what)
{
	size_t n = strlen(card.order);

	if (n + 1 < sizeof(card.order)) {
		card.order[n] = what;
		card.order[n + 1] = '\0';
	}
}

static CK_RV check_pin(const CK_UTF8CHAR *pin, CK_ULONG n)
{
	if (card.tries == 0)
		return CKR_PIN_LOCKED;
	if (pin == NULL)
		return card.pad ? CKR_OK : CKR_ARGUMENTS_BAD;
	if (uk_bytes_eq(uk_view(pin, n), uk_view_str(right_pin))) {
		card.tries = 3;
		return CKR_OK;
	}
	card.tries--;
	return CKR_PIN_INCORRECT;
}

static CK_RV fake_login(
    CK_SESSION_HANDLE s, CK_USER_TYPE who, CK_UTF8CHAR_PTR pin, CK_ULONG n)
{
	CK_RV rv = check_pin(pin, n);

	(void)s;
	if (who == CKU_USER) {
		card.logins++;
		card.logged_in = rv == CKR_OK;
		note('L');
	} else {
		assert_true(card.signing);
		card.consents++;
		card.consented = rv == CKR_OK;
		note('C');
	}
	return rv;
}

static CK_RV fake_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info)
{
	(void)slot;
	*info = (CK_TOKEN_INFO){ 0 };
	if (card.tries == 1)
		info->flags |= CKF_USER_PIN_FINAL_TRY;
	if (card.tries == 0)
		info->flags |= CKF_USER_PIN_LOCKED;
	return CKR_OK;
}

static CK_RV fake_find_init(CK_SESSION_HANDLE s, CK_ATTRIBUTE_PTR a, CK_ULONG n)
{
	(void)s;
	assert_true(n > 0 && a[0].type == CKA_CLASS);
	card.wanted = *(CK_OBJECT_CLASS *)a[0].pValue;
	/* private keys are seen after the login only */
	card.found = card.wanted == CKO_CERTIFICATE || card.logged_in;
	return CKR_OK;
}

static CK_RV fake_find(
    CK_SESSION_HANDLE s, CK_OBJECT_HANDLE_PTR out, CK_ULONG max, CK_ULONG_PTR n)
{
	(void)s;
	*n = card.found != 0 && max > 0;
	if (*n > 0)
		out[0] = 7;
	card.found = 0;
	return CKR_OK;
}

static CK_RV fake_find_final(CK_SESSION_HANDLE s)
{
	(void)s;
	return CKR_OK;
}

static void put_value(CK_ATTRIBUTE_PTR a, uk_bytes v)
{
	uk_buf b = uk_buf_over(a->pValue, a->ulValueLen);

	uk_put(&b, v);
	assert_false(b.bad);
	a->ulValueLen = v.n;
}

static uk_cert *cert;

static CK_RV fake_attributes(
    CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_PTR a, CK_ULONG n)
{
	static const CK_BBOOL yes = CK_TRUE;

	(void)s;
	assert_int_equal(o, 7);
	for (CK_ULONG i = 0; i < n; i++) {
		if (a[i].type == CKA_VALUE)
			put_value(&a[i], uk_cert_der(cert));
		else if (a[i].type == CKA_ID)
			put_value(&a[i], uk_view_str("id"));
		else
			put_value(&a[i], uk_view(&yes, sizeof(yes)));
	}
	return CKR_OK;
}

static CK_RV fake_sign_init(
    CK_SESSION_HANDLE s, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
	(void)s;
	(void)key;
	assert_int_equal(m->mechanism, CKM_ECDSA);
	assert_false(card.signing);
	card.signing = true;
	return CKR_OK;
}

static uk_crypto *crypto;
static uk_key *key;
static const char message[] =
    "<T><D><M><k>Amount</k><v>1.00 CNY</v></M></D></T>";

static CK_RV fake_sign(CK_SESSION_HANDLE s, CK_BYTE_PTR data, CK_ULONG n,
    CK_BYTE_PTR sig, CK_ULONG_PTR sig_len)
{
	uint8_t hash[32];
	uk_buf h = UK_BUF(hash), out = uk_buf_over(sig, *sig_len);

	(void)s;
	note('S');
	if (!card.consented)
		return CKR_USER_NOT_LOGGED_IN;
	expect_ok(
	    uk_hash_one(crypto, UK_HASH_SHA256, uk_view_str(message), &h));
	expect_bytes(uk_view(data, n), uk_buf_view(&h));
	expect_ok(uk_key_sign(
	    key, UK_SIG_ECDSA, UK_HASH_SHA256, uk_view_str(message), &out));
	*sig_len = out.len;
	card.signatures++;
	card.signing = card.consented = false;
	return CKR_OK;
}

/* The module's own way with a text: a line shown, a PIN for consent. */
static CK_RV fake_transaction(CK_SESSION_HANDLE s, CK_MECHANISM_PTR m,
    CK_OBJECT_HANDLE object, const struct ukey_transaction *t, CK_BYTE_PTR sig,
    CK_ULONG_PTR sig_len, struct ukey_report *report)
{
	static const struct ukey_item line = { (const CK_UTF8CHAR *)"Amount", 6,
		(const CK_UTF8CHAR *)"1.00 CNY", 8 };
	uk_buf out = uk_buf_over(sig, *sig_len);
	CK_RV rv = CKR_OK;

	(void)s;
	assert_int_equal(m->mechanism, CKM_ECDSA_SHA256);
	assert_int_equal(object, 7);
	assert_null(t->pin);
	expect_bytes(uk_view(t->text, t->text_len), uk_view_str(message));
	*report = (struct ukey_report){ 0 };
	if (t->show != NULL) {
		note('D');
		rv = t->show(t->arg, &line, 1);
		report->display = UKEY_DISPLAY_HOST;
	}
	if (rv == CKR_OK)
		rv = t->prepare(t->arg);
	if (rv != CKR_OK)
		return rv;
	note('C');
	card.consents++;
	rv = check_pin(t->pin, t->pin_len);
	if (rv != CKR_OK)
		return rv;
	note('S');
	expect_ok(uk_key_sign(
	    key, UK_SIG_ECDSA, UK_HASH_SHA256, uk_view_str(message), &out));
	*sig_len = out.len;
	card.signatures++;
	return CKR_OK;
}

static CK_RV no_facts(CK_SLOT_ID slot, struct ukey_token_facts *facts)
{
	(void)slot;
	(void)facts;
	return CKR_FUNCTION_FAILED;
}

static struct ukey_functions vendor = { .version = { 1, 1 },
	.get_token_facts = no_facts,
	.sign_transaction = fake_transaction };

static CK_FUNCTION_LIST functions = {
	.C_Login = fake_login,
	.C_GetTokenInfo = fake_token_info,
	.C_FindObjectsInit = fake_find_init,
	.C_FindObjects = fake_find,
	.C_FindObjectsFinal = fake_find_final,
	.C_GetAttributeValue = fake_attributes,
	.C_SignInit = fake_sign_init,
	.C_Sign = fake_sign,
};

/* --- one signature -------------------------------------------------------- */

static cli_end prepare_end;

static cli_end on_prepare(struct cli *cli, void *arg)
{
	(void)cli;
	(void)arg;
	note('P');
	return prepare_end;
}

static struct cli *cli;
static struct token token;
static bool is_text;

static cli_end sign(void)
{
	uint8_t sig[128];
	uk_buf out = UK_BUF(sig);
	struct token_key k;
	cli_end end = token_find_key(cli, &token, TOKEN_FOR_LOGIN, &k);

	assert_true(cli_is_ok(end));
	assert_int_equal(k.id_len, 2);
	end = token_sign(cli, &token, &k,
	    &(struct token_job){ .purpose = "test",
		.message = uk_view_str(message),
		.is_text = is_text,
		.prepare = on_prepare },
	    &out);
	assert_int_equal(out.len, cli_is_ok(end) ? 64 : 0);
	token_key_free(&k);
	return end;
}

static struct module module = { .f = &functions };

static void fresh_card(int tries)
{
	is_text = false;
	module.vendor = NULL;

	card.tries = tries;
	card.logins = card.consents = card.signatures = 0;
	card.logged_in = card.consented = card.signing = card.pad = false;
	card.order[0] = '\0';
	prepare_end = cli_ok();
	token = (struct token){ .m = &module, .label = "Card" };
	*cli = (struct cli){ .crypto = crypto, .opt = { .pin_fd = -1 } };
}

/* The lines that a script or a person would enter. */
static cli_end sign_with_lines(const char *lines)
{
	int fds[2];
	cli_end end;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], lines, strlen(lines)), strlen(lines));
	close(fds[1]);
	cli->pins = (struct pin_asker){ PIN_FROM_FD, NULL, fds[0] };
	end = sign();
	close(fds[0]);
	return end;
}

/* A person at a pinentry who enters these PINs, one a question. */
static cli_end sign_as_person(const char *lines)
{
	char path[64];
	FILE *f;
	cli_end end;

	snprintf(path, sizeof(path), "/tmp/ukey-sign-%d", (int)getpid());
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f,
	    "#!/bin/sh\n"
	    "echo OK\n"
	    "while read -r line; do case $line in\n"
	    "GETPIN*) pin=$(sed -n 's/^#PIN //p' $0 | head -n 1)\n"
	    "  sed -i '0,/^#PIN /{/^#PIN /d}' $0\n"
	    "  [ -n \"$pin\" ] && echo \"D $pin\" && echo OK ||\n"
	    "  echo 'ERR 83886179 cancelled';;\n"
	    "CONFIRM*) if grep -q '^#YES' $0; then echo OK\n"
	    "  sed -i '0,/^#YES/{/^#YES/d}' $0\n"
	    "  else echo 'ERR 83886179 cancelled'; fi;;\n"
	    "*) echo OK;; esac; done\nexit\n%s",
	    lines);
	fclose(f);
	assert_int_equal(chmod(path, 0700), 0);
	cli->pins = (struct pin_asker){ PIN_FROM_PINENTRY, path, -1 };
	end = sign();
	unlink(path);
	return end;
}

/* --- tests ---------------------------------------------------------------- */

static void one_entry_opens_and_consents(void **state)
{
	(void)state;
	fresh_card(3);
	assert_true(cli_is_ok(sign_with_lines("482915\n")));
	assert_string_equal(card.order, "LPCS");
	/* and the next signature asks again, without another login */
	card.order[0] = '\0';
	assert_true(cli_is_ok(sign_with_lines("482915\n")));
	assert_string_equal(card.order, "PCS");
}

static void nothing_is_sent_for_nothing(void **state)
{
	static const struct {
		const char *lines;
		enum cli_cause cause;
	} rows[] = {
		{ "", CLI_PIN_LENGTH },
		{ "\n", CLI_PIN_LENGTH },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		fresh_card(3);
		assert_int_equal(
		    sign_with_lines(rows[i].lines).cause, rows[i].cause);
		assert_int_equal(card.logins, 0);
		assert_int_equal(card.tries, 3);
	}
	fresh_card(3);
	cli->pins = (struct pin_asker){ PIN_FROM_NOBODY, NULL, -1 };
	assert_int_equal(sign().cause, CLI_NO_PERSON);
	assert_int_equal(card.logins, 0);
}

/* A script has one try, however many lines it offers. */
static void a_script_has_one_try(void **state)
{
	(void)state;
	fresh_card(3);
	assert_int_equal(
	    sign_with_lines("1111\n2222\n482915\n").cause, CLI_PIN_WRONG);
	assert_int_equal(card.logins, 1);
	assert_int_equal(card.tries, 2);
}

static void the_last_try_is_for_persons(void **state)
{
	(void)state;
	fresh_card(1);
	assert_int_equal(sign_with_lines("482915\n").cause, CLI_LAST_TRY);
	assert_int_equal(card.logins, 0);
	assert_int_equal(card.tries, 1);
	/* unless it was told to */
	fresh_card(1);
	cli->opt.use_last_try = true;
	assert_true(cli_is_ok(sign_with_lines("482915\n")));
	fresh_card(1);
	assert_true(cli_is_ok(sign_as_person("#PIN 482915\n")));
}

static void persons_are_asked_again(void **state)
{
	(void)state;
	fresh_card(3);
	assert_true(
	    cli_is_ok(sign_as_person("#PIN 1111\n#PIN 2222\n#PIN 482915\n")));
	assert_int_equal(card.logins, 3);
	assert_int_equal(card.signatures, 1);
	/* until they have enough */
	fresh_card(3);
	assert_int_equal(sign_as_person("#PIN 1111\n").cause, CLI_CANCELLED);
	assert_int_equal(card.tries, 2);
	assert_string_equal(cli->detail, "");
	/* or the card has */
	fresh_card(2);
	assert_int_equal(
	    sign_as_person("#PIN 1111\n#PIN 2222\n#PIN 482915\n").cause,
	    CLI_PIN_BLOCKED);
	assert_int_equal(card.logins, 2);
	fresh_card(0);
	assert_int_equal(
	    sign_as_person("#PIN 482915\n").cause, CLI_PIN_BLOCKED);
	assert_int_equal(card.logins, 0);
}

/* A wrong PIN at the consent is asked for again within the same operation. */
static void consent_is_asked_again(void **state)
{
	(void)state;
	fresh_card(3);
	assert_true(cli_is_ok(sign_with_lines("482915\n")));
	card.order[0] = '\0';
	assert_true(cli_is_ok(sign_as_person("#PIN 1111\n#PIN 482915\n")));
	assert_string_equal(card.order, "PCCS");
}

static void nothing_is_signed_unprepared(void **state)
{
	(void)state;
	fresh_card(3);
	prepare_end = cli_fail(CLI_CARD_REFUSES_BANK);
	assert_int_equal(
	    sign_with_lines("482915\n").cause, CLI_CARD_REFUSES_BANK);
	assert_string_equal(card.order, "LP");
	/* logged in already: not even a PIN is asked for */
	card.order[0] = '\0';
	assert_int_equal(sign_with_lines("").cause, CLI_CARD_REFUSES_BANK);
	assert_string_equal(card.order, "P");
}

static void readers_with_a_pad(void **state)
{
	(void)state;
	fresh_card(3);
	card.pad = true;
	token.info.flags = CKF_PROTECTED_AUTHENTICATION_PATH;
	/* nobody at the terminal: the person is at the reader */
	cli->pins = (struct pin_asker){ PIN_FROM_NOBODY, NULL, -1 };
	assert_true(cli_is_ok(sign()));
	assert_string_equal(card.order, "LPCS");
	/* a PIN that is given is used */
	fresh_card(3);
	card.pad = true;
	token.info.flags = CKF_PROTECTED_AUTHENTICATION_PATH;
	assert_true(cli_is_ok(sign_with_lines("482915\n")));
	assert_string_equal(card.order, "LPCS");
	fresh_card(3);
	card.pad = true;
	token.info.flags = CKF_PROTECTED_AUTHENTICATION_PATH;
	assert_int_equal(sign_with_lines("").cause, CLI_PIN_LENGTH);
	assert_string_equal(card.order, "");
}

/* --- texts ---------------------------------------------------------------- */

static void fresh_text(const struct ukey_functions *v)
{
	fresh_card(3);
	is_text = true;
	module.vendor = v;
}

/* The module shows it; or we do, if it is somebody else's or an older one. */
static void texts_are_shown_first(void **state)
{
	struct ukey_functions older = vendor;
	const struct {
		const struct ukey_functions *v;
		const char *order;
	} rows[] = {
		{ &vendor, "DLPCS" },
		{ &older, "LPCS" },
		{ NULL, "LPCS" },
	};

	(void)state;
	older.version.minor = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fresh_text(rows[i].v);
		assert_true(cli_is_ok(sign_as_person("#YES\n#PIN 482915\n")));
		assert_string_equal(card.order, rows[i].order);
		assert_string_equal(token.display, "host");
		/* no: not even a PIN is asked for */
		fresh_text(rows[i].v);
		assert_int_equal(
		    sign_as_person("#PIN 482915\n").cause, CLI_DECLINED);
		assert_int_equal(card.logins + card.consents, 0);
		assert_null(token.display);
		/* nobody there to be asked */
		fresh_text(rows[i].v);
		assert_int_equal(
		    sign_with_lines("482915\n").cause, CLI_NO_PERSON);
		assert_int_equal(card.logins + card.consents, 0);
	}
}

static void nobody_wants_to_see_it(void **state)
{
	const struct ukey_functions *const ways[] = { &vendor, NULL };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		fresh_text(ways[i]);
		cli->opt.yes = true;
		assert_true(cli_is_ok(sign_with_lines("482915\n")));
		assert_string_equal(card.order, "LPCS");
		assert_string_equal(token.display, "none");
	}
}

/* One yes is enough, however many PINs it takes, at the login and at the
 * consent. */
static void a_yes_is_for_the_text(void **state)
{
	(void)state;
	fresh_text(&vendor);
	assert_true(
	    cli_is_ok(sign_as_person("#YES\n#PIN 1111\n#PIN 482915\n")));
	assert_string_equal(card.order, "DLDLPCS");
	card.order[0] = '\0';
	assert_true(
	    cli_is_ok(sign_as_person("#YES\n#PIN 1111\n#PIN 482915\n")));
	assert_string_equal(card.order, "DPCDCS");
	assert_int_equal(card.signatures, 2);
	/* a script has one try here, too */
	fresh_text(&vendor);
	cli->opt.yes = true;
	assert_int_equal(
	    sign_with_lines("1111\n482915\n").cause, CLI_PIN_WRONG);
	assert_int_equal(card.tries, 2);
	/* what stops it is told, not what the module makes of that */
	fresh_text(&vendor);
	cli->opt.yes = true;
	prepare_end = cli_fail(CLI_EXISTS);
	assert_int_equal(sign_with_lines("482915\n").cause, CLI_EXISTS);
	assert_string_equal(card.order, "LP");
}

static void texts_and_pads(void **state)
{
	(void)state;
	fresh_text(&vendor);
	card.pad = true;
	token.info.flags = CKF_PROTECTED_AUTHENTICATION_PATH;
	cli->opt.yes = true;
	cli->pins = (struct pin_asker){ PIN_FROM_NOBODY, NULL, -1 };
	assert_true(cli_is_ok(sign()));
	assert_string_equal(card.order, "LPCS");
	/* a length that cannot be is not sent, also to a card that is open */
	fresh_text(&vendor);
	cli->opt.yes = true;
	token.logged_in = card.logged_in = true;
	token.info.ulMinPinLen = 4;
	assert_int_equal(sign_with_lines("123\n").cause, CLI_PIN_LENGTH);
	assert_int_equal(card.consents, 0);
}

static int set_up(void **state)
{
	if (pki_make(state) != 0)
		return -1;
	cli = uk_new(sizeof(*cli));
	expect_ok(uk_crypto_open(&crypto));
	expect_ok(uk_key_from_pem_file(crypto, pki_file("login.key"), &key));
	expect_ok(uk_cert_from_pem_file(crypto, pki_file("login.pem"), &cert));
	return 0;
}

static int tear_down(void **state)
{
	uk_cert_close(&cert);
	uk_key_close(&key);
	uk_crypto_close(&crypto);
	uk_free(cli);
	return pki_remove(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_entry_opens_and_consents),
		cmocka_unit_test(nothing_is_sent_for_nothing),
		cmocka_unit_test(a_script_has_one_try),
		cmocka_unit_test(the_last_try_is_for_persons),
		cmocka_unit_test(persons_are_asked_again),
		cmocka_unit_test(consent_is_asked_again),
		cmocka_unit_test(nothing_is_signed_unprepared),
		cmocka_unit_test(readers_with_a_pad),
		cmocka_unit_test(texts_are_shown_first),
		cmocka_unit_test(nobody_wants_to_see_it),
		cmocka_unit_test(a_yes_is_for_the_text),
		cmocka_unit_test(texts_and_pads),
	};

	/* the person is at a pinentry, never at the terminal of who runs it */
	if (freopen("/dev/null", "r", stdin) == NULL)
		return 1;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
