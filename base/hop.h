#ifndef CM_HOP_H
#define CM_HOP_H

/* Who handed a message to the mail servers of its recipient, RFC 5321, 4.4: what
 * stages are to judge, and not the client that fetches it. */

#include "header.h"

struct hop {
  stralloc sender;  /* of Return-Path; all 0-terminated, and empty if nobody knows */
  stralloc helo, host, ip;
  size_t end;       /* what stands before it in the header was written by the recipient's own
                       servers; that field too; 0: nobody knows */
};

/* Find it as control/hops says for this account. 1; 0 without memory, or the file
 * cannot be read: errno. */
int hop_find(const struct header *header, const char *account, struct hop *hop);

/* What the client of this address called itself, as the topmost Received field that is about
 * anybody has it, 0-terminated; empty where that is about another: for mail that the server
 * which wrote the field hands over at once. 1; 0 without memory. */
int hop_helo(const struct header *header, const char *ip, stralloc *helo);

/* For whom a Received field, on one line from p to end, says that the message is; *len bytes,
 * or 0. */
const char *hop_target(const char *p, const char *end, size_t *len);

#endif
