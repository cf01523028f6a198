#include "ucspitls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "setting.h"

#define ANSWERMAX 4096  /* bytes of the answer on SSLCTLFD */
#define WORDMAX 64      /* bytes of the name of a protocol or a cipher */

static int ctl = -1;       /* SSLCTLFD: TLS is to be had there */
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
    required = ctl != -1 && mark && !strcmp(mark, "!");
  } else if (protocol && !begun(protocol, getenv("SSL_CIPHER"))) return setting_trouble(trouble, "tls", "out of memory");
  if (!read_required(trouble)) return 0;
  if (!required || spoken || ctl != -1) return 1;
  return setting_trouble(trouble, "tlsrequired", "there is no TLS here: put cm-tls before the program in run, and certificates into control/tls");
}

int ucspitls_offered(void)
{
  return !spoken && ctl != -1;
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

/* Have TLS spoken, and hear what came of it. 1 or 0. */
static int agree(unsigned long seconds)
{
  char answer[ANSWERMAX];
  struct stream c;

  stream_begin(&c, ctl, ctl, answer, sizeof answer, seconds);
  c.stops = 1;
  stream_limit(&c, seconds);
  if (stream_write(&c, "Y", 1, 0) == -1) return 0;
  while (!is_whole(answer, c.len))
    if (stream_fill(&c) <= 0) return 0;
  return begun(find(answer, "SSL_PROTOCOL"), find(answer, "SSL_CIPHER"));
}

/* Put the descriptors of the session in the places of those of the connection. */
static int move(struct stream *client, unsigned long seconds)
{
  int in = descriptor("SSLREADFD"), out = descriptor("SSLWRITEFD");

  if (in == -1 || out == -1 || dup2(in, 0) == -1 || dup2(out, 1) == -1) return 0;
  close(in);
  if (out != in) close(out);
  stream_begin(client, 0, 1, client->buffer, client->size, seconds);
  client->stops = 1;
  return 1;
}

int ucspitls_begin(struct stream *client, unsigned long seconds)
{
  int good = agree(seconds) && move(client, seconds);

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
