<?php
// hello.php - a page in PHP, run by php-cgi.
header('Cache-Control: no-store');
$name = $_GET['name'] ?? 'world';
?>
<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Hello</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="../style.css">
<h1>Hello, <?= htmlspecialchars($name) ?></h1>
<form><label>Name <input name="name"></label> <button>Greet</button></form>
<p>PHP <?= PHP_VERSION ?> at <?= date('H:i:s') ?></p>
</html>
