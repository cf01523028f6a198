#ifndef CM_DECISION_H
#define CM_DECISION_H

/* Asking cm-pipeline about one message, in the one way of cm-stage(7), for every
 * front end. */

#include "owfat.h"
#include "spool.h"

/* What became of a message. */
struct result {
  int verdict;            /* VERDICT_ */
  stralloc text;          /* the result in words, 0-terminated: X-CleanMail-Result */
  stralloc stage;         /* the deciding stage, 0-terminated; "" */
  stralloc reason;        /* its reason, 0-terminated; "" */
  stralloc trace;         /* what each stage said, a line each, 0-terminated */
};

enum decision_end { DECISION_ENDED, DECISION_LATE, DECISION_GONE, DECISION_STOPPED };

/* What is asked. All texts are 0-terminated and not 0. */
struct decision {
  const char *pipeline;         /* the file */
  const char *id, *sender, *helo, *proto, *auth, *tls;
  const char *ip;               /* of who sent the message; "" */
  const char *host;             /* its name; read only where it is not who speaks with us */
  int elsewhere;                /* it is somebody else: what the server says about the client is about another */
  const stralloc *recipients;   /* a line each */
  const struct spool *message;  /* in a file */
  size_t body;                  /* where its body begins */
  unsigned long deadline;       /* seconds for all */
  /* Wait until pidfd can be read, or clock_ms() is end; meanwhile the front end
   * looks after its connections, with SIGTERM blocked but where it waits. 0: it has none, and is
   * patient until stream_stopped. */
  enum decision_end (*watch)(void *with, int pidfd, long long end);
  void *with;
};

/* A port without stages decides nothing: everything is delivered. 1, or 0
 * without memory. */
int decision_none(struct result *result);

/* Run the pipeline. A message to be handed on stands in filtered: whole, or
 * with *header_only what goes before the body of the message, which is
 * unchanged. 1: there is a result, if only defer. 0: the same, but there is no
 * memory for it. -1: watch said that nobody waits for it (errno 0), or that all
 * must end (EINTR). */
int decision_run(const struct decision *decision, struct result *result, struct spool *filtered,
                 int *header_only);

#endif
