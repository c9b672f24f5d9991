/*
 * Waits for a card reader or a card, by the events of the reader service, so
 * that no script has to guess how long something takes.
 *
 *     scwait reader|card|empty NAME [seconds]
 *
 * NAME is any part of the reader's name. Exit code: 0 it is so, 1 it did not
 * come true in time (default 10 seconds), 2 wrong use, 3 no reader service.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <winscard.h>

enum { STEP_MS = 200, LIST_MAX = 4096, DEFAULT_SECONDS = 10 };

enum wish { WISH_READER, WISH_CARD, WISH_EMPTY, WISH_NONE };

static enum wish wish_of(const char *word)
{
	static const char *const words[] = { "reader", "card", "empty" };

	for (int i = 0; i < WISH_NONE; i++)
		if (strcmp(word, words[i]) == 0)
			return (enum wish)i;
	return WISH_NONE;
}

/* The first reader with `part` in its name; NULL if there is none (yet). */
static const char *find_reader(SCARDCONTEXT ctx, const char *part, char *list)
{
	DWORD len = LIST_MAX;

	if (SCardListReaders(ctx, NULL, list, &len) != SCARD_S_SUCCESS)
		return NULL;
	for (const char *name = list; *name != '\0'; name += strlen(name) + 1)
		if (strstr(name, part) != NULL)
			return name;
	return NULL;
}

/* Blocks until anything changes that `wish` may depend on, or STEP_MS. */
static bool is_so(
    SCARDCONTEXT ctx, enum wish wish, const char *part, DWORD *known)
{
	static char list[LIST_MAX];
	SCARD_READERSTATE state = { 0 };

	state.szReader = find_reader(ctx, part, list);
	if (state.szReader == NULL) {
		state.szReader = "\\\\?PnP?\\Notification";
		SCardGetStatusChange(ctx, STEP_MS, &state, 1);
		return false;
	}
	if (wish == WISH_READER)
		return true;
	state.dwCurrentState = *known;
	SCardGetStatusChange(ctx, STEP_MS, &state, 1);
	*known = state.dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
	if (wish == WISH_CARD)
		return (state.dwEventState & SCARD_STATE_PRESENT) != 0 &&
		       (state.dwEventState & SCARD_STATE_MUTE) == 0;
	return (state.dwEventState & SCARD_STATE_EMPTY) != 0;
}

int main(int argc, char **argv)
{
	enum wish wish = argc >= 3 ? wish_of(argv[1]) : WISH_NONE;
	time_t end;
	SCARDCONTEXT ctx;
	DWORD known = SCARD_STATE_UNAWARE;
	bool so = false;

	if (wish == WISH_NONE) {
		fprintf(
		    stderr, "usage: scwait reader|card|empty NAME [seconds]\n");
		return 2;
	}
	end = time(NULL) + (argc > 3 ? atoi(argv[3]) : DEFAULT_SECONDS);
	if (SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &ctx) !=
	    SCARD_S_SUCCESS) {
		fprintf(stderr, "scwait: no reader service\n");
		return 3;
	}
	while (!(so = is_so(ctx, wish, argv[2], &known)) && time(NULL) < end)
		;
	SCardReleaseContext(ctx);
	if (!so)
		fprintf(
		    stderr, "scwait: no %s '%s' in time\n", argv[1], argv[2]);
	return so ? 0 : 1;
}
