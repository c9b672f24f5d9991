/* TLS contexts, and what a connection says about its peer. */
#include "tls.h"

#include "tls_library.h"
#include "trusted.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <limits.h>
#include <string.h>
#include <time.h>

enum { SESSIONS_KEPT = 20000 };

/* --- certificates of clients ---------------------------------------------- */

static uk_err put_der(X509 *x, uk_blob *out)
{
	unsigned char *der = NULL;
	int n = i2d_X509(x, &der);
	uk_err err = n <= 0 ? uk_fail(UK_ERR_CRYPTO)
			    : uk_blob_set(out, uk_view(der, (size_t)n));

	OPENSSL_free(der);
	return err;
}

static void take_chain(STACK_OF(X509) * sent, struct bank_cert_list *out)
{
	for (int i = 1; i < sk_X509_num(sent) && out->n < BANK_TOKEN_CERTS;
	     i++) {
		if (uk_is_ok(
			put_der(sk_X509_value(sent, i), &out->der[out->n])))
			out->n++;
	}
}

/*
 * Instead of OpenSSL's chain building: ours, which remembers, is asked here
 * because here are the certificates that were sent along. The handshake goes on
 * whatever it says: TLS proves that the peer has the key, and a login with a
 * certificate that is no good is refused in words, not by a broken connection.
 */
static int on_certificate(X509_STORE_CTX *ctx, void *arg)
{
	X509 *leaf = X509_STORE_CTX_get0_cert(ctx);
	struct bank_cert_list extra = { .n = 0 };
	const uk_cert *cert = NULL;
	uk_blob der = { NULL, 0 };

	if (leaf != NULL && uk_is_ok(put_der(leaf, &der))) {
		take_chain(X509_STORE_CTX_get0_untrusted(ctx), &extra);
		(void)bank_check_cert_with(arg, uk_blob_view(&der), &extra,
		    UK_FOR_LOGIN, time(NULL), &cert);
	}
	for (size_t i = 0; i < extra.n; i++)
		uk_blob_free(&extra.der[i]);
	uk_blob_free(&der);
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

static bool ask_for_certificates(SSL_CTX *tls, struct bank *b)
{
	static const unsigned char context[] = "ukey-bankd";

	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(tls, on_certificate, b);
	/* Kept here, by number: a session that we forget is gone. */
	(void)SSL_CTX_set_options(tls, SSL_OP_NO_TICKET);
	(void)SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_SERVER);
	(void)SSL_CTX_sess_set_cache_size(tls, SESSIONS_KEPT);
	(void)SSL_CTX_set_timeout(tls, (long)b->config.session_seconds);
	/* No renegotiation: who the peer is does not change. */
	(void)SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION);
	return SSL_CTX_set_session_id_context(
		   tls, context, sizeof(context) - 1) == 1 &&
	       SSL_CTX_set_num_tickets(tls, 1) == 1 &&
	       SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) == 1 &&
	       /* TLS 1.2: forward secrecy and AEAD only (RFC 9325, 4.2) */
	       SSL_CTX_set_cipher_list(tls, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1;
}

/* --- contexts ------------------------------------------------------------ */

/* OpenSSL would ask for a pass phrase at the terminal. */
static int no_pass_phrase(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return 0;
}

/* In the default library context: that for TLS reads no private keys. */
static EVP_PKEY *read_key(const char *path)
{
	BIO *bio = BIO_new_file(path, "rb");
	EVP_PKEY *key = bio == NULL ? NULL
				    : PEM_read_bio_PrivateKey(
					  bio, NULL, no_pass_phrase, NULL);

	BIO_free(bio);
	return key;
}

static bool use_key_file(SSL_CTX *tls, const char *path)
{
	EVP_PKEY *key = read_key(path);
	bool good = key != NULL && SSL_CTX_use_PrivateKey(tls, key) == 1 &&
		    SSL_CTX_check_private_key(tls) == 1;

	EVP_PKEY_free(key);
	return good;
}

static uk_err use_key(struct bank *b, SSL_CTX *tls)
{
	char path[BANK_PATH_MAX];

	UK_TRY(bank_path(b->dir, BANK_FILE_TLS_CERT, path));
	if (SSL_CTX_use_certificate_chain_file(tls, path) != 1)
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(bank_path(b->dir, BANK_FILE_TLS_KEY, path));
	return use_key_file(tls, path) ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

uk_err bank_tls_open(struct bank *b, bool certificates, SSL_CTX **out)
{
	OSSL_LIB_CTX *library = bank_tls_library();
	SSL_CTX *tls = library == NULL
			   ? NULL
			   : SSL_CTX_new_ex(library, NULL, TLS_server_method());
	uk_err err = uk_fail(UK_ERR_CRYPTO);

	*out = NULL;
	if (tls == NULL ||
	    SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) != 1)
		goto out;
	/* No early data, and no tickets: a login is one short conversation. */
	SSL_CTX_set_max_early_data(tls, 0);
	SSL_CTX_set_num_tickets(tls, 0);
	SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
	if (certificates && !ask_for_certificates(tls, b))
		goto out;
	err = use_key(b, tls);
	if (!uk_is_ok(err))
		goto out;
	*out = tls;
	tls = NULL; /* handed over */
out:
	SSL_CTX_free(tls);
	return err;
}

/* --- one connection ------------------------------------------------------- */

/* RFC 9266, 4.1 and 4.2: with TLS 1.2 only where the master secret is bound to
 * the handshake. */
static bool export_key(void *arg, uint8_t out[BANK_EXPORTER_BYTES])
{
	SSL *ssl = arg;

	if (SSL_version(ssl) < TLS1_3_VERSION &&
	    SSL_get_extms_support(ssl) != 1)
		return false;
	return SSL_export_keying_material(ssl, out, BANK_EXPORTER_BYTES,
		   BANK_EXPORTER_LABEL, strlen(BANK_EXPORTER_LABEL), NULL, 0,
		   0) == 1;
}

uk_err bank_tls_peer(SSL *ssl, struct bank_peer *peer, uk_blob *der)
{
	X509 *x = SSL_get0_peer_certificate(ssl);

	peer->exporter = export_key;
	peer->arg = ssl;
	if (x == NULL)
		return uk_ok();
	UK_TRY(put_der(x, der));
	peer->certificate = uk_blob_view(der);
	return uk_ok();
}
