#include "reply.h"

#include <errno.h>
#include <string.h>

#include "control.h"
#include "verdict.h"

/* Up to three digits, as RFC 3463 has it. */
static size_t digits(const char *text, size_t len)
{
  size_t n = 0;

  while (n < len && text[n] >= '0' && text[n] <= '9') ++n;
  return n <= 3 ? n : 0;
}

size_t reply_status(const char *text, size_t len)
{
  size_t at, n;
  int part;

  if (!len || !strchr("245", *text)) return 0;
  for (at = 1, part = 0; part < 2; ++part, at += n) {
    if (at == len || text[at++] != '.') return 0;
    n = digits(text + at, len - at);
    if (!n) return 0;
  }
  return at == len || text[at] == ' ' || text[at] == '\t' ? at : 0;
}

/* The class of the status codes of a verdict; 0: nobody is refused. */
static char class(int verdict)
{
  return verdict_refuses(verdict) ? '5' : verdict == VERDICT_DEFER ? '4' : 0;
}

int reply_reason(int verdict, const char *text, size_t len, stralloc *reason)
{
  const char *nl = memchr(text, '\n', len);
  char wanted = class(verdict), status[] = "x.7.1 ";
  size_t begin = reason->len, had, i;

  if (nl) len = (size_t) (nl - text);
  while (len && strchr(" \t\r", text[len - 1])) --len;
  had = reply_status(text, len);
  if (wanted && (!had || *text != wanted)) {
    status[0] = wanted;
    if (!stralloc_cats(reason, status)) return 0;
    text += had;
    len -= had;
  }
  while (len && strchr(" \t", *text)) ++text, --len;
  if (!stralloc_catb(reason, text, len)) return 0;
  if (reason->len - begin > REPLY_REASON) reason->len = begin + REPLY_REASON;
  for (i = begin; i < reason->len; ++i)
    if (reason->s[i] < 32 || reason->s[i] > 126) reason->s[i] = reason->s[i] == '\t' ? ' ' : '?';
  while (reason->len > begin && reason->s[reason->len - 1] == ' ') --reason->len;
  return 1;
}

/* The administrator's text for a stage, or nothing. */
static int words(const char *stage, stralloc *text)
{
  static stralloc name;

  text->len = 0;
  name.len = 0;
  if (!stage || !*stage || strchr(stage, '.')) return 0;
  if (!stralloc_cats(&name, "control/reply/") || !stralloc_cats(&name, stage) || !stralloc_0(&name)) {
    errno = ENOMEM;
    return -1;
  }
  return control_line(name.s, text);
}

static const char *code(int verdict, const stralloc *reason)
{
  if (verdict == VERDICT_DEFER) return "451 ";
  if (reason->len >= 5 && !memcmp(reason->s, "5.3.4", 5)) return "552 ";
  return "550 ";
}

/* A reason that is a status code and nothing else says too little. */
static int complete(int verdict, stralloc *reason)
{
  if (reply_status(reason->s, reason->len) != reason->len) return 1;
  return stralloc_cats(reason, verdict == VERDICT_DEFER ? " please try again later" : " message refused");
}

int reply_text(int verdict, const char *stage, const char *reason, const char *id, stralloc *line)
{
  static stralloc text, why;
  int found = class(verdict) ? words(stage, &text) : 0, ok;

  if (found == -1) return -1;
  line->len = why.len = 0;
  if (found == 1) ok = reply_reason(verdict, text.s, text.len, &why);
  else if (class(verdict)) ok = reply_reason(verdict, reason, strlen(reason), &why);
  else ok = stralloc_cats(&why, "2.0.0 message accepted");
  ok = ok && complete(verdict, &why);
  ok = ok && stralloc_cats(line, class(verdict) ? code(verdict, &why) : "250 ");
  ok = ok && stralloc_catb(line, why.s, why.len);
  if (id && *id && strlen(id) < 64)
    ok = ok && stralloc_cats(line, " (") && stralloc_cats(line, id) && stralloc_cats(line, ")");
  if (ok) return 1;
  errno = ENOMEM;
  return -1;
}
