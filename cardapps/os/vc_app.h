/*
 * An application on the card, as the operating system sees it.
 *
 * A command is a function and a row in a table. It reads the command (chaining
 * already undone, class byte checked), appends its answer to out and returns
 * the status word; the system cuts the answer into pieces, and forgets every
 * change in memory that the command did not commit. An application embeds
 * struct vc_app as its first member.
 */
#ifndef VC_APP_H
#define VC_APP_H

#include "apdu.h"
#include "vc_home.h"

struct vc_app;

typedef uint16_t vc_command_fn(
    struct vc_app *app, const uk_cmd *cmd, uk_buf *out);

struct vc_command {
	uint8_t ins;
	vc_command_fn *run;
};

struct vc_app_ops {
	const char *name;
	uint8_t number; /* in vc_nv_id: never reused for another application */
	uint8_t aid[16];
	size_t aid_len;
	size_t size; /* of the struct around vc_app */
	const struct vc_command *commands;
	size_t command_count;
	/* First content of a new card: pending, committed by the caller. */
	uk_err (*install)(struct vc_app *app);
	/* Power off, reset, or another application was selected: forget every
	 * security status. Also the first call after the struct was made. */
	void (*forget)(struct vc_app *app);
	/* Selected by name: forget() has run; the answer for SELECT, with P2's
	 * 00 (FCI), 04 (FCP) or 0C (nothing). */
	uint16_t (*select)(struct vc_app *app, uint8_t form, uk_buf *out);
	/* For EF.DIR; 1 to 32 bytes. */
	uk_bytes (*label)(struct vc_app *app);
};

struct vc_app {
	const struct vc_app_ops *ops;
	struct vc_home home;
};

static inline uk_bytes vc_app_aid(const struct vc_app *app)
{
	return uk_view(app->ops->aid, app->ops->aid_len);
}

#endif
