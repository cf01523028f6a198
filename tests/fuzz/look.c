/* cm-look's readers, on any file.
 * seeds: tests/engines/cm-look.t
 * libraries: -lmagic -larchive -lz */

#include <fcntl.h>
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "copy.h"
#include "inside.h"
#include "look.h"
#include "magic.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  (void) argc;
  (void) argv;
  setlocale(LC_CTYPE, "C.UTF-8");
  if (magic_prepare() == -1 || dup2(open("/dev/null", O_WRONLY), 1) == -1) abort();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  int fd = look_file();

  if (copy_write(fd, (const char *) data, size) == -1) abort();
  look_start();
  look_section("3");
  inside_attachment(fd, "name.gz", 7);
  look_section_end();
  close(fd);
  return 0;
}
