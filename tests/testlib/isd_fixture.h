/*
 * A new card in memory, its issuer security domain, and the host's side of a
 * channel to it. What the domain must answer is worked out from GlobalPlatform
 * 2.3.1; the host's side is written a second time in gp_host.c, and a third
 * time in Python in tests/system.
 */
#ifndef ISD_FIXTURE_H
#define ISD_FIXTURE_H

#include "gp_host.h"
#include "vcard_fixture.h"

#define ISD         "A000000151000000"
#define SELECT_ISD  "00A4040008" ISD "00"
#define UKEY        "F0756B65792E3031"
#define UKEY_FILE   "F0756B6579"
#define UKEY_MODULE "F0756B65792E6D"
/* The data of INSTALL for a second U-key application, F0756B65792E3032. */
#define INSTALL_UKEY2                                                          \
	"05" UKEY_FILE "07" UKEY_MODULE "08F0756B65792E3032 0100 02C900 00"

struct isd_rig {
	struct vc_card *card;
	struct vc_crypto *crypto;
	struct gp_host host;
};
extern struct isd_rig isd_rig;

int isd_set_up(void **state);
int isd_tear_down(void **state);

/* Selects the domain and opens a channel with the default keys. */
void open_channel(uint8_t level);
/* One command through the channel, in hex; "header:data" gets its length, and
 * Le 00. The status word. */
unsigned gp(const char *text);
/* Status word, and what the answer says when its protection is gone (NULL:
 * whatever). */
#define expect_gp(command, sw, answer)                                         \
	expect_gp_at(command, sw, answer, __FILE__, __LINE__)
void expect_gp_at(const char *command, unsigned sw, const char *answer,
    const char *file, int line);
/* Without a channel nothing of what it guards passes. */
void expect_locked_out(void);

#endif
