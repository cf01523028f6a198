#include "agent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hop.h"
#include "stream.h"

static stralloc sender, recipient;

/* A text of the environment, in which nothing is a line of its own. 1, or 0 without memory. */
static int take(stralloc *to, const char *text, size_t len)
{
  size_t i;

  if (!stralloc_copyb(to, text, len) || !stralloc_0(to)) return 0;
  for (i = 0; i < len; ++i)
    if ((unsigned char) to->s[i] < ' ' || to->s[i] == 127) to->s[i] = '_';
  return 1;
}

/* The first of these that is there and not empty, or 0. */
static const char *variable(const char *const *names)
{
  const char *value = 0;

  for (; *names && !(value && *value); ++names) value = getenv(*names);
  return value && *value ? value : 0;
}

/* "From a@example.org Thu Jan  1 00:00:00 2026" of len bytes. A bounce has no sender; Postfix and
 * the mbox write MAILER-DAEMON for that. */
static int whose(const char *line, size_t len)
{
  const char *said = getenv("SENDER"), *end;

  if (!said && len > 5) {
    line += 5;
    end = memchr(line, ' ', len - 5);
    if (!take(&sender, line, end ? (size_t) (end - line) : len - 5)) return 0;
  } else if (!take(&sender, said ? said : "", said ? strlen(said) : 0)) return 0;
  if (!strcmp(sender.s, "MAILER-DAEMON")) *sender.s = 0;
  return 1;
}

/* ORIGINAL_RECIPIENT is Postfix's: before aliases; LOCAL and HOST are qmail's; the others have a
 * user and no address. */
static int for_whom(void)
{
  static const char *const addresses[] = { "ORIGINAL_RECIPIENT", "RECIPIENT", 0 };
  static const char *const users[] = { "LOCAL", "LOGNAME", "USER", 0 }, *const hosts[] = { "HOST", "DOMAIN", 0 };
  const char *to = variable(addresses), *host = variable(hosts);

  if (to) return take(&recipient, to, strlen(to));
  to = variable(users);
  if (!take(&recipient, to ? to : "unknown", strlen(to ? to : "unknown"))) return 0;
  if (!host || strchr(recipient.s, '@')) return 1;
  --recipient.len;
  return stralloc_append(&recipient, "@") && stralloc_cats(&recipient, host) &&
         take(&recipient, recipient.s, recipient.len);
}

/* Each line is one. The client is looked for as that of the first. */
static int for_all(struct item *i, const char *list)
{
  static stralloc one;
  const char *end;

  for (recipient.len = 0; *list; list = end + (*end == '\n')) {
    end = list + strcspn(list, "\n");
    if (end > list && (!take(&one, list, (size_t) (end - list)) || !item_recipient(i, one.s, one.len - 1) ||
                       (!recipient.len && !stralloc_copy(&recipient, &one)))) return 0;
  }
  return 1;
}

/* The first piece has the first line, or as much of it as we look at. */
static ssize_t first(char *bytes, size_t room)
{
  size_t len = 0;
  ssize_t n;

  do {
    n = read(0, bytes + len, room - len);
    if (n == -1 && errno == EINTR && !stream_stopped) continue;
    if (n == -1) return -1;
    len += (size_t) n;
  } while (n && len < room && !memchr(bytes, '\n', len));
  return (ssize_t) len;
}

static int client(struct item *i)
{
  static struct hop hop;

  if (!hop_find(&i->header, recipient.s, &hop)) return -1;
  i->elsewhere = 1;
  i->ip = hop.ip.s;
  i->host = hop.host.s;
  i->helo = hop.helo.s;
  return 1;
}

int agent_read(struct item *i)
{
  static char bytes[65536];
  const char *nl, *all = getenv("RECIPIENTS");
  ssize_t len = first(bytes, sizeof bytes);
  size_t line = 0;
  int r;

  if (len == -1) return -1;
  nl = memchr(bytes, '\n', (size_t) len);
  if (nl && nl - bytes > 5 && !memcmp(bytes, "From ", 5)) line = (size_t) (nl + 1 - bytes);
  if (!whose(bytes, line ? line - 1 : 0) || !for_all(i, all ? all : "")) return -1;
  if (!recipient.len && (!for_whom() || !item_recipient(i, recipient.s, strlen(recipient.s)))) return -1;
  i->sender = sender.s;
  if (item_write(i, bytes + line, (size_t) len - line) == -1) return -1;
  r = item_read(i, 0, 0);
  return r == 1 ? client(i) : r;
}

/* On top of it ------------------------------------------------------------- */

static int has(const struct header *header, const char *name)
{
  struct field f = { 0 };

  while (header_next(header, &f))
    if (field_is(&f, name)) return 1;
  return 0;
}

static int add(stralloc *top, const char *name, const char *open, const char *value, const char *close)
{
  return stralloc_cats(top, name) && stralloc_cats(top, ": ") && stralloc_cats(top, open) &&
         stralloc_cats(top, value) && stralloc_cats(top, close) && stralloc_append(top, "\n");
}

/* dot-forward has put what qmail-local says before the message already. */
static int begins(const struct item *i, size_t *at, const char *line)
{
  const stralloc *raw = &i->header.raw;
  size_t n = strlen(line);

  if (raw->len - *at < n || memcmp(raw->s + *at, line, n)) return 0;
  *at += n;
  return 1;
}

int agent_top(const struct item *i, int again, stralloc *top)
{
  const char *path = getenv("RPLINE"), *to = getenv("DTLINE");
  size_t at = 0;

  top->len = 0;
  if (path ? !begins(i, &at, path) && !again && !stralloc_cats(top, path)
           : !again && !has(&i->header, "Return-Path") && !add(top, "Return-Path", "<", i->sender, ">")) return 0;
  if (to) return begins(i, &at, to) || stralloc_cats(top, to);
  return again || !recipient.len || has(&i->header, "Delivered-To") || add(top, "Delivered-To", "", recipient.s, "");
}
