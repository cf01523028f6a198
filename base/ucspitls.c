#include "ucspitls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "setting.h"
#include "tlsport.h"

#define ANSWERMAX 4096  /* bytes of the answer on SSLCTLFD */
#define WORDMAX 64      /* bytes of the name of a protocol or a cipher */

static int ctl = -1;       /* SSLCTLFD: TLS is to be had there */
static int port = -1;      /* or there, tlsport.h */
static int end = -1;       /* CM_TLSEND */
static int required;       /* nothing goes on without */
static int spoken;
static stralloc words;     /* protocol and cipher, 0-terminated */

/* The descriptor that a variable names, which is for no program that we start. */
static int descriptor(const char *name)
{
  const char *text = getenv(name);
  unsigned long fd;

  if (!text || !*text || text[scan_ulong(text, &fd)] || fd < 3 || fd > 65535 ||
      fcntl((int) fd, F_SETFD, FD_CLOEXEC) == -1) return -1;
  return (int) fd;
}

/* One of the words that stages and the Received field get. */
static int add(const char *word)
{
  size_t i, len = word ? strnlen(word, WORDMAX) : 0, at = words.len;

  if ((at && !stralloc_append(&words, " ")) || !stralloc_catb(&words, len ? word : "unknown", len ? len : 7)) return 0;
  for (i = at + (at > 0); i < words.len; ++i)
    if (words.s[i] <= 32 || words.s[i] > 126 || strchr("()\\", words.s[i])) words.s[i] = '?';
  return 1;
}

/* From now on it is spoken. 1, or 0 without memory. */
static int begun(const char *protocol, const char *cipher)
{
  words.len = 0;
  spoken = add(protocol) && add(cipher) && stralloc_0(&words);
  return spoken;
}

/* Are there certificates? Whether they can be read is not for us to know. */
static int certificates(void)
{
  int fd = control_open("control/tls");

  if (fd != -1) close(fd);
  return fd != -1 || errno == EACCES;
}

/* The port's way to TLS, if it has one that works. */
static void look_for_port(const char *mark)
{
  port = tlsport_find();
  if (port == -1 || (mark && !strcmp(mark, "-")) || ctl != -1 || spoken || !certificates() || !tlsport_alive(port)) {
    if (port != -1) close(port);
    port = -1;
  }
}

/* control/tlsrequired. 1, or 0 with trouble. */
static int read_required(stralloc *trouble)
{
  static stralloc word;
  int r = control_line("control/tlsrequired", &word);

  if (r == -1) return setting_trouble(trouble, "tlsrequired", setting_why(r));
  if (r == 1 && !strcmp(word.s, "yes")) required = 1;
  else if (r == 1 && strcmp(word.s, "no")) return setting_trouble(trouble, "tlsrequired", "write yes or no");
  return 1;
}

int ucspitls_look(stralloc *trouble)
{
  const char *mark = getenv("UCSPITLS"), *protocol = getenv("SSL_PROTOCOL");

  end = descriptor("CM_TLSEND");
  if (getenv("SSLCTLFD")) {
    if (!mark || strcmp(mark, "-")) ctl = descriptor("SSLCTLFD");
  } else if (protocol && !begun(protocol, getenv("SSL_CIPHER"))) return setting_trouble(trouble, "tls", "out of memory");
  look_for_port(mark);
  required = ucspitls_offered() && mark && !strcmp(mark, "!");
  if (!read_required(trouble)) return 0;
  if (!required || spoken || ucspitls_offered()) return 1;
  return setting_trouble(trouble, "tlsrequired", "there is no TLS here: put cm-tls before the program in run, and certificates into control/tls");
}

int ucspitls_offered(void)
{
  return !spoken && (ctl != -1 || port != -1);
}

int ucspitls_required(void)
{
  return required;
}

const char *ucspitls_words(void)
{
  return spoken ? words.s : 0;
}

static int is_whole(const char *text, size_t len)
{
  return (len == 1 && !*text) || (len > 1 && !text[len - 1] && !text[len - 2]);
}

/* The value of a variable in the answer, or 0. */
static const char *find(const char *answer, const char *name)
{
  size_t n = strlen(name);

  for (; *answer; answer += strlen(answer) + 1)
    if (!strncmp(answer, name, n) && answer[n] == '=') return answer + n + 1;
  return 0;
}

/* Hear what came of it. 1 or 0. */
static int agree(unsigned long seconds, int ask)
{
  char answer[ANSWERMAX];
  struct stream c;

  stream_begin(&c, ctl, ctl, answer, sizeof answer, seconds);
  c.stops = 1;
  stream_limit(&c, seconds);
  if (ask && stream_write(&c, "Y", 1, 0) == -1) return 0;
  while (!is_whole(answer, c.len))
    if (stream_fill(&c) <= 0) return 0;
  return begun(find(answer, "SSL_PROTOCOL"), find(answer, "SSL_CIPHER"));
}

/* Put the descriptors of the session in the places of those of the connection. */
static int move(struct stream *client, unsigned long seconds, int in, int out)
{
  if (in == -1 || out == -1 || dup2(in, 0) == -1 || dup2(out, 1) == -1) return 0;
  close(in);
  if (out != in) close(out);
  stream_begin(client, 0, 1, client->buffer, client->size, seconds);
  client->stops = 1;
  return 1;
}

/* Hand the connection over. What we get for it, or -1. */
static int call(const char *id)
{
  int data[2], control[2], ends[2], fd[TLSPORT_FDS] = { 0, 1 }, good;

  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, data) == -1 ||
      socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) == -1 || pipe2(ends, O_CLOEXEC | O_NONBLOCK) == -1) return -1;
  fd[TLSPORT_DATA] = data[1];
  fd[TLSPORT_CONTROL] = control[1];
  fd[TLSPORT_END] = ends[1];
  good = tlsport_ask(port, 'Y', id, fd) == 1;
  close(data[1]);
  close(control[1]);
  close(ends[1]);
  close(port);
  port = -1;
  ctl = control[0];
  end = ends[0];
  if (good) return data[0];
  close(data[0]);
  return -1;
}

int ucspitls_begin(struct stream *client, const char *id, unsigned long seconds)
{
  int good, data;

  if (port != -1) good = (data = call(id)) != -1 && agree(seconds, 0) && move(client, seconds, data, data);
  else good = agree(seconds, 1) && move(client, seconds, descriptor("SSLREADFD"), descriptor("SSLWRITEFD"));
  close(ctl);
  ctl = -1;
  return good;
}

int ucspitls_cut(void)
{
  static char said;

  if (!spoken || end == -1) return 0;
  if (!said && read(end, &said, 1) != 1) said = 0;
  return said != 'c';
}
