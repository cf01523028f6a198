#ifndef CM_SUSPECTS_H
#define CM_SUSPECTS_H

/* Messages that scanners have died of, by length and SHA-256. A message that did
 * it twice is poison. */

#include "clam.h"

#define SUSPECTS 256  /* then the oldest is forgotten */

/* Is there one of this length? So that only then a digest is made. 1 or 0. */
int suspects_length(long long length);

/* A scanner has died of this one. */
void suspects_add(long long length, const unsigned char digest[CLAM_DIGEST]);

/* Is it poison? 1 or 0. */
int suspects_poison(long long length, const unsigned char digest[CLAM_DIGEST]);

/* Other signatures: forget all. */
void suspects_clear(void);

#endif
