#include "envelope.h"

#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "stage.h"

size_t envelope_recipients(stralloc *to)
{
  const char *file = getenv("CM_ENVELOPE");
  size_t count = 0, at;

  to->len = 0;
  if (!file || !*file) return 0;
  if (control_read(file, to) != 1) stage_diesys("unable to read envelope");
  for (at = 0; at < to->len; ++at)
    if (to->s[at] == '\n') {
      to->s[at] = 0;
      ++count;
    }
  if (!count || to->s[to->len - 1]) stage_die("unable to read envelope: cut short");
  at = strlen(to->s) + 1;  /* the sender */
  memmove(to->s, to->s + at, to->len - at);
  to->len -= at;
  return count - 1;
}
