/*
 * An application on the card, as the operating system sees it.
 *
 * What a load file brings is a kind: struct vc_app_ops, a const record. What is
 * on the card is an instance of a kind: struct vc_app, with a name (AID) of its
 * own and a number of its own in non-volatile memory. There may be several of
 * one kind; they come and go (vc_registry.h).
 *
 * A command is a function and a row in a table. It reads the command (chaining
 * already undone, channel and chaining bits taken out of the class byte),
 * appends its answer to out and returns the status word; the system cuts the
 * answer into pieces, and forgets every change in memory that the command did
 * not commit. An application embeds struct vc_app as its first member.
 */
#ifndef VC_APP_H
#define VC_APP_H

#include "apdu.h"
#include "vc_home.h"

enum { VC_AID_MIN = 5, VC_AID_MAX = 16, VC_CHANNELS = 4 };

/* A name: 5 to 16 bytes (ISO/IEC 7816-4:2020, 12.2.3). */
struct vc_aid {
	uint8_t n;
	uint8_t p[VC_AID_MAX];
};

/* As initializer: .aid = VC_AID(0xa0, 0x00, ...) */
#define VC_AID(...)                                                            \
	{                                                                      \
		sizeof((uint8_t[]){ __VA_ARGS__ }),                            \
		{                                                              \
			__VA_ARGS__                                            \
		}                                                              \
	}

/* Life cycle of an instance, GlobalPlatform 2.3.1, table 11-4. Between
 * SELECTABLE and 7F the application has states of its own (bits 04 to 40). */
enum vc_life {
	VC_LIFE_INSTALLED = 0x03,
	VC_LIFE_SELECTABLE = 0x07,
	VC_LIFE_PERSONALIZED = 0x0f, /* of security domains; ours use it too */
	VC_LIFE_LOCKED = 0x80        /* added to the state it comes back to */
};

/* Privileges, GlobalPlatform 2.3.1, table 11-7: the first of three bytes. */
enum vc_privilege {
	VC_PRIV_SECURITY_DOMAIN = 0x80,
	VC_PRIV_CARD_LOCK = 0x10,
	VC_PRIV_CARD_TERMINATE = 0x08,
	VC_PRIV_DEFAULT_SELECTED = 0x04,
	VC_PRIV_CVM = 0x02
};
enum { VC_PRIV_SIZE = 3 };

struct vc_app;

typedef uint16_t vc_command_fn(
    struct vc_app *app, const uk_cmd *cmd, uk_buf *out);

struct vc_command {
	uint8_t ins;
	vc_command_fn *run;
};

/* What is peculiar to a kind; all false is an ordinary modern application. */
struct vc_traits {
	bool no_chaining;  /* command chaining is refused: 6884 */
	bool short_only;   /* extended length is refused: 6700 */
	uint16_t most;     /* data bytes in one answer, whatever Le says: the
			      rest follows by 61xx; 0: as many as asked for */
	bool basic_only;   /* not on logical channels 1 to 3: 6881 */
	bool multi;        /* may be selected on several channels at once */
	bool own_files;    /* SELECT of 3F00, or of nothing, is a command of
			      its own and not the way back to the card's MF;
			      and so is SELECT by a name that the card does
			      not know (Java Card RE 3.0.4, 4.6) */
	bool paths;        /* SELECT by path from the MF (P1 = 08) is the card's
			      command, not its own: it leads to EF.DIR */
	bool eager;        /* a command without Le has its answer, up to 256
			      bytes, all the same: Java Cards do so in T=1 */
	bool preinstalled; /* every new card has one */
};

/* How SELECT by name came. */
struct vc_select {
	uint8_t form;  /* P2's 00 (FCI), 04 (FCP) or 0C (nothing) */
	bool again;    /* it was selected on this channel already */
	uk_bytes name; /* as sent: may be only the beginning of the AID */
};

/* A kind. Kept by reference for as long as the card is open. */
struct vc_app_ops {
	const char *name;      /* 1 to 16 characters; stored on the card */
	struct vc_aid package; /* GlobalPlatform: the executable load file */
	struct vc_aid module;  /* and the executable module in it */
	struct vc_aid aid;     /* of an instance for which none is given */
	uint8_t privileges[VC_PRIV_SIZE]; /* of such an instance */
	struct vc_traits traits;
	size_t size; /* of the struct around vc_app */
	const struct vc_command *commands;
	size_t command_count;
	/* Class bytes it takes, as cmd->cla will be: channel and chaining bits
	 * are out, bits 04, 08 and 80 are as sent. NULL: 00 alone. Others are
	 * answered 6E00 before chaining is looked at. */
	bool (*takes_class)(uint8_t cla);
	/* Instructions that may be chained; the others are answered 6884. NULL:
	 * all of them. */
	bool (*takes_chain)(uint8_t ins);
	/* First content of a new instance: pending, committed by the caller.
	 * params: what stands in C9 of INSTALL, or none. UK_ERR_FORMAT: they
	 * are not understood (6A80); other errors as in vc_sw(). */
	uk_err (*install)(struct vc_app *app, uk_bytes params);
	/* Reset, power off, or another application was selected on the last
	 * channel that it was selected on: forget every security status. Also
	 * the first call after the struct was made. NOT called when it is
	 * selected again (vc_select.again): whether that ends statuses is the
	 * kind's own rule, to be carried out in select(). */
	void (*forget)(struct vc_app *app);
	/* SELECT by name; the answer. An error status (not 9000, 62xx, 63xx)
	 * refuses the selection and leaves the channel as it was. */
	uint16_t (*select)(
	    struct vc_app *app, const struct vc_select *how, uk_buf *out);
	/* For EF.DIR; 1 to 32 bytes. NULL: not in EF.DIR. */
	uk_bytes (*label)(struct vc_app *app);
	/* STORE DATA that the security domain passes on while this instance is
	 * being personalised (INSTALL [for personalization]). NULL: 6985. */
	vc_command_fn *store_data;
};

struct vc_app {
	const struct vc_app_ops *ops;
	struct vc_home home;
	struct vc_aid aid;
	uint8_t channels; /* bit n: selected on channel n */
};

static inline uk_bytes vc_aid_view(const struct vc_aid *aid)
{
	return uk_view(aid->p, aid->n);
}

static inline uk_bytes vc_app_aid(const struct vc_app *app)
{
	return vc_aid_view(&app->aid);
}

#endif
