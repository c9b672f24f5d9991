/*
 * Which answers of an OCSP responder count (RFC 6960, 3.2 and 4.2.2.2): a row
 * for each thing that can be wrong. The answers are made by OpenSSL here.
 */
#include "ocsp.h"

#include "cmocka_all.h"
#include "crypto_fixture.h"
#include "fixtures.h"
#include "pki_fixture.h"

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

/* make-pki's certificates are valid in 2026 (UTC) only. `date -u +%s`. */
enum { MAY = 1777593600, HOUR = 3600, DAY = 86400, SKEW = 60 };

/* --- who answers --------------------------------------------------------- */

enum signer {
	THE_CA,
	DELEGATE,        /* OCSPSigning and nocheck */
	LISTED_DELEGATE, /* without nocheck: the CA's list is asked */
	NO_USAGE,        /* no extended key usage */
	OTHER_USAGE,     /* clientAuth */
	OVER,            /* ran out in April */
	OTHERS_DELEGATE, /* of another CA */
	OTHER_CA,
	SIGNERS
};

static const struct {
	const char *usage; /* NULL: none; CAs have no row to make */
	bool nocheck;
	const char *issuer; /* NULL: a CA of the folder */
	int64_t until;
} kinds[SIGNERS] = {
	[DELEGATE] = { "OCSPSigning", true, "ca", MAY + DAY },
	[LISTED_DELEGATE] = { "OCSPSigning", false, "ca", MAY + DAY },
	[NO_USAGE] = { NULL, true, "ca", MAY + DAY },
	[OTHER_USAGE] = { "clientAuth", true, "ca", MAY + DAY },
	[OVER] = { "OCSPSigning", true, "ca", MAY - DAY },
	[OTHERS_DELEGATE] = { "OCSPSigning", true, "other", MAY + DAY },
};

static X509 *read_x509(const char *name)
{
	FILE *f = fopen(pki_file(name), "r");
	X509 *x = f == NULL ? NULL : PEM_read_X509(f, NULL, NULL, NULL);

	assert_non_null(x);
	fclose(f);
	return x;
}

static EVP_PKEY *read_pkey(const char *name)
{
	FILE *f = fopen(pki_file(name), "r");
	EVP_PKEY *k = f == NULL ? NULL
				: PEM_read_PrivateKey(f, NULL, NULL, NULL);

	assert_non_null(k);
	fclose(f);
	return k;
}

static void extend(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

static X509 *make_delegate(enum signer kind, EVP_PKEY *key)
{
	char cert[32], pkey[32];
	X509 *x = X509_new(), *ca;
	EVP_PKEY *ca_key;

	snprintf(cert, sizeof(cert), "%s.pem", kinds[kind].issuer);
	snprintf(pkey, sizeof(pkey), "%s.key", kinds[kind].issuer);
	ca = read_x509(cert);
	ca_key = read_pkey(pkey);
	assert_int_equal(X509_set_version(x, X509_VERSION_3), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 7000 + (long)kind);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
	    (const unsigned char *)"Responder", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(ca));
	ASN1_TIME_set(X509_getm_notBefore(x), MAY - 9 * DAY);
	ASN1_TIME_set(X509_getm_notAfter(x), kinds[kind].until);
	X509_set_pubkey(x, key);
	if (kinds[kind].usage != NULL)
		extend(x, NID_ext_key_usage, kinds[kind].usage);
	if (kinds[kind].nocheck)
		extend(x, NID_id_pkix_OCSP_noCheck, "ignored");
	assert_true(X509_sign(x, ca_key, EVP_sha256()) > 0);
	X509_free(ca);
	EVP_PKEY_free(ca_key);
	return x;
}

static void find_signer(enum signer kind, X509 **cert, EVP_PKEY **key)
{
	if (kind == THE_CA || kind == OTHER_CA) {
		*cert = read_x509(kind == THE_CA ? "ca.pem" : "other.pem");
		*key = read_pkey(kind == THE_CA ? "ca.key" : "other.key");
		return;
	}
	*key = EVP_EC_gen("P-256");
	assert_non_null(*key);
	*cert = make_delegate(kind, *key);
}

/* --- the answer ---------------------------------------------------------- */

enum nonce { OURS, NONE, SOMEBODYS };
enum spoiling {
	WHOLE,
	LONGER,
	SHORTER,
	ANOTHER_BIT,
	REFUSAL,
	BY_SHA1,
	CRITICAL
};

struct row {
	const char *what;
	int status;
	enum signer signer;
	const char *about; /* whose certificate */
	int64_t from, to;  /* since MAY; to 0: none said */
	enum nonce nonce;
	enum spoiling spoiling;
	bool need_nonce, with_list;
	enum uk_code code;
};

#define GOOD  V_OCSP_CERTSTATUS_GOOD
#define FRESH "login.pem", -HOUR, HOUR

static const struct row rows[] = {
	{ "good", GOOD, THE_CA, FRESH, OURS, WHOLE, true, false, UK_OK },
	{ "revoked", V_OCSP_CERTSTATUS_REVOKED, THE_CA, FRESH, OURS, WHOLE,
	    true, false, UK_OK },
	{ "unknown", V_OCSP_CERTSTATUS_UNKNOWN, THE_CA, FRESH, OURS, WHOLE,
	    true, false, UK_OK },
	/* who may answer */
	{ "a delegate", GOOD, DELEGATE, FRESH, OURS, WHOLE, true, false,
	    UK_OK },
	{ "a delegate with a list", GOOD, LISTED_DELEGATE, FRESH, OURS, WHOLE,
	    true, true, UK_OK },
	{ "a delegate without one", GOOD, LISTED_DELEGATE, FRESH, OURS, WHOLE,
	    true, false, UK_ERR_SIGNATURE },
	{ "no OCSPSigning", GOOD, NO_USAGE, FRESH, OURS, WHOLE, true, false,
	    UK_ERR_SIGNATURE },
	{ "another usage", GOOD, OTHER_USAGE, FRESH, OURS, WHOLE, true, false,
	    UK_ERR_SIGNATURE },
	{ "a delegate that is over", GOOD, OVER, FRESH, OURS, WHOLE, true,
	    false, UK_ERR_SIGNATURE },
	{ "another CA's delegate", GOOD, OTHERS_DELEGATE, FRESH, OURS, WHOLE,
	    true, false, UK_ERR_SIGNATURE },
	{ "another CA", GOOD, OTHER_CA, FRESH, OURS, WHOLE, true, false,
	    UK_ERR_SIGNATURE },
	{ "by SHA-1", GOOD, THE_CA, FRESH, OURS, BY_SHA1, true, false,
	    UK_ERR_SIGNATURE },
	{ "one bit", GOOD, THE_CA, FRESH, OURS, ANOTHER_BIT, true, false,
	    UK_ERR_SIGNATURE },
	/* about what, and when */
	{ "another certificate", GOOD, THE_CA, "sign.pem", -HOUR, HOUR, OURS,
	    WHOLE, true, false, UK_ERR_FORMAT },
	{ "without an end", GOOD, THE_CA, "login.pem", -HOUR, 0, OURS, WHOLE,
	    true, false, UK_OK },
	{ "without an end, old", GOOD, THE_CA, "login.pem", -2 * DAY, 0, OURS,
	    WHOLE, true, false, UK_ERR_TIMEOUT },
	{ "stale", GOOD, THE_CA, "login.pem", -2 * HOUR, -HOUR, OURS, WHOLE,
	    true, false, UK_ERR_TIMEOUT },
	{ "clocks differ, just", GOOD, THE_CA, "login.pem", -HOUR, -SKEW + 1,
	    OURS, WHOLE, true, false, UK_OK },
	{ "clocks differ too much", GOOD, THE_CA, "login.pem", -HOUR, -SKEW,
	    OURS, WHOLE, true, false, UK_ERR_TIMEOUT },
	{ "from the future", GOOD, THE_CA, "login.pem", SKEW + 1, HOUR, OURS,
	    WHOLE, true, false, UK_ERR_TIMEOUT },
	{ "from the future, just", GOOD, THE_CA, "login.pem", SKEW, HOUR, OURS,
	    WHOLE, true, false, UK_OK },
	{ "backwards", GOOD, THE_CA, "login.pem", -HOUR, -2 * HOUR, OURS, WHOLE,
	    true, false, UK_ERR_FORMAT },
	/* to which question */
	{ "no nonce", GOOD, THE_CA, FRESH, NONE, WHOLE, false, false, UK_OK },
	{ "no nonce, wanted", GOOD, THE_CA, FRESH, NONE, WHOLE, true, false,
	    UK_ERR_CONDITIONS },
	{ "somebody's nonce", GOOD, THE_CA, FRESH, SOMEBODYS, WHOLE, false,
	    false, UK_ERR_CONDITIONS },
	/* form */
	{ "longer", GOOD, THE_CA, FRESH, OURS, LONGER, true, false,
	    UK_ERR_FORMAT },
	{ "shorter", GOOD, THE_CA, FRESH, OURS, SHORTER, true, false,
	    UK_ERR_FORMAT },
	{ "try later", GOOD, THE_CA, FRESH, OURS, REFUSAL, true, false,
	    UK_ERR_FORMAT },
	{ "something critical", GOOD, THE_CA, FRESH, OURS, CRITICAL, true,
	    false, UK_ERR_UNSUPPORTED },
};

static void put_nonce(OCSP_BASICRESP *b, enum nonce nonce, uk_ocsp *question)
{
	static unsigned char others[16] = "somebody else's";
	uk_blob der = { NULL, 0 };
	const unsigned char *p;
	OCSP_REQUEST *request;

	if (nonce == SOMEBODYS)
		OCSP_basic_add1_nonce(b, others, sizeof(others));
	if (nonce != OURS)
		return;
	expect_ok(uk_ocsp_request(question, &der));
	p = der.p;
	request = d2i_OCSP_REQUEST(NULL, &p, (long)der.n);
	assert_int_equal(OCSP_copy_nonce(b, request), 1);
	OCSP_REQUEST_free(request);
	uk_blob_free(&der);
}

static ASN1_GENERALIZEDTIME *seconds(int64_t since_may)
{
	return ASN1_GENERALIZEDTIME_adj(NULL, MAY + since_may, 0, 0);
}

static void put_status(OCSP_BASICRESP *b, const struct row *row)
{
	X509 *ca = read_x509("ca.pem"), *x = read_x509(row->about);
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), x, ca);
	ASN1_GENERALIZEDTIME *from = seconds(row->from);
	ASN1_GENERALIZEDTIME *to = row->to == 0 ? NULL : seconds(row->to);
	ASN1_GENERALIZEDTIME *gone = seconds(-DAY);
	OCSP_SINGLERESP *single;

	single = OCSP_basic_add1_status(b, id, row->status, 0, gone, from, to);
	assert_non_null(single);
	if (row->spoiling == CRITICAL) {
		X509_EXTENSION *e = X509V3_EXT_conf_nid(
		    NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");

		assert_int_equal(OCSP_SINGLERESP_add_ext(single, e, -1), 1);
		X509_EXTENSION_free(e);
	}
	X509_free(ca);
	X509_free(x);
	OCSP_CERTID_free(id);
	ASN1_GENERALIZEDTIME_free(from);
	ASN1_GENERALIZEDTIME_free(to);
	ASN1_GENERALIZEDTIME_free(gone);
}

static uk_blob spoil(OCSP_RESPONSE *r, enum spoiling how)
{
	unsigned char *der = NULL;
	int n = i2d_OCSP_RESPONSE(r, &der);
	uk_blob out = { NULL, 0 };

	assert_true(n > 0);
	expect_ok(uk_blob_set(&out, uk_view(der, (size_t)n)));
	OPENSSL_free(der);
	if (how == LONGER)
		expect_ok(uk_blob_add(&out, uk_view("", 1)));
	if (how == SHORTER)
		out.n--;
	return out;
}

static void spoil_signature(OCSP_BASICRESP *b)
{
	const ASN1_OCTET_STRING *sig = OCSP_resp_get0_signature(b);

	sig->data[sig->length - 1] ^= 1;
}

static uk_blob make_answer(const struct row *row, uk_ocsp *question)
{
	OCSP_BASICRESP *b = OCSP_BASICRESP_new();
	OCSP_RESPONSE *r;
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	uk_blob out;

	find_signer(row->signer, &cert, &key);
	put_status(b, row);
	put_nonce(b, row->nonce, question);
	assert_int_equal(
	    OCSP_basic_sign(b, cert, key,
		row->spoiling == BY_SHA1 ? EVP_sha1() : EVP_sha256(), NULL, 0),
	    1);
	if (row->spoiling == ANOTHER_BIT) /* the last: of the signature's s */
		spoil_signature(b);
	r = OCSP_response_create(row->spoiling == REFUSAL
				     ? OCSP_RESPONSE_STATUS_TRYLATER
				     : OCSP_RESPONSE_STATUS_SUCCESSFUL,
	    row->spoiling == REFUSAL ? NULL : b);
	out = spoil(r, row->spoiling);
	OCSP_RESPONSE_free(r);
	OCSP_BASICRESP_free(b);
	X509_free(cert);
	EVP_PKEY_free(key);
	return out;
}

/* --- checking ------------------------------------------------------------ */

static uk_err open_question(
    bool with_list, uk_trust **trust, uk_cert **cert, uk_ocsp **question)
{
	uk_err err = uk_trust_open(crypto, trust);

	*cert = NULL;
	*question = NULL;
	if (uk_is_ok(err))
		err = uk_trust_add_ca_file(*trust, pki_file("ca.pem"));
	if (uk_is_ok(err) && with_list)
		err = uk_trust_add_crl_file(*trust, pki_file("ca.crl"));
	if (uk_is_ok(err))
		err = uk_cert_from_pem_file(
		    crypto, pki_file("login.pem"), cert);
	if (uk_is_ok(err))
		err = uk_ocsp_open(*trust, *cert, NULL, 0, question);
	return err;
}

static void check_row(const struct row *row)
{
	static const enum uk_ocsp_status statuses[] = {
		[V_OCSP_CERTSTATUS_GOOD] = UK_OCSP_GOOD,
		[V_OCSP_CERTSTATUS_REVOKED] = UK_OCSP_REVOKED,
		[V_OCSP_CERTSTATUS_UNKNOWN] = UK_OCSP_UNKNOWN,
	};
	struct uk_ocsp_rules rules = { .now = MAY,
		.skew = SKEW,
		.max_age = DAY,
		.need_nonce = row->need_nonce };
	struct uk_ocsp_answer a;
	uk_trust *trust = NULL;
	uk_cert *cert = NULL;
	uk_ocsp *question = NULL;
	uk_blob der;
	uk_err err;

	print_message("%s\n", row->what);
	expect_ok(open_question(row->with_list, &trust, &cert, &question));
	der = make_answer(row, question);
	err = uk_ocsp_check(question, trust, uk_blob_view(&der), &rules, &a);
	expect_code(err, row->code);
	if (uk_is_ok(err))
		assert_int_equal(a.status, statuses[row->status]);
	/* kept as evidence, everything counts but whose question it was */
	rules.kept = true;
	expect_code(
	    uk_ocsp_check(question, trust, uk_blob_view(&der), &rules, &a),
	    row->code == UK_ERR_CONDITIONS ? UK_OK : row->code);
	uk_blob_free(&der);
	uk_ocsp_close(&question);
	uk_cert_close(&cert);
	uk_trust_close(&trust);
}

static void every_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
}

static void whose_ca(void **state)
{
	uk_trust *trust = NULL;
	uk_cert *cert = NULL, *foreign = NULL, *other = NULL;
	uk_ocsp *question = NULL, *none = NULL;
	char url[64];

	(void)state;
	expect_ok(open_question(false, &trust, &cert, &question));
	expect_ok(
	    uk_cert_from_pem_file(crypto, pki_file("foreign.pem"), &foreign));
	expect_ok(uk_cert_from_pem_file(crypto, pki_file("other.pem"), &other));
	expect_code(
	    uk_ocsp_open(trust, foreign, NULL, 0, &none), UK_ERR_NOT_FOUND);
	assert_null(none);
	expect_ok(uk_ocsp_open(trust, foreign, &other, 1, &none));
	assert_true(uk_ocsp_is_issuer(none, other));
	assert_false(uk_ocsp_is_issuer(question, other));
	expect_code(uk_ocsp_url(cert, url, sizeof(url)), UK_ERR_NOT_FOUND);
	uk_ocsp_close(&none);
	uk_ocsp_close(&question);
	uk_ocsp_close(&question);
	uk_cert_close(&foreign);
	uk_cert_close(&other);
	uk_cert_close(&cert);
	uk_trust_close(&trust);
}

/* --- memory -------------------------------------------------------------- */

static uk_err all_of_it(void *arg)
{
	const struct uk_ocsp_rules rules = {
		.now = MAY, .skew = SKEW, .max_age = DAY
	};
	const uk_blob *der = arg;
	struct uk_ocsp_answer a;
	uk_blob request = { NULL, 0 };
	uk_trust *trust = NULL;
	uk_cert *cert = NULL;
	uk_ocsp *question = NULL;
	uk_err err = open_question(true, &trust, &cert, &question);

	if (uk_is_ok(err))
		err = uk_ocsp_request(question, &request);
	if (uk_is_ok(err))
		err = uk_ocsp_check(
		    question, trust, uk_blob_view(der), &rules, &a);
	uk_blob_free(&request);
	uk_ocsp_close(&question);
	uk_cert_close(&cert);
	uk_trust_close(&trust);
	return err;
}

static void allocation_fails(void **state)
{
	const struct row row = { "a delegate", GOOD, LISTED_DELEGATE, FRESH,
		NONE, WHOLE, false, true, UK_OK };
	uk_trust *trust = NULL;
	uk_cert *cert = NULL;
	uk_ocsp *question = NULL;
	uk_blob der;

	(void)state;
	expect_ok(open_question(true, &trust, &cert, &question));
	der = make_answer(&row, question);
	assert_true(fail_every_allocation(all_of_it, &der) > 3);
	uk_blob_free(&der);
	uk_ocsp_close(&question);
	uk_cert_close(&cert);
	uk_trust_close(&trust);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(whose_ca),
		cmocka_unit_test(allocation_fails),
	};

	return cmocka_run_group_tests_name("ocsp", tests, pki_open, pki_close);
}
