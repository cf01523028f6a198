#include "upstream.h"

#include <errno.h>
#include <string.h>

#include "control.h"

#define WORDS 32

int upstream_read(struct upstream *u, const char **trouble)
{
  static const char *words[WORDS + 1];
  size_t i, n = 0;
  int r = control_line("control/upstream", &u->words);

  u->host = u->port = 0;
  u->program = 0;
  *trouble = r == -1 ? strerror(errno) : "there is no such file, or nothing in it";
  if (r != 1) return 0;
  *trouble = "too many words";
  for (i = 0; i < u->words.len; ++i) {
    if (u->words.s[i] == ' ' || u->words.s[i] == '\t') u->words.s[i] = 0;
    else if (i == 0 || !u->words.s[i - 1]) {
      if (n == WORDS) return 0;
      words[n++] = u->words.s + i;
    }
  }
  words[n] = 0;
  *trouble = "write smtp HOST PORT, or queue PROGRAM ARGUMENTS";
  if (n == 3 && !strcmp(words[0], "smtp")) {
    u->host = words[1];
    u->port = words[2];
  } else if (n >= 2 && !strcmp(words[0], "queue")) u->program = words + 1;
  else return 0;
  return 1;
}
