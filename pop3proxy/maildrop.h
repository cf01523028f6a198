#ifndef CM_MAILDROP_H
#define CM_MAILDROP_H

/* The messages of the mailbox that is open, and what is remembered of each. What
 * a session was told of their sizes holds until it ends. */

#include "memory.h"

struct session;

/* One message, 48 bytes. */
struct mail {
  unsigned char uid[MEMORY_ID];
  off_t at;              /* its record; 0: none */
  uint32_t length;       /* of that */
  uint32_t size;         /* that the client is told; 0: the server's */
  uint32_t theirs;       /* the server's; known where a size is */
  unsigned char known;   /* it has a UIDL */
  unsigned char deleted;
  unsigned char whole;   /* its record is of the kind MEMO_WHOLE */
};

struct maildrop {
  int read;              /* the server was asked */
  int open;              /* and the UIDLs are known */
  struct mail *mails;    /* by their number, from 1 on */
  unsigned long count;
  unsigned long sized;   /* of them: those whose size is not the server's */
  struct memory memory;
};

/* Ask the server for the UIDLs, and the memory about them, once. A server that has
 * none is no trouble: nothing is remembered. 1, or -1: the server is lost. */
int maildrop_read(struct session *s);

/* The message of this number, or 0. */
struct mail *maildrop_mail(struct session *s, unsigned long number);

/* Answer STAT, LIST, and LIST with a number. */
void maildrop_stat(struct session *s);
void maildrop_list(struct session *s, unsigned long number);

/* DELE has succeeded; RSET has. */
void maildrop_deleted(struct session *s, unsigned long number);
void maildrop_reset(struct session *s);

#endif
