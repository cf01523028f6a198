#include "comb.h"

#include <string.h>

/* In lower case. None has its first character again before it is over, but for
 * the line ending, so that a failed one begins anew with the character at hand. */
static const struct { const char *text; unsigned int what; } tokens[COMB_TOKENS] = {
  { "<script", COMB_SCRIPT }, { "data:", COMB_DATA },
  { "javascript:", COMB_SCRIPT }, { "vbscript:", COMB_SCRIPT },
  { "<hta:", COMB_SCRIPT },
  { "\nbegin ", COMB_FILE }, { "\nbegin-base64 ", COMB_FILE }, { "\n=ybegin ", COMB_FILE },
  { "\n(this file must be", COMB_FILE },
};

static unsigned char first[256];

/* Attributes of a tag whose names begin with on run scripts. Where such a name stands: outside
 * of a tag, within it, where a name may begin, behind o, behind on and a letter, behind it. */
enum { OUTSIDE, WITHIN, NAME, O, ON, HANDLER, BEHIND };

void comb_begin(struct comb *s)
{
  size_t i;

  if (!first['<'])
    for (i = 0; i < COMB_TOKENS; ++i) {
      first[(unsigned char) *tokens[i].text] = 1;
      first[(unsigned char) *tokens[i].text & 0xdf] |= *tokens[i].text >= 'a';
    }
  memset(s, 0, sizeof *s);
  /* The beginning of the text is one of a line. */
  for (i = 0; i < COMB_TOKENS; ++i)
    if (*tokens[i].text == '\n') s->progress[i] = 1, ++s->active;
}

static int contains(const struct comb *s, const char *word)
{
  return strstr(s->text, word) != 0;
}

/* A tag or a type is complete. Scripts of data, such as JSON-LD, do nothing. */
static void judge(struct comb *s)
{
  s->text[s->len] = 0;
  if (s->inside == COMB_SCRIPT) {
    if (!contains(s, "json") && !contains(s, "text/template")) s->found |= COMB_SCRIPT;
  } else if (contains(s, "html") || contains(s, "javascript") || contains(s, "ecmascript") ||
             (contains(s, "application/") && !contains(s, "font") && !contains(s, "json") &&
              !contains(s, "vnd.ms-opentype") && !contains(s, "application/pdf") && !contains(s, "x-woff")))
    s->found |= COMB_DATA;
  s->inside = 0;
}

static void collect(struct comb *s, char c)
{
  if (s->inside == COMB_SCRIPT ? c == '>' : strchr(",\"'() >", c) != 0) judge(s);
  else if (s->len < sizeof s->text - 1) s->text[s->len++] = c;
  else if (s->inside == COMB_SCRIPT) judge(s);
  else s->inside = 0;
}

static void handler(struct comb *s, char c)
{
  int blank = c == ' ' || c == '\t' || c == '\n', letter = c >= 'a' && c <= 'z';

  if (c == '<') s->attribute = WITHIN;
  else if (c == '>' || !s->attribute) s->attribute = OUTSIDE;
  else if (c == '=' && s->attribute >= HANDLER) s->found |= COMB_SCRIPT;
  else if (blank && s->attribute >= HANDLER) s->attribute = BEHIND;
  else if (blank || c == '/' || c == '"' || c == '\'') s->attribute = NAME;
  else if (s->attribute == NAME && c == 'o') s->attribute = O;
  else if (s->attribute == O && c == 'n') s->attribute = ON;
  else if ((s->attribute == ON || s->attribute == HANDLER) && letter) s->attribute = HANDLER;
  else s->attribute = WITHIN;
}

static void step(struct comb *s, char c)
{
  size_t i;

  handler(s, c);

  for (i = 0; i < COMB_TOKENS; ++i) {
    if (s->progress[i] && tokens[i].text[s->progress[i]] != c) {
      s->progress[i] = 0;
      --s->active;
    }
    if (tokens[i].text[s->progress[i]] != c) continue;
    if (!s->progress[i]++) ++s->active;
    if (tokens[i].text[s->progress[i]]) continue;
    s->progress[i] = 0;
    --s->active;
    if (i < 2) {
      s->attribute = OUTSIDE;
      s->inside = tokens[i].what;
      s->len = 0;
    } else s->found |= tokens[i].what;
  }
}

void comb_feed(struct comb *s, const char *data, size_t len)
{
  const char *end = data + len;
  char c;

  for (; data < end; ++data) {
    if (!s->active && !s->inside && !s->attribute) {
      while (data < end && !first[(unsigned char) *data]) ++data;
      if (data == end) return;
    }
    c = *data >= 'A' && *data <= 'Z' ? (char) (*data + 32) : *data;
    if (c == '\r') continue;
    if (s->inside && c) collect(s, c);
    else if (c) step(s, c);  /* UTF-16 is letters with NUL between them */
  }
}
