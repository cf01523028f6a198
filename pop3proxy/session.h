#ifndef CM_SESSION_H
#define CM_SESSION_H

/* One POP3 session: a client on descriptors 0 and 1, and the server that has its
 * mailbox. RFC 1939. */

#include "id.h"
#include "maildrop.h"
#include "pop3c.h"
#include "settings.h"

/* What a server offers, RFC 2449 and 6856, as far as we can carry it. */
enum {
  OFFERS_ASKED      = 1,   /* it was asked */
  OFFERS_PIPELINING = 2,
  OFFERS_TOP        = 4,
  OFFERS_UIDL       = 8,
  OFFERS_UTF8       = 16,
  OFFERS_LANG       = 32,
  OFFERS_USER       = 64,
  OFFERS_AUTHCODE   = 128, /* AUTH-RESP-CODE */
  OFFERS_UTF8USER   = 256  /* UTF8 USER: names of users, too */
};

struct session {
  struct settings set;
  const char *ip, *host;   /* of the client, from the UCSPI server */
  char id[ID_SIZE];
  int open;                /* the client has its mailbox */
  int over;                /* no further command */
  struct stream client;
  stralloc out;            /* answers that wait for the next read */
  const struct pop *to;    /* the server; 0: none yet */
  struct pop3c server;
  unsigned int offers;     /* of the server, OFFERS_ */
  stralloc sasl;           /* the mechanisms it offers that we know, a blank before each; 0-terminated */
  stralloc limits;         /* its lines EXPIRE and LOGIN-DELAY, with CRLF; 0-terminated */
  stralloc user;           /* as the server knows it, 0-terminated; len 0: nobody yet */
  unsigned long errors;    /* commands that were wrong */
  struct maildrop box;
  long long told;          /* clock_ms() at which the client last heard anything */
  int begun;               /* it waits for a message, and has its +OK */
};

/* Queue an answer; it is clean, and one or more lines without the last CRLF. */
void session_reply(struct session *s, const char *reply);

/* Send what is queued. 1, or -1: the client cannot be told; the session is over. */
int session_flush(struct session *s);

/* Put a command of the client's into the log, if that is wanted, without secrets. */
void session_heard(const struct session *s, const char *line, size_t len);

/* Connect to the server. 1; 0: it cannot be reached, logged, and the client's answer
 * is queued. */
int session_connect(struct session *s, const struct pop *to);

/* Ask the server. As pop3c_ask; POP3C_LOST is logged, answered, and the end. */
int session_ask(struct session *s, const char *line, size_t len);

/* Ask and queue its answer. As session_ask. */
int session_relay(struct session *s, const char *line, size_t len);

/* The lines behind an answer of several, as they are, to the client, which has
 * what is queued before them. 1, or -1: the end of the session, without the
 * dot that would make them look whole. */
int session_lines(struct session *s);

/* The server is lost and the client must not hear more. */
void session_lost(struct session *s);

#endif
