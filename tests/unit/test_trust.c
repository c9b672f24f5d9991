/* Which certificate is good for what, and what is said of the others. */

#include "cmocka_all.h"
#include "crypto_fixture.h"
#include "fixtures.h"
#include "pki_fixture.h"

#include <stdio.h>

/* make-pki's certificates are valid in 2026 (UTC) only. `date -u +%s`. */
enum {
	YEAR_BEFORE = 1751328000,       /* 1 July 2025 */
	JANUARY = 1768435200,           /* 15 January 2026 */
	MAY = 1777593600,               /* 1 May 2026 */
	YEAR_AFTER = 1798761600 + 86400 /* 2 January 2027 */
};

struct row {
	const char *cert, *ca, *crl; /* crl NULL: none loaded */
	enum uk_purpose purpose;
	int64_t now;
	enum uk_code with_crl, without; /* a list is needed, or not */
};

static const struct row rows[] = {
	{ "login.pem", "ca.pem", "ca.crl", UK_FOR_LOGIN, MAY, UK_OK, UK_OK },
	{ "login.pem", "ca.pem", "ca.crl.der", UK_FOR_LOGIN, MAY, UK_OK,
	    UK_OK },
	{ "sign.pem", "ca.pem", "ca.crl", UK_FOR_TRANSACTION, MAY, UK_OK,
	    UK_OK },
	{ "bank.pem", "ca.pem", "ca.crl", UK_FOR_BANK, MAY, UK_OK, UK_OK },
	{ "noeku.pem", "ca.pem", "ca.crl", UK_FOR_LOGIN, MAY, UK_OK, UK_OK },
	{ "deep.pem", "bundle.pem", "ca.crl", UK_FOR_LOGIN, MAY,
	    UK_ERR_CRL_MISSING, UK_OK }, /* sub's list is not there */
	/* purpose */
	{ "login.pem", "ca.pem", "ca.crl", UK_FOR_TRANSACTION, MAY,
	    UK_ERR_CERT_PURPOSE, UK_ERR_CERT_PURPOSE },
	{ "sign.pem", "ca.pem", "ca.crl", UK_FOR_LOGIN, MAY,
	    UK_ERR_CERT_PURPOSE, UK_ERR_CERT_PURPOSE },
	{ "login.pem", "ca.pem", "ca.crl", UK_FOR_BANK, MAY,
	    UK_ERR_CERT_PURPOSE, UK_ERR_CERT_PURPOSE },
	{ "noeku.pem", "ca.pem", "ca.crl", UK_FOR_BANK, MAY,
	    UK_ERR_CERT_PURPOSE, UK_ERR_CERT_PURPOSE },
	{ "bank.pem", "ca.pem", "ca.crl", UK_FOR_LOGIN, MAY,
	    UK_ERR_CERT_PURPOSE, UK_ERR_CERT_PURPOSE },
	{ "server.pem", "ca.pem", "ca.crl", UK_FOR_LOGIN, MAY,
	    UK_ERR_CERT_PURPOSE, UK_ERR_CERT_PURPOSE },
	{ "noku.pem", "ca.pem", "ca.crl", UK_FOR_LOGIN, MAY,
	    UK_ERR_CERT_PURPOSE, UK_ERR_CERT_PURPOSE },
	{ "noku.pem", "ca.pem", "ca.crl", UK_FOR_TRANSACTION, MAY,
	    UK_ERR_CERT_PURPOSE, UK_ERR_CERT_PURPOSE },
	{ "ca.pem", "ca.pem", "ca.crl", UK_FOR_LOGIN, MAY, UK_ERR_CERT_PURPOSE,
	    UK_ERR_CERT_PURPOSE },
	/* dates */
	{ "login.pem", "ca.pem", "ca.crl", UK_FOR_LOGIN, YEAR_BEFORE,
	    UK_ERR_CERT_NOT_YET, UK_ERR_CERT_NOT_YET },
	{ "late.pem", "ca.pem", "ca.crl", UK_FOR_LOGIN, MAY,
	    UK_ERR_CERT_NOT_YET, UK_ERR_CERT_NOT_YET },
	{ "login.pem", "ca.pem", "ca.crl", UK_FOR_LOGIN, YEAR_AFTER,
	    UK_ERR_CERT_EXPIRED, UK_ERR_CERT_EXPIRED },
	/* revocation; a list we have is used even when none is needed */
	{ "gone.pem", "ca.pem", "ca.crl", UK_FOR_LOGIN, MAY,
	    UK_ERR_CERT_REVOKED, UK_ERR_CERT_REVOKED },
	{ "gone.pem", "ca.pem", "stale.crl", UK_FOR_LOGIN, MAY,
	    UK_ERR_CERT_REVOKED, UK_ERR_CERT_REVOKED },
	{ "login.pem", "ca.pem", "stale.crl", UK_FOR_LOGIN, MAY,
	    UK_ERR_CRL_MISSING, UK_OK },
	{ "login.pem", "ca.pem", "stale.crl", UK_FOR_LOGIN, JANUARY, UK_OK,
	    UK_OK },
	{ "login.pem", "ca.pem", NULL, UK_FOR_LOGIN, MAY, UK_ERR_CRL_MISSING,
	    UK_OK },
	{ "login.pem", "ca.pem", "other.crl", UK_FOR_LOGIN, MAY,
	    UK_ERR_CRL_MISSING, UK_OK },
	/* trust */
	{ "foreign.pem", "ca.pem", "ca.crl", UK_FOR_LOGIN, MAY,
	    UK_ERR_CERT_UNTRUSTED, UK_ERR_CERT_UNTRUSTED },
	{ "deep.pem", "ca.pem", "ca.crl", UK_FOR_LOGIN, MAY,
	    UK_ERR_CERT_UNTRUSTED, UK_ERR_CERT_UNTRUSTED },
	{ "other.pem", "ca.pem", "ca.crl", UK_FOR_LOGIN, MAY,
	    UK_ERR_CERT_UNTRUSTED, UK_ERR_CERT_UNTRUSTED },
	/* SM2, chain and list; openssl 3.0 verifies no such list itself */
	{ "sm.pem", "smca.pem", "smca.crl", UK_FOR_LOGIN, MAY, UK_OK, UK_OK },
	{ "smgone.pem", "smca.pem", "smca.crl", UK_FOR_LOGIN, MAY,
	    UK_ERR_CERT_REVOKED, UK_ERR_CERT_REVOKED },
	{ "sm.pem", "smca.pem", "smlost.crl", UK_FOR_LOGIN, MAY,
	    UK_ERR_CRL_MISSING, UK_OK },
	{ "smgone.pem", "smca.pem", "smlost.crl", UK_FOR_LOGIN, MAY,
	    UK_ERR_CRL_MISSING, UK_OK },
	{ "sm.pem", "ca.pem", "smca.crl", UK_FOR_LOGIN, MAY,
	    UK_ERR_CERT_UNTRUSTED, UK_ERR_CERT_UNTRUSTED },
	/* several lists in one file */
	{ "deep.pem", "bundle.pem", "lists.crl", UK_FOR_LOGIN, MAY, UK_OK,
	    UK_OK },
	/* a CA that is no root, and the list of its own */
	{ "deep.pem", "sub.pem", "sub.crl", UK_FOR_LOGIN, MAY, UK_OK, UK_OK },
	{ "deep.pem", "sub.pem", "ca.crl", UK_FOR_LOGIN, MAY,
	    UK_ERR_CRL_MISSING, UK_OK },
	/* several things wrong: the first of the order in crypto.h */
	{ "foreign.pem", "ca.pem", NULL, UK_FOR_TRANSACTION, YEAR_AFTER,
	    UK_ERR_CERT_UNTRUSTED, UK_ERR_CERT_UNTRUSTED },
	{ "gone.pem", "ca.pem", "ca.crl", UK_FOR_TRANSACTION, YEAR_AFTER,
	    UK_ERR_CERT_EXPIRED, UK_ERR_CERT_EXPIRED },
	{ "gone.pem", "ca.pem", "ca.crl", UK_FOR_TRANSACTION, MAY,
	    UK_ERR_CERT_REVOKED, UK_ERR_CERT_REVOKED },
};

static void check_row(const struct row *row)
{
	uk_trust *trust = NULL;
	uk_cert *cert = NULL;

	print_message("%s, %s, %s, purpose %d\n", row->cert, row->ca,
	    row->crl == NULL ? "no list" : row->crl, (int)row->purpose);
	expect_ok(uk_trust_open(crypto, &trust));
	expect_ok(uk_trust_add_ca_file(trust, pki_file(row->ca)));
	if (row->crl != NULL)
		expect_ok(uk_trust_add_crl_file(trust, pki_file(row->crl)));
	expect_ok(uk_cert_from_pem_file(crypto, pki_file(row->cert), &cert));
	expect_code(
	    uk_trust_check(trust, cert, row->purpose, row->now), row->without);
	uk_trust_need_crl(trust, true);
	expect_code(
	    uk_trust_check(trust, cert, row->purpose, row->now), row->with_crl);
	uk_cert_close(&cert);
	uk_trust_close(&trust);
}

static void every_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
}

static void chain_of_two_with_both_lists(void **state)
{
	uk_trust *trust = NULL;
	uk_cert *cert = NULL;

	(void)state;
	expect_ok(uk_trust_open(crypto, &trust));
	uk_trust_need_crl(trust, true);
	expect_ok(uk_trust_add_ca_file(trust, pki_file("bundle.pem")));
	expect_ok(uk_trust_add_crl_file(trust, pki_file("ca.crl")));
	expect_ok(uk_trust_add_crl_file(trust, pki_file("sub.crl")));
	expect_ok(uk_cert_from_pem_file(crypto, pki_file("deep.pem"), &cert));
	expect_ok(uk_trust_check(trust, cert, UK_FOR_LOGIN, MAY));
	uk_cert_close(&cert);
	uk_trust_close(&trust);
}

/* A chain that the peer sends the middle of: every link of it is checked. */
static void chain_with_what_was_sent(void **state)
{
	struct uk_trust_question q = { .purpose = UK_FOR_LOGIN, .now = MAY };
	uk_trust *trust = NULL;
	uk_cert *cert = NULL, *sub = NULL, *wrong = NULL;
	uk_cert *extra[2];
	int64_t until;

	(void)state;
	expect_ok(uk_trust_open(crypto, &trust));
	uk_trust_need_crl(trust, true);
	expect_ok(uk_trust_add_ca_file(trust, pki_file("ca.pem")));
	expect_ok(uk_trust_add_crl_file(trust, pki_file("ca.crl")));
	expect_ok(uk_cert_from_pem_file(crypto, pki_file("deep.pem"), &cert));
	expect_ok(uk_cert_from_pem_file(crypto, pki_file("sub.pem"), &sub));
	expect_ok(uk_cert_from_pem_file(crypto, pki_file("sm.pem"), &wrong));
	q.cert = cert;
	expect_code(uk_trust_ask(trust, &q, NULL), UK_ERR_CERT_UNTRUSTED);
	extra[0] = wrong;
	extra[1] = sub;
	q.extra = extra;
	q.extra_count = 1;
	expect_code(uk_trust_ask(trust, &q, NULL), UK_ERR_CERT_UNTRUSTED);
	q.extra_count = 2;
	expect_code(uk_trust_ask(trust, &q, NULL), UK_ERR_CRL_MISSING);
	q.without_revocation = true;
	expect_ok(uk_trust_ask(trust, &q, NULL));
	q.without_revocation = false;
	expect_ok(uk_trust_add_crl_file(trust, pki_file("sub.crl")));
	expect_ok(uk_trust_ask(trust, &q, &until));
	assert_int_equal(until, 1798761600); /* all end with 2026 */
	uk_cert_close(&cert);
	uk_cert_close(&sub);
	uk_cert_close(&wrong);
	uk_trust_close(&trust);
}

static void newer_list_replaces(void **state)
{
	uk_trust *trust = NULL;
	uk_cert *cert = NULL;

	(void)state;
	expect_ok(uk_trust_open(crypto, &trust));
	uk_trust_need_crl(trust, true);
	expect_ok(uk_trust_add_ca_file(trust, pki_file("ca.pem")));
	expect_ok(uk_cert_from_pem_file(crypto, pki_file("login.pem"), &cert));
	expect_ok(uk_trust_add_crl_file(trust, pki_file("ca.crl")));
	expect_ok(uk_trust_check(trust, cert, UK_FOR_LOGIN, MAY));
	expect_ok(uk_trust_add_crl_file(trust, pki_file("stale.crl")));
	expect_code(
	    uk_trust_check(trust, cert, UK_FOR_LOGIN, MAY), UK_ERR_CRL_MISSING);
	expect_ok(uk_trust_add_crl_file(trust, pki_file("ca.crl")));
	expect_ok(uk_trust_check(trust, cert, UK_FOR_LOGIN, MAY));
	uk_cert_close(&cert);
	uk_trust_close(&trust);
}

static void bad_files(void **state)
{
	uk_trust *trust = NULL;

	(void)state;
	expect_ok(uk_trust_open(crypto, &trust));
	expect_code(
	    uk_trust_add_ca_file(trust, pki_file("none")), UK_ERR_NOT_FOUND);
	expect_code(
	    uk_trust_add_ca_file(trust, pki_file("rsa.msg")), UK_ERR_FORMAT);
	expect_code(
	    uk_trust_add_ca_file(trust, pki_file("ca.crl")), UK_ERR_FORMAT);
	expect_code(
	    uk_trust_add_crl_file(trust, pki_file("none")), UK_ERR_NOT_FOUND);
	expect_code(
	    uk_trust_add_crl_file(trust, pki_file("login.der")), UK_ERR_FORMAT);
	expect_code(
	    uk_trust_add_crl_file(trust, pki_file("login.pem")), UK_ERR_FORMAT);
	uk_trust_close(&trust);
}

static uk_err whole_check(void *arg)
{
	uk_trust *trust = NULL;
	uk_cert *cert = NULL;
	uk_err err = uk_trust_open(crypto, &trust);

	(void)arg;
	if (uk_is_ok(err))
		err = uk_trust_add_ca_file(trust, pki_file("ca.pem"));
	if (uk_is_ok(err))
		err = uk_trust_add_crl_file(trust, pki_file("ca.crl"));
	if (uk_is_ok(err))
		err = uk_cert_from_pem_file(
		    crypto, pki_file("login.pem"), &cert);
	if (uk_is_ok(err))
		err = uk_trust_check(trust, cert, UK_FOR_LOGIN, MAY);
	uk_cert_close(&cert);
	uk_trust_close(&trust);
	return err;
}

static void allocation_fails(void **state)
{
	(void)state;
	assert_true(fail_every_allocation(whole_check, NULL) > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(chain_of_two_with_both_lists),
		cmocka_unit_test(chain_with_what_was_sent),
		cmocka_unit_test(newer_list_replaces),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(allocation_fails),
	};

	return cmocka_run_group_tests_name("trust", tests, pki_open, pki_close);
}
