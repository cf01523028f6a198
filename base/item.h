#ifndef CM_ITEM_H
#define CM_ITEM_H

/* One message of a conduit: a front end that a mail server gives its mail to, message and
 * envelope already taken apart. What is the same in all of them stands here. */

#include "decision.h"
#include "header.h"
#include "id.h"
#include "smtpbody.h"

struct item {
  char id[ID_SIZE];
  long long began;          /* clock_ms() */
  /* What the caller knows, texts that are not 0, "" where it does not. */
  const char *protocol;     /* for the mail log, and CM_PROTO */
  const char *sender, *ip, *host, *helo, *auth, *tls;
  int elsewhere;            /* as in struct decision */
  stralloc recipients;      /* a line each, and a 0 behind len: item_recipient() */
  unsigned long top;        /* bytes of message, the first, that are ours: the logs do not count them */
  /* What waits while it is judged, as in struct decision; 0: nobody has to be looked after. */
  enum decision_end (*watch)(void *with, int pidfd, long long end);
  void *with;
  /* What becomes of it. */
  int raw;                  /* set behind item_begin(): lines end as they come, no LF gets a CR */
  struct spool message;     /* as it came, each line ending in CRLF */
  int cr;                   /* the last byte that came was a CR */
  struct header header;
  struct result result;     /* text.len 0: there is none yet */
  struct spool filtered;    /* as the pipeline left it; fd -1: not at all */
  int header_only;          /* of it: what goes before the body of message */
  stralloc stored;          /* the file of the store that has a copy, 0-terminated; len 0: none */
};

/* Begin one, all of it unset. An item is 0 before the first. */
void item_begin(struct item *i);

/* One recipient more. 1, or 0 without memory. */
int item_recipient(struct item *i, const char *address, size_t len);

/* A piece of the message, cut anywhere. A LF without its CR gets one, so that filters see what
 * they see from the network; a CR of its own stays what it is. The bytes need not stay where
 * they are. 1, or -1 with errno. */
int item_write(struct item *i, const char *bytes, size_t len);

/* It is complete: nothing can change it any more, and its header is read. 1; 0: the header is
 * too large; -1 with errno (ENODATA: it is empty). */
int item_end(struct item *i);

/* The whole of a descriptor, from where it stands, up to most bytes, 0: any number. As
 * item_end(); also -1 with EFBIG. */
int item_read(struct item *i, int fd, unsigned long most);

/* Have it judged by this pipeline file within so many seconds, or without stages not at all.
 * 1: there is a result. 0: there is no memory for one. -1: SIGTERM came (stream_signals). */
int item_judge(struct item *i, const char *pipeline, int stages, unsigned long deadline);

/* What goes on is in o, see prepare.h. 1, or 0 with errno. */
int item_outgoing(const struct item *i, struct outgoing *o);

/* Hand that to a program in qmail-queue's place, queue.h, behind head, for these recipients, a
 * line each. As queue_hand(). */
int item_hand(const struct item *i, const char **program, const stralloc *head, const char *sender,
              const stralloc *recipients, unsigned long seconds, stralloc *said);

/* Put it into the quarantine's store; or have its deletion by policy on record. 1: it is on
 * disk, and who handed it over may hear so. 0: it is not; the log says why. */
int item_store(struct item *i);
int item_delete(const struct item *i);

/* Its row of the mail log: what was answered, and what was said behind us; "" or 0: nothing. */
void item_record(const struct item *i, const char *reply, const char *upstream);

/* Let go of it. */
void item_drop(struct item *i);

#endif
