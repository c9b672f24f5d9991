/*
 * What virtual cards cost:
 *
 *     vcardbench UKEY-VCARD [--json] [--smoke]
 *
 * UKEY-VCARD is the program. Cards made in a second; commands in a second,
 * inside the process and over the reader socket; the time of a signature;
 * memory for each of a hundred cards in one process; a hundred programs with a
 * card each at once. --smoke does a little of each, to see that it works.
 * Figures are those of this machine and this moment.
 */
#include "transport.h"
#include "vc_json.h"
#include "vc_perso.h"
#include "vc_profile.h"

#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CROWD = 100, SMOKE_CROWD = 3, CROWD_MAX = CROWD };

static bool json, smoke;
static const char *program;
static unsigned rows;

static void stop(const char *what)
{
	(void)fprintf(stderr, "vcard: %s failed\n", what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void report(const char *name, double value, const char *unit)
{
	if (json)
		printf("%s\n  { \"name\": \"%s\", \"value\": %.3f, "
		       "\"unit\": \"%s\" }",
		    rows == 0 ? "[" : ",", name, value, unit);
	else
		printf("%-36s %12.1f %s\n", name, value, unit);
	rows++;
}

/* --- cards -----------------------------------------------------------------
 */

static struct vc_card *make_card(const char *type)
{
	struct vc_card *card = NULL;
	struct vc_doc doc;
	char text[128], *ca = NULL;

	(void)snprintf(text, sizeof(text),
	    "{\"applications\":{\"keys\":[{\"type\":\"%s\"},"
	    "{\"type\":\"p256\"}]}}",
	    type);
	if (!uk_is_ok(vc_doc_read(text, type, time(NULL), &doc)) ||
	    !uk_is_ok(vc_profile_make(&doc, NULL, &card, &ca)))
		stop("a card");
	OPENSSL_free(ca);
	vc_doc_close(&doc);
	return card;
}

static void measure_making(const char *type, int count, const char *name)
{
	double begin = now();

	for (int i = 0; i < count; i++) {
		struct vc_card *card = make_card(type);

		vc_card_close(&card);
	}
	report(name, count / (now() - begin), "cards/s");
}

/* Pages of this process, from /proc/self/statm. */
static long resident_kb(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long total, resident = 0;

	if (f == NULL || fscanf(f, "%ld %ld", &total, &resident) != 2)
		stop("/proc/self/statm");
	(void)fclose(f);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void measure_memory(void)
{
	static struct vc_card *cards[CROWD_MAX];
	int count = smoke ? SMOKE_CROWD : CROWD;
	long before = resident_kb();

	for (int i = 0; i < count; i++)
		cards[i] = make_card("p256");
	report("memory for each card", (double)(resident_kb() - before) / count,
	    "kB");
	for (int i = 0; i < count; i++)
		vc_card_close(&cards[i]);
}

/* --- commands --------------------------------------------------------------
 */

static const uint8_t select_mf[] = { 0x00, 0xa4, 0x00, 0x0c };

static void measure_inside(int count)
{
	struct vc_card *card = make_card("p256");
	double begin = now();

	for (int i = 0; i < count; i++)
		(void)vc_card_transmit(card, UK_ARRAY(select_mf));
	report("commands inside the process", count / (now() - begin), "/s");
	vc_card_close(&card);
}

static void transmit(uk_link *l, uk_bytes command)
{
	uint8_t storage[1024];
	uk_buf out = UK_BUF(storage);

	if (!uk_is_ok(uk_link_transmit(l, command, &out, false)) ||
	    out.len < 2 || storage[out.len - 2] != 0x90)
		stop("a command");
}

static void measure_signing(uk_link *l, int count, const char *name, bool rsa)
{
	static const uint8_t app[] = { 0x00, 0xa4, 0x04, 0x0c, 0x08, 0xf0, 'u',
		'k', 'e', 'y', '.', '0', '1' };
	static const uint8_t verify[] = { 0x00, 0x20, 0x00, 0x81, 0x06, '1',
		'2', '3', '4', '5', '6' };
	uint8_t sign[5 + 32 + 1] = { 0x00, 0x88, rsa ? 0x13 : 0x30, 0x01, 32 };
	double begin;

	transmit(l, UK_ARRAY(app));
	transmit(l, UK_ARRAY(verify));
	begin = now();
	for (int i = 0; i < count; i++)
		transmit(l, UK_ARRAY(sign));
	report(name, (now() - begin) / count * 1000, "ms");
}

/* --- the program -----------------------------------------------------------
 */

/* Its end when standard input ends: `cat` holds the card. */
static pid_t start(const char *profile, int *in, int *out)
{
	int to[2], from[2];
	pid_t pid;

	if (pipe(to) != 0 || pipe(from) != 0)
		stop("a pipe");
	pid = fork();
	if (pid < 0)
		stop("a process");
	if (pid == 0) {
		(void)dup2(to[0], STDIN_FILENO);
		(void)dup2(from[1], STDOUT_FILENO);
		for (int fd = 3; fd < 1024; fd++)
			(void)close(fd);
		(void)execl(program, program, "exec", "--profile", profile,
		    "--", "sh", "-c", "echo \"$UKEY_VCARD_DIR\"; cat",
		    (char *)NULL);
		_exit(127);
	}
	(void)close(to[0]);
	(void)close(from[1]);
	*in = to[1];
	*out = from[0];
	return pid;
}

static void await_line(int fd, char *line, size_t cap)
{
	size_t n = 0;

	while (n + 1 < cap && read(fd, &line[n], 1) == 1 && line[n] != '\n')
		n++;
	line[n] = '\0';
	if (n == 0)
		stop("ukey-vcard exec");
}

static void finish(pid_t pid, int in, int out)
{
	int status;

	(void)close(in);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		stop("ukey-vcard exec");
	(void)close(out);
}

static void measure_socket(const char *type, int commands, int signatures)
{
	struct uk_readers_config c = { .no_pcsc = true };
	bool rsa = strcmp(type, "rsa2048") == 0;
	char line[128], address[160], name[64];
	uk_readers *r;
	uk_link *l;
	double begin = now();
	int in, out;
	pid_t pid = start(type, &in, &out);

	await_line(out, line, sizeof(line));
	(void)snprintf(
	    name, sizeof(name), "exec, until the card is there, %s", type);
	report(name, (now() - begin) * 1000, "ms");
	(void)snprintf(address, sizeof(address), "unix:%s/reader", line);
	if (!uk_is_ok(uk_readers_add(&c, address)) ||
	    !uk_is_ok(uk_readers_open(&c, &r)) ||
	    !uk_is_ok(uk_readers_connect(r, "Virtual Card Reader 00 00", &l)))
		stop("the reader socket");
	begin = now();
	for (int i = 0; i < commands; i++)
		transmit(l, UK_ARRAY(select_mf));
	if (!rsa)
		report("commands over the reader socket",
		    commands / (now() - begin), "/s");
	(void)snprintf(name, sizeof(name), "a signature, %s", type);
	measure_signing(l, signatures, name, rsa);
	uk_link_close(&l, UK_LEAVE_CARD);
	uk_readers_close(&r);
	finish(pid, in, out);
}

static void measure_crowd(void)
{
	int count = smoke ? SMOKE_CROWD : CROWD;
	int in[CROWD_MAX], out[CROWD_MAX];
	pid_t pids[CROWD_MAX];
	char line[128];
	double begin = now();

	for (int i = 0; i < count; i++)
		pids[i] = start("p256", &in[i], &out[i]);
	for (int i = 0; i < count; i++)
		await_line(out[i], line, sizeof(line));
	report("programs with a card each, at once", count, "");
	report("until the last card is there", (now() - begin) * 1000, "ms");
	for (int i = 0; i < count; i++)
		finish(pids[i], in[i], out[i]);
}

int main(int argc, char **argv)
{
	int much;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (strcmp(argv[i], "--smoke") == 0)
			smoke = true;
		else
			program = argv[i];
	}
	if (program == NULL) {
		(void)fprintf(stderr, "usage: vcardbench UKEY-VCARD [--json] "
				      "[--smoke]\n");
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	much = smoke ? 1 : 100;
	measure_making("p256", 2 * much, "cards made, P-256");
	measure_making("rsa2048", smoke ? 1 : 10, "cards made, RSA-2048");
	measure_memory();
	measure_inside(1000 * much);
	measure_socket("p256", 100 * much, 5 * much);
	measure_socket("rsa2048", 10, 2 * much);
	measure_crowd();
	(void)fputs(json ? "\n]\n" : "", stdout);
	return 0;
}
