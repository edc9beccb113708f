use seaworthy::{
    axum::{
        body::Bytes,
        http::StatusCode,
        response::{IntoResponse as _, Response},
    },
    health::Health,
    prelude::*,
};

use super::{
    forward::{Kind, forward},
    limits::Limits,
    pages,
};
use crate::auth_client::AuthClient;

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    token: String,
}

/// Returns all routes of the service.
pub(crate) fn routes(auth: &AuthClient, limits: &Limits, health: &Health) -> Routes {
    let forwarding = |kind| {
        let (auth, limits) = (auth.clone(), limits.clone());
        async move |body: Bytes| forward(&auth, &limits, kind, &body).await
    };
    let links = Routes::new()
        .get("/verify", async |Query(link): Query<Link>| {
            page_of(&link, pages::verify)
        })
        .get("/reset", async |Query(link): Query<Link>| {
            page_of(&link, pages::reset)
        })
        .with_options(RouteOptions::sensitive_query);
    let requests = Routes::new()
        .post("/api/verify", forwarding(Kind::VerifyEmail))
        .post("/api/reset/validate", forwarding(Kind::ValidateReset))
        .post("/api/reset/confirm", forwarding(Kind::ConfirmReset))
        .get("/assets/links.js", async || pages::script())
        .get("/assets/links.css", async || pages::style());
    let health = health.clone();
    let probes = Routes::new()
        .get("/healthz", async || "ok")
        .get("/readyz", async move || ready(&health))
        .with_options(RouteOptions::probe);
    links.merge(requests).merge(probes)
}

fn page_of(link: &Link, page: fn(&str) -> Response) -> Response {
    if link.token.is_empty() {
        return pages::incomplete();
    }
    page(&link.token)
}

fn ready(health: &Health) -> Response {
    if health.readiness().accepts_traffic() {
        return "ok".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, "not ready").into_response()
}
