#ifndef CM_MILTER_H
#define CM_MILTER_H

/* One connection of a mail server that speaks the milter protocol, and the transaction that it
 * is in. */

#include "frame.h"
#include "item.h"
#include "macros.h"
#include "offer.h"

/* Replies to the server. */
enum {
  MILTER_ADD_RECIPIENT = '+', MILTER_FORGET_RECIPIENT = '-', MILTER_ACCEPT = 'a', MILTER_BODY = 'b',
  MILTER_CONTINUE = 'c', MILTER_DISCARD = 'd', MILTER_ADD = 'h', MILTER_INSERT = 'i', MILTER_CHANGE = 'm',
  MILTER_PROGRESS = 'p', MILTER_HOLD = 'q', MILTER_SKIP = 's', MILTER_TEMPFAIL = 't', MILTER_REPLY = 'y'
};

struct milter {
  struct stream server;
  stralloc out;             /* replies that wait for the next read */
  struct offer offer;
  struct macros macros;
  const char *why;          /* this server cannot be served: what the log says; 0: go on */
  int over;                 /* no further packet */
  int broken;               /* the port is not set up: everything is put off */
  /* Settings, cm-control(5). */
  stralloc me;
  int filters;              /* the pipeline has a stage */
  unsigned long databytes, deadline, keepalive, level, timeout;
  /* The server's client. */
  char ip[IP_TEXT];         /* "": none, or not known */
  stralloc host, helo;      /* 0-terminated */
  /* The transaction. milter_reset is the only way back to nothing. */
  int open;                 /* a sender is known */
  int began;                /* its message has begun */
  int bodied;               /* and its header is over */
  stralloc sender, tls;     /* 0-terminated */
  unsigned long count;      /* recipients */
  stralloc head;            /* the header as it comes, our Received field on top */
  unsigned long fields;     /* in it, that one included */
  int large;                /* header or message are above a limit: the rest is not kept */
  int trouble;              /* errno: it could not be kept */
  struct item item;
};

/* Back to nothing, whatever state it was in; the message is let go. Called at ABORT, QUIT, at
 * an end of message in every outcome, and at a MAIL that comes too early. */
void milter_reset(struct milter *m);

/* Queue a reply; a session without memory is over. */
void milter_say(struct milter *m, char reply, const char *data, size_t len);

/* Send what is queued. 1, or -1: the server cannot be told; the session is over. */
int milter_flush(struct milter *m);

/* The id that log lines carry. */
const char *milter_id(const struct milter *m);

#endif
