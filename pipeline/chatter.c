#include "chatter.h"

#include <string.h>

#include "control.h"
#include "log.h"

#define LINE 1000  /* bytes of one event; a longer line becomes several */

static int wanted(void)
{
  static unsigned long level = LOG_EXTENDED;
  static int known;

  if (!known) known = control_number("control/loglevel", &level) + 2;
  return !!(level & LOG_FILTERS);
}

void chatter_write(const char *id, const char *stage, const stralloc *text, unsigned long dropped,
                   const stralloc *cause, int loud)
{
  const char *at, *end = text->len ? text->s + text->len : 0, *nl;
  char more[FMT_ULONG + 1];
  size_t len, n;

  if (text->len && !cause->len && !loud && !wanted()) return;
  for (n = 0; n < text->len; n += len + (at + len == nl)) {
    at = text->s + n;
    nl = memchr(at, '\n', (size_t) (end - at));
    len = (size_t) ((nl ? nl : end) - at);
    if (len > LINE) len = LINE;
    if (len) log_text("stage", id, stage, at, len);
  }
  more[fmt_ulong(more, dropped)] = 0;
  if (dropped) log_event("stage", id, stage, " and ", more, " bytes more");
  if (cause->len) log_text("broken", id, stage, cause->s, cause->len);
}
