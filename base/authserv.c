#include "authserv.h"

#include <string.h>

#include "control.h"

#define WORD 256  /* bytes; a longer one is no id */

const char *authserv_id(void)
{
  static stralloc id;
  int result;

  if (id.len) return id.s;
  result = control_line("control/authserv-id", &id);
  if (result == 0) result = control_me(&id);
  return result == 1 ? id.s : 0;
}

/* Behind the comment at p, or p: it never ends, and so is none. Who asks again
 * then, for each ( of a long line, asks for hours. */
static const char *past_comment(const char *p, const char *end)
{
  const char *start = p;
  size_t depth = 0;

  for (; p < end; ++p) {
    if (*p == '\\' && p + 1 < end) ++p;
    else if (*p == '(') ++depth;
    else if (*p == ')' && !--depth) return p + 1;
  }
  return start;
}

/* A quoted string that never ends is none. */
static int begins_quote(const char *p, const char *end)
{
  return memchr(p + 1, '"', (size_t) (end - p - 1)) != 0;
}

static int is_id(const char *word, size_t len, const char *id)
{
  if (len && word[len - 1] == '.') --len;
  return len == strlen(id) && !case_diffb(word, len, id);
}

static int ends_word(char c)
{
  return (unsigned char) c <= ' ' || c == 127 || strchr(";/()", c);
}

/* What was read of the value: its last word, and all words as one, as somebody
 * may read them who takes folds and comments for nothing. */
struct words {
  char last[WORD], all[WORD];
  size_t lastlen, alllen;
};

static void add(struct words *w, char c)
{
  if (w->lastlen < WORD) w->last[w->lastlen++] = c;
  if (w->alllen < WORD) w->all[w->alllen++] = c;
}

const char *authserv_claims(const char *p, size_t len, const char *id)
{
  const char *end = p + len, *past;
  struct words w;
  int found = 0, quoted = 0, endless = 0;

  for (w.lastlen = w.alllen = 0; p < end && (quoted || *p != ';'); ++p) {
    if (!quoted && *p == '(' && !endless) {
      past = past_comment(p, end);
      endless = past == p;
      if (!endless) p = past - 1;
    }
    if (*p == '"') quoted = !quoted && begins_quote(p, end);
    else if (!quoted && ends_word(*p)) {
      found |= is_id(w.last, w.lastlen, id);
      w.lastlen = 0;
    } else {
      if (*p == '\\' && p + 1 < end) ++p;
      add(&w, *p);
    }
  }
  return found || is_id(w.last, w.lastlen, id) || is_id(w.all, w.alllen, id) ? p : 0;
}
