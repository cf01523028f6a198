#ifndef CM_ZONE_H
#define CM_ZONE_H

/* A list in the DNS, as a word of the configuration names it, RFC 5782:
 * [KIND:]ZONE[=CODES][*WEIGHT] */

#include "owfat.h"

enum zone_kind {
  ZONE_ADDRESS,          /* of addresses */
  ZONE_WHITE,            /* of addresses, of good hosts */
  ZONE_DOMAIN,           /* of domains: the sender's, From's, and what the client calls itself */
  ZONE_SENDER, ZONE_FROM, ZONE_HELO  /* of domains, one of these alone */
};

struct zone {
  enum zone_kind kind;
  stralloc name;      /* as dns_name() makes it */
  const char *codes;  /* what answers are a listing, up to its end or a * */
  long weight;
};

#define ZONE_WEIGHT 1000  /* the largest */

/* Read one word, which must stay. 1; 0: it is none; -1: out of memory. */
int zone_read(const char *word, struct zone *zone);

/* What an answer's 4 bytes mean: 1, a listing; 0, none of those that count here;
 * -1, no answer to the question but trouble with the zone: 127.255.255.x, and
 * what is outside 127.0.0.0/8, RFC 5782 and the larger zones' own rules. */
int zone_lists(const struct zone *zone, const char answer[4]);

#endif
