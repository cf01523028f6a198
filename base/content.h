#ifndef CM_CONTENT_H
#define CM_CONTENT_H

/* What the header of a part says about its content, RFC 2045 and 2183: not in
 * one reading but in all that mail readers are known to come to. */

#include "header.h"
#include "rfc2231.h"
#include "transfer.h"

/* Ways to break the rules of MIME. None of them is harmless by itself: each
 * lets two readers see two different messages. */
enum fault {
  FAULT_NUL              = 1 << 0,
  FAULT_BARE_CR          = 1 << 1,
  FAULT_MIXED_LINES      = 1 << 2,   /* some lines end in CRLF, some in LF */
  FAULT_LONG_LINE        = 1 << 3,   /* above 998 bytes, RFC 5322, 2.1.1 */
  FAULT_EIGHTBIT_HEADER  = 1 << 4,
  FAULT_HEADER           = 1 << 5,   /* a header does not end in an empty line */
  FAULT_NO_VERSION       = 1 << 6,
  FAULT_TYPE             = 1 << 7,   /* Content-Type that names no type */
  FAULT_TYPE_TWICE       = 1 << 8,
  FAULT_PARAMETER        = 1 << 9,   /* against the grammar */
  FAULT_PARAMETER_TWICE  = 1 << 10,
  FAULT_DISPOSITION_TWICE = 1 << 11,
  FAULT_ENCODING         = 1 << 12,  /* unknown */
  FAULT_ENCODING_TWICE   = 1 << 13,
  FAULT_ENCODED_PARTS    = 1 << 14,  /* a multipart or message that is encoded */
  FAULT_NAMES            = 1 << 15,  /* a name has several readings */
  FAULT_ENCODED_WORD     = 1 << 16,  /* in a parameter */
  FAULT_BOUNDARIES       = 1 << 17,  /* a boundary has several readings */
  FAULT_BOUNDARY_MISSING = 1 << 18,
  FAULT_BOUNDARY_SIZE    = 1 << 19,  /* empty or above 70 bytes */
  FAULT_BOUNDARY_LINE    = 1 << 20,  /* a line begins with a boundary and goes on */
  FAULT_END_MISSING      = 1 << 21,
  FAULT_AFTER_END        = 1 << 22,  /* a part behind the last boundary */
  FAULT_PARTIAL          = 1 << 23,  /* message/partial */
  FAULT_EXTERNAL         = 1 << 24   /* message/external-body */
};

/* The word for a fault in rules and reports, such as "bare-cr". Static. */
const char *fault_name(enum fault fault);

/* Kinds of types. */
enum {
  CONTENT_TEXT      = 1,
  CONTENT_MULTIPART = 2,
  CONTENT_MESSAGE   = 4,
  CONTENT_OTHER     = 8
};

struct content {
  stralloc type;              /* the first, in lower case; "text/plain" if there is none */
  unsigned int kinds;         /* CONTENT_ bits of all readings of the type */
  enum transfer_kind encoding;  /* the first */
  unsigned int encodings;     /* 1 << transfer_kind, of all readings */
  int attached;               /* a Content-Disposition says something else than inline */
  int described;              /* there is a field about content */
  int version;                /* there is a MIME-Version */
  const char *limit;          /* the limit that was passed: readings are missing; or 0 */
  struct readings names;      /* file names, with encoded words decoded */
  struct readings boundaries;
  unsigned long faults;
};

/* digest: the part has the default type of a multipart/digest.
 * 1, or 0 without memory. content is the caller's, reused. */
int content_read(struct content *content, const struct header *header, int digest);

#endif
