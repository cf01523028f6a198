#ifndef CM_COMB_H
#define CM_COMB_H

/* Decoded text, gone through for what a program may be made of or hidden in. */

#include <stddef.h>

enum {
  COMB_SCRIPT = 1,  /* HTML, SVG or XML with a script */
  COMB_DATA   = 2,  /* HTML with a data: URI of other than pictures, fonts and styles */
  COMB_FILE   = 4,  /* the beginning of a file in uuencode, yEnc or BinHex */
  COMB_HANDLER = 8  /* a script in an attribute; or in XML another attribute */
};

enum { COMB_TOKENS = 9 };

struct comb {
  unsigned int found;      /* COMB_ bits, so far */
  unsigned char progress[COMB_TOKENS];
  unsigned int active;     /* tokens begun */
  unsigned int attribute;  /* within a tag: how far the name of a handler has come */
  unsigned int tag;        /* how far the name of the tag has come */
  unsigned int inside;     /* what is collected: 0, COMB_SCRIPT or COMB_DATA */
  unsigned int page;       /* there may be a page in an attribute */
  size_t len;
  char text[128];          /* the rest of the tag, the type of the URI */
  unsigned int reference;  /* what kind of character reference has begun, or 0 */
  unsigned long code;
  size_t namelen;
  char name[8];
};

void comb_begin(struct comb *comb);
void comb_feed(struct comb *comb, const char *data, size_t len);

#endif
