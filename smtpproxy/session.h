#ifndef CM_SESSION_H
#define CM_SESSION_H

/* One SMTP session: a client on descriptors 0 and 1, the upstream behind us,
 * and the transaction that both are in. RFC 5321. */

#include "clock.h"
#include "command.h"
#include "decision.h"
#include "header.h"
#include "id.h"
#include "settings.h"
#include "smtpc.h"

/* What a peer that hands on others' mail has said of its client, by XFORWARD. Each is
 * 0-terminated; "": not known. */
struct forward {
  int given;
  stralloc ip, host, port, helo, proto, ident, source;
};

/* One mail transaction. transaction_reset is the only way back to nothing. */
struct transaction {
  int open;               /* MAIL has got its 250 */
  int told;               /* the upstream is in it, too */
  char id[ID_SIZE];
  long long began;        /* clock_ms() */
  struct forward forward;
  struct address sender;
  const struct params *params;  /* of MAIL */
  stralloc mail;          /* the MAIL command for the upstream */
  stralloc rcpts;         /* the RCPT commands that it took, a line each */
  stralloc recipients;    /* those that got 250, a line each, 0-terminated behind its length */
  unsigned long count;    /* of them */
  unsigned long refused;  /* the others */
  unsigned long traps;    /* of count: those that the upstream was not asked about */
  int recorded;           /* it has its line in the mail log */
  int utf8;               /* SMTPUTF8 was asked for */
  struct spool message;   /* as received, our Received field on top */
  stralloc top;           /* that field */
  struct spool filtered;  /* as the pipeline left it; fd -1: unchanged */
  int header_only;        /* of it: what goes before the body of message, which is unchanged */
  int plain;              /* message needs no encoding on its way out */
  int mended;             /* it is not byte for byte what the client sent: control/newlines */
  struct header header;   /* of message */
  struct result result;
  stralloc stored;        /* file in the store, 0-terminated; "" */
  stralloc heard;         /* what the client was told last, 0-terminated, or empty */
  char class;             /* its first digit */
  stralloc refusal;       /* the last of that which was a refusal */
  const char *words;      /* why a queue program refused it, static */
  stralloc answered;      /* what the upstream said last, 0-terminated */
  unsigned long long bytes[4];  /* counters when it began: client in, out, upstream in, out */
};

struct session {
  struct settings set;
  const char *ip, *host;  /* of the client, from the UCSPI server */
  int hidden;             /* ip is that of a proxy, which did not say whose it stands for */
  int peer;               /* control/xclient has it; 2: it has used XCLIENT */
  int relay;              /* it may send to anybody */
  char id[ID_SIZE];
  stralloc helo;          /* what the client calls itself, 0-terminated */
  int extended;           /* it said EHLO */
  int over;               /* no further command */
  int lost;               /* the client cannot be told anything */
  int cut;                /* because of what the client did: it may still be sending */
  const char *tls;        /* its protocol and cipher; 0: the connection is in clear */
  stralloc user;          /* who the client has proved to be, 0-terminated; len 0: nobody */
  int bound;              /* ... to the upstream: nobody else may use this connection */
  int tried;              /* it has said AUTH: what it says in vain may be a secret */
  unsigned int failures;  /* to prove it */
  unsigned int offers;    /* SMTPC_ flags it was told */
  unsigned long commands, errors, idle;   /* all; those that were wrong; that did nothing */
  long long end;          /* clock_ms() at which the session is over */
  struct stream client;
  stralloc out;           /* replies that wait for the next read */
  struct transaction t;
  const struct upstreams *way;  /* those that may get the mail: set.upstreams, or a route's */
  const struct upstream *to;  /* the one of them that upstream is, or will be, a connection to */
  long long asked;        /* clock_last() when the upstream was last told something */
  struct smtpc upstream;  /* the last one: of its buffer mostly no more than a page is touched */
};

/* What every part of a session needs of it; behind.h is its other side, and
 * serve.h takes the commands. */

/* The id that log lines carry now: the transaction's or the session's. */
const char *session_id(const struct session *s);

/* The protocol as the Received field has it: SMTP, ESMTP, ESMTPSA ... RFC 3848. */
const char *session_protocol(const struct session *s);

/* Queue a reply "CODE TEXT"; the text is ours and clean, "X.Y.Z words". */
void session_reply(struct session *s, const char *reply);

/* There is no memory: the session is over. The reply that says so. */
const char *session_nomemory(struct session *s);

/* Send what is queued. 1, or -1: the client cannot be told; the session is over. */
int session_flush(struct session *s);

/* Is the client still there? 1 or 0. Costs one system call, waits for nothing. */
int session_present(const struct session *s);

#endif
