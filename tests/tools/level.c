/* level: of this kernel's Landlock. */

#include <stdio.h>

#include "landlock.h"

int main(void)
{
  printf("%d\n", landlock_level());
  return 0;
}
