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
print "<!DOCTYPE html>\n<html lang=\"en\"><title>Environment</title>\n<h1>Environment</h1>\n<table>\n";
for my $name (sort keys %ENV) {
    printf "<tr><th align=\"left\">%s<td><code>%s</code>\n", escape($name), escape($ENV{$name});
}
print "</table>\n</html>\n";
