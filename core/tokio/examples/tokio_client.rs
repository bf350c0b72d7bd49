//! A client on tokio that offers `foo/2`: `tokio_client [ADDRESS]`.

use http::Request;
use switchover_tokio::{Body, BoxError, client};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let request = Request::get(format!("http://{address}/")).body(Body::empty())?;
    let outcome = client::upgrade(TcpStream::connect(address).await?, request, &["foo/2"]).await?;
    let mut stream = BufReader::new(outcome.into_result()?);
    let mut line = String::new();
    stream.write_all(b"hello\n").await?;
    timeout(Duration::from_secs(30), stream.take(65_536).read_line(&mut line)).await??;
    print!("{line}");
    Ok(())
}
