#include "policy.h"

/* The ranks, with room below 1 for whitelisted, which is none: it says more
 * than nothing and less than any doubt. */
static int weight(int vote)
{
  if (vote == POLICY_NONE) return 0;
  return vote == VERDICT_WHITELISTED ? 1 : 2 * verdict_rank(vote);
}

struct decision policy_merge(const int *votes, size_t count)
{
  struct decision d = { VERDICT_DELIVER, -1 };
  int most = 0;
  size_t i;

  for (i = 0; i < count; ++i) {
    if (weight(votes[i]) <= most) continue;
    most = weight(votes[i]);
    d.verdict = votes[i];
    d.stage = (int) i;
  }
  return d;
}

int policy_needless(const int *votes, size_t stage)
{
  while (stage--)
    if (votes[stage] == VERDICT_DELETE) return 1;
  return 0;
}

int policy_over(const struct decision *decision)
{
  return decision->verdict == VERDICT_REJECT || decision->verdict == VERDICT_DELETE;
}

int policy_trusts(const int *votes, size_t count)
{
  while (count--)
    if (votes[count] == VERDICT_WHITELISTED) return 1;
  return 0;
}

int policy_marks(int verdict)
{
  return verdict == VERDICT_JUNK || verdict == VERDICT_REJECT_DELIVER;
}
