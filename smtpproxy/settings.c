#include "settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "networks.h"
#include "pattern.h"
#include "setting.h"
#include "smtpc.h"

#define NEVER 1000000000  /* seconds; more than any session has */

static int numbers(struct settings *s, stralloc *trouble)
{
  const struct setting files[] = {
    { "databytes",      &s->databytes,      20971520 },
    { "timeoutsmtpd",   &s->timeoutsmtpd,   300 },
    { "timeoutremote",  &s->timeoutremote,  300 },
    { "timeoutconnect", &s->timeoutconnect, 30 },
    { "keepalive",      &s->keepalive,      30 },
    { "deadline",       &s->deadline,       180 },
    { "greetdelay",     &s->greetdelay,     0 },
    { "maxhops",        &s->maxhops,        50 },
    { "maxrecipients",  &s->maxrecipients,  1000 },
    { "maxerrors",      &s->maxerrors,      20 },
    { "loglevel",       &s->level,          16 },
  };
  const char *databytes = getenv("DATABYTES");

  if (!setting_numbers(files, sizeof files / sizeof *files, trouble)) return 0;
  if (!s->keepalive) s->keepalive = NEVER;
  if (databytes && !control_scan(databytes, strlen(databytes), &s->databytes))
    return setting_trouble(trouble, "databytes", "$DATABYTES is not a number");
  return 1;
}

static int newlines(struct settings *s, stralloc *trouble)
{
  static stralloc word;
  int r = control_line("control/newlines", &word);

  s->normalize = r == 1 && !strcmp(word.s, "normalize");
  if (r == 0 || s->normalize || (r == 1 && !strcmp(word.s, "refuse"))) return 1;
  return setting_trouble(trouble, "newlines", r == -1 ? setting_why(r) : "write refuse or normalize");
}

static int name(struct settings *s, stralloc *trouble)
{
  int r = control_me(&s->me);

  return r == 1 ? 1 : setting_trouble(trouble, "me", setting_why(r));
}

static int networks(struct settings *s, stralloc *trouble)
{
  return networks_read("control/cleartext", &s->cleartext, trouble) != -1 &&
         networks_read("control/relayclients", &s->relayclients, trouble) != -1 &&
         networks_read("control/xclient", &s->xclient, trouble) != -1;
}

/* What may be promised where it is not known yet to whom the mail will go. */
static int offers(struct settings *s, stralloc *trouble)
{
  static const struct { const char *word; unsigned int flag; } known[] = {
    { "8BITMIME", SMTPC_8BITMIME }, { "SMTPUTF8", SMTPC_SMTPUTF8 }, { "DSN", SMTPC_DSN },
    { "ENHANCEDSTATUSCODES", SMTPC_STATUS },
  };
  static stralloc data;
  const char *line;
  size_t at = 0, len, i;
  int r = control_read("control/offers", &data);

  if (r == -1) return setting_trouble(trouble, "offers", setting_why(r));
  while (control_next(&data, &at, &line, &len, 0)) {
    for (i = 0; i < sizeof known / sizeof *known; ++i)
      if (strlen(known[i].word) == len && !case_diffb(line, len, known[i].word)) break;
    if (i == sizeof known / sizeof *known)
      return setting_trouble(trouble, "offers", "write 8BITMIME, SMTPUTF8, DSN or ENHANCEDSTATUSCODES, one a line");
    s->offers |= known[i].flag;
  }
  return 1;
}

static int ways(struct settings *s, stralloc *trouble)
{
  s->onepolicy = control_switch("control/one-policy");
  if (s->onepolicy == -1) return setting_trouble(trouble, "one-policy", setting_why(-1));
  if (!route_open(&s->routes, s->me.s, trouble)) return 0;
  return !s->routes.any || offers(s, trouble);
}

int settings_read(struct settings *s, stralloc *trouble)
{
  if (!control_survey(trouble) || !upstream_read(&s->upstreams, trouble) || !numbers(s, trouble) || !newlines(s, trouble) ||
      !name(s, trouble) || !limit_read(&s->limits, trouble) || !networks(s, trouble) ||
      !setting_pipeline(SETTING_PIPELINE, &s->filters, trouble) || !ways(s, trouble)) return 0;
  /* A list that cannot be read must never mean that everything is accepted. */
  if (!setting_addresses("recipients", &s->recipients, trouble)) return 0;
  if (control_read("control/traps", &s->traps) == -1) return setting_trouble(trouble, "traps", strerror(errno));
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
