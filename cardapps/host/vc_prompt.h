/* Where PINs come from: a file descriptor, or a terminal with echo off; never
 * the command line or the environment. */
#ifndef VC_PROMPT_H
#define VC_PROMPT_H

#include "secret.h"

/* One line from fd (>= 0), or asked for at the terminal. UK_ERR_CANCELLED if
 * there is no terminal, UK_ERR_PIN_LENGTH if the line is empty or too long. */
UK_RESULT vc_prompt_pin(int fd, const char *question, uk_pin *pin);
/* The same; a person at a terminal is asked twice, and UK_ERR_PIN_WRONG says
 * that the two differ. */
UK_RESULT vc_prompt_new_pin(int fd, const char *question, uk_pin *pin);

#endif
