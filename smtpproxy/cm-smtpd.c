/* cm-smtpd: one SMTP session on descriptors 0 and 1, in lock step with the mail
 * server behind it. It runs under tcpserver or any other UCSPI server. It has no
 * queue: nobody hears 250 from it before that server said so, or before policy
 * made us responsible and our own record is on the disk. */

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "control.h"
#include "early.h"
#include "guard.h"
#include "identity.h"
#include "log.h"
#include "record.h"
#include "rlimit.h"
#include "serve.h"
#include "starttls.h"

#define TIMEOUT 300       /* seconds, until control/timeoutsmtpd is read */
#define SESSION 1800000  /* milliseconds, after which no new transaction begins */

static struct session session;
static char input[65536];

static void begin(struct session *s)
{
  int one = 1;

  stream_signals(0);  /* an answer of the upstream that is due is still read */
  rlimit_lower(RLIMIT_CORE, 0);  /* what clients say, and passwords on their way, is in our memory */
  id_make(s->id);
  s->t.message.fd = s->t.filtered.fd = -1;
  s->upstream.stream.in = -1;
  s->end = clock_ms() + SESSION;
  setsockopt(1, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  stream_begin(&s->client, 0, 1, input, sizeof input, TIMEOUT);
  s->client.stops = 1;
}

int main(int argc, char **argv)
{
  static stralloc trouble;
  struct session *s = &session;
  const char *reply;

  errmsg_iam("cm-smtpd");
  if (argc > 1) die(100, "takes no arguments: ", argv[1]);
  begin(s);
  if (!settings_read(&s->set, &trouble) || !starttls_look(s, &trouble)) {
    log_event("trouble", s->id, control_words(&trouble));
    s->set.timeoutsmtpd = 30;
    session_reply(s, "421 4.3.5 this server is not set up; try again later");
    session_flush(s);
    return 111;
  }
  s->way = &s->set.upstreams;
  s->to = s->way->each;
  identity_begin(s);
  if (!(reply = guard_connect(s))) reply = early_greeting(s);
  session_reply(s, reply ? reply : serve_greeting(s));
  serve(s);
  smtpc_quit(&s->upstream);
  record_dropped(s);
  return 0;
}
