//! Two services of tonic's examples: `helloworld` and the chat of `routeguide`.
//!
//! Their messages are written out, as a program with `tonic-build` gets them from a `.proto` file.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::post;
use futures_util::StreamExt;
use tonic::server::Grpc;
use tonic::{Status, Streaming};
use tonic_prost::ProstCodec;
use tower::service_fn;

/// The name of somebody to greet.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HelloRequest {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
}

/// A greeting.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HelloReply {
    #[prost(string, tag = "1")]
    pub(crate) message: String,
}

/// Returns a router with one unary method, and one that streams in both directions.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/helloworld.Greeter/SayHello", post(say_hello))
        .route("/routeguide.RouteGuide/RouteChat", post(route_chat))
}

fn reply(request: HelloRequest) -> Result<HelloReply, Status> {
    if request.name.is_empty() {
        return Err(Status::invalid_argument("no name"));
    }
    Ok(HelloReply { message: format!("Hello {}!", request.name) })
}

async fn say_hello(request: Request) -> Response {
    let greets = service_fn(async |request: tonic::Request<HelloRequest>| {
        reply(request.into_inner()).map(tonic::Response::new)
    });
    Grpc::new(ProstCodec::default()).unary(greets, request).await.map(Body::new)
}

async fn route_chat(request: Request) -> Response {
    let chats = service_fn(async |request: tonic::Request<Streaming<HelloRequest>>| {
        let replies = request.into_inner().map(|note| note.and_then(reply));
        Ok::<_, Status>(tonic::Response::new(replies))
    });
    Grpc::new(ProstCodec::default()).streaming(chats, request).await.map(Body::new)
}
