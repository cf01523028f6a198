#ifndef CM_PART_H
#define CM_PART_H

/* A part of an Office document, in XML: what the document fetches or starts when it
 * is opened. */

/* The relationships of a part: templates and objects that are elsewhere. */
void part_relations(int fd);

/* Text with fields: DDE. */
void part_fields(int fd);

#endif
