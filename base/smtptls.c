#include "smtptls.h"

#include "tlsc.h"

/* There is no TLS. What was wanted? */
static int without(struct smtpc *c, const struct upstream *to, const char *why)
{
  c->trouble = why;
  if (to->tls == UPSTREAM_TLS_MAY && smtpc_isopen(c)) return 0;
  smtpc_close(c);
  c->unsafe = 1;
  return -1;
}

int smtptls_begin(struct smtpc *c, const struct upstream *to, int *fd, unsigned long seconds)
{
  struct tlsc t;

  *fd = tlsc_start(&t, *fd, to->host, to->tls == UPSTREAM_TLS_VERIFY ? TLSC_VERIFY : TLSC_ANY, seconds);
  if (*fd == -1) return without(c, to, t.said);
  c->tls = t.said;
  c->process = t.process;
  return 1;
}

int smtptls_start(struct smtpc *c, const struct upstream *to, unsigned long connect, unsigned long reply)
{
  int r, fd;

  if (!(c->offers & SMTPC_STARTTLS)) return without(c, to, "offers no STARTTLS");
  r = smtpc_command(c, "STARTTLS", 8, reply);
  if (r == -1) {
    c->unsafe = 1;
    return -1;
  }
  if (r != 220) return without(c, to, "refuses STARTTLS");
  /* What stands behind the answer was put there by anybody; CVE-2021-38371. */
  if (stream_pending(&c->stream) && stream_present(&c->stream)) {
    smtpc_close(c);
    return without(c, to, "speaks in plain behind STARTTLS");
  }
  fd = c->stream.in;
  c->stream.in = c->stream.out = -1;
  r = smtptls_begin(c, to, &fd, connect);
  if (r == 1) stream_begin(&c->stream, fd, fd, c->buffer, sizeof c->buffer, reply);
  return r;
}
