/* cm-filter-delay: wait, and have nothing against the message. Who sends in bulk
 * does not wait and leaves, whereupon the front end ends this stage and drops the
 * message. There is nothing to do meanwhile and nothing to remember. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "control.h"
#include "stage.h"

#define MOST 300  /* seconds; a client waits 600 for the answer, RFC 5321, 4.5.3.2.6 */

/* Only there is a client that waits for an answer. */
static int is_smtp(const char *protocol)
{
  return !protocol || strstr(protocol, "SMTP") || !strncmp(protocol, "LMTP", 4);
}

int main(int argc, char **argv)
{
  struct timespec left;
  unsigned long seconds;
  long long now = clock_ms(), end, last = stage_until(MOST);

  stage_begin("cm-filter-delay", 1);
  if (argc != 2 || !control_scan(argv[1], strlen(argv[1]), &seconds) || seconds > MOST)
    stage_die("usage: cm-filter-delay SECONDS, at most 300");
  if (!is_smtp(getenv("CM_PROTO"))) return VERDICT_DELIVER;
  end = now + (long long) seconds * 1000;
  if (end > last) end = last;
  for (; now < end; now = clock_ms()) {
    left.tv_sec = (time_t) ((end - now) / 1000);
    left.tv_nsec = (long) ((end - now) % 1000 * 1000000);
    nanosleep(&left, 0);
  }
  return VERDICT_DELIVER;
}
