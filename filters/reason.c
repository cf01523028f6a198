#include "reason.h"

#include "reply.h"
#include "verdict.h"

int reason_make(int verdict, const char *text, size_t len, stralloc *reason)
{
  static stralloc line;

  reason->len = line.len = 0;
  if (!reply_reason(verdict, text, len, &line)) return 0;
  if (!reply_status(line.s, line.len) &&
      !stralloc_cats(reason, verdict_rank(verdict) > 0 ? "5.7.1 " : "2.0.0 ")) return 0;
  return stralloc_catb(reason, line.s, line.len) && stralloc_0(reason);
}
