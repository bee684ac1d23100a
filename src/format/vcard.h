/* vCard: the fields of a contact, versions 2.1 to 4.0. */
#ifndef KOC_FORMAT_VCARD_H
#define KOC_FORMAT_VCARD_H

#include "format/parts.h"

/* The fields (koc-state(5)) of this VCARD; the caller frees them. */
char *vcard_fields(const struct part *card);

/* What it is called: FN, else what there is of N, ORG, EMAIL.  NULL none; the caller frees it. */
char *vcard_name(const struct part *card);

#endif
