#ifndef CM_DMARC_H
#define CM_DMARC_H

/* DMARC records and the walk up the DNS that finds them, RFC 9989. */

#include "dns.h"

enum dmarc_policy { DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT, DMARC_UNSAID, DMARC_INVALID };

struct dmarc_record {
  enum dmarc_policy p, sp, np;
  char psd;             /* y, n or u */
  int strict_dkim, strict_spf;
  int testing;          /* t=y */
  int reports;          /* rua= names somebody */
};

#define DMARC_STEPS 8  /* names that are asked at most, section 4.10 */

/* The way from a domain to the top. Zero it before the first use. */
struct dmarc_walk {
  char name[254];              /* of the domain, as dns_name() makes it */
  size_t count;
  const char *steps[DMARC_STEPS];  /* the names on the way, pointing into name */
  struct dns_question questions[DMARC_STEPS];
  struct dmarc_record records[DMARC_STEPS];
  int found[DMARC_STEPS];      /* 1: there is a record */
  int temporary;               /* 1: somewhere there was no answer; then only a policy
                                * that the domain has itself is known */
  const char *organization;    /* the organizational domain, pointing into name */
  const char *place;           /* where the policy stands that counts for the domain, or 0 */
  const struct dmarc_record *record;  /* that policy */
};

/* Ask for all records on the way. 1, or 0 without memory. */
int dmarc_ask(struct dmarc_walk *walk, const char *name);

/* After dns_wait(): what the answers say. */
void dmarc_take(struct dmarc_walk *walk);

/* What the walk's policy asks for of a domain that fails; exists: is there the
 * domain? DMARC_INVALID: it cannot be used, as if there were none (4.10.1). */
enum dmarc_policy dmarc_wish(const struct dmarc_walk *walk, int exists);

/* Does the answer depend on whether the domain exists? 1 or 0. */
int dmarc_wants_existence(const struct dmarc_walk *walk);

#endif
