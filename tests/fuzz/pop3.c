/* A whole session of cm-pop3d on its descriptors, with a client and a server of mailboxes
 * that say what the fuzzer likes, with filters and without. The client hears answers that
 * begin as answers do, and the server complete commands.
 *
 * The first byte: settings. Then the client's lines, and behind a line of === what the
 * server sends at a time, with a \1 behind each: its greeting first. Nothing is +OK.
 * modules: pop3proxy */

#include "serve.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decision.h"
#include "dial.h"
#include "log.h"
#include "verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition) do if (!(condition)) abort(); while (0)

enum { FILTERS = 1, CARRIED = 2, HEADER = 4, DETAILED = 8, DELETES = 16, DEFERS = 32 };

static unsigned int flags;
static const char *script, *script_end;

/* Not what is tried here: no log is written, and nothing runs. */
void log_event_internal(const char *event, const char *id, ...)
{
  must(event && id);
}

void log_text(const char *event, const char *id, const char *mark, const char *text, size_t len)
{
  must(event && id && mark && (text || !len));
}

static int set(stralloc *to, const char *text)
{
  return stralloc_copys(to, text) && stralloc_0(to);
}

int decision_none(struct result *r)
{
  r->verdict = flags & DELETES ? VERDICT_DELETE : flags & DEFERS ? VERDICT_DEFER : VERDICT_DELIVER;
  return set(&r->text, "accept/deliver") && set(&r->stage, "") && set(&r->reason, "") && set(&r->trace, "");
}

/* In place of cm-pipeline: a field on top. */
int decision_run(const struct decision *d, struct result *result, struct spool *filtered, int *header_only)
{
  static const char field[] = "X-CleanMail-Result: accept/deliver\r\n";
  static char bytes[65536];
  off_t wanted;
  ssize_t n;

  must(d->message->fd != -1 && d->body <= (size_t) d->message->size && decision_none(result));
  *header_only = !!(flags & HEADER);
  wanted = *header_only ? (off_t) d->body : d->message->size;
  must(wanted <= (off_t) sizeof bytes);
  n = pread(d->message->fd, bytes, (size_t) wanted, 0);
  filtered->fd = memfd_create("filtered", MFD_CLOEXEC);
  must(n == wanted && filtered->fd != -1 && write(filtered->fd, field, sizeof field - 1) == sizeof field - 1 &&
       write(filtered->fd, bytes, (size_t) n) == n);
  filtered->size = n + (off_t) sizeof field - 1;
  return 1;
}

/* The server ------------------------------------------------------------------ */

static int heard = -1;  /* what it was told */

/* In place of a network: each packet is what one read gets. */
int dial_tcp(const char *host, const char *port, unsigned long seconds)
{
  static const char usual[] = "+OK\r\n";
  int pair[2];

  must(host && port && seconds && !socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
  if (heard != -1) close(heard);
  heard = pair[1];
  while (script < script_end) {
    const char *end = memchr(script, 1, (size_t) (script_end - script));
    size_t len = (size_t) ((end ? end : script_end) - script);

    if (send(heard, len ? script : usual, len ? len : sizeof usual - 1, MSG_DONTWAIT | MSG_NOSIGNAL) == -1) break;
    script += len + !!end;
  }
  shutdown(heard, SHUT_WR);
  return pair[0];
}

int dial(const char *address, unsigned long seconds)
{
  return dial_tcp(address, "", seconds);
}

static void commands(void)
{
  static char text[65536];
  ssize_t len, i;

  while (heard != -1 && (len = recv(heard, text, sizeof text, MSG_DONTWAIT)) > 0) {
    must(len > 2 && text[len - 2] == '\r' && text[len - 1] == '\n');
    for (i = 0; i < len; ++i) must(text[i] && (text[i] != '\r' || text[i + 1] == '\n') && (text[i] != '\n' || text[i - 1] == '\r'));
  }
  if (heard != -1) close(heard);
  heard = -1;
}

/* The session ------------------------------------------------------------------ */

static struct session session, blank;
static char input[16384];

static void file(const char *name, const char *line)
{
  FILE *f = fopen(name, "w");

  must(f && fputs(line, f) != EOF && !fclose(f));
}

static void settle(void)
{
  static stralloc trouble;
  char dir[] = "/tmp/cm-fuzz.XXXXXX";
  int home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  must(home != -1 && mkdtemp(dir) && !chdir(dir) && !mkdir("control", 0700) && !setenv("CM_HOME", dir, 1));
  file("control/upstream", "pop3 127.0.0.1 110\n");
  file("control/servers", "pop3 pop.example.net 110\n");
  file("control/pipeline", "");
  file("control/databytes", "9000\n");
  file("control/me", "me.example.net\n");
  must(settings_read(&blank.set, &trouble));
  must(!unlink("control/upstream") && !unlink("control/servers") && !unlink("control/pipeline") &&
       !unlink("control/databytes") && !unlink("control/me") && !rmdir("control") && !fchdir(home) && !rmdir(dir));
  close(home);
  blank.ip = blank.host = "";
  blank.server.stream.in = -1;
  signal(SIGPIPE, SIG_IGN);
}

/* Each answer begins as one; what is in those of several lines is the server's. */
static void answers(int fd)
{
  static char text[4 << 20];
  ssize_t len = pread(fd, text, sizeof text - 1, 0);

  must(len >= 0);
  text[len] = 0;
  must(!len || (strchr("+-", *text) && len > 2));
}

static void talk(const char *text, size_t len)
{
  struct session *s = &session;
  int in = memfd_create("client", MFD_CLOEXEC), out = memfd_create("heard", MFD_CLOEXEC);

  must(in != -1 && out != -1 && pwrite(in, text, len, 0) == (ssize_t) len);
  s->set = blank.set;
  s->set.filters = !!(flags & FILTERS);
  s->set.carried = !!(flags & CARRIED);
  s->set.level = flags & DETAILED ? LOG_DETAILED | LOG_EXTENDED : 0;
  s->ip = s->host = "";
  s->server.stream.in = -1;
  id_make(s->id);
  stream_begin(&s->client, in, out, input, sizeof input, 20);
  s->client.stops = 1;
  if (s->set.carried || session_connect(s, &s->set.fixed)) serve(s);
  pop3c_close(&s->server);
  commands();
  answers(out);
  close(in);
  close(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char mark[] = "\n===\n";
  const char *text = (const char *) data, *behind;
  struct session *s = &session;

  if (!blank.ip) settle();
  if (!size || size > 60000) return 0;
  flags = data[0];
  behind = memmem(text, size, mark, sizeof mark - 1);
  script = behind ? behind + sizeof mark - 1 : text + size;
  script_end = text + size;
  s->open = s->over = s->begun = 0;
  s->offers = 0;
  s->errors = 0;
  s->to = 0;
  s->user.len = s->out.len = 0;
  s->box.read = s->box.open = 0;
  s->box.count = s->box.sized = 0;
  talk(text + 1, (size_t) ((behind ? behind + 1 : text + size) - text - 1));
  return 0;
}
