#ifndef CM_DOT_H
#define CM_DOT_H

/* The text of a message as DATA carries it, RFC 5321 section 4.5.2. No input
 * and no output happen here: bytes go in, cut anywhere, and pieces come out,
 * which lie in the input wherever that is possible.
 *
 * Decoding: a line ends in CRLF, a leading dot is removed, and the end of data
 * is CRLF.CRLF (or .CRLF at the very beginning) and nothing else. A CR or LF that
 * stands alone is, by mode,
 *   DOT_REFUSE     passed on as any other byte; `bare` says to refuse the message
 *   DOT_NORMALIZE  made safe: LF becomes CRLF, CR becomes a space (so CRCRLF is a
 *                  space and CRLF). A line that begins after such an LF loses a
 *                  leading dot too, but a dot alone on a line that touches one
 *                  is text and stays.
 * Encoding, DOT_ENCODE: lone CR and LF as in DOT_NORMALIZE, then a dot goes before
 * every leading dot, so that nothing in a message can look like its end.
 * Mending, DOT_LINES: text that has no dots of this kind, because something else says
 * where it ends: lone CR and LF as in DOT_NORMALIZE, and no dot is one too many. */

#include <stddef.h>

enum dot_mode { DOT_REFUSE, DOT_NORMALIZE, DOT_ENCODE, DOT_LINES };

#define DOT_ROOM 3  /* no piece is longer than its input or this, whichever is more */
#define DOT_TAIL 6  /* what dot_end can write */

struct dot {
  enum dot_mode mode;
  int state;
  int after_lf;    /* the line began after a lone LF */
  int ended;       /* the end of data has been read */
  int bare;        /* a CR or LF stood alone */
  int nul;         /* a NUL was there */
  int dotted;      /* a line of the text begins with a dot */
  size_t line;     /* bytes of the line so far */
  size_t longest;  /* the longest line, without its end */
  size_t size;     /* bytes given out */
};

void dot_begin(struct dot *d, enum dot_mode mode);

/* Read from in, which has len > 0 bytes. Returns how many were used and sets
 * *piece and *n, which may be 0, to what they mean. Zero bytes used with a piece
 * is progress. Decoding stops behind the end of data: d->ended is set, and what
 * was not used is the next command. */
size_t dot_next(struct dot *d, const char *in, size_t len, const char **piece, size_t *n);

/* What a decoder gave out needs no encoding: the bytes and .CRLF are the wire. */
int dot_plain(const struct dot *d);

/* Encode from in into out, which has room for size >= DOT_ROOM bytes. Returns how
 * much of in was used: all of it, or out is as good as full. *made: bytes in out. */
size_t dot_encode(struct dot *d, const char *in, size_t len, char *out, size_t size,
                  size_t *made);

/* Encode the end: of the last line if that is missing, and of data, which DOT_LINES has
 * none of. Returns how many of out's DOT_TAIL bytes are used. */
size_t dot_end(struct dot *d, char *out);

#endif
