#ifndef CM_PRINT_H
#define CM_PRINT_H

/* Text for descriptor 1, in large pieces. libowfat's buffers will not do: in
 * 0.32 a write that fails counts as done. */

#include <stddef.h>

/* Print so many bytes, or the words up to the 0 that ends them. */
void print_bytes(const char *bytes, size_t len);
#define print(...) print_internal(__VA_ARGS__, (const char *) 0)
void print_internal(const char *word, ...);

/* Write what waits. 1; -1 with errno: not everything since the last time was
 * written. */
int print_end(void);

#endif
