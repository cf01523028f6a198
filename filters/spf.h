#ifndef CM_SPF_H
#define CM_SPF_H

/* The Sender Policy Framework, RFC 7208: may this client send mail for that
 * domain? Asks the DNS (dns_begin() comes first). */

#include "spfmacro.h"

enum spf_result {
  SPF_NONE, SPF_NEUTRAL, SPF_PASS, SPF_SOFTFAIL, SPF_FAIL, SPF_TEMPERROR, SPF_PERMERROR,
  SPF_RESULTS
};

struct spf_check {
  struct spf_facts facts;  /* ip, local, from, helo and me from the caller, the rest private */
  long long deadline;      /* of clock_ms() */
  const char *cause;       /* out: why an error; static, or 0 */
  stralloc where;          /* out: the term or name that the cause is about, or that decided */
  stralloc explanation;    /* out: of a fail, what its domain says; may be empty, printable ASCII */
};

/* Check one identity: facts.local and facts.from, of which the former may be
 * empty. Nothing is kept from one check to the next but what the client is called. */
enum spf_result spf_check(struct spf_check *check);

#endif
