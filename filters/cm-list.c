/* cm-list: make, change and show a list of senders, cm-list(5), of routes or of
 * accounts.
 * A list is a CDB file and never changed: a new one is written beside it, seen
 * to the disk and renamed, so that kill -9 at any instant leaves the old list
 * or the new one, and readers need no lock. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "condition.h"
#include "control.h"
#include "lookup.h"
#include "owfat.h"
#include "pop.h"
#include "print.h"
#include "progress.h"
#include "replace.h"
#include "upstream.h"
#include "verdict.h"

#define TEXTMAX 0x60000000UL  /* bytes on descriptor 0 */
#define COUNTMAX 0x10000000U  /* entries */

enum { WRONG = 100, TROUBLE = 111 };

static const char usage[] =
  "usage: cm-list [-r | -a] LIST make [VERDICT] | add KEY [+CONDITION...] [VERDICT [REASON...]] |"
  " remove KEY | show [KEY] | find ADDRESS";

/* The entries in order, and a hash table of their numbers plus one. */
static struct entry *entries;
static unsigned int count, *slots, slotcount;

static unsigned int shown;  /* entries with conditions */
static int routes;          /* -r: what they say are upstreams, cm-routes(5) */
static int accounts;        /* -a: what they say are POP3 servers, cm-accounts(5) */

static unsigned int *slot(const char *key, size_t len)
{
  unsigned int h = 2166136261U;
  size_t i;

  for (i = 0; i < len; ++i) h = (h ^ (unsigned char) key[i]) * 16777619U;
  for (h &= slotcount - 1; slots[h]; h = (h + 1) & (slotcount - 1)) {
    const struct entry *e = entries + slots[h] - 1;

    if (e->keylen == len && !memcmp(e->key, key, len)) break;
  }
  return slots + h;
}

static void grow(void)
{
  unsigned int i;

  if (count >= COUNTMAX) die(WRONG, "too many entries");
  slotcount = slotcount ? slotcount * 2 : 1024;
  free(slots);
  slots = calloc(slotcount, sizeof *slots);
  entries = realloc(entries, slotcount / 2 * sizeof *entries);
  if (!slots || !entries) die(TROUBLE, "out of memory");
  for (i = 0; i < count; ++i) *slot(entries[i].key, entries[i].keylen) = i + 1;
}

/* Add the entry, or let it take the place of the one with its key. */
static int put(const struct entry *e)
{
  unsigned int *at;

  if (count >= slotcount / 2) grow();
  at = slot(e->key, e->keylen);
  if (*at) {
    entries[*at - 1] = *e;
    return 0;
  }
  entries[count++] = *e;
  *at = count;
  return 1;
}

/* Is there such a list? Trouble and damage end the program. */
static int open_list(const char *name, struct list *list)
{
  int fd = open(name, O_RDONLY | O_CLOEXEC), found;

  if (fd == -1 && errno == ENOENT) return 0;
  if (fd == -1 || (found = list_open(list, fd)) == -1) diesys(TROUBLE, "unable to read ", name);
  if (!found) die(TROUBLE, "unable to read ", name, ": not a list, or damaged");
  return 1;
}

static void damaged(const char *name)
{
  die(TROUBLE, "unable to read ", name, ": ", list_trouble());
}

static void load(const char *name)
{
  struct list list;
  struct entry e;
  size_t at = 0;
  int more;

  if (!open_list(name, &list)) return;
  while ((more = list_next(&list, &at, &e)) == 1)
    /* Of several entries with one key, readers take the first. */
    if (!slotcount || !*slot(e.key, e.keylen)) put(&e);
  if (more == -1) damaged(name);
}

static const char *digits(unsigned long n)
{
  static char text[FMT_ULONG + 1];

  text[fmt_ulong(text, n)] = 0;
  return text;
}

static int is_control(char c)
{
  return c == 127 || (c >= 0 && c < ' ' && c != '\t');
}

/* What is wrong with the upstreams of a route, or 0. */
static const char *wrong_way(const struct entry *e)
{
  static struct upstreams ways;
  static stralloc trouble;

  if (upstream_list(&ways, e->value, e->valuelen, &trouble)) return 0;
  return trouble.len ? trouble.s : "out of memory";
}

/* What is wrong with the server of an account, or 0. */
static const char *wrong_server(const struct entry *e)
{
  static stralloc line;
  struct pop server;

  if (!stralloc_copyb(&line, e->value, e->valuelen) || !stralloc_0(&line)) return "out of memory";
  return pop_line(&server, line.s);
}

/* The entry that a line says, or what is wrong with the line. */
static const char *parse(char *line, size_t len, struct entry *e)
{
  const char *reason;
  size_t i, reasonlen;

  if (len > LIST_LINEMAX) return "too long";
  for (i = 0; i < len; ++i)
    if (is_control(line[i])) return "a control character";
  for (i = 0; i < len && line[i] != ' ' && line[i] != '\t'; ++i) ;
  e->key = line;
  e->keylen = list_key(line, i);
  if (!e->keylen) return "not an address, a domain or a pattern";
  for (; i < len && (line[i] == ' ' || line[i] == '\t'); ++i) line[i] = ' ';
  e->value = line + i;
  e->valuelen = len - i;
  if (routes) return wrong_way(e);
  if (accounts) return wrong_server(e);
  if (!condition_known(e)) return "not a condition";
  if (list_verdict(e, VERDICT_REJECT, &reason, &reasonlen) == -1) return "not a verdict";
  return 0;
}

static void slurp(stralloc *text)
{
  ssize_t r;

  do {
    if (text->len > TEXTMAX) die(WRONG, "text too large");
    if (!stralloc_readyplus(text, 65536)) die(TROUBLE, "out of memory");
    r = read(0, text->s + text->len, 65536);
    if (r == -1 && errno != EINTR) diesys(TROUBLE, "unable to read text");
    if (r > 0) text->len += (size_t) r;
  } while (r);
}

/* An entry that has no verdict gets this one, behind its conditions. */
static void complete(struct entry *e, const char *verdict)
{
  stralloc value = { 0 };
  const char *word;
  size_t at = 0, len;

  while (list_condition(e, &at, &word, &len)) ;
  if (at < e->valuelen) return;
  if (!stralloc_copyb(&value, e->value, e->valuelen) || !stralloc_cats(&value, " ") ||
      !stralloc_cats(&value, verdict)) die(TROUBLE, "out of memory");
  e->value = value.s;
  e->valuelen = value.len;
}

/* The entries of the text on descriptor 0; verdict: of lines without one. */
static void read_text(const char *verdict)
{
  static stralloc text;
  const char *line, *wrong;
  struct entry e;
  size_t at = 0, len;
  unsigned int number = 0, again = 0;

  slurp(&text);
  while (control_next(&text, &at, &line, &len, &number)) {
    char *start = text.s + (line - text.s);

    for (; *start == ' ' || *start == '\t'; ++start) --len;
    if (*start == '#') continue;
    if ((wrong = parse(start, len, &e))) die(WRONG, "line ", digits(number), ": ", wrong);
    if (!e.valuelen) {
      e.value = verdict;
      e.valuelen = strlen(verdict);
    } else if (*verdict) complete(&e, verdict);
    again += !put(&e);
    progress_show("line", number);
  }
  progress_end();
  if (again) carp("lines that replace an earlier one with the same key: ", digits(again));
}

static void lock(struct replace *r, const char *name)
{
  if (replace_lock(r, name) == -1) diesys(TROUBLE, "unable to lock the directory of ", name);
}

static void replace(struct replace *r)
{
  if (replace_open(r) == -1) diesys(TROUBLE, "unable to create ", r->fresh);
  if (list_write(r->fd, entries, count) == -1 || replace_commit(r) == -1) {
    replace_abort(r);
    diesys(TROUBLE, "unable to write ", r->file);
  }
}

static void make(const char *name, const char *verdict)
{
  struct replace r;

  if (verdict_parse(verdict) == -1 && *verdict) die(WRONG, "not a verdict: ", verdict);
  read_text(verdict);
  lock(&r, name);
  replace(&r);
}

/* The words of the command line as a line of text. */
static void add(const char *name, char **words)
{
  static stralloc line;
  struct entry e;
  struct replace r;
  const char *wrong;

  for (; *words; ++words)
    if (!stralloc_cats(&line, *words) || (words[1] && !stralloc_append(&line, " ")))
      die(TROUBLE, "out of memory");
  if ((wrong = parse(line.s, line.len, &e))) die(WRONG, "unable to add entry: ", wrong);
  lock(&r, name);
  load(name);
  put(&e);
  replace(&r);
}

static void drop(const char *name, char *key)
{
  struct replace r;
  unsigned int *at;

  lock(&r, name);
  load(name);
  at = slotcount ? slot(key, list_key(key, strlen(key))) : 0;
  if (!at || !*at) die(WRONG, "no such entry: ", key);
  memmove(entries + *at - 1, entries + *at, (count - *at) * sizeof *entries);
  --count;
  replace(&r);
}

static void tell(const struct entry *e)
{
  size_t i;

  print_bytes(e->key, e->keylen);
  if (e->valuelen) print(" ");
  for (i = 0; i < e->valuelen; ++i)
    print_bytes(is_control(e->value[i]) ? " " : e->value + i, 1);
  print("\n");
}

enum what { ALL, ENTRY, ADDRESS };

/* Whether conditions hold is not known here: show the entry, and look further. */
static int counts(const struct entry *e)
{
  if (!condition_any(e)) return 1;
  tell(e);
  ++shown;
  return 0;
}

static void show(const char *name, enum what what, char *key)
{
  struct list list;
  struct entry e;
  size_t at = 0, len = what == ALL ? 0 : strlen(key);
  int found;

  if (!open_list(name, &list)) diesys(TROUBLE, "unable to read ", name);
  if (what == ALL) while ((found = list_next(&list, &at, &e)) == 1) tell(&e);
  else {
    found = what == ENTRY || (accounts && !strchr(key, '@')) ? list_get(&list, key, list_key(key, len), &e)
                          : 0;
    if (!found && what == ADDRESS) found = list_choose(&list, key, len, counts, &e);
    if (!found && !shown) die(WRONG, "no such entry: ", key);
    if (found == 1) tell(&e);
  }
  if (print_end() == -1) diesys(TROUBLE, "unable to write");
  if (found == -1) damaged(name);
}

int main(int argc, char **argv)
{
  const char *verb;

  errmsg_iam("cm-list");
  if (argc > 1 && (!strcmp(argv[1], "-r") || !strcmp(argv[1], "-a"))) {
    routes = argv[1][1] == 'r';
    accounts = !routes;
    --argc;
    ++argv;
  }
  if (argc < 3 || ((routes || accounts) && argc == 4 && !strcmp(argv[2], "make"))) die(WRONG, usage);
  verb = argv[2];
  if (!strcmp(verb, "make") && argc <= 4) make(argv[1], argc == 4 ? argv[3] : "");
  else if (!strcmp(verb, "add") && argc >= 4) add(argv[1], argv + 3);
  else if (!strcmp(verb, "remove") && argc == 4) drop(argv[1], argv[3]);
  else if (!strcmp(verb, "show") && argc <= 4) show(argv[1], argc == 4 ? ENTRY : ALL, argv[3]);
  else if (!strcmp(verb, "find") && argc == 4) show(argv[1], ADDRESS, argv[3]);
  else die(WRONG, usage);
  return 0;
}
