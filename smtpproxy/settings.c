#include "settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "pattern.h"
#include "plan.h"

#define NEVER 1000000000  /* seconds; more than any session has */

static int trouble_with(stralloc *trouble, const char *file, const char *what)
{
  if (!stralloc_copys(trouble, "unable to use control/") || !stralloc_cats(trouble, file) ||
      !stralloc_cats(trouble, ": ") || !stralloc_cats(trouble, what) || !stralloc_0(trouble)) abort();
  return 0;
}

/* What stands in the way after control_... said r. */
static const char *why(int r)
{
  return r == -1 ? strerror(errno) : "there is no such file, or nothing in it";
}

static int numbers(struct settings *s, stralloc *trouble)
{
  const struct { const char *name; unsigned long *value, usual; } files[] = {
    { "databytes",      &s->databytes,      20971520 },
    { "timeoutsmtpd",   &s->timeoutsmtpd,   300 },
    { "timeoutremote",  &s->timeoutremote,  300 },
    { "timeoutconnect", &s->timeoutconnect, 30 },
    { "keepalive",      &s->keepalive,      30 },
    { "deadline",       &s->deadline,       180 },
    { "maxhops",        &s->maxhops,        50 },
    { "maxrecipients",  &s->maxrecipients,  1000 },
    { "maxerrors",      &s->maxerrors,      20 },
    { "loglevel",       &s->level,          16 },
  };
  const char *databytes = getenv("DATABYTES");
  char name[32];
  size_t i;

  for (i = 0; i < sizeof files / sizeof *files; ++i) {
    *files[i].value = files[i].usual;
    name[str_copy(name, "control/") + str_copy(name + 8, files[i].name)] = 0;
    if (control_number(name, files[i].value) == -1)
      return trouble_with(trouble, files[i].name, errno == EINVAL ? "not a number" : strerror(errno));
  }
  if (!s->keepalive) s->keepalive = NEVER;
  if (databytes && !control_scan(databytes, strlen(databytes), &s->databytes))
    return trouble_with(trouble, "databytes", "$DATABYTES is not a number");
  return 1;
}

static int newlines(struct settings *s, stralloc *trouble)
{
  static stralloc word;
  int r = control_line("control/newlines", &word);

  s->normalize = r == 1 && !strcmp(word.s, "normalize");
  if (r == 0 || s->normalize || (r == 1 && !strcmp(word.s, "refuse"))) return 1;
  return trouble_with(trouble, "newlines", r == -1 ? why(r) : "write refuse or normalize");
}

static int name(struct settings *s, stralloc *trouble)
{
  int r = control_me(&s->me);

  return r == 1 ? 1 : trouble_with(trouble, "me", why(r));
}

static int pipeline(struct settings *s, stralloc *trouble)
{
  static struct plan plan;
  int r = plan_read("control/pipeline", &plan, trouble);

  if (r == 0) return trouble_with(trouble, "pipeline", "there is no such file; an empty one means no filters");
  if (r == -1) return 0;
  s->filters = plan.count > 0;
  return 1;
}

int settings_read(struct settings *s, stralloc *trouble)
{
  int r;

  control_survey();
  if (!upstream_read(&s->upstreams, trouble) || !numbers(s, trouble) || !newlines(s, trouble) ||
      !name(s, trouble) || !limit_read(&s->limits, trouble) || !pipeline(s, trouble)) return 0;
  r = control_read("control/recipients", &s->recipients);
  /* A list that cannot be read must never mean that everything is accepted. */
  if (r != 1) return trouble_with(trouble, "recipients", r == -1 ? why(r) : "there is no such file");
  if (control_read("control/traps", &s->traps) == -1) return trouble_with(trouble, "traps", strerror(errno));
  return 1;
}

static int among(const stralloc *patterns, const char *address, size_t len)
{
  const char *line;
  size_t at = 0, n;

  while (control_next(patterns, &at, &line, &n, 0))
    if (pattern_match(line, n, address, len)) return 1;
  return 0;
}

int settings_accepts(const struct settings *s, const char *address, size_t len)
{
  return among(&s->recipients, address, len);
}

int settings_traps(const struct settings *s, const char *address, size_t len)
{
  return among(&s->traps, address, len);
}
