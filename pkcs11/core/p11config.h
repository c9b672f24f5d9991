/*
 * The module's configuration: a file of `name = value` lines, '#' comments.
 *
 *   UKEY_PKCS11_CONF (environment)   instead of the files below
 *   $XDG_CONFIG_HOME/ukey/pkcs11.conf, else ~/.config/ukey/pkcs11.conf
 *   SYSCONFDIR/ukey/pkcs11.conf      only if the user has none
 *
 *   debug = PATH                     the debug log; UKEY_PKCS11_DEBUG overrides
 *   debug_level = info | debug       calls only, or every command as well
 *   gm_numbers = luna | ec | sansec | tass | ep11
 *                                    what SM2 and SM3 are called (gm.h)
 *   pinpad = auto | off              use the PIN pad of a reader that has one
 *   cache = on | off | trust         remember what cards tell everybody, below
 *                                    $XDG_CACHE_HOME/ukey or ~/.cache/ukey;
 *                                    trust: without asking again, where a
 *                                    card cannot prove what it holds
 *   linger = MILLISECONDS            how long a card is held after a call, in
 *                                    case more is to come; 0 to 1000
 *   reader = unix:PATH | fd:N        a reader in another process, without the
 *                                    service (transport.h); may be repeated
 *   pcsc = on | off                  are the service's readers used as well?
 *
 * The environment is ignored in set-user-id programs, and so are `reader` and
 * `pcsc` in every file: who names a reader chooses the card. What cannot be
 * read is as if it were not there: a module must not keep its host from
 * starting.
 */
#ifndef P11_CONFIG_H
#define P11_CONFIG_H

#include "transport.h"

void p11_config_load(void);   /* reads it and opens the log */
void p11_config_unload(void); /* closes the log */
void p11_config_forget(void); /* after fork: the log is the parent's */

bool p11_config_pinpad(void); /* are PIN pads to be used? */
unsigned p11_config_linger_ms(void);
const struct uk_readers_config *p11_config_readers(void);

#endif
