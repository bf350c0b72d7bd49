//! A page with a form, and its submission.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Query};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;

const PAGE: &str = r#"<!doctype html>
<title>A form</title>
<form method="post">
  <label>Name <input name="name"></label>
  <label>Age <input name="age" type="number"></label>
  <button>Send</button>
</form>
"#;

/// Returns a router with the form, which takes up to 1,000 bytes.
pub(crate) fn app() -> Router {
    Router::new()
        .route("/", get(async || Html(PAGE)).post(submit))
        .route("/thanks", get(thanks))
        .layer(DefaultBodyLimit::max(1_000))
}

async fn submit(Form(fields): Form<Vec<(String, String)>>) -> Response {
    let find = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    match (find("name"), find("age").and_then(|age| age.parse::<u8>().ok())) {
        (Some(name), Some(age)) => Redirect::to(&format!("/thanks?{name}={age}")).into_response(),
        _ => (StatusCode::UNPROCESSABLE_ENTITY, "A name and an age are wanted.\n").into_response(),
    }
}

async fn thanks(Query(given): Query<Vec<(String, u8)>>) -> String {
    given.iter().map(|(name, age)| format!("{name} is {age}.\n")).collect()
}
