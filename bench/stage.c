/* stage: the least that a stage can do with a message: it reads descriptor 0 to
 * its end, looks at every byte, and has nothing against it. */

#include <unistd.h>

static unsigned char buffer[65536];

int main(void)
{
  unsigned int sum = 0;
  ssize_t r, i;

  while ((r = read(0, buffer, sizeof buffer)) > 0)
    for (i = 0; i < r; ++i) sum += buffer[i];
  return sum == 0xffffffff;
}
