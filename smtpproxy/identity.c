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
  s->ip = peer_fact("REMOTEIP");
  s->host = peer_fact("REMOTEHOST");
  s->hidden = proxy && !strcmp(proxy, s->ip);
  s->relay = getenv("RELAYCLIENT") || (!s->hidden && listed(&s->set.relayclients, s->ip));
  if (s->set.level & LOG_EXTENDED)
    log_event("connect", s->id, s->ip, " ", s->host, proxy ? " by " : "", proxy ? proxy : "");
}

void identity_begin(struct session *s)
{
  proxy = getenv("CM_PROXY");
  allow(s);
  s->peer = !s->hidden && listed(&s->set.xclient, s->ip);
}

static int set(const char *name, const char *value)
{
  return value && *value ? !setenv(name, value, 1) : !unsetenv(name);
}

/* The names and the rights that an address had go with it. */
int identity_become(struct session *s, const char *ip, const char *port, const char *host,
                    const char *to, const char *to_port)
{
  static stralloc before;
  int ok = before.len || (stralloc_copys(&before, s->ip) && stralloc_0(&before));

  if (ip && ok) {
    proxy = before.s;
    ok = set("PROTO", "TCP") && set("REMOTE_ADDR", 0) &&
         set("TCPREMOTEIP", ip) && set("TCPREMOTEPORT", port) &&
         set("TCPREMOTEHOST", host) && set("TCPREMOTEINFO", 0) && set("RELAYCLIENT", 0);
  } else if (host && ok) ok = set("TCPREMOTEHOST", host);
  if (to && ok) ok = set("TCPLOCALIP", to) && set("TCPLOCALPORT", to_port) && set("TCPLOCALHOST", 0);
  if (ok) allow(s);
  return ok;
}

const char *identity_ip(const struct session *s)
{
  return s->t.forward.given ? s->t.forward.ip.s : s->ip;
}

const char *identity_host(const struct session *s)
{
  return s->t.forward.given ? s->t.forward.host.s : s->host;
}

const char *identity_helo(const struct session *s)
{
  return s->t.forward.given ? s->t.forward.helo.s : s->helo.s;
}

const char *identity_protocol(const struct session *s)
{
  return s->t.forward.given && *s->t.forward.proto.s ? s->t.forward.proto.s : session_protocol(s);
}
