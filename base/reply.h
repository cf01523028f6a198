#ifndef CM_REPLY_H
#define CM_REPLY_H

/* What the other side hears: reasons with the status code of RFC 3463 that fits
 * the verdict, and SMTP replies made of them. The class of a code never comes
 * from a stage. */

#include "owfat.h"

enum {
  REPLY_REASON = 400,  /* bytes of a reason */
  REPLY_LINE   = 500   /* bytes of a reply, RFC 5321, 4.5.3.1.5 */
};

/* The length of the enhanced status code that the text begins with, such as
 * 5.7.1, a blank or the end behind it; 0: none. */
size_t reply_status(const char *text, size_t len);

/* Append the first line of len bytes of text as the reason of a verdict: what
 * does not print replaced, not above REPLY_REASON. For a refusal or a deferral
 * the status code is of its class: 5.7.1 or 4.7.1 where the text has none or
 * another. 1, or 0 without memory. */
int reply_reason(int verdict, const char *text, size_t len, stralloc *reason);

/* Put the SMTP reply to a message of this verdict into line, without CRLF and
 * not 0-terminated: "550 5.7.1 looks like spam (7f3a)". stage: whose
 * control/reply/NAME is read for a refusal or deferral; 0 or no such file: the
 * reason. id may be 0. 1; -1 with errno. */
int reply_text(int verdict, const char *stage, const char *reason, const char *id, stralloc *line);

#endif
