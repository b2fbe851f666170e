<?php
// basket.php - the basket of the small shop, in PHP.  login.py says who is here; what is in the
// basket goes into the session, a value for each kind of thing: two windows lose nothing.
$session_is_on = isset($_SERVER['SESSION_NEW']);
parse_str($_SERVER['HTTP_SESSION'] ?? '', $session);
$text = fn(string $name): string => is_string($session[$name] ?? null) ? $session[$name] : '';
$things = ['oats' => 350, 'hay' => 420, 'apples' => 199, 'horseshoes' => 1250];
$count = fn(string $thing): int => max(0, min(99, (int) $text("item_$thing")));

function go(string $where): never
{
    header("Location: $where", true, 303);
    exit;
}

header('Cache-Control: no-store');
header("Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self'; "
    . "form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
$message = '';
if (!$session_is_on) {
    http_response_code(503);
    $message = 'Sessions are off here, or their store is down.';
} elseif ($text('user') === '') {
    go('login.py');
} elseif ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $thing = is_string($_POST['thing'] ?? null) ? $_POST['thing'] : '';
    $token = is_string($_POST['csrf'] ?? null) ? $_POST['csrf'] : '';
    if ($text('csrf') === '' || !hash_equals($text('csrf'), $token)) {
        http_response_code(403);
        $message = 'This form is too old, or not ours. Please try again.';
    } elseif (!isset($things[$thing])) {
        http_response_code(400);
        $message = 'There is no such thing in this shop.';
    } else {
        $now = $count($thing) + (isset($_POST['less']) ? -1 : 1);
        header($now > 0 ? "X-Session-Set: item_$thing=" . min(99, $now)
            : "X-Session-Unset: item_$thing");
        go('basket.php');
    }
}
$e = fn(string $s): string => htmlspecialchars($s, ENT_QUOTES, 'UTF-8');
?>
<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>The stable's shop: basket</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="../favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="../style.css">
<body>
<header><div><h1>The stable's shop</h1>
<p id="hello">Hello, <?= $e($text('user')) ?>. What does your horse need?</p></div></header>
<nav class="steps" aria-label="Steps"><a href="login.py">Log in</a>
<a href="basket.php" aria-current="page">Basket</a> <a href="summary.pl">Summary</a></nav>
<main>
<?php if ($message !== ''): ?>
<p class="hint" role="alert"><?= $e($message) ?></p>
<?php endif ?>
<ul class="cards">
<?php foreach ($things as $thing => $price): ?>
<li id="<?= $thing ?>"><h2><?= ucfirst($thing) ?></h2>
<p><?= sprintf('%d.%02d', intdiv($price, 100), $price % 100) ?> each,
<strong class="count"><?= $count($thing) ?></strong> in the basket</p>
<form method="post" action="basket.php">
<input type="hidden" name="csrf" value="<?= $e($text('csrf')) ?>">
<input type="hidden" name="thing" value="<?= $thing ?>">
<button name="more" value="1" aria-label="One more of <?= $thing ?>">One more</button>
<button name="less" value="1" aria-label="One less of <?= $thing ?>"<?= $count($thing) ? '' : ' disabled' ?>>One less</button>
</form></li>
<?php endforeach ?>
</ul>
<p><a href="summary.pl">To the summary</a></p>
</main>
<footer><p>This page is <code>htdocs/cgi-bin/basket.php</code>.</p></footer>
</body></html>
