#include "limit.h"

#include <errno.h>
#include <string.h>

#include "control.h"
#include "networks.h"

#define MOST 65536       /* of a limit; what there are slots for in base/state.c */
#define LONGEST 31536000 /* seconds */

/* What a line that says nothing else means. */
static const struct limit usual[LIMIT_ALL] = {
  { 0, 1, 0, "421 4.7.0 too many connections from your address at once; try again later" },
  { 0, 60, 0, "421 4.7.0 too many connections from your address; try again later" },
  { 0, 3600, 3600, "421 4.7.1 too many recipients that are not accepted; try again later" },
  { 0, 3600, 3600, "421 4.7.0 too many failed logins; try again later" },
  { 0, 3600, 0, "450 4.7.1 too many messages from your address; try again later" },
  { 0, 3600, 0, "450 4.7.1 too many bounces from your address; try again later" },
  { 0, 0, 0, "421 4.7.0 your address is blocked for some time; try again later" }
};

/* The limit that a word names, or -1. */
static int named(const char *word)
{
  int i;

  for (i = 0; i < BLOCK_REASONS; ++i)
    if (!strcmp(word, block_reasons[i])) return i;
  return strcmp(word, "blocked") ? -1 : LIMIT_BLOCKED;
}

/* A reply that refuses, for now or for good, and has nothing in it that is no text. */
static int is_reply(const char *text)
{
  size_t i;

  if ((*text != '4' && *text != '5') || text[1] < '0' || text[1] > '5' || text[2] < '0' || text[2] > '9' ||
      text[3] != ' ' || !text[4] || strlen(text) > 500) return 0;
  for (i = 0; text[i]; ++i)
    if (text[i] < ' ' || text[i] > '~') return 0;
  return 1;
}

/* The next word of a line, 0-terminated where it stands; "" at the end. */
static char *word(char **at)
{
  char *w;

  while (**at == ' ' || **at == '\t') ++*at;
  w = *at;
  *at += strcspn(w, " \t");
  if (**at) *(*at)++ = 0;
  return w;
}

static int number(const char *text, unsigned long most, unsigned long *value)
{
  return control_scan(text, strlen(text), value) && *value <= most;
}

/* One line that counts, 0-terminated. 0, or what is wrong with it. */
static const char *take(struct limits *l, char *rest)
{
  const char *w = word(&rest);
  int which = named(w);
  struct limit *limit;

  if (which == -1) return "not the name of a limit";
  limit = l->of + which;
  if (which != LIMIT_BLOCKED && !number(word(&rest), MOST, &limit->most))
    return "behind the name belongs a number of at most 65536";
  for (;;) {
    while (*rest == ' ' || *rest == '\t') ++rest;
    if (!strncmp(rest, "text=", 5)) {
      limit->text = rest + 5;
      return is_reply(limit->text) ? 0 : "text= wants a reply, such as: text=421 4.7.0 try again later";
    }
    w = word(&rest);
    if (!*w) return 0;
    if (which == LIMIT_BLOCKED) return "only text= can be said of blocked";
    if (!strncmp(w, "time=", 5) ? !number(w + 5, LONGEST, &limit->time) || !limit->time :
        strncmp(w, "block=", 6) || !number(w + 6, LONGEST, &limit->block))
      return "write time=SECONDS, block=SECONDS or text=REPLY, and that one last";
  }
}

static int wrong(stralloc *trouble, unsigned int line, const char *what)
{
  char digits[FMT_ULONG];

  digits[fmt_ulong(digits, line)] = 0;
  return control_trouble(trouble, "unable to use control/limits", line ? ", line " : "", line ? digits : "", ": ",
                         what, (char *) 0);
}

int limit_read(struct limits *l, stralloc *trouble)
{
  static stralloc copy;
  const char *line, *what;
  char *own;
  unsigned int count = 0;
  size_t at = 0, len;
  int r = control_read("control/limits", &l->file);

  if (r == -1) return wrong(trouble, 0, strerror(errno));
  if (r == 0) return 1;
  memcpy(l->of, usual, sizeof usual);
  /* The lines are cut into words where they stand; the copy is what is walked. */
  if (!stralloc_copy(&copy, &l->file) || !stralloc_0(&l->file)) return wrong(trouble, 0, "out of memory");
  while (control_next(&copy, &at, &line, &len, &count)) {
    own = l->file.s + (line - copy.s);
    own[len] = 0;
    what = memchr(line, 0, len) ? "there is a NUL in it" : take(l, own);
    if (what) return wrong(trouble, count, what);
    l->any = 1;
  }
  stralloc_free(&copy);
  return !l->any || networks_read("control/unlimited", &l->unlimited, trouble) != -1;
}
