#include "answer.h"

#include <string.h>

#include "control.h"
#include "edit.h"

#define TRACE 700     /* bytes of a trace line */
#define TRACES 32768  /* bytes of all of them */

/* The value behind name at the beginning of the line, or 0. */
static const char *value(const char *name, const char *line, size_t *len)
{
  size_t n = strlen(name);

  if (*len < n || case_diffb(line, n, name)) return 0;
  line += n;
  *len -= n;
  while (*len && (*line == ' ' || *line == '\t')) ++line, --*len;
  return line;
}

static int is_score(const char *text, size_t len)
{
  size_t i;

  for (i = 0; i < len; ++i)
    if (!strchr("0123456789.+-", text[i]) || !text[i]) return 0;
  return len && len <= 15;
}

static int trace(stralloc *out, const char *text, size_t len)
{
  size_t i = out->len;

  if (!len || len > TRACE || out->len + len > TRACES) return 1;
  if (!stralloc_catb(out, text, len) || !stralloc_append(out, "\n")) return 0;
  for (; i < out->len - 1; ++i)
    if (out->s[i] < 32 || out->s[i] > 126) out->s[i] = '?';
  return 1;
}

/* A line of the kind that only we understand. */
static int ours(struct answer *a, const char *line, size_t all)
{
  const char *v;
  size_t len;

  if ((len = all, v = value("X-CleanMail-Tag:", line, &len))) return stralloc_copyb(&a->tag, v, len);
  if ((len = all, v = value("X-CleanMail-Trace:", line, &len))) return trace(&a->trace, v, len);
  if ((len = all, v = value("X-CleanMail-Score:", line, &len)))
    return is_score(v, len) ? stralloc_copyb(&a->score, v, len) : 1;
  if ((len = all, v = value("X-CleanMail-Size:", line, &len))) a->sized = control_scan(v, len, &a->size);
  return 1;
}

int answer_read(struct answer *a, const char *report, size_t len)
{
  const char *nl = memchr(report, '\n', len);
  size_t n = nl ? (size_t) (nl - report) : len;

  if (!stralloc_copyb(&a->reason, report, n)) return 0;
  if (!nl) return 1;
  ++nl;
  len -= n + 1;
  if (!edit_fields(&a->fields, nl, len)) return 0;
  for (report = nl; len; len -= n, report += n) {
    nl = memchr(report, '\n', len);
    n = nl ? (size_t) (nl - report) : len;
    while (n && strchr(" \t\r", report[n - 1])) --n;
    if (!ours(a, report, n)) return 0;
    n = nl ? (size_t) (nl + 1 - report) : len;
  }
  return 1;
}
