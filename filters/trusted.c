#include "trusted.h"

#include <string.h>

#include "networks.h"
#include "stage.h"

static stralloc networks;

const char *trusted_begin(void)
{
  static stralloc why;

  return networks_read("control/trusted", &networks, &why) == -1 ? why.s : 0;
}

int trusted_has(const struct ip *ip)
{
  return networks_have(&networks, ip);
}

void trusted_exempt(void)
{
  const char *address = stage_variable("TCPREMOTEIP");
  struct ip ip;

  if (*stage_variable("CM_AUTH")) stage_end(VERDICT_DELIVER, "2.0.0 the client has authenticated itself");
  if (ip_scan(address, strlen(address), &ip) && trusted_has(&ip))
    stage_end(VERDICT_DELIVER, "2.0.0 the client is trusted");
}
