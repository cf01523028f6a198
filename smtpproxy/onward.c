#include "onward.h"

const char *onward_parts(const struct session *s, const struct address *a)
{
  (void) a;
  if (s->to->most && s->t.count - s->t.traps >= s->to->most)
    return "452 4.5.3 too many recipients for this mail server; send the message again for the others";
  return 0;
}
