#include "spf.h"

#include <string.h>

#include "clock.h"
#include "dns.h"
#include "spfrecord.h"

/* RFC 7208, 4.6.4 */
enum {
  LOOKUPS = 10,  /* terms that ask */
  VOIDS   = 2,   /* questions that give nothing */
  MXS     = 10,  /* names of one mx: more are an error */
  PTRS    = 10,  /* names of the client: more are not looked at */
  EXPLANATION = 250  /* bytes that we repeat */
};

/* One result more, of a term: it does not match and evaluation goes on. */
#define NO_MATCH SPF_RESULTS

static struct spf_check *check;
static unsigned int lookups, voids, includes;
static stralloc validated;  /* names of the client, proven, each with a 0 behind it */
static enum { UNKNOWN, KNOWN } names;

static enum spf_result check_host(const char *domain);

static enum spf_result because(enum spf_result result, const char *cause, const char *where,
                               size_t len)
{
  check->cause = cause;
  check->where.len = 0;
  if (stralloc_catb(&check->where, where, len)) return result;
  check->cause = "out of memory";
  return SPF_TEMPERROR;
}

/* Ask on behalf of a term. SPF_PASS: there are records; NO_MATCH: none; or an
 * error. What can be no name is not asked for, and so does not count. */
static enum spf_result look(struct dns_question *q, const char *name, enum dns_type type)
{
  static stralloc valid;

  if (dns_name(name, strlen(name), &valid) == 0) return NO_MATCH;
  switch (dns_look(q, name, type, check->deadline)) {
    case DNS_FOUND: return SPF_PASS;
    case DNS_NXDOMAIN:
    case DNS_NODATA:
      if (++voids <= VOIDS) return NO_MATCH;
      return because(SPF_PERMERROR, "too many names that are not there", name, strlen(name));
    default: return because(SPF_TEMPERROR, "no answer from the DNS", name, strlen(name));
  }
}

static enum dns_type address_type(void)
{
  return check->facts.ip.len == 4 ? DNS_A : DNS_AAAA;
}

/* Is the client among the addresses of an answer, or in their networks? */
static int client_among(const struct dns_question *q, unsigned int bits)
{
  struct dns_record r;
  struct ip network = { .bits = bits };
  size_t at = 0;

  while (dns_next(q, &at, &r)) {
    memcpy(network.bytes, r.data, network.len = r.len);
    if (ip_in(&check->facts.ip, &network)) return 1;
  }
  return 0;
}

/* The names of the client that lead back to its address: RFC 7208, 5.5. */
static void find_names(void)
{
  static struct dns_question ptr, address;
  static stralloc name;
  struct dns_record r;
  size_t at = 0;
  unsigned int i;

  if (names == KNOWN) return;
  names = KNOWN;
  if (!dns_reverse(&check->facts.ip, 0, &name)) return;
  if (dns_look(&ptr, name.s, DNS_PTR, check->deadline) != DNS_FOUND) return;
  for (i = 0; i < PTRS && dns_next(&ptr, &at, &r); ++i) {
    if (!r.len || !stralloc_copyb(&name, r.data, r.len) || !stralloc_0(&name)) continue;
    if (dns_look(&address, name.s, address_type(), check->deadline) != DNS_FOUND) continue;
    if (client_among(&address, check->facts.ip.bits) &&
        !stralloc_catb(&validated, name.s, name.len)) return;
  }
}

/* Is name the domain or below it? 2, 1 or 0. */
static int belongs(const char *name, const char *domain)
{
  size_t len = strlen(name), suffix = strlen(domain);

  if (!case_diffs(name, domain)) return 2;
  return len > suffix && name[len - suffix - 1] == '.' && !case_diffs(name + len - suffix, domain);
}

/* The letter p: best the domain itself, then a name below it. */
static const char *proven_name(const char *domain)
{
  const char *name, *best = 0;
  int rank, highest = -1;

  find_names();
  if (!validated.len) return "unknown";
  for (name = validated.s; name < validated.s + validated.len; name += strlen(name) + 1) {
    rank = belongs(name, domain);
    if (rank <= highest) continue;
    highest = rank;
    best = name;
  }
  return best;
}

/* The name that a domain-spec stands for, or the domain itself if there is
 * none: RFC 7208, 4.8 and 7.3. SPF_PASS; NO_MATCH: there can be none; or an
 * error, which lasts. */
static enum spf_result target(const struct spf_term *t, stralloc *name)
{
  static stralloc text;
  const char *start, *dot;
  size_t len;
  int result;

  if (!t->domain) {
    if (stralloc_copys(name, check->facts.domain) && stralloc_0(name)) return SPF_PASS;
    return because(SPF_TEMPERROR, "out of memory", "", 0);
  }
  result = spf_expand(&check->facts, t->domain, t->domainlen, &text);
  if (result == 0) return because(SPF_PERMERROR, "too long", t->start, t->len);
  if (result == 2) return NO_MATCH;
  if (result == 1) {
    start = text.s;
    len = text.len - 1;
    if (len && start[len - 1] == '.') --len;
    /* Labels on the left go until the name fits. */
    while (len > 253 && (dot = memchr(start, '.', len))) {
      len -= (size_t) (dot + 1 - start);
      start = dot + 1;
    }
    if (stralloc_copyb(name, start, len) && stralloc_0(name)) return SPF_PASS;
  }
  return because(SPF_TEMPERROR, "out of memory", "", 0);
}

static enum spf_result match_a(const struct spf_term *t, const char *name)
{
  static struct dns_question q;
  enum spf_result result = look(&q, name, address_type());

  if (result != SPF_PASS) return result;
  return client_among(&q, check->facts.ip.len == 4 ? t->bits4 : t->bits6) ? SPF_PASS : NO_MATCH;
}

static enum spf_result match_mx(const struct spf_term *t, const char *name)
{
  static struct dns_question q;
  stralloc host = { 0 };
  struct dns_record r;
  size_t at = 0;
  enum spf_result result = look(&q, name, DNS_MX);

  if (result != SPF_PASS) return result;
  if (q.count > MXS)
    return because(SPF_PERMERROR, "more than 10 mail exchangers", name, strlen(name));
  for (result = NO_MATCH; result == NO_MATCH && dns_next(&q, &at, &r); ) {
    if (!r.len) continue;
    if (!stralloc_copyb(&host, r.data, r.len) || !stralloc_0(&host))
      return because(SPF_TEMPERROR, "out of memory", "", 0);
    result = match_a(t, host.s);
  }
  stralloc_free(&host);
  return result;
}

static enum spf_result match_ptr(const char *name)
{
  const char *p;
  size_t len = strlen(name);

  if (len && name[len - 1] == '.') --len;
  find_names();
  for (p = validated.s; validated.len && p < validated.s + validated.len; p += strlen(p) + 1)
    if (belongs(p, name)) return SPF_PASS;
  return NO_MATCH;
}

static enum spf_result match_include(const struct spf_term *t, const char *name)
{
  const char *outer = check->facts.domain;
  enum spf_result result;

  ++includes;
  result = check_host(name);
  --includes;
  check->facts.domain = outer;
  switch (result) {
    case SPF_PASS:
    case SPF_TEMPERROR:
    case SPF_PERMERROR: return result;
    case SPF_NONE: return because(SPF_PERMERROR, "includes what has no policy", t->start, t->len);
    default: return NO_MATCH;
  }
}

static int asks(enum spf_kind kind)
{
  return kind == SPF_INCLUDE || kind == SPF_A || kind == SPF_MX || kind == SPF_PTR ||
         kind == SPF_EXISTS || kind == SPF_REDIRECT;
}

/* SPF_PASS: the mechanism matches; NO_MATCH; or an error. */
static enum spf_result match(const struct spf_term *t)
{
  static struct dns_question q;
  stralloc name = { 0 };
  enum spf_result result;

  if (asks(t->kind)) {
    if (++lookups > LOOKUPS)
      return because(SPF_PERMERROR, "more than 10 terms that ask", t->start, t->len);
    result = target(t, &name);
    if (result != SPF_PASS) return result;
  }
  switch (t->kind) {
    case SPF_ALL: return SPF_PASS;
    case SPF_IP4:
    case SPF_IP6: return ip_in(&check->facts.ip, &t->network) ? SPF_PASS : NO_MATCH;
    case SPF_INCLUDE: result = match_include(t, name.s); break;
    case SPF_A: result = match_a(t, name.s); break;
    case SPF_MX: result = match_mx(t, name.s); break;
    case SPF_PTR: result = match_ptr(name.s); break;
    case SPF_EXISTS: result = look(&q, name.s, DNS_A); break;
    case SPF_REDIRECT:
      result = check_host(name.s);
      if (result == SPF_NONE)
        result = because(SPF_PERMERROR, "redirects to what has no policy", t->start, t->len);
      break;
    default: return NO_MATCH;
  }
  return result;
}

/* What the domain says to those it does not want: RFC 7208, 6.2. Whatever goes
 * wrong here, nothing has been said. */
static void explain(const struct spf_term *exp)
{
  static struct dns_question q;
  static stralloc name, text;
  struct dns_record r;
  size_t at = 0, i;

  if (target(exp, &name) != SPF_PASS) return;
  if (dns_look(&q, name.s, DNS_TXT, check->deadline) != DNS_FOUND || q.count != 1) return;
  if (!dns_next(&q, &at, &r) || !spf_macros(r.data, r.len, SPF_IN_TEXT)) return;
  if (spf_expand(&check->facts, r.data, r.len, &text) != 1) return;
  for (i = 0; i < text.len - 1 && i < EXPLANATION; ++i) {
    if (text.s[i] < ' ' || text.s[i] > '~') text.s[i] = '?';
    if (!stralloc_append(&check->explanation, text.s + i)) return;
  }
}

static enum spf_result verdict(char qualifier)
{
  switch (qualifier) {
    case '-': return SPF_FAIL;
    case '~': return SPF_SOFTFAIL;
    case '?': return SPF_NEUTRAL;
    default: return SPF_PASS;
  }
}

/* The domain's record: SPF_PASS, or why there is none. */
static enum spf_result fetch(const char *domain, stralloc *record)
{
  static struct dns_question q;
  static stralloc name;
  struct dns_record r;
  size_t at = 0;
  unsigned int found = 0;

  /* A domain has a dot in it, and is no address: RFC 7208, 4.3. */
  if (*domain == '[' || dns_name(domain, strlen(domain), &name) != 1 || !strchr(name.s, '.'))
    return because(SPF_NONE, "not a domain", domain, strlen(domain));
  switch (dns_look(&q, name.s, DNS_TXT, check->deadline)) {
    case DNS_FOUND: break;
    case DNS_NXDOMAIN:
    case DNS_NODATA: return because(SPF_NONE, "no policy", domain, strlen(domain));
    default: return because(SPF_TEMPERROR, "no answer from the DNS", domain, strlen(domain));
  }
  while (dns_next(&q, &at, &r)) {
    if (!spf_is_record(r.data, r.len)) continue;
    if (++found > 1) return because(SPF_PERMERROR, "more than one policy", domain, strlen(domain));
    if (!stralloc_copyb(record, r.data, r.len))
      return because(SPF_TEMPERROR, "out of memory", "", 0);
  }
  return found ? SPF_PASS : because(SPF_NONE, "no policy", domain, strlen(domain));
}

/* One domain's policy: RFC 7208, 4. It calls itself no deeper than LOOKUPS. */
static enum spf_result check_host(const char *domain)
{
  stralloc record = { 0 };
  struct spf_term t, redirect = { 0 }, exp = { 0 };
  size_t at = 0;
  enum spf_result result = fetch(domain, &record);

  if (result != SPF_PASS) return result;
  if (!spf_check_record(record.s, record.len, &t))
    return because(SPF_PERMERROR, "broken policy", t.start, t.len);
  while (spf_next_term(record.s, record.len, &at, &t) == 1) {
    if (t.kind == SPF_REDIRECT) redirect = t;
    if (t.kind == SPF_EXP) exp = t;
  }
  check->facts.domain = domain;
  for (at = 0; spf_next_term(record.s, record.len, &at, &t) == 1; ) {
    if (t.kind >= SPF_REDIRECT) continue;
    result = match(&t);
    /* Of the client's own names no answer is like none, but not for ever. */
    if (result == NO_MATCH && clock_ms() >= check->deadline)
      result = because(SPF_TEMPERROR, "no time left", t.start, t.len);
    if (result == NO_MATCH) continue;
    if (result != SPF_PASS) return result;
    if (t.qualifier == '-' && !includes && exp.domain) explain(&exp);
    return because(verdict(t.qualifier), 0, t.start, t.len);
  }
  result = redirect.domain ? match(&redirect) : NO_MATCH;
  return result == NO_MATCH ? because(SPF_NEUTRAL, 0, "", 0) : result;
}

enum spf_result spf_check(struct spf_check *c)
{
  check = c;
  lookups = voids = includes = 0;
  c->cause = 0;
  c->where.len = c->explanation.len = 0;
  if (!*c->facts.local) c->facts.local = "postmaster";
  c->facts.validated = proven_name;
  c->facts.domain = c->facts.from;
  return check_host(c->facts.from);
}
