#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "utf8.h"

/* On the stack, which has pages already: an idle session pays for each. */
struct line {
  size_t used;
  char s[LOG_MAX];
};

static void add(struct line *l, const char *text, size_t len)
{
  static const char hex[] = "0123456789abcdef";
  unsigned char ch;
  size_t n;

  for (; len; text += n, len -= n) {
    ch = (unsigned char) *text;
    if (l->used + 5 > sizeof l->s) return;
    n = ch < 128 ? 1 : utf8_length(text, len);
    if (ch != '\\' && n && utf8_shows(text, n)) {
      memcpy(l->s + l->used, text, n);
      l->used += n;
    } else {
      n = 1;
      l->s[l->used++] = '\\';
      l->s[l->used++] = 'x';
      l->s[l->used++] = hex[ch >> 4];
      l->s[l->used++] = hex[ch & 15];
    }
  }
}

static void begin(struct line *l, const char *event, const char *id)
{
  l->used = 0;
  add(l, event, strlen(event));
  add(l, " ", 1);
  add(l, id, strlen(id));
}

static void end(struct line *l)
{
  ssize_t r;

  l->s[l->used++] = '\n';
  do r = write(2, l->s, l->used); while (r == -1 && errno == EINTR);
}

void log_event_internal(const char *event, const char *id, ...)
{
  const char *part;
  struct line l;
  va_list parts;

  begin(&l, event, id);
  add(&l, " ", 1);
  va_start(parts, id);
  while ((part = va_arg(parts, const char *))) add(&l, part, strlen(part));
  va_end(parts);
  end(&l);
}

void log_text(const char *event, const char *id, const char *mark, const char *text, size_t len)
{
  struct line l;

  begin(&l, event, id);
  add(&l, " ", 1);
  add(&l, mark, strlen(mark));
  add(&l, " ", 1);
  add(&l, text, len);
  end(&l);
}
