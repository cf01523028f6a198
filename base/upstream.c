#include "upstream.h"

#include <errno.h>
#include <string.h>

#include "control.h"

#define BLANKS " \t"

/* 0, with trouble about a word; 0 for word: about all of the line. */
static int wrong(stralloc *trouble, const char *what, const char *word)
{
  size_t i;

  if (!stralloc_copys(trouble, what) ||
      (word && !stralloc_catb(trouble, word, strnlen(word, 100)))) trouble->len = 0;
  for (i = 0; i < trouble->len; ++i)
    if (trouble->s[i] < 32 || trouble->s[i] > 126) trouble->s[i] = '?';
  if (!stralloc_0(trouble)) trouble->len = 0;
  return 0;
}

/* What an option may say; index: the value that stands for it. */
static const char *const tls[] = { "no", "may", "must", "verify", 0 };
static const char *const client[] = { "no", "xclient", "xforward", "proxy", 0 };

/* 1: it was NAME= and one of the words. 0: it was not NAME=. -1: another word. */
static int choice(const char *word, const char *name, const char *const *words, int *value)
{
  size_t n = strlen(name);
  int i;

  if (strncmp(word, name, n)) return 0;
  for (i = 0; words[i]; ++i)
    if (!strcmp(word + n, words[i])) {
      *value = i;
      return 1;
    }
  return -1;
}

/* The same for NAME= and a number. */
static int number(const char *word, const char *name, unsigned long *value)
{
  size_t n = strlen(name);

  if (strncmp(word, name, n)) return 0;
  return control_scan(word + n, strlen(word + n), value) && *value ? 1 : -1;
}

static int options(struct upstream *u, const char **words, stralloc *trouble)
{
  int r;

  for (; *words; ++words) {
    r = choice(*words, "tls=", tls, &u->tls);
    if (r == -1) return wrong(trouble, "write tls=no, tls=may, tls=must or tls=verify, not ", *words);
    if (r == 0) r = choice(*words, "client=", client, &u->client);
    if (r == -1) return wrong(trouble, "write client=no, client=xclient, client=xforward or client=proxy, not ", *words);
    if (r == 0) r = number(*words, "recipients=", &u->most);
    if (r == -1) return wrong(trouble, "write a number behind recipients=, not ", *words);
    if (r == 0) return wrong(trouble, "unknown word: ", *words);
  }
  if (u->smtps && u->tls < UPSTREAM_TLS_MUST) return wrong(trouble, "smtps is TLS always: leave out tls=, or write tls=verify", 0);
  return 1;
}

static int is_port(const char *word)
{
  unsigned long number;

  return !strchr(word, '=') && (!control_scan(word, strlen(word), &number) || (number && number < 65536));
}

/* HOST PORT, or where that may be, PATH. How many words it took, or 0. */
static size_t place(struct upstream *u, const char **words)
{
  if (!*words) return 0;
  u->host = *words;
  if (**words == '/') return u->kind == UPSTREAM_LMTP;
  u->port = words[1];
  return u->port && is_port(u->port) ? 2 : 0;
}

static int kind(struct upstream *u, const char *word)
{
  if (!strcmp(word, "smtp")) u->kind = UPSTREAM_SMTP;
  else if (!strcmp(word, "lmtp")) {
    u->kind = UPSTREAM_LMTP;
    u->most = 1;
  }
  else if (!strcmp(word, "queue")) u->kind = UPSTREAM_QUEUE;
  else if (!strcmp(word, "smtps")) {
    u->kind = UPSTREAM_SMTP;
    u->smtps = 1;
    u->tls = UPSTREAM_TLS_MUST;
  } else return 0;
  return 1;
}

int upstream_line(struct upstream *u, char *line, stralloc *trouble)
{
  size_t n = 0;

  memset(u, 0, sizeof *u);
  for (line += strspn(line, BLANKS); *line; line += strspn(line, BLANKS)) {
    if (n == UPSTREAM_WORDS) return wrong(trouble, "too many words", 0);
    u->words[n++] = line;
    line += strcspn(line, BLANKS);
    if (*line) *line++ = 0;
  }
  if (!n || !kind(u, *u->words))
    return wrong(trouble, "write smtp HOST PORT, smtps HOST PORT, lmtp HOST PORT, lmtp PATH or queue PROGRAM ARGUMENTS", 0);
  if (u->kind == UPSTREAM_QUEUE) {
    u->program = u->words + 1;
    return *u->program ? 1 : wrong(trouble, "queue wants a program behind it", 0);
  }
  n = place(u, u->words + 1);
  if (!n) return wrong(trouble, u->kind == UPSTREAM_LMTP ? "lmtp wants HOST PORT or /PATH behind it"
                                                        : "smtp and smtps want HOST PORT behind them", 0);
  return options(u, u->words + 1 + n, trouble);
}

/* Put the place before what is wrong there. 0. */
static int at_line(stralloc *trouble, unsigned int number)
{
  static stralloc whole;

  if (!stralloc_copys(&whole, "control/upstream:") ||
      (number && (!stralloc_number(&whole, number) || !stralloc_cats(&whole, ":"))) ||
      !stralloc_cats(&whole, " ") || !stralloc_cat(&whole, trouble)) return 0;
  if (!stralloc_copy(trouble, &whole)) trouble->len = 0;
  return 0;
}

/* One more of the list, 0-terminated. */
static int add(struct upstreams *u, char *line, stralloc *trouble)
{
  if (u->count && u->each[u->count - 1].program)
    return wrong(trouble, "behind a queue no other is ever tried: make it the last", 0);
  if (u->count == UPSTREAM_LINES) return wrong(trouble, "too many upstreams", 0);
  if (!upstream_line(u->each + u->count, line, trouble)) return 0;
  ++u->count;
  return 1;
}

/* All of its lines; number: of the one that something is wrong with. */
static int lines(struct upstreams *u, unsigned int *number, stralloc *trouble)
{
  const char *line;
  size_t at = 0, len;

  while (control_next(&u->text, &at, &line, &len, number)) {
    u->text.s[(size_t) (line - u->text.s) + len] = 0;
    if (!add(u, u->text.s + (line - u->text.s), trouble)) return 0;
  }
  *number = 0;
  return u->count ? 1 : wrong(trouble, "there is no such file, or nothing in it", 0);
}

int upstream_read(struct upstreams *u, stralloc *trouble)
{
  unsigned int number = 0;
  int r;

  u->count = u->text.len = 0;
  r = control_read("control/upstream", &u->text);
  if (r == -1) r = wrong(trouble, strerror(errno), 0);
  /* Of a last line without a newline the end needs a place, too. */
  else if (!stralloc_append(&u->text, "\n")) r = wrong(trouble, "out of memory", 0);
  else r = lines(u, &number, trouble);
  return r || at_line(trouble, number);
}

/* Where the next "or" stands alone; the words of a queue are all its own. 0: nowhere. */
static char *or(char *text)
{
  size_t n;

  text += strspn(text, BLANKS);
  if (strcspn(text, BLANKS) == 5 && !memcmp(text, "queue", 5)) return 0;
  for (; *text; text += n + strspn(text + n, BLANKS)) {
    n = strcspn(text, BLANKS);
    if (n == 2 && !memcmp(text, "or", 2)) return text;
  }
  return 0;
}

int upstream_list(struct upstreams *u, const char *text, size_t len, stralloc *trouble)
{
  char *line, *next;

  u->count = 0;
  if (!stralloc_copyb(&u->text, text, len) || !stralloc_0(&u->text)) return wrong(trouble, "out of memory", 0);
  for (line = u->text.s; line; line = next) {
    if ((next = or(line))) {
      *next = 0;
      next += 2;
    }
    if (!add(u, line, trouble)) return 0;
  }
  return 1;
}

int upstream_same(const struct upstreams *a, const struct upstreams *b)
{
  size_t i, k;

  if (a == b) return 1;
  for (i = 0; i < a->count && i < b->count; ++i)
    for (k = 0; k == 0 || a->each[i].words[k - 1]; ++k) {
      if (!a->each[i].words[k] || !b->each[i].words[k]) {
        if (a->each[i].words[k] != b->each[i].words[k]) return 0;
      } else if (strcmp(a->each[i].words[k], b->each[i].words[k])) return 0;
    }
  return a->count == b->count;
}

const char *upstream_name(const struct upstream *u)
{
  return u->host ? u->host : *u->program;
}
