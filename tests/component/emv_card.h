/* Payment cards in memory. */
#ifndef EMV_CARD_H
#define EMV_CARD_H

#include "vc_emv_perso.h"
#include "vcard_fixture.h"

#define EMV_SELECT "00A4040008A00000033301010100"
#define EMV_BEGIN  "80A8000002830000"
#define EMV_LOGIN  "0020008008241234FFFFFFFFFF"
#define EMV_READ   "00B2011400" /* SFI 2, record 1 */

/* What a terminal tells for CDOL1: 1.00 CNY in China on 2024-01-01 at 12:34:56,
 * unpredictable number 12345678, "SHOP". */
#define EMV_DATA                                                               \
	"000000000100"                                                         \
	"000000000000"                                                         \
	"0156"                                                                 \
	"0000000000"                                                           \
	"0156"                                                                 \
	"240101"                                                               \
	"00"                                                                   \
	"12345678"                                                             \
	"123456"                                                               \
	"53484F5020202020202020202020202020202020"
#define EMV_ARQC "80AE800034" EMV_DATA "00"
#define EMV_TC   "80AE400034" EMV_DATA "00"
#define EMV_AAC  "80AE000034" EMV_DATA "00"
/* And for CDOL2, after the authorisation response code. */
#define EMV_TC2(arc)  "80AE400036" arc EMV_DATA "00"
#define EMV_AAC2(arc) "80AE000036" arc EMV_DATA "00"

/* PAN 6222021234567890, sequence number 01, PIN 1234, two transactions in a row
 * without the bank, three entries in the log, issuer key
 * 0123456789ABCDEFFEDCBA9876543210. */
extern const struct vc_emv_perso emv_test;

/* The application, PSE and PPSE; nothing is selected. */
struct vc_card *emv_card(const struct vc_emv_perso *perso);

/* cmocka's: selected, with emv_test. */
int emv_set_up(void **state);

#endif
