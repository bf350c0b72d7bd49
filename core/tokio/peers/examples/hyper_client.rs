//! The example `tokio_client` of this project, written with hyper for comparison.

use bytes::Bytes;
use http::header::{CONNECTION, HOST, UPGRADE};
use http::{Request, StatusCode};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let stream = TokioIo::new(TcpStream::connect(&address).await?);
    let (mut sender, connection) = http1::handshake(stream).await?;
    tokio::spawn(async move { drop(connection.with_upgrades().await) });
    let request = Request::get("/")
        .header(HOST, address)
        .header(CONNECTION, "upgrade")
        .header(UPGRADE, "foo/2");
    let response = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
    // The protocol in the 101 is not checked: this client would speak `foo/2` after a switch to any
    // protocol.
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(format!("answered {}", response.status()).into());
    }
    let mut stream = BufReader::new(TokioIo::new(hyper::upgrade::on(response).await?));
    let mut line = String::new();
    stream.write_all(b"hello\n").await?;
    stream.take(65_536).read_line(&mut line).await?;
    print!("{line}");
    Ok(())
}
