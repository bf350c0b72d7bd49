# Mojolicious as a client: text, 1 MiB of data, an orderly close.
use Mojo::Base -strict;
use Mojo::IOLoop;
use Mojo::UserAgent;

my $agent = Mojo::UserAgent->new(max_response_size => 1 << 24);
my @sent  = ({text => 'hello'}, {binary => join('', map { chr($_ % 251) } 1 .. 1 << 20)}, {text => ''});
my @left  = @sent;
my ($closed, $failed);

$agent->websocket(shift @ARGV => sub {
    my ($agent, $transaction) = @_;
    return fail('no handshake: ' . $transaction->res->code) unless $transaction->is_websocket;
    $transaction->max_websocket_size(1 << 24);
    $transaction->on(finish => sub { my (undef, $code) = @_; $closed = $code; Mojo::IOLoop->stop });
    $transaction->on(message => sub {
        my ($transaction, $got) = @_;
        my $wanted = (values %{shift @left})[0];
        return fail('data differ') unless $got eq $wanted;
        @left ? $transaction->send($left[0]) : $transaction->finish(1000);
    });
    $transaction->send($left[0]);
});

sub fail { $failed = shift; Mojo::IOLoop->stop; return }

Mojo::IOLoop->timer(15 => sub { fail('too slow') });
Mojo::IOLoop->start;
die "$failed\n" if $failed;
die "closed with $closed, unanswered: @{[scalar @left]}\n" unless $closed == 1000 && !@left;
