#ifndef CM_HEX_H
#define CM_HEX_H

#include "owfat.h"

/* The value of a hexadecimal digit in either case, or -1. */
int hex_digit(char c);

/* The byte that two digits stand for, 0 to 255, or -1. */
int hex_byte(const char digits[2]);

/* Append len bytes with their %XX decoded; a % that stands before anything else
 * stays. 1, or 0 without memory. */
int hex_unescape(const char *text, size_t len, stralloc *out);

#endif
