/*
 * Talks to a card in plain APDUs, line by line, so that a script can use an
 * answer in its next command:
 *
 *     scapdu NAME          NAME is any part of the reader's name
 *
 * A line of standard input is one command in hexadecimal, or the word "reset",
 * or "control N" and data in hexadecimal for the reader (SCARD_CTL_CODE(N)).
 * Each gets one line of output: the answer in hexadecimal, status word last
 * (after a blank if there is data), "reset", or "error 8010xxxx" in PC/SC's
 * words. Nothing is added, collected (61xx) or repeated (6Cxx): what the card
 * says is what is printed.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winscard.h>

#include <reader.h> /* SCARD_CTL_CODE */

enum { APDU_MAX = 65544, LINE_MAX_CHARS = 2 * APDU_MAX + 16, LIST_MAX = 4096 };

static int fail(LONG rc)
{
	printf("error %08lX\n", (unsigned long)rc & 0xffffffffUL);
	fflush(stdout);
	return 1;
}

static const char *find_reader(SCARDCONTEXT ctx, const char *part)
{
	static char list[LIST_MAX];
	DWORD len = sizeof(list);

	if (SCardListReaders(ctx, NULL, list, &len) != SCARD_S_SUCCESS)
		return NULL;
	for (const char *name = list; *name != '\0'; name += strlen(name) + 1)
		if (strstr(name, part) != NULL)
			return name;
	return NULL;
}

/* Blanks between bytes are allowed; anything else ends the command. */
static size_t bytes_of(const char *line, BYTE *out)
{
	size_t n = 0;
	unsigned byte;

	for (;;) {
		while (*line == ' ')
			line++;
		if (!isxdigit((unsigned char)line[0]) ||
		    !isxdigit((unsigned char)line[1]) || n == APDU_MAX)
			return n;
		sscanf(line, "%2x", &byte);
		out[n++] = (BYTE)byte;
		line += 2;
	}
}

static void print_answer(const BYTE *answer, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (n > 2 && i == n - 2)
			putchar(' ');
		printf("%02X", answer[i]);
	}
	putchar('\n');
	fflush(stdout);
}

static void transmit(SCARDHANDLE card, DWORD protocol, const char *line)
{
	static BYTE cmd[APDU_MAX], answer[APDU_MAX];
	const SCARD_IO_REQUEST *pci = protocol == SCARD_PROTOCOL_T0
					  ? SCARD_PCI_T0
					  : SCARD_PCI_T1;
	DWORD len = sizeof(answer);
	LONG rc;

	rc = SCardTransmit(
	    card, pci, cmd, bytes_of(line, cmd), NULL, answer, &len);
	if (rc == SCARD_S_SUCCESS)
		print_answer(answer, len);
	else
		fail(rc);
}

static void reset(SCARDHANDLE card, DWORD *protocol)
{
	LONG rc = SCardReconnect(card, SCARD_SHARE_SHARED,
	    SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, SCARD_RESET_CARD, protocol);

	if (rc != SCARD_S_SUCCESS) {
		fail(rc);
		return;
	}
	puts("reset");
	fflush(stdout);
}

/* "control 3841 3C543E..." */
static void control(SCARDHANDLE card, const char *line)
{
	static BYTE in[APDU_MAX], out[LIST_MAX];
	char *data;
	DWORD code = SCARD_CTL_CODE(strtoul(line, &data, 10)), len = 0;
	size_t n = bytes_of(data, in);
	LONG rc = SCardControl(card, code, in, n, out, sizeof(out), &len);

	if (rc == SCARD_S_SUCCESS)
		print_answer(out, len);
	else
		fail(rc);
}

int main(int argc, char **argv)
{
	static char line[LINE_MAX_CHARS];
	SCARDCONTEXT ctx;
	SCARDHANDLE card;
	DWORD protocol;
	const char *reader;
	LONG rc;

	if (argc != 2) {
		fprintf(stderr, "usage: scapdu NAME <commands\n");
		return 2;
	}
	rc = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &ctx);
	if (rc != SCARD_S_SUCCESS)
		return fail(rc);
	if ((reader = find_reader(ctx, argv[1])) == NULL)
		return fail(SCARD_E_UNKNOWN_READER);
	rc = SCardConnect(ctx, reader, SCARD_SHARE_SHARED,
	    SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &card, &protocol);
	if (rc != SCARD_S_SUCCESS)
		return fail(rc);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (strncmp(line, "reset", 5) == 0)
			reset(card, &protocol);
		else if (strncmp(line, "control ", 8) == 0)
			control(card, line + 8);
		else
			transmit(card, protocol, line);
	}
	SCardDisconnect(card, SCARD_RESET_CARD);
	SCardReleaseContext(ctx);
	return 0;
}
