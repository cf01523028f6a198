#ifndef CM_RFC2231_H
#define CM_RFC2231_H

/* The parameters of Content-Type and Content-Disposition: RFC 2045 section
 * 5.1, RFC 2231, and what mail readers make of fields that keep to neither.
 * Where readers differ there is no right reading: all of them are given, and
 * whoever decides must decide on every one. */

#include "owfat.h"

enum {
  RFC2231_PARAMS   = 100,  /* parameters in one field */
  RFC2231_SEGMENTS = 50,   /* segments of one parameter */
  READINGS_MAX     = 64    /* readings of one thing */
};

/* What was noticed. */
enum {
  READINGS_ODD   = 1,  /* against the grammar */
  READINGS_TWICE = 2,  /* a parameter, or a segment of one, more than once */
  READINGS_OVER  = 4,  /* a limit above was passed: there are readings not given */
  READINGS_FOLD  = 8,  /* a line ending within a value */
  READINGS_BARE  = 16, /* the parameter was given without quotes */
  READINGS_DIFFER = 32 /* given more than once, with different values */
};

/* The ways in which one thing can be read, none twice. */
struct readings {
  stralloc text;  /* the caller's, reused */
  size_t count;
  struct { size_t at, len; } list[READINGS_MAX];  /* pieces of text */
  unsigned int noticed;
};

void readings_clear(struct readings *readings);

/* 1 (also if it is there already, or if there is no room: READINGS_OVER); 0
 * without memory. The text may hold any byte. */
int readings_add(struct readings *readings, const char *text, size_t len);

/* Put what stands before the parameters into word: without comments, quotes
 * and blanks, in lower case. 1, or 0 without memory. */
int rfc2231_word(const char *value, size_t len, stralloc *word);

/* Add every reading of the named parameter. The value may be folded. Encoded
 * words (RFC 2047), which do not belong there, are not decoded. 1, or 0
 * without memory. */
int rfc2231_param(const char *value, size_t len, const char *name, struct readings *readings);

#endif
