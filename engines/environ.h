#ifndef CM_ENVIRON_H
#define CM_ENVIRON_H

/* What a served program is told by its environment: the descriptors of
 * UCSPI-TLS, and the facts of a session under mod_ssl's names. */

#include <stddef.h>

#include "tls.h"

#define ENVIRON_MAX 2048  /* bytes of an answer on SSLCTLFD */

/* Name the descriptors to the program that we become. */
void environ_offer(int control, int data);

/* And the one on which it learns that an end was in order. */
void environ_end(int end);

/* An answer: NAME=VALUE, each with its 0, and one 0 more. Its length. */
size_t environ_write(char text[ENVIRON_MAX], const struct tls_facts *facts);

/* Start TLS, as the program would do it, and put the answer into our
 * environment. 1, or 0: there is no session. */
int environ_ask(int control, unsigned long seconds);

#endif
