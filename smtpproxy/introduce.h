#ifndef CM_INTRODUCE_H
#define CM_INTRODUCE_H

/* The upstream hears who our client is, in the way that its line in control/upstream
 * names with client=. */

#include "session.h"

/* Before connecting to s->to: what smtpc_open says by PROXY. */
void introduce_before(struct session *s);

/* In a session that was opened, XCLIENT. 1; 0: it has not become known there, logged, and
 * the connection is closed: by our own address nobody else may be judged. */
int introduce(struct session *s);

/* Before MAIL, XFORWARD. It only tells: without it mail goes on. */
void introduce_message(struct session *s);

#endif
