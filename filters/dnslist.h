#ifndef CM_DNSLIST_H
#define CM_DNSLIST_H

/* Lists in the DNS, asked about a message, side by side. One that lists
 * something must also list a test point of its kind, and not list what nobody is
 * (RFC 5782, section 5): else it has lapsed, lies, or the resolver does. */

#include "dns.h"
#include "ip.h"
#include "zone.h"

/* What the lists are asked about. The first address is the nearest host's. */
struct subject {
  enum zone_kind kind;  /* ZONE_ADDRESS, or which domain it is */
  struct ip ip;
  const char *text;
};

struct dnslist {
  struct zone zone;
  int tests;                       /* are the test points to be asked? */

  unsigned int asked;              /* out: about how many subjects */
  const struct subject *listed;    /* out: the first that is, or 0 */
  const struct dns_question *code; /* out: its answer */
  struct dns_question text;        /* out: what the list says of it */
  struct dns_question *questions;  /* private, as the rest */
  struct dns_question point[2], nobody[2];
};

enum dnslist_state {
  DNSLIST_UNANSWERED,  /* no answer, or none to believe */
  DNSLIST_NOT_LISTED,
  DNSLIST_LISTED
};

/* Ask all about all that concerns them, until all have answered, the weights of
 * those that list come to the threshold or a white one lists, or clock_ms() is
 * deadline. The subjects must stay. 1, or 0 without memory. */
int dnslist_ask(struct dnslist *lists, size_t count, const struct subject *subjects,
                size_t subjectcount, long threshold, long long deadline);

enum dnslist_state dnslist_state(const struct dnslist *list);

#endif
