#ifndef CM_BEHIND_H
#define CM_BEHIND_H

#include "session.h"

/* The SMTP server behind us, in lock step with the client. */

/* Make sure that there is a connection, to the first of the upstreams that answers.
 * 1; 0: there is none, logged; or the one that belonged to a user is lost. Where it comes to a queue program there is nothing to do: 1. */
int behind_connect(struct session *s);

/* What the client hears then. */
const char *behind_unreached(const struct session *s);

/* What there is behind us now: SMTPC_ flags. */
unsigned int behind_offers(const struct session *s);

/* Send it a command of len bytes, without CRLF; the reply's code. 421 or no reply
 * at all is logged, closes the connection and is -1; so is a connection that is
 * closed already. */
int behind_ask(struct session *s, const char *line, size_t len);

/* The same with what nobody may read: no log has it or the answer, and it is wiped. */
int behind_whisper(struct session *s, const char *line, size_t len);

/* If it is in the transaction and has heard nothing for so long as
 * control/keepalive says, it hears NOOP, lest it leaves. By clock_last(): the caller has just
 * asked what time it is. */
void behind_awake(struct session *s);

/* Queue its last reply, checked and rebuilt, for the client. */
void behind_relay(struct session *s);

/* Has it come back without what the client was told, and wants to use for this
 * MAIL? 1 or 0. */
int behind_lacks(const struct session *s, const struct params *params);

/* Put the MAIL command into the transaction, as a redirect repeats it. 1 or 0. */
int behind_compose(struct session *s, const struct params *params);

/* Hand on MAIL from the transaction's sender; RCPT to this address. 1: taken, with
 * 250 to 252. 0: it was not, and the client's reply is queued: its refusal, or 451
 * for what is no answer to such a command. SIZE (RFC 1870) goes only where it was
 * offered, and is no part of what a redirect repeats. */
int behind_mail(struct session *s, const struct params *params);
int behind_rcpt(struct session *s, const struct address *address, const struct params *params);

/* The MAIL of the transaction once more. The code of its reply, or -1. */
int behind_repeat(struct session *s);

#endif
