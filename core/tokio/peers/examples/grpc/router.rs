//! The routes: a page, and the health service of gRPC.

use axum::Router;
use axum::routing::get;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::health_reporter;

/// Returns a router with a page in any version, and a gRPC service in HTTP/2.
pub(crate) async fn router() -> Router {
    let (reporter, health) = health_reporter();
    reporter.set_service_status("", ServingStatus::Serving).await;
    Routes::new(health).into_axum_router().route("/page", get(async || "a page\n"))
}
