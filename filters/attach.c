#include "attach.h"

#include <errno.h>
#include <string.h>

#include "control.h"
#include "hex.h"
#include "pattern.h"
#include "verdict.h"

#define NOTE 4096  /* bytes of the text in the note */

/* Which verdicts a policy may have. */
static const int drops[] = {
  VERDICT_REJECT_REDIRECT, VERDICT_REDIRECT, VERDICT_REJECT, VERDICT_DELETE, -1
};
static const int blocks[] = { VERDICT_DELIVER, VERDICT_REJECT_DELIVER, -1 };
/* What was not read is never clean. */
static const int limits[] = {
  VERDICT_JUNK, VERDICT_REJECT_DELIVER, VERDICT_REJECT_REDIRECT, VERDICT_REDIRECT, VERDICT_REJECT,
  VERDICT_DELETE, -1
};

/* The next word of a line, 0-terminated in place; 0: no more. */
static char *word(char **line)
{
  char *start = *line + strspn(*line, " \t"), *end = start + strcspn(start, " \t");

  *line = *end ? end + 1 : end;
  *end = 0;
  return *start ? start : 0;
}

static const char *patterns(char *line, stralloc *list)
{
  const char *pattern;

  while ((pattern = word(&line)))
    if (!stralloc_catb(list, pattern, strlen(pattern) + 1)) return "out of memory";
  return 0;
}

static const char *policy(char *line, const int *allowed, int *verdict)
{
  const char *name = word(&line);

  if (!name || word(&line)) return "a policy is one verdict";
  for (*verdict = verdict_parse(name); *allowed != -1; ++allowed)
    if (*allowed == *verdict) return 0;
  return "no verdict for this policy";
}

static const char *note(char *line, stralloc *text)
{
  const char *file = word(&line);
  size_t i;

  if (!file || word(&line)) return "a note is one file";
  text->len = 0;
  if (control_read(file, text) != 1) return "unable to read the note";
  if (text->len > NOTE) return "the note is too long";
  for (i = 0; i < text->len; ++i)
    if ((text->s[i] < ' ' || text->s[i] > '~') && text->s[i] != '\n' && text->s[i] != '\t')
      return "the note is not plain ASCII";
  return 0;
}

/* What is wrong with the line, or 0. */
static const char *rule(struct attach *a, char *line)
{
  const char *key = word(&line);

  if (!strcmp(key, "pass")) return patterns(line, &a->pass);
  if (!strcmp(key, "drop")) return patterns(line, &a->drop);
  if (!strcmp(key, "block")) return patterns(line, &a->block);
  if (!strcmp(key, "drop-policy")) return policy(line, drops, &a->droppolicy);
  if (!strcmp(key, "block-policy")) return policy(line, blocks, &a->blockpolicy);
  if (!strcmp(key, "limit-policy")) return policy(line, limits, &a->limitpolicy);
  if (!strcmp(key, "note")) return note(line, &a->note);
  return "unknown word";
}

int attach_read(const char *file, struct attach *a, stralloc *error)
{
  static stralloc data, copy;
  const char *line, *wrong = 0;
  size_t at = 0, len;
  unsigned int number = 0;
  int result;

  a->pass.len = a->drop.len = a->block.len = a->note.len = data.len = error->len = 0;
  a->droppolicy = VERDICT_REJECT;
  a->blockpolicy = VERDICT_REJECT_DELIVER;
  a->limitpolicy = VERDICT_REJECT_REDIRECT;
  result = control_read(file, &data);
  if (!result) return 0;
  if (result == -1) wrong = strerror(errno);

  while (!wrong && control_next(&data, &at, &line, &len, &number)) {
    if (memchr(line, 0, len)) wrong = "NUL in the line";
    else if (!stralloc_copyb(&copy, line, len) || !stralloc_0(&copy)) wrong = "out of memory";
    else if (copy.s[strspn(copy.s, " \t")]) wrong = rule(a, copy.s);
  }
  if (!wrong) return 1;
  if (!stralloc_cats(error, file) || !stralloc_cats(error, ":") ||
      (number && (!stralloc_number(error, number) || !stralloc_cats(error, ":"))) ||
      !stralloc_cats(error, " ") || !stralloc_cats(error, wrong) || !stralloc_0(error))
    error->len = 0;
  return -1;
}

/* Is there a pattern for the file name, whose extension begins at dot? Without
 * a dot in it a pattern is for the extension. */
static int matches(const stralloc *list, const char *name, size_t len, size_t dot)
{
  const char *pattern;
  size_t at, n;

  for (at = 0; at < list->len; at += n + 1) {
    pattern = list->s + at;
    n = strlen(pattern);
    if (n == 1 && *pattern == '*') return 1;
    if (memchr(pattern, '.', n)) {
      if (pattern_match(pattern, n, name, len)) return 1;
    } else if (dot < len && pattern_match(pattern, n, name + dot, len - dot)) return 1;
  }
  return 0;
}

static enum attach_answer ask(const struct attach *a, const char *name, size_t len)
{
  size_t dot = len;

  while (dot && name[dot - 1] != '.') --dot;
  if (!dot) dot = len;
  if (matches(&a->pass, name, len, dot)) return ATTACH_PASS;
  if (matches(&a->drop, name, len, dot)) return ATTACH_DROP;
  return matches(&a->block, name, len, dot) ? ATTACH_BLOCK : ATTACH_PASS;
}

/* The length of a character that is not seen: UTF-8 of U+200B to U+200F,
 * U+202A to U+202E, U+2060 to U+206F and U+FEFF. */
static size_t unseen(const char *s, size_t len)
{
  const unsigned char *c = (const unsigned char *) s;

  if (*c < ' ' || *c == 127) return 1;
  if (len < 3) return 0;
  if (c[0] == 0xef && c[1] == 0xbb && c[2] == 0xbf) return 3;
  if (c[0] != 0xe2) return 0;
  if (c[1] == 0x80) return (c[2] >= 0x8b && c[2] <= 0x8f) || (c[2] >= 0xaa && c[2] <= 0xae) ? 3 : 0;
  return c[1] == 0x81 && c[2] >= 0xa0 && c[2] <= 0xaf ? 3 : 0;
}

/* The file name as it would be on a disk: without its folders, what is not
 * seen, and the dots and blanks at its end, which Windows does not keep. */
static int file(const char *name, size_t len, const char *strip, stralloc *out)
{
  size_t i, n;

  out->len = 0;
  for (i = 0; i < len; i += n ? n : 1) {
    n = unseen(name + i, len - i);
    if (!n && !stralloc_append(out, name + i)) return 0;
  }
  while (out->len && strchr(strip, out->s[out->len - 1])) --out->len;
  for (i = out->len; i && out->s[i - 1] != '/' && out->s[i - 1] != '\\'; --i) ;
  if (i) memmove(out->s, out->s + i, out->len -= i);
  return stralloc_ready(out, 1);
}

/* A name and what else it may become on a disk: cut at a NUL, at the : that begins
 * a stream of NTFS or at what Windows allows in no name, without such things at its
 * end, and with its % sequences decoded. But for the first only what has an extension counts. */
static int spell(const char *name, size_t len, struct readings *spellings)
{
  static const char forbidden[] = "\"<>|?*";
  static stralloc plain, out;
  const char *cut[3];
  size_t i;

  if (!file(name, len, ". /\\", &out) || !readings_add(spellings, out.s, out.len)) return 0;
  if (!file(name, len, ". /\\';,:=\"<>|?*", &out)) return 0;
  if (memchr(out.s, '.', out.len) && !readings_add(spellings, out.s, out.len)) return 0;
  cut[0] = memchr(name, 0, len);
  cut[1] = memchr(name, ':', len);
  for (cut[2] = name; cut[2] < name + len && (!*cut[2] || !strchr(forbidden, *cut[2])); ++cut[2]) ;
  if (cut[2] == name + len) cut[2] = 0;
  for (i = 0; i < 3; ++i) {
    if (!cut[i]) continue;
    if (!file(name, (size_t) (cut[i] - name), ". /\\", &out)) return 0;
    if (memchr(out.s, '.', out.len) && !readings_add(spellings, out.s, out.len)) return 0;
  }
  if (!memchr(name, '%', len)) return 1;
  plain.len = 0;
  return hex_unescape(name, len, &plain) && file(plain.s, plain.len, ". /\\", &out) &&
         (!memchr(out.s, '.', out.len) || readings_add(spellings, out.s, out.len));
}

int attach_ask(const struct attach *a, const struct readings *names, size_t *which)
{
  static struct readings spellings;
  enum attach_answer answer, worst = ATTACH_PASS;
  const char *name;
  size_t i, j, dots = 0;

  *which = 0;
  if (!names->count) return (int) ask(a, "", 0);
  for (i = 0; i < names->count; ++i)
    dots += !!memchr(names->text.s + names->list[i].at, '.', names->list[i].len);
  for (i = 0; i < names->count; ++i) {
    name = names->text.s + names->list[i].at;
    /* A reading without an extension says nothing where another has one. */
    if (dots && !memchr(name, '.', names->list[i].len)) continue;
    readings_clear(&spellings);
    if (!spell(name, names->list[i].len, &spellings)) return -1;
    for (j = 0; j < spellings.count; ++j) {
      answer = ask(a, spellings.text.s + spellings.list[j].at, spellings.list[j].len);
      if (answer <= worst) continue;
      worst = answer;
      *which = i;
    }
  }
  return (int) worst;
}
