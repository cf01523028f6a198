#include "starttls.h"

#include <errno.h>
#include <string.h>

#include "log.h"
#include "transaction.h"
#include "ucspitls.h"

int starttls_look(struct session *s, stralloc *trouble)
{
  if (!ucspitls_look(trouble)) return 0;
  s->tls = ucspitls_words();
  return 1;
}

int starttls_offered(const struct session *s)
{
  return !s->tls && ucspitls_offered();
}

int starttls_before(const struct session *s, enum verb verb)
{
  if (!ucspitls_required() || s->tls) return 0;
  switch (verb) {
    case VERB_EHLO: case VERB_NOOP: case VERB_QUIT: case VERB_STARTTLS: return 0;  /* RFC 3207, 4 */
    case VERB_UNKNOWN: case VERB_FOREIGN: case VERB_BDAT: return 0;
    default: return 1;
  }
}

/* RFC 3207, 4.2: what was said in clear may have been said by anybody. */
static void forget(struct session *s)
{
  transaction_reset(s);
  s->helo.len = 0;
  s->extended = 0;
  s->offers = 0;
  s->user.len = 0;
}

const char *starttls(struct session *s, size_t argslen)
{
  if (s->tls) return "503 5.5.1 TLS is spoken already";
  if (!ucspitls_offered()) return "502 5.5.1 not offered";
  if (argslen) return "501 5.5.4 STARTTLS stands alone";
  if (!s->extended) return "503 5.5.1 say EHLO first";
  if (s->t.open) return "503 5.5.1 end the transaction first";
  if (s->bound) return "503 5.5.1 too late: AUTH has been said";
  if (stream_pending(&s->client)) {
    /* Somebody else on the way could have put it there; CVE-2011-0411. */
    log_event("tls-failed", s->id, "something stood behind STARTTLS");
    s->over = s->cut = 1;
    return "501 5.5.2 nothing may follow STARTTLS; goodbye";
  }
  session_reply(s, "220 2.0.0 go ahead");
  if (session_flush(s) == -1) return 0;
  if (ucspitls_begin(&s->client, s->id, s->set.timeoutsmtpd)) {
    s->tls = ucspitls_words();
    forget(s);
  } else s->over = 1;  /* nothing may be said any more: whoever spoke TLS has ended it */
  return 0;
}

int starttls_cut(const struct session *s)
{
  return s->tls && ucspitls_cut();
}
