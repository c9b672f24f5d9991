/*
 * The directories of a payment card: which accounts it has, most wanted first.
 *
 * PSE ("1PAY.SYS.DDF01", EMV 4.3 Book 1, 12.2.3) is a file that is read record
 * by record, PPSE ("2PAY.SYS.DDF01", EMV contactless Book B, 3.3) says it all
 * in the answer to SELECT. Both are made fresh from the payment applications
 * that are on the card and personalised.
 */
#ifndef VC_PSE_H
#define VC_PSE_H

#include "vc_app.h"

extern const struct vc_app_ops vc_pse_ops, vc_ppse_ops;

#endif
