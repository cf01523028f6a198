#include "authres.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "authserv.h"

#define LINE 78   /* bytes, where there is a choice */

/* Making ------------------------------------------------------------------ */

static int is_token(const char *text, size_t len)
{
  size_t i;

  for (i = 0; i < len; ++i)
    if (text[i] <= ' ' || text[i] > 126 || strchr("()<>,;:\\\"/[]?=", text[i])) return 0;
  return len > 0;
}

static int quoted(stralloc *out, const char *text, size_t len)
{
  size_t i;
  char c;

  if (!stralloc_append(out, "\"")) return 0;
  for (i = 0; i < len; ++i) {
    c = text[i] < ' ' || text[i] > 126 ? '?' : text[i];
    if ((c == '"' || c == '\\') && !stralloc_append(out, "\\")) return 0;
    if (!stralloc_append(out, &c)) return 0;
  }
  return stralloc_append(out, "\"");
}

static int value(stralloc *out, const char *text, size_t len)
{
  return is_token(text, len) ? stralloc_catb(out, text, len) : quoted(out, text, len);
}

/* A blank, or a fold where the line gets too long for len bytes more. */
static int gap(stralloc *field, size_t len)
{
  const char *nl = memrchr(field->s, '\n', field->len);
  size_t used = nl ? (size_t) (field->s + field->len - nl) : field->len;

  return stralloc_cats(field, used + len > LINE ? "\n\t" : " ");
}

int authres_begin(stralloc *field)
{
  const char *id = authserv_id();

  return id && stralloc_copys(field, AUTHSERV_FIELD ": ") && value(field, id, strlen(id));
}

int authres_result(stralloc *field, const char *method, const char *result)
{
  return stralloc_cats(field, ";\n\t") && stralloc_cats(field, method) &&
         stralloc_cats(field, "=") && stralloc_cats(field, result);
}

int authres_reason(stralloc *field, const char *reason)
{
  size_t len = strlen(reason);

  return gap(field, len + 9) && stralloc_cats(field, "reason=") && quoted(field, reason, len);
}

int authres_property(stralloc *field, const char *property, const char *text, size_t len)
{
  if (!len || len > AUTHRES_VALUE) return 1;
  return gap(field, strlen(property) + len + 1) && stralloc_cats(field, property) &&
         stralloc_cats(field, "=") && value(field, text, len);
}

/* Reading ----------------------------------------------------------------- */

int authres_open(struct authres *r)
{
  const char *path = getenv("CM_FIELDS");
  int fd, result, saved;

  if (!path || !*path) return 1;
  fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd == -1) return -1;
  result = header_read(&r->header, fd);
  saved = errno;
  close(fd);
  errno = result ? saved : EFBIG;
  return result == 1 ? 1 : -1;
}

/* Behind blanks and comments. */
static const char *past_blanks(const char *p, const char *end)
{
  size_t depth = 0;

  for (; p < end; ++p) {
    if (*p == '\\' && depth && p + 1 < end) ++p;
    else if (*p == '(') ++depth;
    else if (*p == ')' && depth) --depth;
    else if (!depth && !strchr(" \t\r\n", *p)) break;
  }
  return p;
}

/* Append the next word, quotes taken off, up to a blank, a comment or one of
 * the bytes of stop. 1; 0: there is none; -1 without memory. */
static int word(struct authres *r, const char *stop)
{
  size_t begin = r->words.len;
  int quote = 0;
  const char *p = past_blanks(r->at, r->end), *start = p;

  for (; p < r->end; ++p) {
    if (*p == '"') {
      quote = !quote;
      continue;
    }
    if (!quote && (!*p || strchr(" \t\r\n(", *p) || strchr(stop, *p))) break;
    if (quote && *p == '\\' && p + 1 < r->end) ++p;
    if (*p && !stralloc_append(&r->words, p)) return -1;
  }
  r->at = past_blanks(p, r->end);
  if (p == start) {
    r->words.len = begin;
    return 0;
  }
  return stralloc_0(&r->words) ? 1 : -1;
}

/* NAME=VALUE, where the name may be that of a method with its version.
 * 1; 0: there is no more; -1 without memory. */
static int pair(struct authres *r)
{
  size_t begin = r->words.len;
  char *slash;
  int result = word(r, "=;");

  if (result != 1) return result;
  slash = memchr(r->words.s + begin, '/', r->words.len - begin);
  if (slash) {
    *slash = 0;
    r->words.len = (size_t) (slash + 1 - r->words.s);
  }
  if (r->words.s[begin] && r->at < r->end && *r->at == '=') {
    ++r->at;
    result = word(r, ";");
    if (result) return result;
  }
  r->words.len = begin;
  return 0;
}

/* From the ; at r->at to the next. */
static int result(struct authres *r)
{
  int more;
  const char *before;

  r->words.len = 0;
  ++r->at;
  while ((more = pair(r)) == 1) ;
  if (more == -1) return -1;
  /* Behind what makes no sense the next result begins. */
  for (before = r->at; r->at < r->end && *r->at != ';'; ++r->at) ;
  if (before < r->at) r->words.len = 0;
  return r->words.len > 0;
}

int authres_next(struct authres *r)
{
  const char *id = authserv_id();
  int found;

  if (!id) return -1;
  for (;;) {
    while (r->at < r->end) {
      found = result(r);
      if (found == -1) errno = ENOMEM;
      if (found) return found;
    }
    if (!header_next(&r->header, &r->field)) return 0;
    r->end = r->field.value + r->field.valuelen;
    r->at = field_is(&r->field, AUTHSERV_FIELD)
            ? authserv_claims(r->field.value, r->field.valuelen, id) : 0;
    if (!r->at) r->at = r->end;
  }
}

void authres_rewind(struct authres *r)
{
  r->field.start = 0;
  r->at = r->end = 0;
}

const char *authres_method(const struct authres *r)
{
  return r->words.s;
}

const char *authres_said(const struct authres *r)
{
  return r->words.s + strlen(r->words.s) + 1;
}

const char *authres_value(const struct authres *r, const char *property)
{
  const char *p = r->words.s, *end = p + r->words.len, *said;

  for (; p < end; p = said + strlen(said) + 1) {
    said = p + strlen(p) + 1;
    if (p > r->words.s && !case_diffs(p, property)) return said;
  }
  return 0;
}
