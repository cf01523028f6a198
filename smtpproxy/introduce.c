#include "introduce.h"

#include <string.h>

#include "attribute.h"
#include "behind.h"
#include "control.h"
#include "identity.h"
#include "log.h"
#include "peer.h"
#include "xtext.h"

#define VALUEMAX 200  /* bytes of a name that we say, of those that RFC 5321 has for a command */

/* PROXY -------------------------------------------------------------------- */

static unsigned int port(const char *name)
{
  const char *text = peer_fact(name);
  unsigned long n;

  return control_scan(text, strlen(text), &n) && n < 65536 ? (unsigned int) n : 0;
}

void introduce_before(struct session *s)
{
  static struct proxy p;
  const char *to = peer_fact("LOCALIP");

  s->upstream.client = 0;
  if (s->to->client != UPSTREAM_CLIENT_PROXY) return;
  memset(&p, 0, sizeof p);
  p.known = ip_scan(s->ip, strlen(s->ip), &p.from);
  if (!ip_scan(to, strlen(to), &p.to)) p.to.len = p.from.len;  /* 0.0.0.0 or :: */
  p.from_port = port("REMOTEPORT");
  p.to_port = port("LOCALPORT");
  s->upstream.client = &p;
}

/* XCLIENT and XFORWARD ------------------------------------------------------ */

static int put(stralloc *line, const char *value)
{
  size_t len = strlen(value);

  return len && len <= VALUEMAX ? xtext_encode(line, value, len) : stralloc_cats(line, "[UNAVAILABLE]");
}

/* The attributes that the upstream takes, of those in value that are not 0, behind the
 * verb: "": not known. 1, or 0 without memory. */
static int build(stralloc *line, const char *verb, unsigned int offered, const char *const value[ATTRIBUTES])
{
  unsigned int i;
  int ok = stralloc_copys(line, verb) != 0;

  for (i = 0; ok && i < ATTRIBUTES; ++i) {
    if (!(offered >> i & 1) || !value[i]) continue;
    ok = attribute_names(1u << i, line) && stralloc_cats(line, "=") &&
         ((i != ATTRIBUTE_ADDR && i != ATTRIBUTE_DESTADDR) || !strchr(value[i], ':') ||
          stralloc_cats(line, "IPV6:")) &&
         put(line, value[i]);
  }
  return ok;
}

/* The word, or 0 for none. */
static const char *some(const char *word)
{
  return *word ? word : 0;
}

static int no_xclient(struct session *s, const char *why)
{
  log_event("upstream-down", session_id(s), upstream_name(s->to), ": ", why,
            " XCLIENT, which its line asks for");
  smtpc_quit(&s->upstream);
  return 0;
}

/* What the client calls itself, if it looks like a name; it may also be an address. */
static const char *greeting(const struct session *s)
{
  const char *name = s->helo.len ? s->helo.s : "";

  return *name && !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]")]
         ? name : s->set.me.s;
}

static int xclient(struct session *s)
{
  static stralloc line;
  const char *const value[ATTRIBUTES] = {
    /* A proxy that keeps its client to itself may be trusted there; its client is not. */
    [ATTRIBUTE_NAME] = s->host, [ATTRIBUTE_ADDR] = s->hidden ? "" : s->ip,
    [ATTRIBUTE_PORT] = peer_fact("REMOTEPORT"),
    [ATTRIBUTE_PROTO] = s->extended ? "ESMTP" : "SMTP", [ATTRIBUTE_HELO] = s->helo.len ? s->helo.s : "",
    [ATTRIBUTE_LOGIN] = s->user.len ? s->user.s : 0,
    [ATTRIBUTE_DESTADDR] = some(peer_fact("LOCALIP")), [ATTRIBUTE_DESTPORT] = some(peer_fact("LOCALPORT"))
  };
  unsigned int offered = attribute_offered(&s->upstream.xclient) & ATTRIBUTE_XCLIENT;

  if (!(offered >> ATTRIBUTE_ADDR & 1)) return no_xclient(s, "does not offer");
  if (!build(&line, "XCLIENT", offered, value)) return 0;
  if (behind_ask(s, line.s, line.len) != 220) return no_xclient(s, "refuses");
  return smtpc_hello(&s->upstream, greeting(s), s->set.timeoutremote) == 250 ||
         no_xclient(s, "refuses EHLO behind");
}

int introduce(struct session *s)
{
  if (s->to->client == UPSTREAM_CLIENT_XCLIENT) return xclient(s);
  if (s->to->client == UPSTREAM_CLIENT_XFORWARD && !s->upstream.xforward.len)
    log_event("trouble", session_id(s), upstream_name(s->to),
              " does not offer XFORWARD, which its line asks for: it is not told who the client is");
  return 1;
}

void introduce_message(struct session *s)
{
  static stralloc line;
  const struct forward *f = &s->t.forward;
  const char *const value[ATTRIBUTES] = {
    [ATTRIBUTE_NAME] = identity_host(s), [ATTRIBUTE_ADDR] = identity_ip(s),
    [ATTRIBUTE_PORT] = f->given ? f->port.s : peer_fact("REMOTEPORT"),
    [ATTRIBUTE_PROTO] = f->given ? f->proto.s : s->extended ? "ESMTP" : "SMTP",
    [ATTRIBUTE_HELO] = identity_helo(s), [ATTRIBUTE_IDENT] = s->t.id,
    [ATTRIBUTE_SOURCE] = f->given && *f->source.s ? f->source.s : "REMOTE"
  };
  unsigned int offered;

  if (s->to->client != UPSTREAM_CLIENT_XFORWARD || !s->upstream.xforward.len) return;
  offered = attribute_offered(&s->upstream.xforward) & ATTRIBUTE_XFORWARD;
  if (build(&line, "XFORWARD", offered, value) && behind_ask(s, line.s, line.len) / 100 == 2) return;
  log_event("trouble", s->t.id, upstream_name(s->to), " refuses XFORWARD: it is not told who the client is");
}
