#include "setting.h"

#include <errno.h>
#include <string.h>

#include "control.h"
#include "pattern.h"
#include "plan.h"

static int useless(stralloc *trouble, const char *folder, const char *file, const char *what)
{
  return control_trouble(trouble, "unable to use ", folder, file, ": ", what, (char *) 0);
}

int setting_trouble(stralloc *trouble, const char *file, const char *what)
{
  return useless(trouble, "control/", file, what);
}

const char *setting_why(int r)
{
  return r == -1 ? strerror(errno) : "there is no such file, or nothing in it";
}

int setting_numbers(const struct setting *settings, size_t count, stralloc *trouble)
{
  char name[32];

  for (; count; --count, ++settings) {
    *settings->value = settings->usual;
    name[str_copy(name, "control/") + str_copy(name + 8, settings->name)] = 0;
    if (control_number(name, settings->value) == -1)
      return setting_trouble(trouble, settings->name, errno == EINVAL ? "not a number" : strerror(errno));
  }
  return 1;
}

static int no_address(stralloc *trouble, const char *file, unsigned int number, const char *line, size_t len)
{
  char digits[FMT_ULONG], domain[101];

  if (*line == '@') ++line, --len;
  if (len > sizeof domain - 1) len = sizeof domain - 1;
  memcpy(domain, line, len);
  domain[len] = 0;
  digits[fmt_ulong(digits, number)] = 0;
  return control_trouble(trouble, "unable to use control/", file, ", line ", digits,
                         ": no address matches it; a whole domain is *@", domain, (char *) 0);
}

int setting_addresses(const char *file, stralloc *patterns, stralloc *trouble)
{
  char name[64];
  const char *line;
  size_t at = 0, len;
  unsigned int number = 0;
  int r;

  name[str_copy(name, "control/") + str_copy(name + 8, file)] = 0;
  r = control_read(name, patterns);
  if (r != 1) return setting_trouble(trouble, file, r == -1 ? setting_why(r) : "there is no such file");
  while (control_next(patterns, &at, &line, &len, &number))
    if (pattern_vain(line, len)) return no_address(trouble, file, number, line, len);
  return 1;
}

int setting_pipeline(const char *file, int *stages, stralloc *trouble)
{
  static struct plan plan;
  int r = plan_read(file, &plan, trouble);

  if (r == 0) return useless(trouble, "", file, "there is no such file; an empty one means no filters");
  if (r == -1) return 0;
  *stages = plan.count > 0;
  return 1;
}
