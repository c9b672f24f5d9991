/*
 * What systemd is told, by the protocol of sd_notify(3): one datagram to the
 * socket that the environment names, and nothing if it names none.
 */
#ifndef BANK_NOTIFY_H
#define BANK_NOTIFY_H

/* "READY=1", "STOPPING=1". That nobody hears it is no failure of ours. */
void bank_systemd_tell(const char *state);
/* Still alive; call it every second. Only if a watchdog was asked for. */
void bank_systemd_alive(void);

#endif
