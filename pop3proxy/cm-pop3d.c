/* cm-pop3d: one POP3 session on descriptors 0 and 1, in lock step with the server
 * that has the mailbox. It runs under tcpserver or any other UCSPI server. It
 * keeps no mail: what was not read whole is never sent so that it looks whole. */

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "control.h"
#include "log.h"
#include "peer.h"
#include "rlimit.h"
#include "serve.h"
#include "ucspitls.h"

#define TIMEOUT 600  /* seconds, until control/timeoutpop3d is read; RFC 1939, 3 */

static struct session session;
static char input[16384];

static void begin(struct session *s)
{
  int one = 1;

  stream_signals(&session.server.stream.in);
  rlimit_lower(RLIMIT_CORE, 0);  /* passwords are in our memory */
  id_make(s->id);
  s->ip = peer_fact("REMOTEIP");
  s->host = peer_fact("REMOTEHOST");
  s->server.stream.in = -1;
  setsockopt(1, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  stream_begin(&s->client, 0, 1, input, sizeof input, TIMEOUT);
  s->client.stops = 1;
}

/* What APOP needs, RFC 1939, 7: in the greeting of the one server there is. */
static const char *timestamp(const struct session *s)
{
  const char *from = s->server.greeting.len ? strrchr(s->server.greeting.s, '<') : 0, *at = from ? strchr(from, '@') : 0;

  return at && strchr(at, '>') ? from : "";
}

static void greet(struct session *s)
{
  static stralloc line;
  const char *stamp = "";

  if (!s->set.carried) {
    if (!session_connect(s, &s->set.fixed)) {
      s->over = 1;
      return;
    }
    stamp = timestamp(s);
  }
  if (!stralloc_copys(&line, "+OK CleanMail POP3 proxy ready") || (*stamp && !stralloc_cats(&line, " ")) ||
      !stralloc_cats(&line, stamp) || !stralloc_0(&line)) s->over = 1;
  else session_reply(s, line.s);
}

int main(int argc, char **argv)
{
  static stralloc trouble;
  struct session *s = &session;

  errmsg_iam("cm-pop3d");
  if (argc > 1) die(100, "takes no arguments: ", argv[1]);
  begin(s);
  if (!settings_read(&s->set, &trouble) || !ucspitls_look(&trouble)) {
    log_event("trouble", s->id, control_words(&trouble));
    s->set.timeoutpop3d = 30;
    session_reply(s, "-ERR [SYS/TEMP] this server is not set up; try again later");
    session_flush(s);
    return 111;
  }
  if (s->set.level & LOG_EXTENDED) log_event("connect", s->id, s->ip, " ", s->host);
  greet(s);
  serve(s);
  pop3c_close(&s->server);
  if (stream_pending(&s->client)) stream_part(&s->client);
  return 0;
}
