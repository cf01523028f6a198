#ifndef CM_SCAN_H
#define CM_SCAN_H

/* Decoded text, gone through for what a program may be made of or hidden in. */

#include <stddef.h>

enum {
  SCAN_SCRIPT = 1,  /* HTML with a script */
  SCAN_DATA   = 2,  /* HTML with a data: URI of other than pictures, fonts and styles */
  SCAN_FILE   = 4   /* the beginning of a file in uuencode, yEnc or BinHex */
};

enum { SCAN_TOKENS = 17 };

struct scan {
  unsigned int found;      /* SCAN_ bits, so far */
  unsigned char progress[SCAN_TOKENS];
  unsigned int active;     /* tokens begun */
  unsigned int inside;     /* what is collected: 0, SCAN_SCRIPT or SCAN_DATA */
  size_t len;
  char text[128];          /* the rest of the tag, the type of the URI */
};

void scan_begin(struct scan *scan);
void scan_feed(struct scan *scan, const char *data, size_t len);

#endif
