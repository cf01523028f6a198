#ifndef CM_SPFRECORD_H
#define CM_SPFRECORD_H

/* A record of SPF, taken apart: RFC 7208, sections 4.5, 4.6, 5, 6 and 12. */

#include "ip.h"

enum spf_kind {
  SPF_ALL, SPF_INCLUDE, SPF_A, SPF_MX, SPF_PTR, SPF_IP4, SPF_IP6, SPF_EXISTS,
  SPF_REDIRECT, SPF_EXP, SPF_OTHER  /* modifiers; the last means nothing */
};

struct spf_term {
  enum spf_kind kind;
  const char *start;             /* the whole term, as it stands */
  size_t len;
  char qualifier;                /* of a mechanism: + - ~ ? */
  const char *domain;            /* its domain-spec, or 0: none */
  size_t domainlen;
  unsigned int bits4, bits6;     /* of a and mx: how many count */
  struct ip network;             /* of ip4 and ip6 */
};

/* Is the text a record of this version? 1 or 0. */
int spf_is_record(const char *text, size_t len);

/* Does it follow the grammar to its end, with redirect and exp once at most?
 * 1; 0: no, and term is the first that does not. */
int spf_check_record(const char *text, size_t len, struct spf_term *term);

/* The next term of a record. *at: where to go on, 0 at first. 1; 0: no more;
 * -1: it is none, only term->start and len are set. */
int spf_next_term(const char *text, size_t len, size_t *at, struct spf_term *term);

#endif
