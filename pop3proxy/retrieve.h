#ifndef CM_RETRIEVE_H
#define CM_RETRIEVE_H

#include "session.h"

/* Answer RETR and TOP where there are filters: with what became of the message,
 * by the filters or by what is remembered of them. */
void retrieve_all(struct session *s, unsigned long number);
void retrieve_top(struct session *s, unsigned long number, unsigned long lines);

/* Will the server be asked to RETR this message, and nothing before? 1 or 0. */
int retrieve_asks(struct session *s, unsigned long number);

#endif
