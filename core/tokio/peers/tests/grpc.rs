//! Tests of the example with a gRPC service beside an axum router.

#[path = "../examples/grpc/greeter.rs"]
mod greeter;
#[path = "../examples/grpc/router.rs"]
mod router;

use axum::http::uri::PathAndQuery;
use futures_util::{StreamExt, stream};
use greeter::{HelloReply, HelloRequest};
use switchover_tokio::Config;
use switchover_tokio_peers::{Served, Tls, within};
use tonic::client::Grpc;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_prost::ProstCodec;

/// Calls each kind of method: unary, and with streams in one direction and in both.
async fn check(channel: Channel) {
    say_hello(channel.clone()).await;
    chat(channel.clone()).await;
    let mut client = HealthClient::new(channel);
    let request = || HealthCheckRequest { service: String::new() };
    let answer = within(client.check(request())).await.expect("an answer").into_inner();
    assert_eq!(answer.status(), ServingStatus::Serving);
    let mut answers = within(client.watch(request())).await.expect("an answer").into_inner();
    let first = within(answers.message()).await.expect("an answer").expect("one");
    assert_eq!(first.status(), ServingStatus::Serving);
    let unknown = HealthCheckRequest { service: "unknown".into() };
    let error = within(client.check(unknown)).await.expect_err("an unknown service");
    assert_eq!(error.code(), tonic::Code::NotFound);
}

/// Calls `SayHello` as tonic's `helloworld-client` does, and without a name.
async fn say_hello(channel: Channel) {
    let mut client = Grpc::new(channel);
    let mut greeting = async |name: &str| {
        let path = PathAndQuery::from_static("/helloworld.Greeter/SayHello");
        within(client.ready()).await.expect("a connection");
        let request = tonic::Request::new(HelloRequest { name: name.into() });
        within(client.unary(request, path, ProstCodec::default())).await
    };
    let answer: tonic::Response<HelloReply> = greeting("Tonic").await.expect("an answer");
    assert_eq!(answer.into_inner().message, "Hello Tonic!");
    let error = greeting("").await.expect_err("no name");
    assert_eq!((error.code(), error.message()), (tonic::Code::InvalidArgument, "no name"));
}

/// Calls `RouteChat` with 201 messages of 10 kB.
///
/// Each is sent after the answer to the one before.
async fn chat(channel: Channel) {
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let names =
        stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    let mut client = Grpc::new(channel);
    within(client.ready()).await.expect("a connection");
    let path = PathAndQuery::from_static("/routeguide.RouteGuide/RouteChat");
    let call = client.streaming(tonic::Request::new(names), path, ProstCodec::default());
    let name = "n".repeat(10_000);
    sender.send(HelloRequest { name: name.clone() }).await.expect("a receiver");
    let answers: tonic::Response<tonic::Streaming<HelloReply>> =
        within(call).await.expect("an answer");
    let mut answers = answers.into_inner();
    for _ in 0..200 {
        let answer = within(answers.next()).await.expect("an answer").expect("no error");
        assert_eq!(answer.message, format!("Hello {name}!"));
        sender.send(HelloRequest { name: name.clone() }).await.expect("a receiver");
    }
    drop(sender);
    within(answers.next()).await.expect("the last answer").expect("no error");
    assert!(within(answers.next()).await.is_none(), "the stream has ended");
}

#[tokio::test]
async fn grpc_is_served_in_clear_beside_a_page() {
    let router = router::router().await;
    let served = Served::with(router.clone(), Config::default().with_h2(router)).await;
    let page = reqwest::get(served.url("/page")).await.expect("an answer").text().await;
    assert_eq!(page.expect("text"), "a page\n");
    let endpoint = Endpoint::from_shared(served.url("")).expect("a URL");
    check(within(endpoint.connect()).await.expect("a server")).await;
    served.stop().await;
}

#[tokio::test]
async fn grpc_is_served_over_tls() {
    let (tls, router) = (Tls::new(&["h2", "http/1.1"]), router::router().await);
    let config = Config::default().with_h2(router.clone());
    let served = Served::over_tls(tls.acceptor.clone(), router, config).await;
    let trusted = Certificate::from_pem(&tls.certificate);
    let options = ClientTlsConfig::new().ca_certificate(trusted).domain_name("localhost");
    let endpoint = Endpoint::from_shared(format!("https://{}", served.address)).expect("a URL");
    let endpoint = endpoint.tls_config(options).expect("options");
    check(within(endpoint.connect()).await.expect("a server")).await;
    served.stop().await;
}
