#include "maillog.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "copy.h"
#include "digits.h"
#include "home.h"
#include "id.h"
#include "log.h"
#include "rfc2047.h"
#include "utf8.h"

/* Bytes of a cell before quoting. All cells together, each byte doubled, stay
 * below 64 KiB. */
enum { CELL = 1000, STAGES = 4000, RECIPIENTS = 8000 };

static const char columns[] =
  "time,id,port,protocol,client_ip,client_name,helo,sender,recipients,from,subject,message_id,"
  "size,verdict,stage,reason,stages,reply,upstream,stored,"
  "client_in,client_out,upstream_in,upstream_out,ms\r\n";

/* Append at most max bytes of text as valid UTF-8 without controls: blank for
 * tab and line ends, ? for the rest. */
static int clean(stralloc *to, const char *text, size_t len, size_t max)
{
  size_t n, start = to->len;
  int ok = 1;

  for (; ok && len; text += n ? n : 1, len -= n ? n : 1) {
    for (n = 0; n < len && text[n] >= ' ' && text[n] < 127 && to->len - start + n < max; ++n) ;
    if (n) {
      ok = stralloc_catb(to, text, n);
      continue;
    }
    n = utf8_length(text, len);
    if (to->len - start + (n ? n : 1) > max) return stralloc_cats(to, "...");
    if (n && utf8_shows(text, n)) ok = stralloc_catb(to, text, n);
    else ok = stralloc_append(to, *text == '\t' || *text == '\n' || *text == '\r' ? " " : "?");
  }
  return ok;
}

/* Would a spreadsheet take this for a formula? They know = + - @ also as the
 * wide characters U+FF1D, FF0B, FF0D, FF20, and some skip blanks before them. */
static int runs(const stralloc *cell)
{
  static const char *const wide[] = { "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0" };
  size_t at = 0, i;

  while (at < cell->len && cell->s[at] == ' ') ++at;
  if (at == cell->len) return 0;
  if (strchr("=+-@", cell->s[at])) return 1;
  for (i = 0; i < 4; ++i)
    if (cell->len - at >= 3 && !memcmp(cell->s + at, wide[i], 3)) return 1;
  return 0;
}

/* Append a clean cell and the comma before it, defused and quoted (RFC 4180). */
static int put(stralloc *row, const stralloc *cell)
{
  size_t i, n;
  int defuse = runs(cell), doubles = memchr(cell->s, '"', cell->len) != 0;
  int quote = defuse || doubles || memchr(cell->s, ',', cell->len);
  int ok = !row->len || stralloc_append(row, ",");

  if (quote) ok = ok && stralloc_append(row, "\"");
  if (defuse) ok = ok && stralloc_append(row, "'");
  if (!doubles) ok = ok && stralloc_catb(row, cell->s, cell->len);
  else for (i = 0; ok && i < cell->len; i += n) {
    n = byte_chr(cell->s + i, cell->len - i, '"');
    if (i + n < cell->len) ++n;
    ok = stralloc_catb(row, cell->s + i, n) && (cell->s[i + n - 1] != '"' || stralloc_append(row, "\""));
  }
  return ok && (!quote || stralloc_append(row, "\""));
}

static int text(stralloc *row, const char *value)
{
  static stralloc cell;

  cell.len = 0;
  return stralloc_ready(&cell, 1) && (!value || clean(&cell, value, strlen(value), CELL)) &&
         put(row, &cell);
}

static int number(stralloc *row, unsigned long value)
{
  return stralloc_append(row, ",") && stralloc_number(row, value);
}

/* "a b c", and how many more there are behind the limit. */
static int recipients(stralloc *row, const char *list)
{
  static stralloc cell;
  unsigned long more = 0;
  size_t len;

  cell.len = 0;
  if (!stralloc_ready(&cell, 1)) return 0;
  for (; list && *list; list += len + !!list[len]) {
    len = strcspn(list, "\n");
    if (more || cell.len + len > RECIPIENTS) ++more;
    else if ((cell.len && !stralloc_append(&cell, " ")) || !clean(&cell, list, len, CELL)) return 0;
  }
  if (more && (!stralloc_cats(&cell, " and ") || !stralloc_number(&cell, more) ||
               !stralloc_cats(&cell, " more"))) return 0;
  return put(row, &cell);
}

/* "NAME WORD MS SCORE; ..." of lines "NAME WORD CODE MS SCORE REASON". */
static int stages(stralloc *row, const char *trace)
{
  static stralloc cell;
  size_t len, at;
  int field;

  cell.len = 0;
  if (!stralloc_ready(&cell, 1)) return 0;
  for (; trace && *trace; trace += len + !!trace[len]) {
    len = strcspn(trace, "\n");
    if (cell.len > STAGES) return stralloc_cats(&cell, "; ...") && put(row, &cell);
    if (cell.len && !stralloc_cats(&cell, "; ")) return 0;
    for (at = 0, field = 0; at < len && field < 5; ++field) {
      size_t end = at + byte_chr(trace + at, len - at, ' ');
      if (field != 2 && ((field && !stralloc_append(&cell, " ")) ||
                         !clean(&cell, trace + at, end - at, 200))) return 0;
      at = end + 1;
    }
  }
  return put(row, &cell);
}

static int compose(stralloc *row, const struct maillog *l)
{
  char now[DIGITS_TIME];

  digits_time(now);
  row->len = 0;
  return text(row, now) && text(row, l->id) && text(row, l->port) && text(row, l->protocol) &&
         text(row, l->ip) && text(row, l->host) && text(row, l->helo) && text(row, l->sender) &&
         recipients(row, l->recipients) && text(row, l->from) && text(row, l->subject) &&
         text(row, l->messageid) && number(row, l->size) && text(row, l->verdict) &&
         text(row, l->stage) && text(row, l->reason) && stages(row, l->trace) &&
         text(row, l->reply) && text(row, l->upstream) && text(row, l->stored) &&
         number(row, l->client_in) && number(row, l->client_out) && number(row, l->upstream_in) &&
         number(row, l->upstream_out) && number(row, l->ms) && stralloc_cats(row, "\r\n");
}

/* A pipe in the file's place whose reader is away stops no mail either. */
static int reopen(const char *path)
{
  return openat(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

/* Make the file with the names of the columns in it: it appears with them, by
 * link, or another process was faster. */
static int create(void)
{
  char name[ID_SIZE];
  int dir = home_open("log"), fd, good = 0;

  if (dir == -1) return -1;
  id_make(name);
  fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd != -1) {
    good = copy_write(fd, columns, sizeof columns - 1) == 1 &&
           (linkat(dir, name, dir, "mail.csv", 0) == 0 || errno == EEXIST);
    close(fd);
    unlinkat(dir, name, 0);
  }
  close(dir);
  return good ? 1 : -1;
}

/* Open for appending, or -1 with errno. */
static int open_log(const char *path)
{
  int fd = reopen(path);

  if (fd != -1 || errno != ENOENT) return fd;
  return create() == 1 ? reopen(path) : -1;
}

static int append(const char *path, const struct maillog *log)
{
  static stralloc row;
  int fd, result;

  if (!compose(&row, log)) {
    errno = ENOMEM;
    return -1;
  }
  fd = open_log(path);
  if (fd == -1) return -1;
  result = copy_line(fd, row.s, row.len);
  if (close(fd) == -1) return -1;
  return result;
}

int maillog_append(const struct maillog *log)
{
  static stralloc path;
  int saved = ENOMEM, good;

  path.len = 0;
  good = stralloc_cats(&path, control_home()) && stralloc_cats(&path, "/log/mail.csv") && stralloc_0(&path);
  if (good) {
    if (append(path.s, log) == 1) return 1;
    saved = errno;
  }
  log_event("trouble", log->id ? log->id : "-", "unable to write ", good ? path.s : "the mail log", ": ", strerror(saved));
  errno = saved;
  return -1;
}

/* The field's value in UTF-8, as far as a cell can show it. */
static int value(const struct field *f, stralloc *out)
{
  static stralloc line;
  size_t i;

  out->len = 0;
  if (!field_unfold(f, &line)) return 0;
  if (line.len > 4 * CELL) line.len = 4 * CELL;
  if (!rfc2047_decode(line.s, line.len, out)) return 0;
  for (i = 0; i < out->len; ++i)
    if (!out->s[i]) out->s[i] = '?';
  return stralloc_0(out);
}

int maillog_header(struct maillog *log, const struct header *header)
{
  static const char *const names[] = { "From", "Subject", "Message-ID" };
  static stralloc values[3];
  const char **cells[3];
  struct field f = { 0 };
  unsigned int i;

  cells[0] = &log->from;
  cells[1] = &log->subject;
  cells[2] = &log->messageid;
  for (i = 0; i < 3; ++i) *cells[i] = 0;
  while (header_next(header, &f)) {
    for (i = 0; i < 3; ++i) {
      if (*cells[i] || !field_is(&f, names[i])) continue;
      if (!value(&f, values + i)) return 0;
      *cells[i] = values[i].s;
    }
  }
  return 1;
}
