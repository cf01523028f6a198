#include "settings.h"

#include <errno.h>
#include <string.h>

#include "control.h"
#include "setting.h"

#define NEVER 1000000  /* seconds; more than any session has */

static int upstream(struct settings *s, stralloc *trouble)
{
  static stralloc line;
  const char *what;
  int r = control_line("control/upstream", &line);

  if (r == 0 && s->carried) return 1;
  what = r == 1 ? pop_line(&s->fixed, line.s) : setting_why(r);
  return what ? setting_trouble(trouble, "upstream", what) : 1;
}

static int servers(struct settings *s, stralloc *trouble)
{
  static stralloc text;
  const char *line, *what = 0;
  size_t at = 0, len;
  int r = control_read("control/servers", &text);

  if (r == -1) return setting_trouble(trouble, "servers", strerror(errno));
  s->carried = r == 1;
  /* Of a last line without a newline the end needs a place, too. */
  if (!stralloc_append(&text, "\n")) what = "out of memory";
  while (!what && control_next(&text, &at, &line, &len, 0)) {
    if (s->count == SERVERS) what = "too many servers";
    else {
      text.s[(size_t) (line - text.s) + len] = 0;
      what = pop_line(s->servers + s->count++, text.s + (line - text.s));
    }
  }
  return what ? setting_trouble(trouble, "servers", what) : 1;
}

static int accounts(struct settings *s, stralloc *trouble)
{
  if (!route_list(&s->accounts, "control/accounts", "-a", trouble)) return 0;
  if (s->accounts.any) s->carried = 1;
  return 1;
}

static int name(struct settings *s, stralloc *trouble)
{
  int r = control_me(&s->me);

  if (!s->keepalive) s->keepalive = NEVER;
  return r == 1 ? 1 : setting_trouble(trouble, "me", setting_why(r));
}

int settings_read(struct settings *s, stralloc *trouble)
{
  const struct setting numbers[] = {
    { "timeoutpop3d",   &s->timeoutpop3d,   600 },
    { "timeoutremote",  &s->timeoutremote,  300 },
    { "timeoutconnect", &s->timeoutconnect, 30 },
    { "maxerrors",      &s->maxerrors,      20 },
    { "loglevel",       &s->level,          16 },
    { "databytes",      &s->databytes,      104857600 },
    { "deadline",       &s->deadline,       180 },
    { "keepalive",      &s->keepalive,      15 },
    { "giveup",         &s->giveup,         3600 },
    { "remember",       &s->remember,       90 },
    { "remembersize",   &s->remembersize,   67108864 },
  };

  return control_survey(trouble) && servers(s, trouble) && accounts(s, trouble) && upstream(s, trouble) &&
         setting_numbers(numbers, sizeof numbers / sizeof *numbers, trouble) &&
         setting_pipeline(SETTING_PIPELINE, &s->filters, trouble) && name(s, trouble);
}

static int named(const struct pop *p, const char *host, size_t hostlen, const char *port)
{
  return strlen(p->host) == hostlen && !case_diffb(p->host, hostlen, host) && (!*port || !strcmp(port, p->port));
}

const struct pop *settings_server(const struct settings *s, const char *user, size_t *len)
{
  const char *at = strrchr(user, '%'), *hash = strrchr(user, '#'), *port;
  size_t i, n;

  if (!at || (hash && hash > at)) at = hash;
  if (!at || at == user) return 0;
  port = strrchr(at, ':');
  /* The colons of an IPv6 address stand in brackets, or there is no port behind them. */
  if (port && (strchr(at, ':') != port) && port[-1] != ']') port = 0;
  n = port ? (size_t) (port - at - 1) : strlen(at + 1);
  if (n > 1 && at[1] == '[' && at[n] == ']') {
    *len = (size_t) (at - user);
    ++at;
    n -= 2;
  } else *len = (size_t) (at - user);
  for (i = 0; i < s->count; ++i)
    if (named(s->servers + i, at + 1, n, port ? port + 1 : "")) return s->servers + i;
  return 0;
}
