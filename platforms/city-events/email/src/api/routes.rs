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
    limits::Limits,
    pages,
    questions::{Kind, ask},
};
use crate::auth_service::AuthService;

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    token: String,
}

/// All routes of the service.
pub(crate) fn routes(auth: &AuthService, limits: &Limits, health: &Health) -> Routes {
    let question = |kind| {
        let (auth, limits) = (auth.clone(), limits.clone());
        async move |body: Bytes| ask(&auth, &limits, kind, &body).await
    };
    let links = Routes::new()
        .get("/verify", async |Query(link): Query<Link>| {
            leads_to(&link, pages::verify)
        })
        .get("/reset", async |Query(link): Query<Link>| {
            leads_to(&link, pages::reset)
        })
        .with_options(RouteOptions::sensitive_query);
    let asked = Routes::new()
        .post("/api/verify", question(Kind::VerifyEmail))
        .post("/api/reset/validate", question(Kind::ValidateReset))
        .post("/api/reset/confirm", question(Kind::ConfirmReset))
        .get("/assets/links.js", async || pages::script())
        .get("/assets/links.css", async || pages::style());
    let health = health.clone();
    let probes = Routes::new()
        .get("/healthz", async || "ok")
        .get("/readyz", async move || ready(&health))
        .with_options(RouteOptions::probe);
    links.merge(asked).merge(probes)
}

fn leads_to(link: &Link, page: fn(&str) -> Response) -> Response {
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
