#include "offer.h"

#define NEWEST 6
#define OLDEST 2
#define NEEDED (OFFER_ADD | OFFER_CHANGE | OFFER_BODY)
#define USEFUL (NEEDED | OFFER_RECIPIENT | OFFER_FORGET | OFFER_HOLD)

/* The macros that are asked for, by the number of the step at which they come. */
static const struct { uint32_t step; const char *names; } macros[] = {
  { 0, "j {client_addr} {client_name} {client_resolve}" },
  { 1, "{tls_version} {cipher}" },
  { 2, "i r {auth_authen} {tls_version} {cipher}" },
  { 5, "i" }
};

const char *offer_take(const struct frame *f, uint32_t wanted, struct offer *o)
{
  uint32_t version, actions, steps;
  size_t at = 0;

  if (!frame_number(f, &at, &version) || !frame_number(f, &at, &actions) || !frame_number(f, &at, &steps))
    return "sends half an offer";
  if (version < OLDEST) return "speaks a version of the protocol before 2";
  if ((actions & NEEDED) != NEEDED) return "does not let us change header and body";
  o->version = version < NEWEST ? version : NEWEST;
  o->actions = actions & (USEFUL | OFFER_MACROS);
  o->steps = steps & wanted;
  return 0;
}

int offer_answer(const struct offer *o, stralloc *out)
{
  size_t queued = out->len, place = frame_begin(out, 'O'), i;
  int ok = place && frame_put_number(out, o->version) && frame_put_number(out, o->actions) &&
           frame_put_number(out, o->steps);

  if (o->actions & OFFER_MACROS)
    for (i = 0; ok && i < sizeof macros / sizeof *macros; ++i)
      ok = frame_put_number(out, macros[i].step) && stralloc_cats(out, macros[i].names) && stralloc_0(out);
  if (ok) frame_end(out, place);
  else out->len = queued;
  return ok;
}
