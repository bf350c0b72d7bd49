//! The client: offers one protocol, and speaks it if the server accepts.

use futures_util::{SinkExt, StreamExt};
use http::{Request, Uri};
use switchover_tokio::client::{self, Outcome};
use switchover_tokio::{Body, BoxError, Config, Http2Stream, Transport, Upgraded};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Message, Role};

use crate::{LINE, resolve};

pub(crate) async fn ask(url: Uri, protocol: &str, lines: &[&str]) -> Result<(), BoxError> {
    let request = Request::get(&url).body(Body::empty())?;
    let is_secure = url.scheme_str() == Some("https");
    // What may be offered depends on it: h2c, for instance, is not for TLS.
    let config = if is_secure { Config::default().secure() } else { Config::default() };
    let mut http = client::connect(connect(&url, is_secure).await?, &config);
    match http.upgrade(request, &[protocol]).await? {
        Outcome::Declined(declined) => println!("{declined}"),
        Outcome::Upgraded(stream) => match protocol {
            "websocket" => ask_websocket(stream, lines).await?,
            "h2c" => ask_http2(stream, url).await?,
            _ => ask_in_lines(stream, lines).await?,
        },
    }
    Ok(())
}

async fn connect(url: &Uri, is_secure: bool) -> Result<Box<dyn Transport>, BoxError> {
    let host = url.host().ok_or("the URL has no host")?.trim_matches(['[', ']']);
    let port = url.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
    let stream = TcpStream::connect(&*resolve((host, port))?).await?;
    if !is_secure {
        return Ok(Box::new(stream));
    }
    #[cfg(feature = "tls")]
    return tls::connect(host, stream).await;
    #[cfg(not(feature = "tls"))]
    Err("https needs the feature `tls`".into())
}

#[cfg(feature = "tls")]
mod tls {
    use std::sync::Arc;

    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};

    use super::{BoxError, TcpStream, Transport};

    /// Connects in TLS; trusts browsers' authorities and the PEM text in `ROOTS`.
    pub(super) async fn connect(
        host: &str,
        stream: TcpStream,
    ) -> Result<Box<dyn Transport>, BoxError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() };
        let more = std::env::var("ROOTS").unwrap_or_default();
        for root in CertificateDer::pem_slice_iter(more.as_bytes()) {
            roots.add(root?)?;
        }
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from(host.to_owned())?;
        Ok(Box::new(TlsConnector::from(Arc::new(config)).connect(name, stream).await?))
    }
}

/// Speaks `foo/2`: prints the response to the request, then the one to each line.
async fn ask_in_lines(stream: Upgraded, lines: &[&str]) -> Result<(), BoxError> {
    let mut stream = BufReader::new(stream);
    for line in std::iter::once(None).chain(lines.iter().map(Some)) {
        if let Some(line) = line {
            stream.write_all(format!("{line}\n").as_bytes()).await?;
            stream.flush().await?;
        }
        let mut answer = String::new();
        if (&mut stream).take(LINE).read_line(&mut answer).await? == 0 {
            return Err("the server left".into());
        }
        print!("{answer}");
    }
    Ok(stream.shutdown().await?)
}

async fn ask_websocket(stream: Upgraded, lines: &[&str]) -> Result<(), BoxError> {
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
    for line in lines {
        socket.send(Message::text(*line)).await?;
        let answer = loop {
            match socket.next().await.ok_or("the server left")?? {
                Message::Ping(_) | Message::Pong(_) => {}
                message => break message.into_text()?,
            }
        };
        println!("{answer}");
    }
    Ok(socket.close(None).await?)
}

/// Prints the response to the upgraded request, which the server sends in HTTP/2.
///
/// `h2` gets it by sending the request again, but `Http2Stream` does not pass this copy on.
async fn ask_http2(stream: Upgraded, url: Uri) -> Result<(), BoxError> {
    let (mut http2, connection) = h2::client::handshake(Http2Stream::client(stream)).await?;
    let exchange = async {
        let response = http2.send_request(Request::get(url).body(())?, true)?.0.await?;
        println!("{} in HTTP/2", response.status());
        let mut content = response.into_body();
        while let Some(piece) = content.data().await.transpose()? {
            print!("{}", String::from_utf8_lossy(&piece));
            content.flow_control().release_capacity(piece.len())?;
        }
        Ok(())
    };
    tokio::select! {
        done = exchange => done,
        ended = connection => Err(ended.err().map_or("the server left".into(), BoxError::from)),
    }
}
