#include "networks.h"

#include <errno.h>
#include <string.h>

#include "control.h"

static int unreadable(stralloc *trouble, const char *name)
{
  control_trouble(trouble, "unable to read ", name, ": ", strerror(errno), (char *) 0);
  return -1;
}

static int malformed(stralloc *trouble, const char *name, unsigned int number, const char *line, size_t len)
{
  char digits[FMT_ULONG], what[101];

  digits[fmt_ulong(digits, number)] = 0;
  if (len > sizeof what - 1) len = sizeof what - 1;
  memcpy(what, line, len);
  what[len] = 0;
  control_trouble(trouble, "unable to use ", name, ", line ", digits,
                  ": not a network, write ADDRESS or ADDRESS/BITS: ", what, (char *) 0);
  return -1;
}

int networks_read(const char *name, stralloc *networks, stralloc *trouble)
{
  stralloc data = { 0 };
  struct ip network;
  const char *line;
  size_t at = 0, len;
  unsigned int number = 0;
  int r = control_read(name, &data);

  networks->len = 0;
  if (r == -1) unreadable(trouble, name);
  while (r == 1 && control_next(&data, &at, &line, &len, &number)) {
    if (!ip_scan_network(line, len, &network)) r = malformed(trouble, name, number, line, len);
    else if (!stralloc_catb(networks, (const char *) &network, sizeof network)) r = unreadable(trouble, name);
  }
  stralloc_free(&data);
  return r;
}

int networks_have(const stralloc *networks, const struct ip *ip)
{
  struct ip network;
  size_t at;

  for (at = 0; at < networks->len; at += sizeof network) {
    memcpy(&network, networks->s + at, sizeof network);
    if (ip_in(ip, &network)) return 1;
  }
  return 0;
}
