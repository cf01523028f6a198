#ifndef CM_DNS_H
#define CM_DNS_H

/* Questions to the resolvers in control/resolvers, or /etc/resolv.conf: any
 * number side by side, with one deadline. UDP, and TCP where an answer is cut.
 * The only door to c-ares. */

#include "ip.h"
#include "owfat.h"

enum dns_type { DNS_A = 1, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28 };

enum dns_result {
  DNS_WAITING,
  DNS_FOUND,      /* there is at least one record */
  DNS_NXDOMAIN,   /* there is no such name; also what no name can be */
  DNS_NODATA,     /* there is the name, and no record of the type */
  DNS_TEMPORARY,  /* all resolvers failed, refused, or answered what cannot be read */
  DNS_TIMEOUT     /* no answer */
};

#define DNS_RECORDS 1000  /* more in one answer are a temporary failure */

/* Zero it before the first use; it may be used again, which keeps its memory.
 * It must not move while it is waiting. */
struct dns_question {
  enum dns_type type;
  enum dns_result result;
  unsigned int count;  /* of records */
  stralloc records;    /* for dns_next() */
};

struct dns_record {
  const char *data;     /* A: 4 bytes, AAAA: 16; TXT: its strings, joined; PTR and MX:
                         * a name as dns_name() makes it, empty for the root */
  size_t len;
  unsigned int preference;  /* of an MX */
};

/* Read the configuration; before anything else, and before the process gives
 * up opening files. 0, or what is wrong with it. */
const char *dns_begin(void);

/* The name that text is: in lower case, without a dot at its end. Any byte but 0
 * may be in it. 1, name is 0-terminated; 0: DNS can have no such name (an empty
 * label or none, one above 63 bytes, 253 bytes in all); -1: out of memory. */
int dns_name(const char *text, size_t len, stralloc *name);

/* The name below which an address is listed: its bytes or nibbles, last first,
 * each with a dot behind it, then zone (0: in-addr.arpa or ip6.arpa). 1, name is
 * 0-terminated; or 0 without memory. */
int dns_reverse(const struct ip *ip, const char *zone, stralloc *name);

/* Begin to ask. The answer is in the question as soon as it is not
 * DNS_WAITING, which may be at once. 1, or 0 without memory. */
int dns_ask(struct dns_question *question, const char *name, enum dns_type type);

/* Wait until some question is answered, or until clock_ms() is deadline; then
 * all that still wait are DNS_TIMEOUT. How many wait. */
unsigned int dns_wait(long long deadline);

/* Ask one question and wait for its answer alone. Its result; DNS_TEMPORARY
 * also without memory. */
enum dns_result dns_look(struct dns_question *question, const char *name, enum dns_type type,
                         long long deadline);

/* When to give up, of clock_ms(): in so many seconds, or shortly before
 * CM_DEADLINE if that comes first. */
long long dns_deadline(unsigned long seconds);

/* The next record of an answer. *at: where to go on, 0 at first. 1, or 0: no more. */
int dns_next(const struct dns_question *question, size_t *at, struct dns_record *record);

#endif
