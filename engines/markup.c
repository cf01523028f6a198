#include "markup.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "comb.h"
#include "look.h"
#include "part.h"
#include "stage.h"

enum { CHUNK = 65536 };

int markup_is_page(const struct file *f)
{
  static const char *const words[] = { "htm", "html", "xhtml", "xht", "shtml", "svg", "mht", "mhtml" };
  size_t i;

  for (i = 0; i < sizeof words / sizeof *words; ++i)
    if (file_ends_in(f->name, f->len, words[i])) return 1;
  return 0;
}

int markup_is_xml(const struct file *f)
{
  size_t i;

  for (i = 0; i < f->have && i < 64 && memchr("\0 \t\r\n\xef\xbb\xbf\xfe\xff", f->head[i], 10); ++i) ;
  return i < f->have && f->head[i] == '<';
}

/* Which of these words are in the file: a bit for each. NUL does not count, so
 * that it may be UTF-16. */
static unsigned int find_words(const struct file *f, const char *const *words, size_t count)
{
  enum { OVER = 64 };  /* none is longer, even in UTF-16 */
  char *chunk = malloc(CHUNK);
  unsigned int found = 0;
  ssize_t len;
  size_t i, n;
  off_t at = 0;

  if (!chunk) stage_nomem();
  do {
    len = pread(f->fd, chunk, CHUNK, at);
    for (i = n = 0; len > 0 && i < (size_t) len; ++i)
      if (chunk[i]) chunk[n++] = chunk[i];
    for (i = 0; i < count; ++i)
      if (memmem(chunk, n, words[i], strlen(words[i]))) found |= 1U << i;
    at += len - OVER;
  } while (len > OVER && !look_over());
  free(chunk);
  return found;
}

/* Scripts in what a browser opens, and files in its addresses. */
static unsigned int scripts(const struct file *f)
{
  char *chunk = malloc(CHUNK);
  struct comb comb;
  ssize_t len;
  off_t at;

  if (!chunk) stage_nomem();
  comb_begin(&comb);
  for (at = 0; (len = pread(f->fd, chunk, CHUNK, at)) > 0 && !look_over(); at += len)
    comb_feed(&comb, chunk, (size_t) len);
  free(chunk);
  return comb.found;
}

void markup_page(const struct file *f)
{
  unsigned int found = scripts(f);

  if (found & (COMB_SCRIPT | COMB_HANDLER)) look_flag(FLAG_SCRIPT);
  if (found & COMB_DATA) look_flag(FLAG_DATA);
}

void markup_xml(const struct file *f)
{
  static const char *const words[] = {
    "vnd.ms-office.vbaProject", "macrosPresent=\"yes\"", "editdata.mso", "<script:library-embedded",
    "vnd.sun.star.script:", "ms-excel.macrosheet", "ms-excel.intlmacrosheet",
    "://www.w3.org/1999/xhtml", "://www.w3.org/2000/svg",
    "<ddeLink", "dde-connection", "table:dde-link", "ppaction://program", "instrText", "w:fldSimple"
  };
  enum { MACROS = 0x7f, PAGES = 0x180, LINKS = 0x1e00, FIELDS = 0x6000 };
  unsigned int found = find_words(f, words, sizeof words / sizeof *words), wanted = COMB_SCRIPT;

  if (found & MACROS) look_flag(FLAG_MACRO);
  if (found & PAGES) wanted |= COMB_HANDLER;
  if (scripts(f) & wanted) look_flag(FLAG_SCRIPT);
  if (found & LINKS) look_flag(FLAG_LINK);
  if (found & FIELDS) part_fields(f->fd);
  if (file_ends_in(f->name, f->len, "rels")) part_relations(f->fd);
}
