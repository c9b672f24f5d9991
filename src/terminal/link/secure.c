/* TLS 1.3 by OpenSSL, over memory. */
#include "secure.h"

#include "mem.h"
#include "secret.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

struct trm_secure {
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *in, *out; /* owned by ssl */
	bool host, failed;
	struct trm_secret secret; /* the host's; the terminal's once chosen */
	trm_secret_fn *find;
	void *arg;
};

/* TLS_AES_128_GCM_SHA256: the suite whose hash goes with the key */
static const unsigned char suite[2] = { 0x13, 0x01 };

static SSL_SESSION *session_of(SSL *ssl, const struct trm_secret *secret)
{
	const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, suite);
	SSL_SESSION *s = SSL_SESSION_new();

	if (s != NULL && cipher != NULL &&
	    SSL_SESSION_set1_master_key(s, secret->key, sizeof(secret->key)) ==
		1 &&
	    SSL_SESSION_set_cipher(s, cipher) == 1 &&
	    SSL_SESSION_set_protocol_version(s, TLS1_3_VERSION) == 1)
		return s;
	SSL_SESSION_free(s);
	return NULL;
}

static int offer(SSL *ssl, const EVP_MD *md, const unsigned char **id,
    size_t *id_n, SSL_SESSION **session)
{
	struct trm_secure *s = SSL_get_app_data(ssl);

	(void)md; /* one suite, one hash */
	*session = session_of(ssl, &s->secret);
	*id = s->secret.id;
	*id_n = sizeof(s->secret.id);
	return *session != NULL;
}

/* 1 with no session: somebody we do not know. There is no certificate to go on
 * with, so the handshake ends. */
static int choose(
    SSL *ssl, const unsigned char *id, size_t id_n, SSL_SESSION **session)
{
	struct trm_secure *s = SSL_get_app_data(ssl);

	*session = NULL;
	if (id_n != TRM_SECURE_ID ||
	    !s->find(s->arg, uk_view(id, id_n), &s->secret))
		return 1;
	*session = session_of(ssl, &s->secret);
	uk_wipe(s->secret.key, sizeof(s->secret.key));
	return *session != NULL;
}

static bool set_up(struct trm_secure *s)
{
	int groups[] = { NID_X25519 }; /* the macro casts const away */

	s->ctx = SSL_CTX_new(TLS_method());
	if (s->ctx == NULL ||
	    SSL_CTX_set_min_proto_version(s->ctx, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_ciphersuites(s->ctx, "TLS_AES_128_GCM_SHA256") != 1 ||
	    SSL_CTX_set1_groups(s->ctx, groups, 1) != 1 ||
	    SSL_CTX_set_num_tickets(s->ctx, 0) != 1)
		return false;
	SSL_CTX_set_session_cache_mode(s->ctx, SSL_SESS_CACHE_OFF);
	s->ssl = SSL_new(s->ctx);
	s->in = BIO_new(BIO_s_mem());
	s->out = BIO_new(BIO_s_mem());
	if (s->ssl == NULL || s->in == NULL || s->out == NULL ||
	    SSL_set_app_data(s->ssl, s) != 1) {
		BIO_free(s->in);
		BIO_free(s->out);
		return false;
	}
	SSL_set_bio(s->ssl, s->in, s->out);
	if (s->host) {
		SSL_set_psk_use_session_callback(s->ssl, offer);
		SSL_set_connect_state(s->ssl);
	} else {
		SSL_set_psk_find_session_callback(s->ssl, choose);
		SSL_set_accept_state(s->ssl);
	}
	return true;
}

/* OpenSSL: a positive result, or SSL_get_error tells; wanting to read is no
 * failure, everything else that can come over memory is the other side's. */
static uk_err result_of(struct trm_secure *s, int rc)
{
	int why = rc > 0 ? SSL_ERROR_NONE : SSL_get_error(s->ssl, rc);

	ERR_clear_error();
	if (why == SSL_ERROR_NONE || why == SSL_ERROR_WANT_READ)
		return uk_ok();
	s->failed = true;
	return uk_fail(UK_ERR_SIGNATURE);
}

static uk_err shake(struct trm_secure *s)
{
	ERR_clear_error();
	if (SSL_is_init_finished(s->ssl))
		return uk_ok();
	return result_of(s, SSL_do_handshake(s->ssl));
}

static uk_err open_end(struct trm_secure *s, struct trm_secure **out)
{
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (s != NULL && set_up(s))
		err = s->host ? shake(s) : uk_ok();
	if (uk_is_ok(err)) {
		*out = s;
		s = NULL; /* handed over */
	}
	trm_secure_close(&s);
	return err;
}

uk_err trm_secure_host(const struct trm_secret *secret, struct trm_secure **out)
{
	struct trm_secure *s = uk_new(sizeof(*s));

	if (s != NULL) {
		s->host = true;
		s->secret = *secret;
	}
	return open_end(s, out);
}

uk_err trm_secure_terminal(
    trm_secret_fn *find, void *arg, struct trm_secure **out)
{
	struct trm_secure *s = uk_new(sizeof(*s));

	if (s != NULL) {
		s->find = find;
		s->arg = arg;
	}
	return open_end(s, out);
}

void trm_secure_close(struct trm_secure **s)
{
	if (*s == NULL)
		return;
	SSL_free((*s)->ssl);
	SSL_CTX_free((*s)->ctx);
	uk_wipe(*s, sizeof(**s));
	uk_free(*s);
	*s = NULL;
}

uk_err trm_secure_feed(struct trm_secure *s, uk_bytes raw)
{
	while (raw.n > 0 && !s->failed) {
		int part = raw.n > 16384 ? 16384 : (int)raw.n;
		int n = BIO_write(s->in, raw.p, part);

		if (n <= 0)
			return uk_fail(UK_ERR_MEMORY);
		raw = uk_bytes_from(raw, (size_t)n);
	}
	return s->failed ? uk_fail(UK_ERR_SIGNATURE) : shake(s);
}

void trm_secure_pending(struct trm_secure *s, uk_buf *out)
{
	size_t n = BIO_ctrl_pending(s->out);
	uint8_t *room;

	if (n > uk_buf_left(out))
		n = uk_buf_left(out);
	if (n == 0 || (room = uk_put_room(out, n)) == NULL)
		return;
	(void)BIO_read(s->out, room, (int)n); /* from memory: all of it */
}

bool trm_secure_ready(const struct trm_secure *s)
{
	return !s->failed && SSL_is_init_finished(s->ssl);
}

uk_bytes trm_secure_id(const struct trm_secure *s)
{
	return trm_secure_ready(s) ? UK_ARRAY(s->secret.id) : UK_NONE;
}

uk_err trm_secure_send(struct trm_secure *s, uk_bytes plain)
{
	size_t n;

	if (!trm_secure_ready(s))
		return uk_fail(UK_ERR_CONDITIONS);
	ERR_clear_error();
	if (plain.n == 0)
		return uk_ok();
	return result_of(s, SSL_write_ex(s->ssl, plain.p, plain.n, &n));
}

uk_err trm_secure_receive(struct trm_secure *s, uk_buf *out)
{
	if (!trm_secure_ready(s))
		return s->failed ? uk_fail(UK_ERR_SIGNATURE) : uk_ok();
	while (uk_buf_left(out) > 0) {
		size_t n = 0;
		int rc;

		ERR_clear_error();
		rc = SSL_read_ex(
		    s->ssl, out->p + out->len, uk_buf_left(out), &n);
		if (rc != 1)
			return result_of(s, rc);
		out->len += n;
	}
	return uk_ok();
}
