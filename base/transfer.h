#ifndef CM_TRANSFER_H
#define CM_TRANSFER_H

/* Content transfer encodings, RFC 2045 section 6, decoded as a stream and as
 * forgivingly as mail readers do it. */

#include <stddef.h>

enum transfer_kind {
  TRANSFER_PLAIN,   /* 7bit, 8bit, binary */
  TRANSFER_QUOTED,  /* quoted-printable */
  TRANSFER_BASE64,
  TRANSFER_UU,      /* the lines between begin and end */
  TRANSFER_YENC,    /* the lines between =ybegin and =yend */
  TRANSFER_BINHEX,  /* BinHex 4.0, from its first colon on; its header is left out */
  TRANSFER_UNKNOWN  /* a word that is none of them; decoded as plain */
};

/* Where the data breaks the rules, decoders differ. */
enum transfer_style {
  TRANSFER_USUAL,   /* padding ends a group of base64; a broken = of quoted-printable stays */
  TRANSFER_SKIP,    /* both are passed over */
  TRANSFER_LINES,   /* each line of base64 stands for itself; with a broken = goes a digit behind it */
  TRANSFER_WHOLE,   /* of each line only whole groups count; with a broken = go two characters */
  TRANSFER_GROUPS,  /* padding has a place in its group, wherever it stands there; small hexadecimal
                       digits are none */
  TRANSFER_ZERO,    /* padding is a digit of base64, with the value 0 */
  TRANSFER_SHORT,   /* the same, and its group is a byte shorter for each */
  TRANSFER_REST,    /* what is no base64 hides the rest of the line */
  TRANSFER_STOP,    /* padding ends the data, and so does what is no base64 */
  TRANSFER_STYLES
};

/* All zero but for the kind is the state at the beginning. */
struct transfer {
  enum transfer_kind kind;
  enum transfer_style style;
  unsigned int bits;   /* base64: what is not yet a whole byte */
  unsigned int count;  /* base64: characters in bits; others: bytes in held */
  unsigned int left;   /* base64: padding in the group, or 1: the rest of the line is hidden; uu: 1
                          and the bytes that the line has still to give; binhex: 0 at first,
                          1 to have the header too, else 2 and bytes of it */
  unsigned int bad;    /* 1: something was skipped that does not belong there */
  unsigned int odd;    /* 1: the other styles may come to something else */
  unsigned int over;   /* base64: padding was seen */
  char held[4];
};

/* The encoding that len bytes of text name, in whatever case. */
enum transfer_kind transfer_kind(const char *text, size_t len);

/* The styles that this encoding knows, counted from TRANSFER_USUAL. */
int transfer_styles(enum transfer_kind kind);

/* Is there nothing in it that no encoder of base64 writes? 1 or 0. */
int transfer_clean(const char *data, size_t len);

/* Decode the next len bytes into out, which has room for len + 4. len 0 says
 * that nothing more comes. Returns the number of bytes in out. Bytes of base64
 * outside its alphabet are skipped; padding ends a group and not the data. */
size_t transfer_decode(struct transfer *state, const char *in, size_t len, char *out);

#endif
