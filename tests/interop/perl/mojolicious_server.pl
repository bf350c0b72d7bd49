# Mojolicious as a server: an echo of messages at /, a page at /plain.
use Mojolicious::Lite -signatures;
use Mojo::IOLoop;
use Mojo::Server::Daemon;

app->log->level('fatal');
any '/plain' => sub ($c) { $c->render(text => "in HTTP/1.1\n") };
websocket '/' => sub ($c) { $c->on(message => sub ($c, $text) { $c->send($text) }) };

my $server = Mojo::Server::Daemon->new(app => app, listen => ['http://127.0.0.1'], silent => 1);
$server->start;
$| = 1;
print "listening @{[$server->ports->[0]]}\n";
Mojo::IOLoop->start;
