/* Written line by line, so that it is whole when the process is killed. */
#include "vc_transcript.h"

#include "hex.h"

#include <fcntl.h>
#include <unistd.h>

uk_err vc_transcript_open(
    struct vc_transcript *t, const char *path, bool redact, uk_bytes atr)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	*t = (struct vc_transcript){ .redact = redact };
	if (fd < 0)
		return uk_fail(UK_ERR_IO);
	t->file = fdopen(fd, "a");
	if (t->file == NULL) {
		(void)close(fd);
		return uk_fail(UK_ERR_MEMORY);
	}
	if (lseek(fd, 0, SEEK_END) == 0)
		(void)fputs(VC_TRANSCRIPT_TITLE "\n", t->file);
	vc_transcript_command(t, '@', atr);
	return uk_ok();
}

void vc_transcript_close(struct vc_transcript *t)
{
	if (t->file != NULL)
		(void)fclose(t->file);
	t->file = NULL;
}

/* --- what is hidden --------------------------------------------------------
 */

/* Commands whose data may be a PIN or a key, by their instruction byte:
 * VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER, PUT DATA, PUT KEY, STORE
 * DATA, and those with which PIV cards take keys. */
static bool is_secret(uk_bytes command)
{
	static const uint8_t secret[] = { 0x20, 0x24, 0x2c, 0xdb, 0xd8, 0xe2,
		0xfe, 0xff };

	for (size_t i = 0; command.n > 4 && i < sizeof(secret); i++) {
		if (command.p[1] == secret[i])
			return true;
	}
	return false;
}

/* PSO: DECIPHER, raw RSA and GENERAL AUTHENTICATE (which decipher as well), and
 * what is fetched of them. */
static bool answers_secret(struct vc_transcript *t, uk_bytes command)
{
	enum {
		PSO = 0x2a,
		GENERAL_AUTH = 0x87,
		INTERNAL_AUTH = 0x88,
		GET_RESPONSE = 0xc0
	};
	uint8_t ins = command.n < 4 ? 0 : command.p[1];

	if (ins != GET_RESPONSE)
		t->answers_secret = (ins == PSO && command.p[2] == 0x80) ||
				    ins == GENERAL_AUTH ||
				    (ins == INTERNAL_AUTH &&
					command.p[2] == 0x00);
	return t->answers_secret;
}

/* --- lines -----------------------------------------------------------------
 */

static void write_hex(FILE *f, uk_bytes v)
{
	char text[2 * 64 + 1];

	for (; v.n > 0; v = uk_bytes_from(v, 64)) {
		uk_hex_str(text, sizeof(text), uk_bytes_first(v, 64));
		(void)fputs(text, f);
	}
}

/* Shown are the first and the last bytes; the others are counted. */
static void write_line(
    struct vc_transcript *t, char sign, uk_bytes v, size_t first, size_t last)
{
	if (t->file == NULL)
		return;
	(void)fprintf(t->file, "%c ", sign);
	write_hex(t->file, uk_bytes_first(v, first));
	if (first + last < v.n)
		(void)fprintf(t->file, "%s(%zu bytes not shown)%s",
		    first > 0 ? " " : "", v.n - first - last,
		    last > 0 ? " " : "");
	write_hex(t->file, uk_bytes_last(v, last));
	(void)fputc('\n', t->file);
	(void)fflush(t->file);
}

void vc_transcript_control(struct vc_transcript *t, uint8_t control)
{
	write_line(t, '#', uk_view(&control, 1), 1, 0);
}

void vc_transcript_command(struct vc_transcript *t, char sign, uk_bytes v)
{
	write_line(t, sign, v, t->redact && is_secret(v) ? 4 : v.n, 0);
}

/* The status word is never secret. */
void vc_transcript_answer(struct vc_transcript *t, uk_bytes command, uk_bytes v)
{
	bool hide = answers_secret(t, command) && t->redact && v.n > 2;

	write_line(t, '<', v, hide ? 0 : v.n, hide ? 2 : 0);
}
