#ifndef CM_SPFMACRO_H
#define CM_SPFMACRO_H

/* The macros of SPF, RFC 7208, section 7. */

#include "ip.h"
#include "owfat.h"

#define SPF_EXPANDED 65536  /* bytes of an expansion; more is an error */

/* Where a text with macros stands. */
enum spf_place {
  SPF_IN_DOMAIN,    /* a domain-spec: does not end in what can be no top level */
  SPF_IN_MODIFIER,  /* the value of a modifier that means nothing */
  SPF_IN_TEXT       /* an explanation: blanks, and the letters c, r and t too */
};

/* What the letters stand for. */
struct spf_facts {
  struct ip ip;
  const char *local, *from;  /* the sender's part before and behind the @ */
  const char *domain;        /* whose record it is */
  const char *helo, *me;
  const char *(*validated)(const char *domain);  /* the client's name, proven: letter p */
};

/* Is that a text with macros by the grammar? 1 or 0. */
int spf_macros(const char *text, size_t len, enum spf_place place);

/* Put the expansion of such a text into out, 0-terminated. 1; 0: too long; 2: it
 * names a local part that is not in ASCII, with which no term matches (RFC 8616,
 * section 4); -1: out of memory. */
int spf_expand(const struct spf_facts *facts, const char *text, size_t len, stralloc *out);

#endif
