/* A whole session of cm-smtpd on its descriptors, with a client and an upstream
 * that say what the fuzzer likes. Whatever they do: the client hears well formed
 * replies, 2xx for a message only if the upstream said 2xx to that many, and the
 * upstream gets no more messages than there were.
 *
 * The first byte: settings. Then the client's lines, and behind a line of === the
 * upstream's answers in the order in which it is asked, with a \1 behind each; an
 * empty one is the usual answer, ! closes, and one that has no end closes behind it.
 * modules: smtpproxy */

#include "serve.h"

#include <errno.h>
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

#include "dial.h"
#include "log.h"
#include "record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition) do if (!(condition)) abort(); while (0)

enum { NORMALIZE = 1, RELAY = 2, SOCKET = 4, DETAILED = 8 };

/* Not what is tried here: no log is written, and no mail log. */
void log_event_internal(const char *event, const char *id, ...)
{
  must(event && id);
}

void log_text(const char *event, const char *id, const char *mark, const char *text, size_t len)
{
  must(event && id && mark && (text || !len));
}

void record(struct session *s)
{
  s->t.recorded = 1;
}

/* The upstream: a process of its own -------------------------------------- */

#define SCRIPT 65536

static struct sink {
  char script[SCRIPT];
  size_t len, at;
  unsigned int texts, taken;  /* that came to their end; of which it said 2xx */
} *sink;

static int control = -1;  /* connections for it, and an empty message where an answer is wanted */

/* Send what the script says, or the usual. What it was; 0: and that was all. */
static const char *answer(int fd, const char *usual)
{
  static char text[SCRIPT];
  const char *from = sink->script + sink->at, *end;
  size_t len = sink->len - sink->at, last;

  end = memchr(from, 1, len);
  if (end) len = (size_t) (end - from);
  sink->at += len + !!end;
  if (!len) {
    len = strlen(usual);
    memcpy(text, usual, len);
  } else memcpy(text, from, len);
  text[len] = 0;
  if (!strcmp(text, "!") || send(fd, text, len, MSG_NOSIGNAL) != (ssize_t) len || text[len - 1] != '\n') return 0;
  for (last = len - 1; last && text[last - 1] != '\n'; --last) ;
  return len - last < 4 || text[last + 3] == '-' ? 0 : text;
}

/* Read text up to its end. 1 or 0. */
static int text(FILE *in)
{
  static const char end[] = "\r\n.\r\n";
  size_t have = 2;
  int c;

  while (end[have]) {
    c = getc(in);
    if (c == EOF) return 0;
    if (c == end[have]) ++have;
    else have = c == '\r';
  }
  return 1;
}

static void converse(int fd)
{
  static char line[8192];
  FILE *in = fdopen(fd, "r");
  const char *said = answer(fd, "220 sink ESMTP\r\n");

  must(in != 0);
  while (said && fgets(line, sizeof line, in)) {
    int data = !strncmp(line, "DATA", 4);

    must(strlen(line) > 2 && !strcmp(line + strlen(line) - 2, "\r\n") && strcspn(line, "\r\n") == strlen(line) - 2);
    said = answer(fd, data ? "354 go on\r\n" : !strncmp(line, "EHLO", 4) ?
                      "250-sink\r\n250-SIZE 100000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 DSN\r\n" : "250 2.0.0 ok\r\n");
    if (!said || !data || strncmp(said, "354", 3)) continue;
    if (!text(in)) break;
    ++sink->texts;
    said = answer(fd, "250 2.0.0 taken\r\n");
    sink->taken += said && *said == '2';
  }
  fclose(in);
}

static void serve_all(void)
{
  union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int))]; } with;
  char byte = 0;
  int fd;

  for (;;) {
    struct iovec v = { &byte, 1 };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &with, .msg_controllen = sizeof with };

    if (recvmsg(control, &m, 0) < 1) _exit(0);
    if (m.msg_controllen < CMSG_LEN(sizeof fd)) {
      if (send(control, &byte, 1, MSG_NOSIGNAL) != 1) _exit(0);
      continue;
    }
    memcpy(&fd, CMSG_DATA(&with.head), sizeof fd);
    converse(fd);
  }
}

/* In place of a network. */
int dial_tcp(const char *host, const char *port, unsigned long seconds)
{
  union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int))]; } with = { .head = {
    .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
  char byte = 0;
  struct iovec v = { &byte, 1 };
  struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &with, .msg_controllen = sizeof with };
  int pair[2];

  must(host && port && seconds && !socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
  memcpy(CMSG_DATA(&with.head), pair + 1, sizeof(int));
  must(sendmsg(control, &m, MSG_NOSIGNAL) == 1);
  close(pair[1]);
  return pair[0];
}

int dial(const char *address, unsigned long seconds)
{
  return dial_tcp(address, "", seconds);
}

/* The session -------------------------------------------------------------- */

static struct session session, blank;
static char input[65536];

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
  file("control/upstream", "smtp 127.0.0.1 25\n");
  file("control/recipients", "*@example.net\n");
  file("control/traps", "trap@*\n");
  file("control/pipeline", "");
  file("control/databytes", "9000\n");
  file("control/maxrecipients", "5\n");
  file("control/me", "me.example.net\n");
  must(settings_read(&blank.set, &trouble));
  must(!unlink("control/upstream") && !unlink("control/recipients") && !unlink("control/traps") &&
       !unlink("control/pipeline") && !unlink("control/databytes") && !unlink("control/maxrecipients") &&
       !unlink("control/me") && !rmdir("control") && !fchdir(home) && !rmdir(dir));
  close(home);
  blank.ip = "192.0.2.1";
  blank.host = "client.example.org";
  blank.t.message.fd = blank.t.filtered.fd = blank.upstream.stream.in = -1;
}

static void start(void)
{
  int pair[2];

  settle();
  signal(SIGPIPE, SIG_IGN);
  sink = mmap(0, sizeof *sink, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  must(sink != MAP_FAILED && !socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
  switch (fork()) {
    case -1: abort();
    case 0:
      close(pair[0]);
      control = pair[1];
      serve_all();
  }
  close(pair[1]);
  control = pair[0];
}

/* What the client has to say, to be read to its end. */
static int client(const char *text, size_t len, int is_socket)
{
  int pair[2], fd;

  if (is_socket) {
    must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
    must(send(pair[1], text, len, MSG_NOSIGNAL) == (ssize_t) len);
    close(pair[1]);
    return pair[0];
  }
  fd = memfd_create("client", MFD_CLOEXEC);
  must(fd != -1 && pwrite(fd, text, len, 0) == (ssize_t) len);
  return fd;
}

/* Replies, each of well formed lines. */
static void heard(int fd)
{
  static char text[4 << 20];
  ssize_t len = pread(fd, text, sizeof text - 1, 0);
  unsigned int texts = 0, acknowledged = 0;
  int asked = 0, first = 1;
  char *line, *end, *c;

  must(len >= 0);
  text[len] = 0;
  must(strlen(text) == (size_t) len);
  for (line = text; *line; line = end + 2) {
    end = strstr(line, "\r\n");
    must(end && end - line >= 4 && end - line <= 512 && strchr("2345", *line) && strchr(" -", line[3]));
    for (c = line; c < end; ++c) must(*c >= 32 && *c < 127);
    if (first && asked) {
      acknowledged += *line == '2';
      asked = 0;
    } else if (first && !strncmp(line, "354", 3)) ++texts, asked = 1;
    first = line[3] == ' ';
  }
  must(acknowledged <= sink->taken && sink->taken <= sink->texts && sink->texts <= texts);
}

static void let_go(struct session *s)
{
  stralloc *all[] = { &s->helo, &s->out, &s->t.mail, &s->t.recipients, &s->t.top, &s->t.header.raw, &s->t.result.text,
                      &s->t.result.stage, &s->t.result.reason, &s->t.result.trace, &s->t.stored, &s->t.heard,
                      &s->t.refusal, &s->t.answered, &s->upstream.text, &s->upstream.line };
  size_t i;

  for (i = 0; i < sizeof all / sizeof *all; ++i) free(all[i]->s);
}

static void talk(unsigned int flags, const char *text, size_t len)
{
  struct session *s = &session;
  int in = client(text, len, flags & SOCKET), out = memfd_create("heard", MFD_CLOEXEC);
  char byte = 0;

  must(out != -1);
  *s = blank;
  s->set.normalize = flags & NORMALIZE;
  s->set.level = flags & DETAILED ? LOG_DETAILED | LOG_EXTENDED : 0;
  s->relay = !!(flags & RELAY);
  s->way = &s->set.upstreams;
  s->to = s->way->each;
  s->end = clock_ms() + 60000;
  id_make(s->id);
  stream_begin(&s->client, in, out, input, sizeof input, 20);
  s->client.stops = 1;
  serve(s);
  smtpc_quit(&s->upstream);
  must(s->t.message.fd == -1 && s->t.filtered.fd == -1 && !s->t.open);
  /* The upstream has seen all of it when it answers this. */
  must(send(control, &byte, 1, MSG_NOSIGNAL) == 1 && recv(control, &byte, 1, 0) == 1);
  heard(out);
  let_go(s);
  close(in);
  close(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char mark[] = "\n===\n";
  const uint8_t *behind;
  size_t len;

  if (control == -1) start();
  if (!size || size > SCRIPT) return 0;
  behind = memmem(data, size, mark, sizeof mark - 1);
  len = behind ? (size_t) (behind + 1 - data) : size;
  sink->texts = sink->taken = 0;
  sink->at = sink->len = 0;
  if (behind) {
    sink->len = size - len - (sizeof mark - 2);
    memcpy(sink->script, behind + sizeof mark - 1, sink->len);
  }
  talk(data[0], (const char *) data + 1, len - 1);
  return 0;
}
