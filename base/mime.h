#ifndef CM_MIME_H
#define CM_MIME_H

/* A message in a file, walked through once, part by part: RFC 2045 to 2049.
 *
 *   mime_open(&mime, fd, 0);
 *   while ((event = mime_next(&mime)) > 0) switch (event) { ... }
 *
 * Memory does not grow with the message. What mail readers disagree about is
 * read so that nothing is overlooked that any of them would show: a part ends
 * at every line that can be taken for a delimiter, under each reading of each
 * boundary that is open, and also behind the last one. Where one walk cannot
 * serve two readers (enum mime_reading) the faults say so, and a second walk
 * with that reading finds what the first could not. */

#include <stdint.h>
#include <sys/types.h>

#include "content.h"

enum {
  MIME_DEPTH      = 50,      /* parts inside each other */
  MIME_PARTS      = 1000,    /* in one message */
  MIME_BOUNDARIES = 12,      /* readings of one boundary */
  MIME_OPEN       = 64,      /* boundaries open at a time */
  MIME_GHOSTS     = 64,      /* boundaries of parts that are over and are still known */
  MIME_HEADER     = 102400,  /* bytes in the header of a part; HEADER_MAX for the message's own */
  MIME_BUFFER     = 65536,
  MIME_LOOK       = 4096     /* bytes of a line that are looked at */
};

enum mime_event {
  MIME_FAILED = -1,  /* errno says why the message cannot be read */
  MIME_OVER,         /* the message is over */
  MIME_PART,         /* part has begun; header and content are what its header says */
  MIME_DATA,         /* data of part, as it is encoded */
  MIME_BETWEEN,      /* data of a multipart before its first and behind its last part */
  MIME_END,          /* part is over, and so are those inside it */
  MIME_LIMIT         /* limit says which: the rest of the message is not read */
};

/* Other ways to read a message, for a second walk. */
enum mime_reading {
  MIME_READ_CR   = 1,  /* CR alone ends a line; after FAULT_BARE_CR */
  MIME_READ_JUNK = 2,  /* what is no field is passed over in a header; after FAULT_HEADER */
  MIME_READ_STRAY = 4, /* fields about content begin a header wherever they are; after
                          FAULT_STRAY_HEADER */
  MIME_READ_PAIR = 8   /* CR ends a line with whatever is behind it; after FAULT_BARE_CR */
};

struct mime_part {
  unsigned int number;      /* counts all parts, 1 for the message itself */
  unsigned int depth;       /* 0 for the message itself */
  off_t start, body, end;   /* of header, body, and behind it; end is known at MIME_END */
  unsigned int kinds;       /* these four: as in struct content */
  unsigned int encodings;
  enum transfer_kind encoding;
  int attached;
  int message;              /* its header is the header of a message */
  int uu;                   /* text from begin to end; start is the line with begin */
  int crossed;              /* a multipart in which a part has begun */
  int digest, closed, guessed, late, behind, vague;  /* private, as the rest */
  unsigned int junk;
  unsigned int boundaries;
  struct { size_t at, len; } boundary[MIME_BOUNDARIES];
};

struct mime {
  /* The event. */
  struct mime_part *part;
  struct header header;     /* with MIME_PART only; not of a uu part */
  struct content content;   /* with MIME_PART only */
  const char *data;
  size_t len;
  const char *limit;        /* such as "more than 1000 parts" */
  unsigned long long faults;  /* so far, of the whole message */

  /* May be set after mime_open. */
  int reading;              /* mime_reading bits */
  unsigned int parts;       /* counted so far, towards MIME_PARTS */
  size_t room;              /* bytes of the buffer to use, from MIME_LOOK + 2 up */
  size_t chunk;             /* bytes to read at once */

  /* Private. */
  int fd, state, fresh, skip, eof, closing;
  int depth, target;        /* the innermost open part; the one to go back to */
  unsigned int lines;       /* 1: LF seen, 2: CRLF seen */
  off_t at, ending;         /* where buffer begins; where parts end */
  size_t pos, scan, fill;
  stralloc boundary;
  unsigned int open, ghosts;
  struct mime_part level[MIME_DEPTH + 1];  /* the first ones share a page with the above */
  struct { uint64_t hash; size_t len; int level; } ghost[MIME_GHOSTS];
  char buffer[MIME_BUFFER];
};

/* Begin with the byte of fd at offset start. The file must be seekable, and
 * its own offset is neither used nor changed. A mime that has been used keeps
 * its memory. */
void mime_open(struct mime *mime, int fd, off_t start);

/* The readings, as mime_reading bits, that faults found in others ask for. */
int mime_readings(unsigned long long faults);

/* The next event. After MIME_LIMIT and the two before MIME_PART the same one
 * comes again. */
enum mime_event mime_next(struct mime *mime);

#endif
