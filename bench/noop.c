/* noop: ends at once; with an argument it waits until descriptor 0 is at its
 * end. The least that a spawned program can cost. */

#include <unistd.h>

int main(int argc, char **argv)
{
  char byte;

  (void) argv;
  if (argc > 1)
    while (read(0, &byte, 1) > 0) ;
  return 0;
}
