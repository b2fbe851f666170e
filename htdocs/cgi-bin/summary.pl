#!/usr/bin/perl
# summary.pl - what is in the basket and what it costs, in Perl; and the way out.
use strict;
use warnings;

my %price = (oats => 350, hay => 420, apples => 199, horseshoes => 1250);

# a=1&b=x%20y as a hash.
sub pairs {
    my %found;
    for my $pair (split /&/, shift // '') {
        my ($name, $value) = map { tr/+/ /; s/%([0-9A-Fa-f]{2})/chr hex $1/ger }
            (split(/=/, $pair, 2), '')[0, 1];
        $found{$name} = $value;
    }
    return %found;
}

sub escape {
    my %entity = ('<' => '&lt;', '>' => '&gt;', '&' => '&amp;', '"' => '&quot;', "'" => '&#39;');
    return shift =~ s/([<>&"'])/$entity{$1}/gr;
}

# Compares in a time that does not tell where they differ.
sub same {
    my ($one, $other) = @_;
    return 0 if length $one != length $other;
    my $difference = 0;
    $difference |= ord(substr $one, $_, 1) ^ ord(substr $other, $_, 1) for 0 .. length($one) - 1;
    return $difference == 0;
}

sub respond {
    my ($status, $body, @fields) = @_;
    binmode STDOUT;
    print join "\r\n", "Status: $status", 'Content-Type: text/html; charset=utf-8',
        'Cache-Control: no-store',
        "Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self'; "
        . "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        @fields, '', '';
    print <<"END";
<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>The stable's shop: summary</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="../favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="../style.css">
<body>
<header><div><h1>The stable's shop</h1>
<p>What it comes to.</p></div></header>
<nav class="steps" aria-label="Steps"><a href="login.py">Log in</a>
<a href="basket.php">Basket</a> <a href="summary.pl" aria-current="page">Summary</a></nav>
<main>
$body</main>
<footer><p>This page is <code>htdocs/cgi-bin/summary.pl</code>.</p></footer>
</body></html>
END
    exit;
}

sub money { return sprintf '%d.%02d', $_[0] / 100, $_[0] % 100 }

respond('503 Service Unavailable',
    "<p class=\"hint\" id=\"no-session\">Sessions are off here, or their store is down.</p>\n")
    unless exists $ENV{SESSION_NEW};

my %session = pairs($ENV{HTTP_SESSION});
respond('303 See Other', "<p>Log in first.</p>\n", 'Location: login.py')
    unless length($session{user} // '');

my $message = '';
if ($ENV{REQUEST_METHOD} eq 'POST') {
    my $length = $ENV{CONTENT_LENGTH} || 0;
    respond('413 Content Too Large', "<p>That is more than a button.</p>\n") if $length > 4096;
    read(STDIN, my $content, $length);
    my %form = pairs($content);
    respond('303 See Other', "<p>Good bye.</p>\n", 'Location: login.py', 'X-Session-Destroy: 1')
        if same($form{csrf} // '', $session{csrf} // '') && length($session{csrf} // '');
    $message = "<p class=\"hint\" role=\"alert\">This form is too old, or not ours. "
        . "Please try again.</p>\n";
}

my ($rows, $sum) = ('', 0);
for my $thing (sort keys %price) {
    my $count = ($session{"item_$thing"} // '') =~ /^(\d{1,2})$/ ? $1 : 0;
    next if $count == 0;
    my $cost = $count * $price{$thing};
    $sum += $cost;
    $rows .= sprintf "<tr id=\"%s\"><th scope=\"row\">%s<td class=\"number\">%d"
        . "<td class=\"number\">%s\n", $thing, ucfirst $thing, $count, money($cost);
}
my $table = $rows eq '' ? "<p id=\"empty\">Nothing yet.</p>\n" : <<"END";
<table><thead><tr><th scope="col">Thing<th scope="col">How many<th scope="col">Costs</thead>
<tbody>
$rows</tbody>
<tfoot><tr><th scope="row">Together<td><td class="number" id="sum">@{[money($sum)]}</tfoot></table>
END

respond($message ? '403 Forbidden' : '200 OK', $message
    . '<p id="hello">For ' . escape($session{user}) . ":</p>\n$table"
    . '<form method="post" action="summary.pl"><input type="hidden" name="csrf" value="'
    . escape($session{csrf} // '') . "\"><button>Log out</button></form>\n");
