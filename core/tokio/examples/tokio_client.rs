//! A client on tokio that offers `foo/2`: `tokio_client [ADDRESS]`.

use http::Request;
use switchover_tokio::client::{Outcome, upgrade};
use switchover_tokio::{Body, BoxError};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let request = Request::get(format!("http://{address}/")).body(Body::empty())?;
    match upgrade(TcpStream::connect(address).await?, request, &["foo/2"]).await? {
        Outcome::Upgraded(stream) => {
            let (mut stream, mut line) = (BufReader::new(stream), String::new());
            stream.write_all(b"hello\n").await?;
            stream.read_line(&mut line).await?;
            print!("{line}");
        }
        Outcome::Declined(declined) => println!("{declined}"),
    }
    Ok(())
}
