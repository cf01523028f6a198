#ifndef CM_CAPA_H
#define CM_CAPA_H

#include "session.h"

/* Ask the server what it offers, once for each state of the session. 1, or -1: it
 * is lost. One that does not know the question offers nothing. */
int capa_ask(struct session *s);

/* Answer CAPA: what the server offers and we can carry. */
void capa_answer(struct session *s);

/* May a client be offered this mechanism, len bytes in whatever case? Any that is
 * only passed on where there is one server; where a user name says which, those
 * that let us read it. 1 or 0. */
int capa_mechanism(const struct session *s, const char *name, size_t len);

#endif
