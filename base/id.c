#include "id.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "clock.h"
#include "digits.h"

static char *dotted(char *to, unsigned long n, unsigned int base, unsigned int least)
{
  to = digits(to, n, base, least);
  *to++ = '.';
  return to;
}

void id_make(char id[ID_SIZE])
{
  static unsigned short sequence;
  static unsigned int chance;
  static pid_t whose;
  struct timespec now = clock_day();
  pid_t pid = getpid();

  /* Without it the id is still this process's own; a clock set back is what it is for. */
  if (pid != whose && getrandom(&chance, sizeof chance, GRND_NONBLOCK) == -1) chance = 0;
  whose = pid;
  id = dotted(id, (unsigned long) now.tv_sec % 10000000000, 10, 10);
  id = dotted(id, (unsigned long) now.tv_nsec / 1000, 10, 6);
  id = dotted(id, (unsigned long) pid & 0xffffff, 16, 1);
  id = dotted(id, sequence++, 16, 1);
  id = digits(id, chance, 16, 8);
  *id = 0;
}

int id_valid(const char *id)
{
  size_t len = strlen(id);

  return len >= 20 && len < ID_SIZE && id[len - 1] != '.' && *id != '.' &&
         strspn(id, "0123456789abcdef.") == len && !strstr(id, "..");
}
