/* cm-milter: the filters of a port as a milter, for Sendmail, Postfix and whatever speaks that
 * protocol. One connection on descriptors 0 and 1, under any UCSPI server or with a socket of
 * systemd. The library of Sendmail would be a daemon with threads; here a connection is a
 * process, as it is with every front end, and one that fails takes no other with it. */

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "control.h"
#include "log.h"
#include "rlimit.h"
#include "setting.h"
#include "steps.h"

static struct milter milter;
static char input[FRAME_ROOM];

static int settings(struct milter *m, stralloc *trouble)
{
  const struct setting files[] = {
    { "databytes",     &m->databytes, 104857600 },
    { "deadline",      &m->deadline,  180 },
    { "keepalive",     &m->keepalive, 10 },
    { "loglevel",      &m->level,     16 },
    { "timeoutmilter", &m->timeout,   7200 },
  };

  if (!control_survey(trouble) || !setting_numbers(files, sizeof files / sizeof *files, trouble) ||
      !setting_pipeline(SETTING_PIPELINE, &m->filters, trouble)) return 0;
  if (!m->keepalive) m->keepalive = m->timeout;
  return control_me(&m->me) == 1 || setting_trouble(trouble, "me", setting_why(-1));
}

int main(int argc, char **argv)
{
  static stralloc trouble;
  struct milter *m = &milter;
  int one = 1;

  errmsg_iam("cm-milter");
  if (argc > 1) die(100, "takes no arguments: ", argv[1]);
  stream_signals(0);
  rlimit_lower(RLIMIT_CORE, 0);  /* others' mail is in our memory */
  setsockopt(1, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  m->timeout = 7200;
  stream_begin(&m->server, 0, 1, input, sizeof input, m->timeout);
  m->server.stops = 1;
  if (!settings(m, &trouble)) {
    log_event("trouble", "-", control_words(&trouble));
    m->broken = 1;
  }
  steps_serve(m);
  milter_reset(m);
  return m->why || m->broken ? 111 : 0;
}
