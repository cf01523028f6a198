#include "content.h"

const char *fault_name(enum fault fault)
{
  static const char *const names[FAULTS] = {
    "nul", "bare-cr", "mixed-lines", "long-line", "8bit-header", "header", "white-line",
    "stray-header", "no-version", "control", "type", "type-twice", "type-conflict", "parameter",
    "parameter-twice", "fold", "disposition-twice", "encoding", "encoding-twice",
    "encoding-conflict", "encoded-parts", "broken-encoding", "names", "encoded-word", "boundaries",
    "boundary-conflict", "boundary-missing", "boundary-empty", "boundary-long", "boundary-line",
    "end-missing", "after-end", "partial", "external",
  };

  return names[fault];
}
