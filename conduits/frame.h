#ifndef CM_FRAME_H
#define CM_FRAME_H

/* Packets of the milter protocol: a length of four bytes, a byte that says what it is, and
 * data. Replies gather in a string that goes out before the next wait. */

#include <stdint.h>

#include "owfat.h"
#include "stream.h"

/* Bytes of a packet behind its length: a field of a header that is as large as headers may be.
 * Body comes in pieces of 64 KiB, of 1 MiB where somebody has changed that. */
#define FRAME_MAX 1114112
#define FRAME_ROOM (FRAME_MAX + 4)  /* bytes of the stream's buffer */
#define FRAME_PIECE 65535           /* bytes of data that every peer takes in one packet */

struct frame {
  char command;
  const char *data;  /* in the stream's buffer until the next packet is read */
  size_t len;
};

/* Is a packet there, whole or of no length that there can be, so that reading does not wait? */
int frame_ready(const struct stream *s);

/* The next one, all of it within so many seconds. 1; 0: the end, between two packets; -1 with
 * errno (EPROTO: of no length that there can be; ECONNRESET: the end within one). */
int frame_read(struct stream *s, unsigned long seconds, struct frame *f);

/* The text at *at of its data, 0-terminated there, and move *at behind it; 0: there is none. */
const char *frame_text(const struct frame *f, size_t *at);

/* A number of four bytes there. 1, or 0: there is none. */
int frame_number(const struct frame *f, size_t *at, uint32_t *number);

/* Append a reply with so much data; or begin one, whose data follows, and end it when that
 * stands behind the place that begin gave. 1 (begin: the place), or 0 without memory. */
int frame_put(stralloc *out, char reply, const char *data, size_t len);
size_t frame_begin(stralloc *out, char reply);
void frame_end(stralloc *out, size_t place);

/* Append a number of four bytes. 1, or 0 without memory. */
int frame_put_number(stralloc *out, uint32_t number);

#endif
