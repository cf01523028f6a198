#include "account.h"

#include <errno.h>
#include <string.h>

#include "control.h"
#include "setting.h"

static int server(struct account *a, stralloc *trouble)
{
  static stralloc line;
  int r = control_line("control/server", &line);
  const char *what = r == 1 ? pop_mailbox(&a->server, line.s) : setting_why(r);

  return what ? setting_trouble(trouble, "server", what) : 1;
}

/* One line that may be missing; of what it says nothing is to end a command. */
static int text(const char *name, stralloc *to, int needed, stralloc *trouble)
{
  char path[32] = "control/";
  size_t i;
  int r;

  path[8 + str_copy(path + 8, name)] = 0;
  r = control_line(path, to);
  if (r == -1 || (r == 0 && needed)) return setting_trouble(trouble, name, setting_why(r));
  for (i = 0; r == 1 && i < to->len && to->s[i]; ++i)
    if ((unsigned char) to->s[i] < 32) return setting_trouble(trouble, name, "there are control bytes in it");
  return r == 1 || (stralloc_copys(to, "") && stralloc_0(to)) ? 1 : setting_trouble(trouble, name, "out of memory");
}

static int mechanism(struct account *a, stralloc *trouble)
{
  static const char *const known[] = { "", "USER", "PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER", "APOP", 0 };
  size_t i;

  if (!text("auth", &a->auth, 0, trouble)) return 0;
  for (i = 0; a->auth.s[i]; ++i)
    if (a->auth.s[i] >= 'a' && a->auth.s[i] <= 'z') a->auth.s[i] = (char) (a->auth.s[i] - 'a' + 'A');
  for (i = 0; known[i] && strcmp(known[i], a->auth.s); ++i) ;
  if (i == 1) *a->auth.s = 0;
  if (!known[i]) return setting_trouble(trouble, "auth", "write user, plain, login, apop, xoauth2 or oauthbearer");
  /* It is weaker than any password within TLS, and hides it a little where there is none. */
  if (!strcmp(known[i], "APOP") && (a->server.imap || a->server.tls > UPSTREAM_TLS_MAY))
    return setting_trouble(trouble, "auth", "apop is for a server of POP3 with tls=no or tls=may");
  return 1;
}

/* One recipient for all, or several whom the headers name; then it must be said whose mail
 * may come here, or a stranger's header could send it anywhere. */
static int whose(struct account *a, stralloc *trouble)
{
  int r = control_read("control/multidrop", &a->fields);

  if (r == -1 || !stralloc_0(&a->fields)) return setting_trouble(trouble, "multidrop", setting_why(-1));
  a->multidrop = r == 1;
  --a->fields.len;
  if (!text("fallback", &a->fallback, 0, trouble)) return 0;
  if (!a->multidrop) return text("recipient", &a->recipient, 1, trouble);
  return setting_addresses("recipients", &a->recipients, trouble);
}

int account_read(struct account *a, stralloc *trouble)
{
  const struct setting numbers[] = {
    { "timeoutconnect", &a->connect,  30 },
    { "timeoutremote",  &a->timeout,  300 },
    { "databytes",      &a->most,     104857600 },
    { "deadline",       &a->deadline, 180 },
    { "loglevel",       &a->level,    0 },
    { "keep",           &a->keep,     0 },
    { "maxmessages",    &a->atmost,   0 },
    { "interval",       &a->interval, 300 },
    { "maxhops",        &a->hops,     50 },
  };
  int r;

  if (!control_survey(trouble) || !server(a, trouble) || !text("user", &a->user, 1, trouble) || !mechanism(a, trouble) ||
      !text("folder", &a->folder, 0, trouble) || !text("moveto", &a->moveto, 0, trouble) || !whose(a, trouble) ||
      !setting_numbers(numbers, sizeof numbers / sizeof *numbers, trouble) ||
      !upstream_read(&a->upstreams, trouble) || !setting_pipeline(SETTING_PIPELINE, &a->filters, trouble)) return 0;
  a->fresh = control_switch("control/onlynew");
  if (a->fresh == -1) return setting_trouble(trouble, "onlynew", strerror(errno));
  r = control_me(&a->me);
  return r == 1 ? 1 : setting_trouble(trouble, "me", setting_why(r));
}
