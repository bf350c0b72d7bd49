//! A host of the hostile kit: clients of `switchover_tokio`, asked by lines on standard input (see README.md).

use std::collections::HashMap;

use bytes::Bytes;
use futures_util::stream;
use http::Request;
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Frame;
use switchover_tokio::BoxError;
use switchover_tokio::client::{self, Outcome};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut asked = HashMap::<String, AbortHandle>::new();
    while let Some(line) = lines.next_line().await? {
        let words: Vec<String> = line.split(' ').map(Into::into).collect();
        match words[1].as_str() {
            "self" => println!("{} self {}", words[0], Handle::current().metrics().num_alive_tasks()),
            "cancel" => asked.remove(&words[0]).map_or((), |task| task.abort()),
            _ => {
                let id = words[0].clone();
                let task = async move {
                    match ask(&words[1], &words[2], &words[3], &words[4]).await {
                        Ok(outcome) => println!("{} {outcome}", words[0]),
                        Err(error) => println!("{} failed {}", words[0], error.to_string().replace('\n', " ")),
                    }
                };
                asked.retain(|_, task| !task.is_finished());
                asked.insert(id, tokio::spawn(task).abort_handle());
            }
        }
    }
    Ok(())
}

async fn ask(method: &str, port: &str, offer: &str, content: &str) -> Result<String, BoxError> {
    let has_length = matches!(content, "short" | "long");
    let piece = |length: usize| Ok::<_, BoxError>(Frame::data(Bytes::from(vec![b'x'; length])));
    let pieces = match content {
        "large" => (0..64).map(|_| piece(1 << 14)).collect(),
        "short" => vec![piece(10)],
        "long" => (0..20).map(|_| piece(10)).collect(),
        "raises" => vec![piece(10), Err("in the content".into())],
        _ => vec![],
    };
    let content: UnsyncBoxBody<_, _> = StreamBody::new(stream::iter(pieces)).boxed_unsync();
    let mut request = Request::builder().method(method).uri(format!("http://127.0.0.1:{port}/"));
    if has_length {
        request = request.header("content-length", "100");
    }
    let stream = TcpStream::connect(format!("127.0.0.1:{port}")).await?;
    let offers = if offer == "-" { vec![] } else { vec![offer] };
    match client::upgrade(stream, request.body(content)?, &offers).await? {
        Outcome::Upgraded(mut stream) => {
            stream.write_all(b"hello").await?;
            let mut all = Vec::new();
            stream.read_to_end(&mut all).await?;
            Ok(format!("switched {}", all.len()))
        }
        Outcome::Declined(declined) => {
            let status = declined.response.status().as_u16();
            Ok(format!("whole {status} {}", declined.response.into_body().collect().await?.to_bytes().len()))
        }
    }
}
