/* cm-filter-fields: refuse a header that breaks the field counts of RFC 5322.
 * Two From fields are no mere slip: one is checked, the other is shown. A date is
 * asked for only by who wants that: much honest mail comes without one. */

#include <strings.h>
#include <unistd.h>

#include "heading.h"
#include "stage.h"

static struct count {
  const char *name;
  unsigned int least;  /* how often it must occur; never twice: RFC 5322, 3.6 */
  unsigned int seen;
} counts[] = {
  { "Date",        0, 0 },
  { "From",        1, 0 },
  { "Sender",      0, 0 },
  { "Reply-To",    0, 0 },
  { "To",          0, 0 },
  { "Cc",          0, 0 },
  { "Bcc",         0, 0 },
  { "Message-ID",  0, 0 },
  { "In-Reply-To", 0, 0 },
  { "References",  0, 0 },
  { "Subject",     0, 0 },
};
#define COUNTS (sizeof counts / sizeof *counts)

static void demand(const char *name)
{
  struct count *c;

  for (c = counts; c < counts + COUNTS; ++c)
    if (!strcasecmp(c->name, name)) {
      c->least = 1;
      return;
    }
  stage_die("not a field that occurs once: ", name);
}

int main(int argc, char **argv)
{
  static struct header header;
  struct field field = { 0 };
  struct count *c;

  stage_begin("cm-filter-fields", 1);
  while (--argc > 0) demand(*++argv);

  heading_read(&header);
  while (header_next(&header, &field))
    for (c = counts; c < counts + COUNTS; ++c)
      c->seen += field_is(&field, c->name) ? 1 : 0;

  for (c = counts; c < counts + COUNTS; ++c) {
    if (c->seen > 1) stage_end(VERDICT_REJECT, "5.6.0 more than one ", c->name, " field");
    if (c->seen < c->least) stage_end(VERDICT_REJECT, "5.6.0 no ", c->name, " field");
  }
  return VERDICT_DELIVER;
}
