#include "identity.h"

#include <stdlib.h>
#include <string.h>

#include "ip.h"
#include "log.h"
#include "networks.h"
#include "peer.h"

static const char *proxy;  /* that brought the client; 0: it came by itself */

static int listed(const stralloc *networks, const char *address)
{
  struct ip ip;

  return ip_scan(address, strlen(address), &ip) && networks_have(networks, &ip);
}

/* Nobody is trusted for an address that is only that of a proxy, cm-proxy(8). */
static void allow(struct session *s)
{
  s->hidden = proxy && !strcmp(proxy, s->ip);
  s->relay = getenv("RELAYCLIENT") || (!s->hidden && listed(&s->set.relayclients, s->ip));
}

void identity_begin(struct session *s)
{
  s->ip = peer_fact("REMOTEIP");
  s->host = peer_fact("REMOTEHOST");
  proxy = getenv("CM_PROXY");
  allow(s);
  if (s->set.level & LOG_EXTENDED)
    log_event("connect", s->id, s->ip, " ", s->host, proxy ? " by " : "", proxy ? proxy : "");
}
