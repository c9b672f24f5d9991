/* The server's settings: bankd.json in its folder. */
#ifndef BANK_CONFIG_H
#define BANK_CONFIG_H

#include "err.h"

#include <stddef.h>

enum {
	BANK_CONFIG_TEXT = 256,
	BANK_CONFIG_LIST = 1024,
	BANK_ROUND = 64 /* requests share one commit, at most (answers.h) */
};

struct bank_config {
	char name[BANK_CONFIG_TEXT];           /* shown to customers */
	char host[BANK_CONFIG_TEXT];           /* name in the TLS certificate */
	char origin[BANK_CONFIG_TEXT];         /* empty: https://host:port */
	char address[BANK_CONFIG_TEXT];        /* IPv4 to listen on */
	char database[BANK_CONFIG_TEXT];       /* empty: the file bank.db */
	char signing_key[BANK_CONFIG_TEXT];    /* hsm.h; empty: sign.key */
	char vault_key[BANK_CONFIG_TEXT];      /* hsm.h; empty: pos.key */
	char operator_place[BANK_CONFIG_TEXT]; /* ops.h; empty: nowhere */
	char migrate[BANK_CONFIG_TEXT]; /* "yes", "no"; empty: by the engine */
	/* Lists: each item is followed by a newline. */
	char login_cas[BANK_CONFIG_LIST];       /* PEM files, beside our CA */
	char transaction_cas[BANK_CONFIG_LIST]; /* likewise */
	char crls[BANK_CONFIG_LIST];            /* of all those */
	char disallowed_policies[BANK_CONFIG_LIST]; /* OIDs; of login */
	/* Of tokens: "off" (any), "end-point", "exporter". */
	char channel_binding[BANK_CONFIG_TEXT];
	/* Revocation by asking (status.h): "off", "soft", "hard"; "FILE URL",
	 * for CAs whose certificates do not say where. */
	char ocsp[BANK_CONFIG_TEXT];
	char ocsp_responders[BANK_CONFIG_LIST];
	char ocsp_only[BANK_CONFIG_LIST]; /* CAs that publish no lists */
	int64_t ocsp_nonce;   /* 1: an answer without ours does not count */
	int64_t ocsp_max_age; /* of an answer, seconds */
	int64_t ocsp_seconds; /* for an answer to come */
	char front_certificate[BANK_CONFIG_TEXT]; /* PEM; where TLS ends */
	char front_socket[BANK_CONFIG_TEXT];      /* path; empty: no front */
	int64_t card_port; /* asks for client certificates; 0: any; -1: none */
	int64_t main_certificates; /* 1: the main port asks for them, too */
	int64_t pages;             /* 1: for browsers, where these log in */
	int64_t port;              /* 0: any free one */
	int64_t transfer_limit;    /* minor units of one transfer */
	int64_t max_connections, max_sessions;
	int64_t max_challenges;   /* used ones remembered for five minutes */
	int64_t max_certificates; /* found good and remembered, 3 KB each */
	int64_t session_idle_seconds, session_seconds, sessions_each;
	int64_t login_failures; /* per minute and address; 0: no limit */
	int64_t logins;         /* per minute and certificate; likewise */
	int64_t shared_logins;  /* 1: sessions and nonces in the database */
	char callback_ca[BANK_CONFIG_TEXT]; /* PEM for merchants; empty: the
					     * system's CAs */
	int64_t plain_callbacks; /* 1: http on 127.0.0.1, for tests only */
	/* More than this must be shown by the customer's computer, or by a
	 * terminal (minor units). */
	int64_t display_host_above, display_terminal_above;
	int64_t max_open_orders; /* of one customer, not confirmed yet */
	int64_t payee_check;     /* 0: off, 1: warn, 2: refuse another name */
	int64_t request_seconds; /* a request must be complete by then */
	int64_t stop_seconds;    /* for requests that are under way */
	int64_t requests_per_commit; /* so many share one at most */
	/* Card terminals (pos.h): what a password's hash costs, and the rules
	 * of payments. */
	int64_t password_kib, password_passes, password_lanes;
	int64_t pos_complete_seconds, pos_attempts, pos_no_pin_amount;
};

/* The next item of a list; false at its end. */
bool bank_config_next(const char **list, char item[BANK_CONFIG_LIST]);

void bank_config_defaults(struct bank_config *c);
/* On failure, why says in one line what is wrong and where. */
UK_RESULT bank_config_read(
    const char *path, struct bank_config *out, char *why, size_t why_cap);
/* What can change while the server runs is taken over. The name of a setting
 * that is otherwise and needs a start anew; NULL: there is none. */
const char *bank_config_renew(
    struct bank_config *running, const struct bank_config *fresh);
/* Mode 0600; UK_ERR_EXISTS if the file is there. */
UK_RESULT bank_config_write(const char *path, const struct bank_config *c);

#endif
