#ifndef CM_MAILLOG_H
#define CM_MAILLOG_H

/* The mail log, $CM_HOME/log/mail.csv, cm-maillog(5): one row for each message
 * received or refused, whichever front end it came to. */

#include "header.h"

/* One row. A text that is 0 is an empty cell. Texts may come from anybody: they
 * are cut, cleaned, defused and quoted here. */
struct maillog {
  const char *id;
  const char *port;
  const char *protocol;    /* SMTP, ESMTP, POP3 ... */
  const char *ip;          /* of the client */
  const char *host;
  const char *helo;
  const char *sender;
  const char *recipients;  /* each on a line of its own, as in CM_ENVELOPE */
  const char *from;        /* maillog_header fills these three */
  const char *subject;
  const char *messageid;
  const char *verdict;     /* as verdict_name gives it, or a result of the front end's own */
  const char *stage;       /* that decided */
  const char *reason;
  const char *trace;       /* lines "NAME WORD CODE MS SCORE REASON", one for each stage */
  const char *reply;       /* what the client heard */
  const char *upstream;    /* what the upstream said */
  const char *stored;      /* the file that holds a copy */
  unsigned long size;      /* bytes of the message as received */
  unsigned long client_in, client_out, upstream_in, upstream_out;  /* bytes, as we see them */
  unsigned long ms;        /* from MAIL to the reply */
};

/* Fill from, subject and messageid from a header: the first of each, decoded.
 * They are the module's own until the next call. 1, or 0 without memory. */
int maillog_header(struct maillog *log, const struct header *header);

/* Append the row, whole, by one write, and the names of the columns before it
 * where the file is new. 1; -1 with errno: the session's log has said so, by the path.
 * Go on; no mail depends on this log. */
int maillog_append(const struct maillog *log);

#endif
