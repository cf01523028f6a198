# The table of `make demo`, from the mail log, the client's protocol and the files
# that are there; not from what is expected, which it is only compared with.
# Lines of the file given: NAME|CODE|VERDICT|STAGE|PLACE.
use strict;
use warnings;

# Rows of an RFC 4180 file as hashes, by the names in its first row.
sub rows {
  my ($file) = @_;
  open my $f, '<', $file or die "demo: unable to read $file: $!\n";
  local $/;
  my $text = <$f>;
  my (@rows, @row);
  while ($text =~ /\G(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n)/gc) {
    my ($quoted, $bare, $end) = ($1, $2, $3);
    $quoted =~ s/""/"/g if defined $quoted;
    push @row, defined $quoted ? $quoted : $bare;
    next if $end eq ',';
    push @rows, [@row];
    @row = ();
  }
  my $names = shift @rows;
  return map { my %r; @r{@$names} = @$_; \%r } @rows;
}

sub line {
  my ($file) = @_;
  open my $f, '<', $file or return '';
  my $l = <$f>;
  chomp $l if defined $l;
  return $l // '';
}

# The file below the home that holds the message or the record of this id.
sub place {
  my ($id) = @_;
  for my $file (glob('mail/*/new/* store/*.eml log/ledger')) {
    next if $file =~ m{^store/} && $file ne "store/$id.eml";
    open my $f, '<', $file or next;
    local $/;
    return $file if $file =~ m{^store/} || <$f> =~ /\Q$id\E/;
  }
  return '';
}

my %row;
for my $r (rows('log/mail.csv')) {
  # Two were refused before their header was seen.
  my $name = $r->{message_id} =~ /<(.*)\@client/ ? $1 : $r->{verdict} =~ /too large/ ? 'large' : 'relay';
  $row{$name} = $r;
}

my (@table, $wrong);
open my $expected, '<', $ARGV[0] or die "demo: $ARGV[0]: $!\n";
while (<$expected>) {
  chomp;
  my ($name, $code, $verdict, $stage, $where) = split /\|/, $_, -1;
  my $r = $row{$name} // {};
  my $heard = line("samples/$name.heard");
  my $at = place($r->{id} // 'nothing');
  my @differs;
  push @differs, "heard $heard, not $code" unless $heard =~ /^$code /;
  push @differs, "the log says that it heard " . ($r->{reply} // 'nothing') unless $heard eq ($r->{reply} // '');
  push @differs, "verdict " . ($r->{verdict} // 'none') . ", not $verdict" unless ($r->{verdict} // '') eq $verdict;
  push @differs, "stage " . ($r->{stage} // 'none') . ", not $stage" unless ($r->{stage} // '') eq $stage;
  push @differs, "it is in '$at', not '$where'" unless $where ? $at =~ m{^$where/} : $at eq '';
  (my $short = $heard) =~ s/ \([0-9a-f.]+\)$//;
  push @table, [$name, $short, $r->{verdict} // '', $r->{stage} || '-', $r->{reason} || '-', $at || '-'];
  print "demo: $name: $_\n" for @differs;
  $wrong += @differs;
}
unshift @table, ['message', 'the client heard', 'verdict', 'stage', 'reason', 'where it is now'];
my @width = map { my $c = $_; (sort { $b <=> $a } map { length(substr $_->[$c], 0, 60) } @table)[0] } 0 .. 4;
for my $t (@table) {
  print join('  ', (map { sprintf '%-*s', $width[$_], substr $t->[$_], 0, 60 } 0 .. 4), $t->[5]), "\n";
}
print $wrong ? "\n$wrong things are not as expected\n" : "\nall of it as expected\n";
exit($wrong ? 1 : 0);
