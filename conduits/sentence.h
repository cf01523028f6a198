#ifndef CM_SENTENCE_H
#define CM_SENTENCE_H

#include "visitor.h"

/* Judge the visitor's message, do what the verdict asks for, and print, for who reads it by a
 * pipe: a line with the answer to the commit; the lines of the message as OpenSMTPD takes
 * them, if it goes on; and the line "whole". */
void sentence(struct visitor *v);

#endif
