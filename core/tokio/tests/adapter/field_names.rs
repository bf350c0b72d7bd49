//! Tests of the case and order of field names, kept and set in both roles.

use http::{Request, Response};
use switchover_tokio::client::connect;
use switchover_tokio::{
    Body, BoxError, Config, FieldNames, ReasonPhrase, serve_connection, service_fn,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::config;

/// Responds with the names of the request, and repeats its fields in the response.
async fn mirror(request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let (head, _) = request.into_parts();
    let names = head.extensions.get::<FieldNames>().expect("names").clone();
    let listed: Vec<_> = names.iter().map(String::from_utf8_lossy).collect();
    let mut response = Response::new(listed.join(" ").into());
    *response.headers_mut() = head.headers;
    response.headers_mut().remove("host");
    response.headers_mut().insert("x-own", "1".parse()?);
    response.extensions_mut().insert(names);
    Ok(response)
}

#[tokio::test]
async fn names_of_a_request_are_kept_and_set_in_its_response() {
    let config = Config { field_names: true, ..config() };
    let (mut client, server) = tokio::io::duplex(1 << 16);
    let request = "GET / HTTP/1.1\r\nHOST: a\r\nx-B: 1\r\nAccept: x\r\nX-b: 2\r\nX-B: 3\r\n\r\n";
    client.write_all(request.as_bytes()).await.expect("room");
    client.shutdown().await.expect("an end");
    let serving = serve_connection(server, service_fn(mirror), &config);
    let mut said = String::new();
    let (served, read) = tokio::join!(serving, client.read_to_string(&mut said));
    served.expect("served");
    read.expect("text");
    let expected = "HTTP/1.1 200 OK\r\nx-B: 1\r\nAccept: x\r\nX-b: 2\r\nX-B: 3\r\nx-own: 1\r\n\
                    content-length: 23\r\n";
    assert!(said.starts_with(expected), "{said}");
    assert!(said.ends_with("\r\n\r\nHOST x-B Accept X-b X-B"), "{said}");
}

#[tokio::test]
async fn names_are_set_in_a_request_and_kept_of_its_response() {
    let (client, mut server) = tokio::io::duplex(1 << 16);
    let mut client = connect(client, &Config { field_names: true, ..Config::default() });
    let mut request =
        Request::get("http://a/").header("etag", "1").header("x-b", "2").body(Body::empty());
    let names = FieldNames::new(["X-None", "Host", "X-B", "X-B", "not a name", "ETag"]);
    request.as_mut().expect("a request").extensions_mut().insert(names);
    let answer = async {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(server.read_u8().await.expect("a head"));
        }
        let response = b"HTTP/1.1 200 Fine\r\nX-b: 1\r\ncontent-LENGTH: 0\r\n\r\n";
        server.write_all(response).await.expect("room");
        String::from_utf8(head).expect("text")
    };
    let (response, head) = tokio::join!(client.send(request.expect("a request")), answer);
    assert_eq!(head, "GET / HTTP/1.1\r\nHost: a\r\nX-B: 2\r\nETag: 1\r\n\r\n");
    let response = response.expect("a response");
    let names = response.extensions().get::<FieldNames>().expect("names");
    assert_eq!(names.iter().collect::<Vec<_>>(), [&b"X-b"[..], b"content-LENGTH"]);
    let reason = response.extensions().get::<ReasonPhrase>().expect("a reason");
    assert_eq!(reason.as_bytes(), b"Fine");
}
