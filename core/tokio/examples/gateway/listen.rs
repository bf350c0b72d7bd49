//! Who is let in, and how it all ends.

use std::pin::pin;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::signal::ctrl_c;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::side::Failure;

/// How long `accept` is left alone after it has failed.
const PAUSE: Duration = Duration::from_millis(50);

/// How long ^C waits for what is under way.
const GOODBYE: Duration = Duration::from_secs(5);

/// Tells a connection that the server stops.
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    pub(crate) fn has_come(&self) -> bool {
        *self.0.borrow()
    }

    pub(crate) async fn comes(&mut self) {
        // An error would mean that the server is gone already.
        let _ = self.0.wait_for(|&stops| stops).await;
    }
}

/// Serves each connection in a task of its own until ^C. Then idle ones end, those under way have a while; a second ^C
/// waits for nothing.
pub(crate) async fn serve_all<F>(listener: TcpListener, serve: impl Fn(TcpStream, Stop) -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>> + 'static,
{
    let (stop, stopped) = watch::channel(false);
    let mut interrupt = pin!(ctrl_c());
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let served = serve(stream, Stop(stopped.clone()));
                    // A connection that fails is no reason to end the others.
                    tokio::task::spawn_local(async { served.await.inspect_err(|error| eprintln!("{error}")) });
                }
                // Out of descriptors, say. That passes; without the pause the loop would spin until then.
                Err(error) => {
                    eprintln!("accept: {error}");
                    sleep(PAUSE).await;
                }
            },
            _ = &mut interrupt => break,
        }
    }
    drop((listener, stopped));
    stop.send_replace(true);
    tokio::select! {
        _ = timeout(GOODBYE, stop.closed()) => {}
        _ = ctrl_c() => {}
    }
    Ok(())
}
