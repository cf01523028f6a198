#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static char line[LOG_MAX];
static size_t used;

static void add(const char *text, size_t len)
{
  static const char hex[] = "0123456789abcdef";
  unsigned char ch;

  for (; len; --len) {
    ch = (unsigned char) *text++;
    if (used + 5 > sizeof line) return;
    if (ch >= 32 && ch != 127 && ch != '\\') line[used++] = (char) ch;
    else {
      line[used++] = '\\';
      line[used++] = 'x';
      line[used++] = hex[ch >> 4];
      line[used++] = hex[ch & 15];
    }
  }
}

static void begin(const char *event, const char *id)
{
  used = 0;
  add(event, strlen(event));
  add(" ", 1);
  add(id, strlen(id));
}

static void end(void)
{
  ssize_t r;

  line[used++] = '\n';
  do r = write(2, line, used); while (r == -1 && errno == EINTR);
}

void log_event_internal(const char *event, const char *id, ...)
{
  const char *part;
  va_list parts;

  begin(event, id);
  add(" ", 1);
  va_start(parts, id);
  while ((part = va_arg(parts, const char *))) add(part, strlen(part));
  va_end(parts);
  end();
}

void log_text(const char *event, const char *id, const char *mark, const char *text, size_t len)
{
  begin(event, id);
  add(" ", 1);
  add(mark, strlen(mark));
  add(" ", 1);
  add(text, len);
  end();
}
