#ifndef CM_TABLE_H
#define CM_TABLE_H

#include "owfat.h"

enum { TABLE_COLUMNS = 16 };

/* Append rows of cells, which have tabs between them and a newline behind the
 * last, to to, one cell below the other with two blanks between the columns, for
 * people. Columns above the last of TABLE_COLUMNS are part of it. 1, or 0
 * without memory. */
int table_align(const stralloc *rows, stralloc *to);

#endif
