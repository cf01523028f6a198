/* driver PROGRAM...: start each in turn with descriptor 0 rewound, and wait for
 * it. 0 if all of them end with 0. The bare shape of a pipeline. */

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
  char *words[] = { 0, 0 };
  int i, status, bad = 0;
  pid_t pid;

  for (i = 1; i < argc; ++i) {
    words[0] = argv[i];
    if (lseek(0, 0, SEEK_SET) == -1) return 111;
    if (posix_spawn(&pid, argv[i], 0, 0, words, environ)) return 111;
    if (waitpid(pid, &status, 0) != pid) return 111;
    bad |= status;
  }
  return bad ? 1 : 0;
}
