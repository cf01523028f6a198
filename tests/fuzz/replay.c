/* replay FILE...: what a fuzzer's entry does with these inputs, without a fuzzer. */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
  struct stat st;
  uint8_t *data;
  int i, fd;

  for (i = 1; i < argc; ++i) {
    fd = open(argv[i], O_RDONLY | O_CLOEXEC);
    if (fd == -1 || fstat(fd, &st) == -1) return 111;
    data = malloc((size_t) st.st_size + 1);
    if (!data || read(fd, data, (size_t) st.st_size) != st.st_size) return 111;
    LLVMFuzzerTestOneInput(data, (size_t) st.st_size);
    free(data);
    close(fd);
  }
  printf("%d\n", argc - 1);
  return 0;
}
