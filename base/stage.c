#include "stage.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "copy.h"

#define MARGIN 300  /* milliseconds for the answer itself */

static int reportfd = 1;

void stage_begin(const char *name, int report)
{
  errmsg_iam(name);
  reportfd = report;
}

void stage_end_internal(int verdict, ...)
{
  static stralloc report;
  const char *part;
  va_list parts;
  int ok = 1;

  va_start(parts, verdict);
  while ((part = va_arg(parts, const char *))) ok = ok && stralloc_cats(&report, part);
  va_end(parts);
  if (!ok || !stralloc_append(&report, "\n")) stage_nomem();
  if (copy_write(reportfd, report.s, report.len) == -1) carpsys("unable to write report");
  exit(verdict);
}

int stage_unchanged(int fd)
{
  const char *how = getenv("CM_UNCHANGED");

  if (how && !strcmp(how, "sealed") && copy_seal(1) == 1) return 1;
  if (copy_rest(fd, 1) == -1) return -1;
  copy_seal(1);  /* if it can be; the runner asks for certain */
  return 1;
}

long long stage_until(unsigned long usual)
{
  const char *given = getenv("CM_DEADLINE");
  struct timespec t = clock_day();
  unsigned long end;

  if (!given || !control_scan(given, strlen(given), &end) || end > 1UL << 40)
    return clock_ms() + (long long) usual * 1000;
  return clock_ms() + (long long) end * 1000 - MARGIN - ((long long) t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

const char *stage_variable(const char *name)
{
  const char *value = getenv(name);

  return value ? value : "";
}
