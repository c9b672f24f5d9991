/* A server as OpenSSL's defaults make it. */
#include "peer.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static SSL_CTX *context(const struct peer_files *f)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	if (tls == NULL ||
	    SSL_CTX_use_certificate_chain_file(tls, f->cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(tls, f->key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_load_verify_file(tls, f->ca) != 1)
		abort();
	SSL_CTX_set_verify(
	    tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return tls;
}

static void answer(SSL *ssl)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
				   "Connection: close\r\n\r\n{}";
	char in[4096];
	int n = 0, got;

	while ((got = SSL_read(ssl, in + n, (int)sizeof(in) - 1 - n)) > 0) {
		in[n += got] = '\0';
		if (strstr(in, "\r\n\r\n") != NULL)
			break;
	}
	(void)SSL_write(ssl, text, sizeof(text) - 1);
	(void)SSL_shutdown(ssl);
}

void peer_serve(int fd, void *arg)
{
	SSL_CTX *tls = context(arg);

	signal(SIGPIPE, SIG_IGN);
	(void)fcntl(fd, F_SETFL, 0); /* one after the other */
	for (;;) {
		int link = accept(fd, NULL, NULL);
		SSL *ssl = link < 0 ? NULL : SSL_new(tls);

		if (ssl == NULL)
			exit(1);
		if (SSL_set_fd(ssl, link) == 1 && SSL_accept(ssl) == 1)
			answer(ssl);
		SSL_free(ssl);
		close(link);
	}
}
