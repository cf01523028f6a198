/* The one include for libowfat. Debian 12 ships 0.32, where some functions are
 * silently wrong: this file disarms what can be disarmed and poisons the rest.
 * tests/base/owfat.c asserts every libowfat function that the suite calls. */
#ifndef CM_OWFAT_H
#define CM_OWFAT_H

/* scan.h and fmt.h mark functions as pure that write through a pointer; from
 * -O1 on the compiler then drops the write. */
#define pure
#include <stralloc.h>
#include <byte.h>
#include <case.h>
#include <errmsg.h>
#include <fmt.h>
#include <scan.h>
#include <str.h>
#undef pure

/* The library itself is compiled with that mistake: these append heap bytes in
 * place of digits, and stralloc_chomp leaves the CR of a CRLF. */
#undef stralloc_catlong
#undef stralloc_catulong
#undef stralloc_catint
#undef stralloc_catuint
#undef stralloc_catint0
#undef stralloc_catuint0
#pragma GCC poison stralloc_catulong0 stralloc_catlong0 stralloc_chomp fmt_ulong0 fmt_html_tagarg fmt_double
/* A write that fails counts as done in <buffer.h>: print.h does without it. */

/* Append n in decimal. 1, or 0 without memory. */
static inline __attribute__((unused)) int stralloc_number(stralloc *s, unsigned long n)
{
  char digits[FMT_ULONG];

  return stralloc_catb(s, digits, fmt_ulong(digits, n));
}

#endif
