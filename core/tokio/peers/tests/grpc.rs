//! Tests of the example with a gRPC service beside an axum router.

#[path = "../examples/grpc/router.rs"]
mod router;

use switchover_tokio::{Config, accept, serve_connection_until};
use switchover_tokio_peers::{Served, Tls, within};
use tokio::net::TcpListener;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// Calls one method with a single answer, and one with a stream of answers.
async fn check(channel: Channel) {
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
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let tls = Tls::new(&["h2", "http/1.1"]);
    let (acceptor, router) = (tls.acceptor.clone(), router::router().await);
    let config = Config::default().secure().with_h2(router.clone());
    let serving = tokio::spawn(accept(listener, std::future::pending(), move |stream, _, stop| {
        let (acceptor, router, config) = (acceptor.clone(), router.clone(), config.clone());
        async move {
            let stream = acceptor.accept(stream).await.expect("a handshake");
            let _ = serve_connection_until(stream, router, &config, stop.wait()).await;
        }
    }));
    let trusted = Certificate::from_pem(&tls.certificate);
    let options = ClientTlsConfig::new().ca_certificate(trusted).domain_name("localhost");
    let endpoint = Endpoint::from_shared(format!("https://{address}")).expect("a URL");
    let endpoint = endpoint.tls_config(options).expect("options");
    check(within(endpoint.connect()).await.expect("a server")).await;
    serving.abort();
}
