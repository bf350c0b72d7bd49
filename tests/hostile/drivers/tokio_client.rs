//! A host of the hostile kit: clients of `switchover_tokio`.
//!
//! Each line on standard input sends a request, cancels one, or asks for the number of tasks.

use bytes::Bytes;
use futures_util::stream;
use http::Request;
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Frame;
use rustls::pki_types::ServerName;
use switchover_tokio::BoxError;
use switchover_tokio::client::{self, Outcome};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[path = "asked.rs"]
mod asked;
#[path = "tls.rs"]
mod tls;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    asked::by_lines(ask).await
}

async fn ask(
    method: String,
    port: String,
    offer: String,
    content: String,
) -> Result<String, BoxError> {
    let has_length = matches!(&*content, "short" | "long");
    let piece = |length: usize| Ok::<_, BoxError>(Frame::data(Bytes::from(vec![b'x'; length])));
    let pieces = match &*content {
        "large" => (0..64).map(|_| piece(1 << 14)).collect(),
        "short" => vec![piece(10)],
        "long" => (0..20).map(|_| piece(10)).collect(),
        "raises" => vec![piece(10), Err("in the content".into())],
        _ => vec![],
    };
    let content: UnsyncBoxBody<_, _> = StreamBody::new(stream::iter(pieces)).boxed_unsync();
    let mut request = Request::builder().method(&*method).uri(format!("http://127.0.0.1:{port}/"));
    if has_length {
        request = request.header("content-length", "100");
    }
    let stream = TcpStream::connect(format!("127.0.0.1:{port}")).await?;
    let offers = if offer == "-" { vec![] } else { vec![&*offer] };
    let request = request.body(content)?;
    let outcome = match tls::connector() {
        None => client::upgrade(stream, request, &offers).await?,
        Some(connector) => {
            let name = ServerName::try_from("127.0.0.1")?;
            client::upgrade(connector.connect(name, stream).await?, request, &offers).await?
        }
    };
    match outcome {
        Outcome::Upgraded(mut stream) => {
            stream.write_all(b"hello").await?;
            let mut all = Vec::new();
            stream.read_to_end(&mut all).await?;
            Ok(format!("switched {}", all.len()))
        }
        Outcome::Declined(declined) => {
            let status = declined.response.status().as_u16();
            Ok(format!(
                "whole {status} {}",
                declined.response.into_body().collect().await?.to_bytes().len()
            ))
        }
    }
}
