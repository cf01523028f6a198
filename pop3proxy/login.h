#ifndef CM_LOGIN_H
#define CM_LOGIN_H

#include "session.h"
#include "verbs.h"

/* The ways into a mailbox. Each queues its answer; behind +OK the session is open. */
void login_user(struct session *s, const struct verbs *v);
void login_pass(struct session *s, const char *line, size_t len);
void login_apop(struct session *s, const char *line, size_t len, const struct verbs *v);
void login_auth(struct session *s, const struct verbs *v);

#endif
