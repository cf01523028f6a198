/* id_make and id_valid, and the digits they are made of. */
#include "id.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "digits.h"
#include "tap.h"

#define MANY 20000

static char ids[2 * MANY][ID_SIZE];

static int order(const void *a, const void *b)
{
  return strcmp(a, b);
}

static const char *number(unsigned long n, unsigned int base, unsigned int least)
{
  static char text[70];

  *digits(text, n, base, least) = 0;
  return text;
}

int main(void)
{
  int i, good, two[2];
  char early[ID_SIZE], late[ID_SIZE], text[DIGITS_TIME];
  struct timespec little = { 0, 2000 };

  id_make(early);
  ok(id_valid(early) && strlen(early) >= 20 && strlen(early) < ID_SIZE, "an id is valid");
  nanosleep(&little, 0);
  id_make(late);
  ok(strcmp(early, late) < 0, "a later id sorts behind an earlier one");

  if (pipe(two)) return 1;
  if (!fork()) {
    for (i = 0; i < MANY; ++i) {
      id_make(early);
      if (write(two[1], early, ID_SIZE) != ID_SIZE) _exit(1);
    }
    _exit(0);
  }
  close(two[1]);
  for (i = 0; i < MANY; ++i) id_make(ids[i]);
  for (good = 1; i < 2 * MANY; ++i) good &= read(two[0], ids[i], ID_SIZE) == ID_SIZE;
  wait(0);
  qsort(ids, 2 * MANY, ID_SIZE, order);
  for (i = 1; i < 2 * MANY; ++i) good &= id_valid(ids[i]) && strcmp(ids[i - 1], ids[i]);
  ok(good, "two processes make 40,000 different and valid ones");

  ok(!id_valid("") && !id_valid("1234.5678"), "a short one is refused");
  ok(!id_valid("1763726850.123456.1.1.123456789012345678"), "a long one is refused");
  ok(!id_valid("../../../../../../etc/passwd") && !id_valid("1763726850/123456.1.1.00000000") &&
     !id_valid("1763726850.123456.1..00000000") && !id_valid(".1763726850.123456.1.00000000") &&
     !id_valid("1763726850.123456.1.1.00000000.") && !id_valid("1763726850.123456.1.1.0000000\n"),
     "what could be a path or a second line is refused");
  ok(!id_valid("1763726850.123456.1.1.0000000G"), "other letters are refused");

  ok(!strcmp(number(0, 10, 1), "0") && !strcmp(number(0, 10, 3), "000"), "digits of 0");
  ok(!strcmp(number(1234, 10, 2), "1234") && !strcmp(number(255, 16, 4), "00ff"), "digits");
  ok(!strcmp(number((unsigned long) -1, 10, 0), "18446744073709551615"), "all digits");

  digits_time(text);
  ok(strlen(text) == DIGITS_TIME - 1 && text[4] == '-' && text[10] == 'T' && text[19] == '.' &&
     text[23] == 'Z', "the time has milliseconds and is UTC");
  return done_testing();
}
