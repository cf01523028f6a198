#include "trusted.h"

#include <string.h>

#include "control.h"
#include "stage.h"

static stralloc networks;  /* struct ip, one behind the other */

const char *trusted_begin(void)
{
  static stralloc data, why;
  struct ip network;
  const char *line;
  size_t at = 0, len;

  if (control_read("control/trusted", &data) == -1) return "unable to read control/trusted";
  while (control_next(&data, &at, &line, &len, 0)) {
    if (!ip_scan_network(line, len, &network)) {
      if (!stralloc_copys(&why, "control/trusted: not a network: ") ||
          !stralloc_catb(&why, line, len) || !stralloc_0(&why)) return "out of memory";
      return why.s;
    }
    if (!stralloc_catb(&networks, (const char *) &network, sizeof network)) return "out of memory";
  }
  return 0;
}

int trusted_has(const struct ip *ip)
{
  struct ip network;
  size_t at;

  for (at = 0; at < networks.len; at += sizeof network) {
    memcpy(&network, networks.s + at, sizeof network);
    if (ip_in(ip, &network)) return 1;
  }
  return 0;
}

void trusted_exempt(void)
{
  const char *address = stage_variable("TCPREMOTEIP");
  struct ip ip;

  if (*stage_variable("CM_AUTH")) stage_end(VERDICT_DELIVER, "2.0.0 the client has authenticated itself");
  if (ip_scan(address, strlen(address), &ip) && trusted_has(&ip))
    stage_end(VERDICT_DELIVER, "2.0.0 the client is trusted");
}
