/* jailed LEVEL PROFILE PROGRAM ARGUMENT...: cm-jail, as it is where the kernel has
 * Landlock only up to a level. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "jail.h"
#include "spawn.h"

int main(int argc, char **argv)
{
  static struct jail jail;
  static stralloc path, error;
  static const int none[] = { -1, -1 };
  extern char **environ;

  if (argc < 4 || spawn_find(argv[3], &path) == -1) return 111;
  if (jail_make(&jail, argv[2], &path, (int) atol(argv[1]), none, &error) == -1) {
    puts(error.s);
    return 111;
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || jail_enter(&jail) == -1) return 111;
  execve(path.s, argv + 3, environ);
  return 111;
}
