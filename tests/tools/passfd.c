/* passfd SOCKET FD...: hand descriptors of ours to a scanner, each behind a command
 * of its own, and print what comes back. */
#include <stdlib.h>
#include <unistd.h>

#include "dial.h"
#include "pass.h"

int main(int argc, char **argv)
{
  char text[4096];
  ssize_t r;
  int i, s = argc > 1 ? dial(argv[1], 10) : -1;

  if (s == -1) return 111;
  for (i = 2; i < argc; ++i)
    if (pass_send(s, "nFILDES\n", 8, -1) == -1 || pass_send(s, "x", 1, atol(argv[i]) > 0 ? (int) atol(argv[i]) : 0) == -1) break;
  while ((r = read(s, text, sizeof text)) > 0)
    if (write(1, text, (size_t) r) != r) return 111;
  return 0;
}
