#include "condition.h"

#include <stdlib.h>
#include <string.h>

#include "authres.h"
#include "ip.h"

/* What a method has verified is told by a property of its result. */
static const struct method {
  const char *name, *property;
  int below;  /* 1: it speaks for the domains below, too */
} methods[] = {
  { "spf",   "smtp.mailfrom", 0 },
  { "dkim",  "header.d",      1 },
  { "dmarc", "header.from",   0 }
};
#define METHODS (sizeof methods / sizeof *methods)

static const struct method *method(const char *word, size_t len)
{
  size_t i;

  for (i = 0; i < METHODS; ++i)
    if (strlen(methods[i].name) == len && !case_diffb(word, len, methods[i].name))
      return methods + i;
  return 0;
}

static int network(const char *word, size_t len, struct ip *ip)
{
  return len > 3 && !case_diffb(word, 3, "ip=") && ip_scan_network(word + 3, len - 3, ip);
}

int condition_any(const struct entry *e)
{
  const char *word;
  size_t at = 0, len;

  return list_condition(e, &at, &word, &len);
}

int condition_known(const struct entry *e)
{
  const char *word;
  size_t at = 0, len;
  struct ip ip;

  while (list_condition(e, &at, &word, &len))
    if (!method(word, len) && !network(word, len, &ip)) return 0;
  return 1;
}

static size_t length(const char *domain)
{
  size_t len = strlen(domain);

  return len && domain[len - 1] == '.' ? len - 1 : len;
}

/* Is the domain that was verified this one, or, with below, above it? */
static int speaks_for(const char *verified, const char *domain, int below)
{
  size_t have = length(verified), want = length(domain);

  if (!have || have > want || case_diffb(domain + want - have, have, verified)) return 0;
  return have == want || (below && domain[want - have - 1] == '.');
}

/* 1; 0; -1 with errno. */
static int verified(const struct method *m, const char *domain)
{
  static struct authres results;
  static int opened;
  const char *value, *at;
  int more = opened ? 1 : authres_open(&results), found = 0;

  opened = more == 1;
  authres_rewind(&results);
  while (more == 1 && !found && (more = authres_next(&results)) == 1) {
    value = authres_value(&results, m->property);
    if (!value || case_diffs(authres_method(&results), m->name) ||
        case_diffs(authres_said(&results), "pass")) continue;
    at = strrchr(value, '@');
    found = speaks_for(at ? at + 1 : value, domain, m->below);
  }
  return more == -1 ? -1 : found;
}

int condition_holds(const struct entry *e, const char *address)
{
  const char *word, *domain = strrchr(address, '@'), *client = getenv("TCPREMOTEIP");
  const struct method *m;
  struct ip net, ip;
  size_t at = 0, len;
  int networks = 0, inside = 0, found, known = client && ip_scan(client, strlen(client), &ip);

  while (list_condition(e, &at, &word, &len)) {
    m = method(word, len);
    if (m) {
      found = domain ? verified(m, domain + 1) : 0;
      if (found != 1) return found;
    } else {
      if (!network(word, len, &net)) return 0;
      networks = 1;
      inside |= known && ip_in(&ip, &net);
    }
  }
  return !networks || inside;
}
