#include "dns.h"

#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "control.h"
#include "digits.h"
#include "stage.h"

enum {
  RESOLVERS = 8,     /* c-ares hands out 16 sockets, UDP and TCP of each */
  FIRST     = 1500,  /* ms for a resolver's first answer; doubled in each round */
  ROUNDS    = 3,     /* so silence lasts 10 s and a half for each resolver */
  PACKET    = 1232,  /* bytes of an answer by UDP, which pass every network whole */
  PORT      = 53,
  NAMEMAX   = 253,
  LABELMAX  = 63
};

static ares_channel channel;
static struct ares_addr_port_node resolvers[RESOLVERS];
static size_t resolvercount;
static unsigned int waiting;

/* How a record stands in struct dns_question, its bytes behind it. */
struct stored {
  size_t len;
  unsigned int preference;
};

static int add_resolver(const char *text, size_t len)
{
  struct ares_addr_port_node *r = resolvers + resolvercount;
  const char *colon = memrchr(text, ':', len);
  unsigned long port = PORT;
  struct ip ip;

  if (!ip_scan(text, len, &ip)) {
    if (colon && control_scan(colon + 1, len - (size_t) (colon + 1 - text), &port))
      len = (size_t) (colon - text);
    if (!port || port > 65535) return 0;
    if (len > 2 && *text == '[' && text[len - 1] == ']') {
      ++text;
      len -= 2;
    }
    if (!ip_scan(text, len, &ip)) return 0;
  }
  if (resolvercount == RESOLVERS) return 1;
  r->family = ip.len == 4 ? AF_INET : AF_INET6;
  memcpy(&r->addr, ip.bytes, ip.len);
  r->udp_port = r->tcp_port = (int) port;
  if (resolvercount++) r[-1].next = r;
  return 1;
}

/* The system's resolvers; a line that we cannot use is left out, as everybody does. */
static int system_resolvers(void)
{
  static stralloc data;
  const char *line;
  size_t at = 0, len, skip;

  if (control_read("/etc/resolv.conf", &data) == -1) return 0;
  while (control_next(&data, &at, &line, &len, 0)) {
    if (len < 12 || memcmp(line, "nameserver", 10) || (line[10] != ' ' && line[10] != '\t'))
      continue;
    for (skip = 10; line[skip] == ' ' || line[skip] == '\t'; ) ++skip;
    add_resolver(line + skip, len - skip);
  }
  return resolvercount || add_resolver("127.0.0.1", 9);
}

const char *dns_begin(void)
{
  static stralloc data, why;
  struct ares_options options = {
    .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_STAYOPEN | ARES_FLAG_EDNS,
    .timeout = FIRST, .tries = ROUNDS, .ednspsz = PACKET
  };
  char lookups[] = "b";
  struct in_addr nobody = { 0 };
  const char *line;
  size_t at = 0, len;

  if (control_read("control/resolvers", &data) == -1) return "unable to read control/resolvers";
  while (control_next(&data, &at, &line, &len, 0)) {
    if (add_resolver(line, len)) continue;
    if (!stralloc_copys(&why, "control/resolvers: not an address: ") ||
        !stralloc_catb(&why, line, len) || !stralloc_0(&why)) return "out of memory";
    return why.s;
  }
  if (!resolvercount && !system_resolvers()) return "unable to read /etc/resolv.conf";
  /* Everything is said, so that c-ares reads no file. */
  options.lookups = lookups;
  options.servers = &nobody;
  options.nservers = 1;
  if (ares_library_init(ARES_LIB_INIT_ALL) ||
      ares_init_options(&channel, &options, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
        ARES_OPT_EDNSPSZ | ARES_OPT_SERVERS | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS |
        ARES_OPT_NDOTS | ARES_OPT_SORTLIST | ARES_OPT_NOROTATE) ||
      ares_set_servers_ports(channel, resolvers)) return "unable to prepare questions";
  return 0;
}

int dns_name(const char *text, size_t len, stralloc *name)
{
  size_t i, label = 0;
  char c;

  name->len = 0;
  if (len && text[len - 1] == '.') --len;
  if (!len || len > NAMEMAX) return 0;
  for (i = 0; i < len; ++i) {
    c = text[i];
    label = c == '.' ? 0 : label + 1;
    if (!c || label > LABELMAX || (c == '.' && (!i || text[i - 1] == '.'))) return 0;
    if (c >= 'A' && c <= 'Z') c = (char) (c | 32);
    if (!stralloc_append(name, &c)) return -1;
  }
  if (!label) return 0;
  if (!stralloc_0(name)) return -1;
  --name->len;
  return 1;
}

int dns_reverse(const struct ip *ip, const char *zone, stralloc *name)
{
  char text[4];
  size_t i;

  name->len = 0;
  for (i = ip->len; i--; ) {
    if (ip->len == 4) *digits(text, ip->bytes[i], 10, 1) = 0;
    else {
      digits(text, ip->bytes[i] & 15u, 16, 1);
      text[1] = '.';
      digits(text + 2, ip->bytes[i] >> 4, 16, 1);
      text[3] = 0;
    }
    if (!stralloc_cats(name, text) || !stralloc_append(name, ".")) return 0;
  }
  if (!zone) zone = ip->len == 4 ? "in-addr.arpa" : "ip6.arpa";
  if (!stralloc_cats(name, zone) || !stralloc_0(name)) return 0;
  --name->len;
  return 1;
}

static unsigned int number(const unsigned char *bytes)
{
  return (unsigned int) bytes[0] << 8 | bytes[1];
}

/* An answer, being read; lack of memory is damage too. */
struct answer {
  const unsigned char *start, *at, *end;
};

/* A name, into text if that is not 0. 1; 0: what no host is called; -1: damaged. */
static int read_name(struct answer *a, stralloc *text)
{
  char *name;
  long len;
  int result = 1;

  if (ares_expand_name(a->at, a->start, (int) (a->end - a->start), &name, &len)) return -1;
  a->at += len;
  if (text) {
    text->len = 0;
    /* c-ares writes a backslash before what no host name has. */
    if (strchr(name, '\\')) result = 0;
    else if (*name) result = dns_name(name, strlen(name), text);
  }
  ares_free_string(name);
  return result;
}

static int store(struct dns_question *q, const void *data, size_t len, unsigned int preference)
{
  struct stored head = { len, preference };

  if (++q->count > DNS_RECORDS) return 0;
  return stralloc_catb(&q->records, (const char *) &head, sizeof head) &&
         stralloc_catb(&q->records, data, len);
}

static int store_text(struct dns_question *q, const unsigned char *data, size_t len)
{
  static stralloc text;
  const unsigned char *end = data + len;

  for (text.len = 0; data < end; data += *data + 1)
    if (*data >= end - data || !stralloc_catb(&text, (const char *) data + 1, *data)) return 0;
  return store(q, text.s, text.len, 0);
}

/* The data of one record, len bytes. 1, or 0: it is damaged. */
static int read_data(struct dns_question *q, struct answer *a, size_t len)
{
  static stralloc text;
  unsigned int preference = 0;
  int result;

  if (q->type == DNS_A || q->type == DNS_AAAA)
    return len == (q->type == DNS_A ? 4 : 16) && store(q, a->at, len, 0);
  if (q->type == DNS_TXT) return store_text(q, a->at, len);
  if (q->type == DNS_MX) {
    if (len < 3) return 0;
    preference = number(a->at);
    a->at += 2;
  }
  result = read_name(a, &text);
  return result == 1 ? store(q, text.s, text.len, preference) : result == 0;
}

/* All records of the type that was asked for. Those on the way to them, CNAMEs,
 * are the resolver's business. 1, or 0: the answer is damaged. */
static int read_answer(struct dns_question *q, const unsigned char *packet, size_t len)
{
  struct answer a = { packet, packet + 12, packet + len };
  const unsigned char *next;
  unsigned int questions, records, type, size;

  if (len < 12) return 0;
  questions = number(packet + 4);
  records = number(packet + 6);
  while (questions--)
    if (read_name(&a, 0) == -1 || (a.at += 4) > a.end) return 0;
  while (records--) {
    if (read_name(&a, 0) == -1 || a.end - a.at < 10) return 0;
    type = number(a.at);
    size = number(a.at + 8);
    next = (a.at += 10) + size;
    if (size > a.end - a.at) return 0;
    if (type == q->type && !read_data(q, &a, size)) return 0;
    a.at = next;
  }
  return 1;
}

static void answered(void *arg, int status, int timeouts, unsigned char *packet, int len)
{
  struct dns_question *q = arg;

  (void) timeouts;
  --waiting;
  switch (status) {
    case ARES_SUCCESS:
      if (read_answer(q, packet, (size_t) len)) q->result = q->count ? DNS_FOUND : DNS_NODATA;
      else {
        q->result = DNS_TEMPORARY;
        q->records.len = q->count = 0;
      }
      break;
    case ARES_ENODATA: q->result = DNS_NODATA; break;
    case ARES_EBADNAME:
    case ARES_ENOTFOUND: q->result = DNS_NXDOMAIN; break;
    case ARES_ETIMEOUT:
    case ARES_ECANCELLED: q->result = DNS_TIMEOUT; break;
    default: q->result = DNS_TEMPORARY;
  }
}

int dns_ask(struct dns_question *q, const char *name, enum dns_type type)
{
  static stralloc asked, escaped;
  const char *p;
  int valid = dns_name(name, strlen(name), &asked);

  if (valid == -1) return 0;
  q->type = type;
  q->records.len = q->count = 0;
  q->result = valid ? DNS_WAITING : DNS_NXDOMAIN;
  if (!valid) return 1;
  for (escaped.len = 0, p = asked.s; *p; ++p)
    if ((*p == '\\' && !stralloc_append(&escaped, p)) || !stralloc_append(&escaped, p)) return 0;
  if (!stralloc_0(&escaped)) return 0;
  ++waiting;
  ares_query(channel, escaped.s, 1, (int) type, answered, q);
  return 1;
}

/* Let c-ares work once something has come, its patience is over, or ms are. */
static void work(long long ms)
{
  ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
  struct pollfd fds[ARES_GETSOCK_MAXNUM];
  struct timeval most = { (time_t) (ms / 1000), (suseconds_t) (ms % 1000 * 1000) }, t, *wait;
  /* Readable in the lower half, writable in the upper; c-ares's own macros shift into the sign. */
  unsigned int bits = (unsigned int) ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);
  nfds_t i, n = 0;

  for (i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    int input = bits >> i & 1, output = bits >> (i + ARES_GETSOCK_MAXNUM) & 1;
    short events = (short) ((input ? POLLIN : 0) | (output ? POLLOUT : 0));

    if (events) fds[n++] = (struct pollfd) { .fd = sockets[i], .events = events };
  }
  wait = ares_timeout(channel, &most, &t);
  if (poll(fds, n, (int) (wait->tv_sec * 1000 + (wait->tv_usec + 999) / 1000)) <= 0)
    ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  else
    for (i = 0; i < n; ++i)
      if (fds[i].revents)
        ares_process_fd(channel, fds[i].events & POLLIN ? fds[i].fd : ARES_SOCKET_BAD,
                        fds[i].events & POLLOUT ? fds[i].fd : ARES_SOCKET_BAD);
}

unsigned int dns_wait(long long deadline)
{
  unsigned int before = waiting;
  long long left;

  while (waiting && waiting == before) {
    left = deadline - clock_ms();
    if (left <= 0) ares_cancel(channel);
    else work(left);
  }
  return waiting;
}

enum dns_result dns_look(struct dns_question *q, const char *name, enum dns_type type,
                         long long deadline)
{
  if (!dns_ask(q, name, type)) return DNS_TEMPORARY;
  while (q->result == DNS_WAITING) dns_wait(deadline);
  return q->result;
}

long long dns_deadline(unsigned long seconds)
{
  long long ours = clock_ms() + (long long) seconds * 1000, theirs = stage_until(seconds);

  return theirs < ours ? theirs : ours;
}

int dns_next(const struct dns_question *q, size_t *at, struct dns_record *record)
{
  struct stored head;

  if (*at >= q->records.len || q->result != DNS_FOUND) return 0;
  memcpy(&head, q->records.s + *at, sizeof head);
  record->data = q->records.s + *at + sizeof head;
  record->len = head.len;
  record->preference = head.preference;
  *at += sizeof head + head.len;
  return 1;
}
