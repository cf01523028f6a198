#!/usr/bin/perl
# Whether the tests that doc/parity names are there: the files, and in them the
# sentences, up to where they are cut.
use strict;
use warnings;
use FindBin;

chdir "$FindBin::Bin/.." or die;
my ($n, $file, @rows) = 0;

# ok RIGHT NAME
sub ok { my ($right, $name) = @_; $n++; print $right ? '' : 'not ', "ok $n - $name\n" }
sub text { open my $f, '<', $_[0] or return ''; local $/; my $text = <$f>; $text =~ s/\s+/ /g; $text }

# A row is LABEL, PLACE and TESTS, at their columns; what goes on in the last one is
# indented there, or has no label.
open my $parity, '<', 'doc/parity' or die;
while (<$parity>) {
  next if $. < 4;
  chomp;
  my ($label, $place, $tests) = map { defined ? $_ : '' } unpack 'A23 A41 A*', $_ . ' ' x 64;
  if (!/\S/) { push @rows, ['', ''] }
  elsif ($tests =~ /^  / || $label !~ /\S/) { $tests =~ s/^ +//; $rows[-1][1] .= " $tests" if $tests ne '' }
  elsif ($tests ne 'test' && $tests =~ /\S/) { push @rows, [$label, $tests] }
}
for (@rows) {
  my ($label, $tests) = @$_;
  undef $file if $label eq '';
  $label =~ s/^ +//;
  for (split /; */, $tests) {
    if (s{^((?:[a-z0-9]+/)?[\w*.-]+\.[tc])(?:: |$)}{}) {
      $file = "tests/$1";
      my @there = glob($file);
      ok(@there && -e $there[0], "$label: $file");
    }
    next if /^to come/ || /^(-|the same|see above|)$/;
    ok($file && index(text($file), $_) >= 0, "$label: $_");
  }
}
print "1..$n\n";
