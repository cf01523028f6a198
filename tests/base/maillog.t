#!/bin/sh
# The mail log as another program reads it: RFC 4180 in perl
. "$(dirname "$0")/../tap.sh"

writer=${BUILD:-$(dirname "$0")/../../build}/tests/maillog
CM_HOME=$T "$writer" rows
ok 'rows are written' test -s "$T/log/mail.csv"

# print ROW NAME: the cell of that name, in RFC 4180 as strictly as it is written
cat > "$T/read" <<'!'
my ($file, $want, $name) = @ARGV;
open my $in, '<:raw', $file or die; local $/; my $text = <$in>;
my (@rows, @row);
while ($text =~ /\G(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gc) {
  my ($quoted, $plain, $end) = ($1, $2, $3);
  push @row, defined $quoted ? $quoted =~ s/""/"/gr : $plain;
  if ($end ne ',') { push @rows, [@row]; @row = (); }
}
die "left over\n" if (pos($text) // 0) != length $text;
@$_ == @{$rows[0]} or die "a row of @{[scalar @$_]} cells\n" for @rows;
my %row; @row{@{$rows[0]}} = @{$rows[$want]};
print defined $row{$name} ? $row{$name} : 'none';
!
cell() { perl "$T/read" "$T/log/mail.csv" "$@"; }

same 'a "quoted", reason' 'quotes and commas come back' cell 1 reason
same 'b@example.net c@example.net' 'recipients come back' cell 1 recipients
same 'accept/deliver, junk' 'the verdict comes back' cell 1 verdict
same 'fields accept/deliver 1 -; spam accept/deliver/junk 48 7.2' 'each stage has verdict, ms and score' cell 1 stages
like '^20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\.[0-9]\{3\}Z$' \
  'the time is UTC with milliseconds' cell 1 time
like '^"so,me"@example.net .* and [0-9]* more$' 'a long list of recipients comes back cut' cell 2 recipients

done_testing
