#include "notice.h"

#include <string.h>

#include "control.h"
#include "date.h"
#include "maillog.h"

#define NOTICEMAX 16384  /* bytes of control/notice that count */

static const char usual[] = "A message for you was taken out of your mail by a filter.\n";

/* A line of text, with what does not print left out. */
static int line(stralloc *to, const char *label, const char *text)
{
  size_t i, len = text ? strnlen(text, 500) : 0;

  if (!len) return 1;
  if (!stralloc_cats(to, label) || !stralloc_catb(to, text, len)) return 0;
  for (i = to->len - len; i < to->len; ++i)
    if ((unsigned char) to->s[i] < 32 || to->s[i] == 127) to->s[i] = ' ';
  return stralloc_cats(to, "\r\n");
}

/* The first field of this name as it is, on one line, of printable ASCII. */
static int field(stralloc *to, const char *label, const struct header *header, const char *name, const char *otherwise)
{
  stralloc value = { 0 };
  struct field f = { 0 };
  size_t i;
  int ok = 1;

  while (ok && header_next(header, &f))
    if (field_is(&f, name)) {
      ok = field_unfold(&f, &value);
      break;
    }
  if (value.len > 900) value.len = 900;
  for (i = 0; ok && i < value.len; ++i)
    if (value.s[i] < 32 || value.s[i] > 126) value.s[i] = '?';
  ok = ok && stralloc_cats(to, label) &&
       (value.len ? stralloc_catb(to, value.s, value.len) : stralloc_cats(to, otherwise)) && stralloc_cats(to, "\r\n");
  stralloc_free(&value);
  return ok;
}

/* control/notice, or the usual words, with CRLF. */
static int words(stralloc *to)
{
  static stralloc file;
  const char *at, *end, *nl;
  int r;

  file.len = 0;
  r = control_read("control/notice", &file);
  if (r == -1) return 0;
  at = r == 1 ? file.s : usual;
  end = at + (r == 1 ? file.len > NOTICEMAX ? NOTICEMAX : file.len : sizeof usual - 1);
  for (; at < end; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    if (!nl) nl = end;
    if (!stralloc_catb(to, at, (size_t) (nl - at) - (nl > at && nl[-1] == '\r')) || !stralloc_cats(to, "\r\n")) return 0;
  }
  return 1;
}

static int head(const struct session *s, struct incoming *t)
{
  stralloc *to = &t->notice, now = { 0 };
  int ok = date_now(&now) && stralloc_0(&now) && stralloc_copys(to, "From: \"CleanMail\" <postmaster@") &&
           stralloc_cats(to, s->set.me.s) && stralloc_cats(to, ">\r\nTo: <") &&
           stralloc_catb(to, t->recipients.s, t->recipients.len - 1) && stralloc_cats(to, ">\r\n") &&
           field(to, "Subject: [CleanMail] ", &t->header, "Subject", "a message") &&
           field(to, "Date: ", &t->header, "Date", now.s) &&
           stralloc_cats(to, "Message-ID: <") && stralloc_cats(to, t->id) && stralloc_cats(to, "@") &&
           stralloc_cats(to, s->set.me.s) && stralloc_cats(to, ">\r\nAuto-Submitted: auto-generated\r\n"
             "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
             "X-CleanMail-Result: ") &&
           stralloc_cats(to, t->result.text.s) && stralloc_cats(to, "\r\nX-CleanMail-MessageID: ") &&
           stralloc_cats(to, t->id) && stralloc_cats(to, "\r\n\r\n");

  stralloc_free(&now);
  return ok;
}

int notice_make(const struct session *s, struct incoming *t)
{
  struct maillog row = { 0 };
  stralloc *to = &t->notice;

  return head(s, t) && maillog_header(&row, &t->header) && words(to) && stralloc_cats(to, "\r\n") &&
         line(to, "From:    ", row.from) && line(to, "Subject: ", row.subject) &&
         line(to, "Result:  ", t->result.text.s) && line(to, "Reason:  ", t->result.reason.s) &&
         line(to, "Id:      ", t->id) &&
         (!t->stored.len || stralloc_cats(to, "A copy is kept by that id.\r\n"));
}
