#!/usr/bin/perl
# environment.pl - what a script is told, in Perl.
use strict;
use warnings;

sub escape {
    my ($text) = @_;
    my %entity = ('<' => '&lt;', '>' => '&gt;', '&' => '&amp;', '"' => '&quot;');
    $text =~ s/([<>&"])/$entity{$1}/g;
    return $text;
}

print "Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n\r\n";
print <<'END';
<!DOCTYPE html>
<html lang="en"><title>Environment</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="../style.css">
<h1>Environment</h1>
<table>
END
for my $name (sort keys %ENV) {
    printf "<tr><th align=\"left\">%s<td><code>%s</code>\n", escape($name), escape($ENV{$name});
}
print "</table>\n</html>\n";
