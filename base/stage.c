#include "stage.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

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
  if (write(reportfd, report.s, report.len) == -1) carpsys("unable to write report");
  exit(verdict);
}
