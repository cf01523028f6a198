#include "heading.h"

#include "stage.h"

void heading_read(struct header *header)
{
  switch (header_read(header, 0)) {
    case 0: stage_end(VERDICT_REJECT, "5.3.4 header too large");
    case -1: stage_diesys("unable to read message");
  }
}
