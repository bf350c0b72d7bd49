//! hyper's hello-world server, for the benches over loopback.
//!
//! It has one thread, and sends the same response to every request.
//!
//! ```text
//! hello_hyper TEXT      prints the address that it listens on
//! ```

use std::convert::Infallible;
use std::net::Ipv4Addr;

use http_body_util::Full;
use hyper::Response;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

fn main() -> std::io::Result<()> {
    let text = Bytes::from(std::env::args().nth(1).unwrap_or_else(|| "Hello, world!\n".into()));
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(serve(text))
}

async fn serve(text: Bytes) -> std::io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let text = text.clone();
        let answer = service_fn(move |_| {
            let mut response = Response::new(Full::new(text.clone()));
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            async move { Ok::<_, Infallible>(response) }
        });
        // Flush the responses to pipelined requests together, as the compared server does.
        let connection = http1::Builder::new()
            .pipeline_flush(true)
            .serve_connection(TokioIo::new(stream), answer);
        // It does not matter how a client disconnects.
        tokio::spawn(async move { drop(connection.await) });
    }
}
