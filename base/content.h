#ifndef CM_CONTENT_H
#define CM_CONTENT_H

/* What the header of a part says about its content, RFC 2045 and 2183: not in
 * one reading but in all that mail readers are known to come to. */

#include "header.h"
#include "rfc2231.h"
#include "transfer.h"

/* Classes of ambiguity: ways to break the rules of MIME, or to stay within them
 * and still let two readers see two different messages. cm-mime(7) says what
 * each is; FAULT(NAME) is its bit. */
enum fault {
  FAULT_NUL,
  FAULT_BARE_CR,
  FAULT_MIXED_LINES,        /* some lines end in CRLF, some in LF */
  FAULT_LONG_LINE,          /* above 998 bytes, RFC 5322, 2.1.1 */
  FAULT_EIGHTBIT_HEADER,
  FAULT_HEADER,             /* a header does not end in an empty line */
  FAULT_WHITE_LINE,         /* a line of blanks in a header: its end for some */
  FAULT_STRAY_HEADER,       /* fields about content where no header is */
  FAULT_NO_VERSION,
  FAULT_CONTROL,            /* a control character in a field about content */
  FAULT_TYPE,               /* Content-Type that names no type */
  FAULT_TYPE_TWICE,         /* of the same kind */
  FAULT_TYPE_CONFLICT,      /* of different kinds, such as text and multipart */
  FAULT_PARAMETER,          /* against the grammar */
  FAULT_PARAMETER_TWICE,
  FAULT_FOLD,               /* a fold inside a quoted value */
  FAULT_DISPOSITION_TWICE,
  FAULT_ENCODING,           /* unknown, or known only to the forgiving */
  FAULT_ENCODING_TWICE,     /* the same */
  FAULT_ENCODING_CONFLICT,  /* not the same */
  FAULT_ENCODED_PARTS,      /* a multipart or message that is encoded */
  FAULT_BROKEN_ENCODING,    /* data that does not fit its encoding; set by who decodes */
  FAULT_NAMES,              /* a name has several readings */
  FAULT_ENCODED_WORD,       /* in a parameter */
  FAULT_BOUNDARIES,         /* a boundary has several readings */
  FAULT_BOUNDARY_CONFLICT,  /* several different boundaries are given */
  FAULT_BOUNDARY_MISSING,
  FAULT_BOUNDARY_EMPTY,
  FAULT_BOUNDARY_LONG,      /* above 70 bytes, RFC 2046, 5.1.1 */
  FAULT_BOUNDARY_LINE,      /* a line begins with a boundary and goes on */
  FAULT_END_MISSING,
  FAULT_AFTER_END,          /* an attachment behind the last boundary */
  FAULT_PARTIAL,            /* message/partial */
  FAULT_EXTERNAL,           /* message/external-body that is fetched by a URL or in an unknown way */
  FAULTS
};

#define FAULT(name) (1ULL << FAULT_##name)

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
  struct readings types;      /* all of them, if there are several */
  unsigned int kinds;         /* CONTENT_ bits of all readings of the type */
  enum transfer_kind encoding;  /* the first */
  unsigned int encodings;     /* 1 << transfer_kind, of all readings */
  int attached;               /* a Content-Disposition says something else than inline */
  int described;              /* there is a field about content */
  int version;                /* there is a MIME-Version */
  const char *limit;          /* the limit that was passed: readings are missing; or 0 */
  struct readings names;      /* file names, with encoded words decoded */
  struct readings boundaries;
  unsigned long long faults;
};

/* digest: the part has the default type of a multipart/digest.
 * 1, or 0 without memory. content is the caller's, reused. */
int content_read(struct content *content, const struct header *header, int digest);

#endif
