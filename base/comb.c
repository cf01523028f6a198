#include "comb.h"

#include <string.h>

/* In lower case. None has its first character again before it is over, but for
 * the line ending, so that a failed one begins anew with the character at hand. */
static const struct { const char *text; unsigned int what; } tokens[COMB_TOKENS] = {
  { "data:", COMB_DATA }, { "javascript:", COMB_SCRIPT }, { "vbscript:", COMB_SCRIPT },
  { "<hta:", COMB_SCRIPT }, { "srcdoc", 0 },
  { "\nbegin ", COMB_FILE }, { "\nbegin-base64 ", COMB_FILE }, { "\n=ybegin ", COMB_FILE },
  { "\n(this file must be", COMB_FILE },
};
enum { ADDRESSES = 3, PAGE = 4 };  /* the first ones are the beginning of an address */

static unsigned char first[256];

/* Attributes of a tag whose names begin with on run scripts. Where such a name stands: outside
 * of a tag, within it, where a name may begin, behind o, behind on and a letter, behind it. */
enum { OUTSIDE, WITHIN, NAME, O, ON, HANDLER, BEHIND };

/* The name of a tag: none; it is another one; the letters of script, with a prefix of
 * XML before them or none. */
enum { NO_TAG, OTHER, SCRIPT };

/* A character reference: &, &#, &#1, &#x1, &a. */
enum { NO_REFERENCE, AMPERSAND, NUMBER, DECIMAL, HEX, NAMED };

void comb_begin(struct comb *s)
{
  size_t i;

  if (!first['<']) {
    first['<'] = first['&'] = 1;
    for (i = 0; i < COMB_TOKENS; ++i) {
      first[(unsigned char) *tokens[i].text] = 1;
      first[(unsigned char) *tokens[i].text & 0xdf] |= *tokens[i].text >= 'a';
    }
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

/* A script of data, such as JSON-LD, does nothing: where its first attribute, of
 * several the one that counts, says so. */
static int is_data(const char *tag)
{
  static const char *const types[] = { "application/json", "application/ld+json", "text/template" };
  size_t i, n;

  tag += strspn(tag, " \t\n\f");
  if (strncmp(tag, "type=", 5)) return 0;
  tag += 5 + (tag[5] == '"' || tag[5] == '\'');
  for (i = 0; i < sizeof types / sizeof *types; ++i) {
    n = strlen(types[i]);
    if (!strncmp(tag, types[i], n) && strchr("\"' \t\n\f", tag[n])) return 1;
  }
  return 0;
}

/* A tag or a type is complete. */
static void judge(struct comb *s)
{
  s->text[s->len] = 0;
  if (s->inside == COMB_SCRIPT) {
    if (!is_data(s->text)) s->found |= COMB_SCRIPT;
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

static void begin(struct comb *s, unsigned int what)
{
  s->inside = what;
  s->attribute = OUTSIDE;
  s->tag = NO_TAG;
  s->len = 0;
}

static int blank(char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\f';
}

/* 1: that was the name of a script. */
static int tag(struct comb *s, char c)
{
  static const char script[] = "script";

  if (c == '<' || (c == ':' && s->tag)) s->tag = SCRIPT;
  else if (!s->tag) return 0;
  else if (s->tag == SCRIPT + sizeof script - 1 && (blank(c) || c == '/' || c == '>')) {
    begin(s, COMB_SCRIPT);
    collect(s, c == '/' ? ' ' : c);
    return 1;
  } else if (blank(c) || c == '>' || c == '/') s->tag = NO_TAG;
  else if (s->tag >= SCRIPT && script[s->tag - SCRIPT] == c) ++s->tag;
  else s->tag = OTHER;
  return 0;
}

static void handler(struct comb *s, char c)
{
  int letter = c >= 'a' && c <= 'z';

  if (c == '<') s->attribute = WITHIN;
  else if (c == '>' || !s->attribute) s->attribute = OUTSIDE;
  else if (c == '=' && s->attribute >= HANDLER) s->found |= COMB_HANDLER;
  else if (blank(c) && s->attribute >= HANDLER) s->attribute = BEHIND;
  else if (blank(c) || c == '/' || c == '"' || c == '\'') s->attribute = NAME;
  else if (s->attribute == NAME && c == 'o') s->attribute = O;
  else if (s->attribute == O && c == 'n') s->attribute = ON;
  else if ((s->attribute == ON || s->attribute == HANDLER) && letter) s->attribute = HANDLER;
  else s->attribute = WITHIN;
}

static void match(struct comb *s, char c)
{
  size_t i;

  for (i = 0; i < COMB_TOKENS; ++i) {
    /* What browsers take out of an address. */
    if (i < ADDRESSES && s->progress[i] && (c == '\n' || c == '\t')) continue;
    if (s->progress[i] && tokens[i].text[s->progress[i]] != c) {
      s->progress[i] = 0;
      --s->active;
    }
    if (tokens[i].text[s->progress[i]] != c) continue;
    if (!s->progress[i]++) ++s->active;
    if (tokens[i].text[s->progress[i]]) continue;
    s->progress[i] = 0;
    --s->active;
    if (i == PAGE) s->page = 1;
    else if (tokens[i].what == COMB_DATA) begin(s, COMB_DATA);
    else s->found |= tokens[i].what;
  }
}

static void step(struct comb *s, char c)
{
  if (s->inside) collect(s, c);
  else {
    handler(s, c);
    if (!tag(s, c)) match(s, c);
  }
}

/* The character that was referred to, or 0. Those that make tags do so only where
 * markup is within an attribute or a declaration. */
static char referred(const struct comb *s)
{
  static const struct { char name[8]; char c; } names[] = {
    { "tab", '\t' }, { "newline", '\n' }, { "colon", ':' }, { "sol", '/' }, { "lt", '<' },
    { "gt", '>' }, { "quot", '"' }, { "apos", '\'' }, { "equals", '=' }
  };
  size_t i;
  char c = 0;

  if (s->reference != NAMED) c = s->code < 128 ? (char) s->code : 0;
  else for (i = 0; i < sizeof names / sizeof *names; ++i)
    if (s->namelen == strlen(names[i].name) && !memcmp(s->name, names[i].name, s->namelen)) c = names[i].c;
  if (c >= 'A' && c <= 'Z') c = (char) (c + 32);
  return c && strchr("<>\"'=/", c) && !s->page && !s->attribute ? 0 : c;
}

static int digit(char c, int hex)
{
  if (c >= '0' && c <= '9') return c - '0';
  return hex && c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Within a character reference. 1: the character belongs to it; or 0: it is over. */
static int refer(struct comb *s, char c)
{
  unsigned int was = s->reference;
  int value = digit(c, was == HEX);

  if (was == AMPERSAND && c == '#') s->reference = NUMBER;
  else if (was == NUMBER && c == 'x') s->reference = HEX;
  else if ((was == NUMBER || was == DECIMAL || was == HEX) && value >= 0) {
    if (was == NUMBER) s->reference = DECIMAL;
    if (s->code < 0x110000) s->code = s->code * (was == HEX ? 16 : 10) + (unsigned long) value;
  } else if ((was == AMPERSAND || was == NAMED) && c >= 'a' && c <= 'z' && s->namelen < sizeof s->name) {
    s->reference = NAMED;
    s->name[s->namelen++] = c;
  } else return 0;
  return 1;
}

static void next(struct comb *s, char c)
{
  char meant;

  if (s->reference) {
    if (refer(s, c)) return;
    meant = referred(s);
    s->reference = NO_REFERENCE;
    if (meant) {
      step(s, meant);
      if (c == ';') return;
    } else step(s, '&');
  }
  if (c != '&') {
    step(s, c);
    return;
  }
  s->reference = AMPERSAND;
  s->code = 0;
  s->namelen = 0;
}

void comb_feed(struct comb *s, const char *data, size_t len)
{
  const char *end = data + len;
  char c;

  for (; data < end; ++data) {
    if (!s->active && !s->inside && !s->attribute && !s->tag && !s->reference) {
      while (data < end && !first[(unsigned char) *data]) ++data;
      if (data == end) return;
    }
    c = *data >= 'A' && *data <= 'Z' ? (char) (*data + 32) : *data;
    if (c && c != '\r') next(s, c);  /* UTF-16 is letters with NUL between them */
  }
}
