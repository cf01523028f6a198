#include "policy.h"

#include "tap.h"

/* The verdicts as the mission's table orders them, weakest first. */
static const int table[] = {
  POLICY_NONE, VERDICT_DELIVER, VERDICT_WHITELISTED, VERDICT_UNKNOWN, VERDICT_JUNK,
  VERDICT_REJECT_DELIVER, VERDICT_REJECT_REDIRECT, VERDICT_REDIRECT, VERDICT_DEFER,
  VERDICT_REJECT, VERDICT_DELETE
};
#define N ((int) (sizeof table / sizeof *table))

static int is(const int *places, int count, struct decision d)
{
  int i, best = 0;

  for (i = 1; i < count; ++i)
    if (places[i] > places[best]) best = i;
  return places[best] <= 1 ? d.verdict == VERDICT_DELIVER && d.stage == -1 :
         d.verdict == table[places[best]] && d.stage == best;
}

/* Three parallel stages end in this order, each unless it was cancelled before. */
static struct decision play(const int *places, const int *order)
{
  int votes[3] = { POLICY_NONE, POLICY_NONE, POLICY_NONE }, i;

  for (i = 0; i < 3; ++i)
    if (!policy_needless(votes, (size_t) order[i])) votes[order[i]] = table[places[order[i]]];
  return policy_merge(votes, 3);
}

static int any_order(const int *places)
{
  static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
  int i;

  for (i = 0; i < 6; ++i)
    if (!is(places, 3, play(places, orders[i]))) return 0;
  return 1;
}

/* Paragraphs of one stage each, nothing started after a deletion: the decision
 * is that of the stages up to there. */
static int in_sequence(const int *places)
{
  int votes[3], i;
  struct decision d = { VERDICT_DELIVER, -1 };

  for (i = 0; i < 3 && !policy_over(&d); ++i) {
    votes[i] = table[places[i]];
    d = policy_merge(votes, (size_t) i + 1);
  }
  return is(places, i, d) && (i == 3 || places[i - 1] >= N - 2);
}

int main(void)
{
  int p[3] = { 0 }, votes[2] = { 0 }, pairs = 1, triples = 1, orders = 1, sequences = 1, i;
  struct decision d;

  ok(is(p, 1, policy_merge(votes, 0)), "no stage at all is accept/deliver");
  for (p[0] = 0; p[0] < N; ++p[0])
    for (p[1] = 0; p[1] < N; ++p[1]) {
      votes[0] = table[p[0]];
      votes[1] = table[p[1]];
      pairs &= is(p, 2, policy_merge(votes, 2));
      for (p[2] = 0; p[2] < N; ++p[2]) {
        int three[3] = { votes[0], votes[1], table[p[2]] };

        triples &= is(p, 3, policy_merge(three, 3));
        orders &= any_order(p);
        sequences &= in_sequence(p);
      }
    }
  ok(pairs, "of all pairs the higher rank decides, of equals the first");
  ok(triples, "of all triples too");
  ok(orders, "in whatever order they end, cancelled stages included");
  ok(sequences, "one after the other, a deletion ends it");

  for (i = 1; i < N; ++i) {
    votes[0] = table[i];
    d = policy_merge(votes, 1);
    pairs &= policy_over(&d) == (votes[0] == VERDICT_REJECT || votes[0] == VERDICT_DELETE);
    pairs &= policy_needless(votes, 1) == (votes[0] == VERDICT_DELETE) && !policy_needless(votes, 0);
    pairs &= policy_trusts(votes, 1) == (votes[0] == VERDICT_WHITELISTED);
    pairs &= policy_marks(votes[0]) == (votes[0] == VERDICT_JUNK || votes[0] == VERDICT_REJECT_DELIVER);
  }
  ok(pairs, "only deletions end the run, only accept/delete cancels, only what comes later");
  return done_testing();
}
