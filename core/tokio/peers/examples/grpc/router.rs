//! The routes: a page, and gRPC's health service and greeter.

use axum::Router;
use axum::routing::get;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::health_reporter;

use super::greeter;

/// Returns a router with a page in any version of HTTP, and gRPC services.
pub(crate) async fn router() -> Router {
    let (reporter, health) = health_reporter();
    reporter.set_service_status("", ServingStatus::Serving).await;
    Routes::new(health)
        .into_axum_router()
        .merge(greeter::router())
        .route("/page", get(async || "a page\n"))
}
