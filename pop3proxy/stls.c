#include "stls.h"

#include <string.h>

#include "log.h"
#include "ucspitls.h"

int stls_before(enum verb verb)
{
  if (!ucspitls_required() || ucspitls_words()) return 0;
  return verb == VERB_USER || verb == VERB_PASS || verb == VERB_APOP || verb == VERB_AUTH;
}

void stls(struct session *s)
{
  if (!ucspitls_offered()) {
    session_reply(s, ucspitls_words() ? "-ERR TLS is spoken already" : "-ERR not possible here");
    return;
  }
  s->over = 1;
  if (stream_pending(&s->client)) {
    /* Somebody else on the way could have put it there. */
    log_event("tls-failed", s->id, "something stood behind STLS");
    session_reply(s, "-ERR nothing may follow STLS; goodbye");
    return;
  }
  session_reply(s, "+OK go ahead");
  if (session_flush(s) == -1 || !ucspitls_begin(&s->client, s->id, s->set.timeoutpop3d)) return;
  /* What was said in clear may have been said by anybody. */
  s->user.len = 0;
  s->over = 0;
}
