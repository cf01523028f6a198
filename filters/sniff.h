#ifndef CM_SNIFF_H
#define CM_SNIFF_H

/* What data is, by its first bytes: enough to know what needs no second look.
 * What can hold other files is opened by cm-look(8), not here. */

#include <stddef.h>
#include <sys/types.h>

enum { SNIFF_HEAD = 2048 };

enum {
  SNIFF_PROGRAM = 1,   /* runs by itself */
  SNIFF_HOLDS   = 2,   /* holds other files, or macros */
  SNIFF_ACTIVE  = 4,   /* nothing that looks like a picture should be this */
  SNIFF_MAIL    = 8,   /* a message */
  SNIFF_PKCS7   = 16,  /* signed data, perhaps around a message */
  SNIFF_TEXT    = 32,  /* no NUL in its head */
  SNIFF_ZIP     = 64,  /* a zip archive ends in it, or another begins */
  SNIFF_ASK     = 128  /* cm-look may know more */
};

struct sniff {
  off_t size;               /* bytes fed */
  size_t have;              /* of head */
  unsigned char head[SNIFF_HEAD + 8];
  unsigned char disc[5];    /* what stands at the place where a disc says so */
  unsigned int zip;
  char edge[10];            /* the last five bytes, and the first five behind them */
};

/* A kind: its usual extension, or "" for what is not known. */
struct kind {
  const char *word;
  unsigned int is;          /* SNIFF_ bits */
};

void sniff_begin(struct sniff *sniff);
void sniff_feed(struct sniff *sniff, const char *data, size_t len);

/* What data is that begins so. */
struct kind sniff_head(const unsigned char *head, size_t have);

/* What it is, of what was fed so far. */
struct kind sniff_end(const struct sniff *sniff);

/* A name that the data itself gives (AppleSingle, AppleDouble, MacBinary), and what the
 * file in it is. 1, or 0: none. */
int sniff_mac(const struct sniff *sniff, const char **name, size_t *len, struct kind *inner);

#endif
