/* Opening ttys and sockets, and moving bytes over them. */
#include "line.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* --- names --------------------------------------------------------------- */

static bool starts(uk_bytes *v, const char *with)
{
	uk_bytes w = uk_view_str(with);

	if (!uk_bytes_eq(uk_bytes_first(*v, w.n), w))
		return false;
	*v = uk_bytes_from(*v, w.n);
	return true;
}

/* What stands before the last c; *rest: behind it. All of it if there is none.
 */
static uk_bytes split_last(uk_bytes v, char c, uk_bytes *rest)
{
	for (size_t i = v.n; i > 0; i--) {
		if (v.p[i - 1] == c) {
			*rest = uk_bytes_from(v, i);
			return uk_bytes_first(v, i - 1);
		}
	}
	*rest = UK_NONE;
	return v;
}

static bool parse_port(uk_bytes text, uint16_t *port)
{
	unsigned v = 0;

	if (text.n == 0 || text.n > 5)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		v = 10 * v + (text.p[i] - '0');
	}
	*port = (uint16_t)v;
	return v <= 65535;
}

static uk_err parse_address(uk_bytes text, struct trm_line *out)
{
	uk_bytes port, address = split_last(text, ':', &port);
	struct in_addr unused;

	if (port.n == 0) {
		port = address;
		address = uk_view_str("127.0.0.1");
	}
	UK_TRY(uk_copy_str(out->path, sizeof(out->path), address));
	return parse_port(port, &out->port) &&
		       inet_pton(AF_INET, out->path, &unused) == 1
		   ? uk_ok()
		   : uk_fail(UK_ERR_FORMAT);
}

static uk_err parse_option(uk_bytes text, struct trm_line *out)
{
	if (uk_bytes_eq(text, uk_view_str("plain"))) {
		out->plain = true;
		return uk_ok();
	}
	return starts(&text, "pairs=") && text.n > 0
		   ? uk_copy_str(out->pairs, sizeof(out->pairs), text)
		   : uk_fail(UK_ERR_FORMAT);
}

static uk_err parse_options(uk_bytes text, struct trm_line *out)
{
	while (text.n > 0) {
		size_t n = 0;

		while (n < text.n && text.p[n] != '&')
			n++;
		UK_TRY(parse_option(uk_bytes_first(text, n), out));
		text = uk_bytes_from(text, n + 1);
	}
	return uk_ok();
}

/* pcscd hands over a quoted DEVICENAME with its quotes. */
static uk_bytes unquote(uk_bytes v)
{
	bool quoted = v.n >= 2 && v.p[0] == '"' && v.p[v.n - 1] == '"';

	return quoted ? uk_view(v.p + 1, v.n - 2) : v;
}

uk_err trm_line_parse(const char *name, struct trm_line *out)
{
	uk_bytes options;
	uk_bytes v = split_last(unquote(uk_view_str(name)), '?', &options);

	*out = (struct trm_line){ .kind = TRM_LINE_TTY };
	UK_TRY(parse_options(options, out));
	if (starts(&v, "tty:"))
		return v.n == 0 ? uk_fail(UK_ERR_FORMAT)
				: uk_copy_str(out->path, sizeof(out->path), v);
	out->kind = TRM_LINE_LISTEN;
	if (starts(&v, "tcp-listen:"))
		return parse_address(v, out);
	out->kind = TRM_LINE_CONNECT;
	if (starts(&v, "tcp-connect:"))
		return parse_address(v, out);
	return uk_fail(UK_ERR_FORMAT);
}

/* --- opening ------------------------------------------------------------- */

static bool make_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t) != 0)
		return false;
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	(void)cfsetspeed(&t, B115200); /* of no meaning over USB */
	return tcsetattr(fd, TCSANOW, &t) == 0;
}

static int open_tty(const char *path)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && !make_raw(fd)) {
		close(fd);
		errno = ENOTTY;
		return -1;
	}
	return fd;
}

/* A pulled cable says nothing: after so many seconds without a sign of life
 * the line is dead, also where nobody has anything to say. */
static void set_tcp(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 5 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 5 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 2 },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, 15000 },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		(void)setsockopt(fd, options[i].level, options[i].name,
		    &options[i].value, sizeof(options[i].value));
}

static int open_tcp(const struct trm_line *l)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(l->port) };
	const struct sockaddr *to = (const struct sockaddr *)&a;
	int on = 1, rc, fd;

	if (inet_pton(AF_INET, l->path, &a.sin_addr) != 1)
		return -1;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	set_tcp(fd);
	if (l->kind == TRM_LINE_LISTEN) {
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		rc = bind(fd, to, sizeof(a)) == 0 ? listen(fd, 1) : -1;
	} else {
		rc = connect(fd, to, sizeof(a));
		if (rc != 0 && errno == EINPROGRESS)
			rc = 0; /* reading will tell */
	}
	if (rc == 0)
		return fd;
	close(fd);
	return -1;
}

uk_err trm_line_open(const struct trm_line *l, int *fd)
{
	*fd = l->kind == TRM_LINE_TTY ? open_tty(l->path) : open_tcp(l);
	return *fd < 0 ? uk_fail(UK_ERR_NOT_FOUND) : uk_ok();
}

uk_err trm_line_accept(int listener, int *fd)
{
	*fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (*fd < 0)
		return uk_fail(UK_ERR_NOT_FOUND);
	set_tcp(*fd);
	return uk_ok();
}

uint16_t trm_line_port(int listener)
{
	struct sockaddr_in a = { 0 };
	socklen_t n = sizeof(a);

	return getsockname(listener, (struct sockaddr *)&a, &n) == 0
		   ? ntohs(a.sin_port)
		   : 0;
}

/* --- moving bytes -------------------------------------------------------- */

int64_t trm_now_ms(void)
{
	struct timespec t = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool later(void)
{
	return errno == EAGAIN || errno == EINTR || errno == ENOTCONN ||
	       errno == EINPROGRESS;
}

bool trm_line_read(int fd, uint8_t *bytes, size_t cap, size_t *n)
{
	ssize_t got = read(fd, bytes, cap);

	*n = got > 0 ? (size_t)got : 0;
	return got > 0 || (got < 0 && later());
}

bool trm_line_write(int fd, uk_bytes v, size_t *n)
{
	ssize_t put = write(fd, v.p, v.n);

	*n = put > 0 ? (size_t)put : 0;
	return put >= 0 || later();
}
