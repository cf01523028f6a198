#include "starttls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "log.h"
#include "setting.h"
#include "transaction.h"

#define ANSWERMAX 4096  /* bytes of the answer on SSLCTLFD */
#define WORDMAX 64      /* bytes of the name of a protocol or a cipher */

static int control = -1;   /* SSLCTLFD: TLS is to be had there */
static int end = -1;       /* CM_TLSEND */
static int required;       /* no mail without */
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
static int begun(struct session *s, const char *protocol, const char *cipher)
{
  words.len = 0;
  if (!add(protocol) || !add(cipher) || !stralloc_0(&words)) return 0;
  s->tls = words.s;
  return 1;
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

int starttls_look(struct session *s, stralloc *trouble)
{
  const char *mark = getenv("UCSPITLS"), *protocol = getenv("SSL_PROTOCOL");

  end = descriptor("CM_TLSEND");
  if (getenv("SSLCTLFD")) {
    if (!mark || strcmp(mark, "-")) control = descriptor("SSLCTLFD");
    required = control != -1 && mark && !strcmp(mark, "!");
  } else if (protocol && !begun(s, protocol, getenv("SSL_CIPHER"))) s->over = 1;
  if (!read_required(trouble)) return 0;
  if (!required || s->tls || control != -1) return 1;
  return setting_trouble(trouble, "tlsrequired", "there is no TLS here: put cm-tls before cm-smtpd in run");
}

int starttls_offered(const struct session *s)
{
  return !s->tls && control != -1;
}

int starttls_before(const struct session *s, enum verb verb)
{
  if (!required || s->tls) return 0;
  switch (verb) {
    case VERB_EHLO: case VERB_NOOP: case VERB_QUIT: case VERB_STARTTLS: return 0;  /* RFC 3207, 4 */
    case VERB_UNKNOWN: case VERB_FOREIGN: case VERB_BDAT: return 0;
    default: return 1;
  }
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
static int agree(struct session *s)
{
  char answer[ANSWERMAX];
  struct stream c;

  stream_begin(&c, control, control, answer, sizeof answer, s->set.timeoutsmtpd);
  c.stops = 1;
  stream_limit(&c, s->set.timeoutsmtpd);
  if (stream_write(&c, "Y", 1, 0) == -1) return 0;
  while (!is_whole(answer, c.len))
    if (stream_fill(&c) <= 0) return 0;
  return begun(s, find(answer, "SSL_PROTOCOL"), find(answer, "SSL_CIPHER"));
}

/* Put the descriptors of the session in the places of those of the connection. */
static int move(struct session *s)
{
  int in = descriptor("SSLREADFD"), out = descriptor("SSLWRITEFD");

  if (in == -1 || out == -1 || dup2(in, 0) == -1 || dup2(out, 1) == -1) return 0;
  close(in);
  if (out != in) close(out);
  stream_begin(&s->client, 0, 1, s->client.buffer, s->client.size, s->set.timeoutsmtpd);
  s->client.stops = 1;
  return 1;
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
  if (control == -1) return "502 5.5.1 not offered";
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
  if (agree(s) && move(s)) forget(s);
  else s->over = 1;  /* nothing may be said any more: whoever spoke TLS has ended it */
  close(control);
  control = -1;
  return 0;
}

int starttls_cut(const struct session *s)
{
  static char said;

  if (!s->tls || end == -1) return 0;
  if (!said && read(end, &said, 1) != 1) said = 0;
  return said != 'c';
}
