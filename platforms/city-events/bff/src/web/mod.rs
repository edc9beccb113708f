//! The web pages.
//!
//! The server renders public content, so pages work before a script runs. Private content is in
//! fragments (`/fragments/…`). The script loads them with the access token, which only the script
//! has. So caches never store private data, and only the server creates markup.

mod account;
mod address;
mod assets;
mod cards;
mod components;
mod drawing;
mod editor;
mod event;
mod event_id;
mod features;
mod feed;
mod imports;
mod layout;
mod moderation;
mod no_script;
mod own_lists;
mod participants;
mod pictures;
mod two_step;

use std::sync::Arc;

use seaworthy::{
    axum::{
        extract::Request,
        http::{HeaderValue, header},
        middleware::{Next, from_fn, from_fn_with_state},
        response::Response,
        routing::{MethodRouter, get},
    },
    config::Profile,
    http::{PublicErrorBody, cookie::HostCookie},
    prelude::*,
};

pub(crate) use features::Features;
pub(crate) use pictures::Pictures;

use crate::{
    limit::{CallerLimit, admit},
    upstream::Upstreams,
};

/// The name of the only Trusted Types policy that the pages allow, as in `app.js`.
const TRUSTED_TYPES_POLICY: &str = "city-events";

/// The cookie of browsers without a script.
const PLAIN_SESSION: &str = "plain_session";

/// The state of all pages.
#[derive(Clone)]
pub(crate) struct Pages {
    upstreams: Upstreams,
    pictures: Arc<Pictures>,
    features: Features,
    policy: HeaderValue,
    /// The session of browsers without a script.
    plain_session: HostCookie,
}

impl Pages {
    pub(crate) fn new(
        upstreams: Upstreams,
        pictures: Pictures,
        features: Features,
        profile: Profile,
    ) -> Self {
        let (shown, sent) = pictures.origins();
        // Pages have no inline scripts or styles. Only the Trusted Types policy of this name turns
        // text into markup.
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: {shown}; connect-src 'self' {sent}; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types {TRUSTED_TYPES_POLICY}"
        );
        Self {
            upstreams,
            pictures: Arc::new(pictures),
            features,
            plain_session: match profile {
                Profile::Development => HostCookie::insecure(PLAIN_SESSION),
                _ => HostCookie::new(PLAIN_SESSION),
            },
            policy: HeaderValue::try_from(policy)
                .unwrap_or(HeaderValue::from_static("default-src 'none'")),
        }
    }
}

/// Returns the routes of pages, fragments and assets.
pub(crate) fn routes(pages: Pages, limit: &CallerLimit) -> Routes {
    let plain = no_script::routes(pages.clone(), limit);
    let policy = pages.policy.clone();
    let set_headers = move |request: Request, next: Next| {
        let policy = policy.clone();
        async move { set_page_headers(policy, next.run(request).await) }
    };
    let pages_and_fragments: [(&str, MethodRouter<Pages>, bool); 26] = [
        ("/", get(feed::page), false),
        ("/events/{id}", get(event::page), false),
        ("/events/{id}/edit", get(editor::edit), false),
        ("/events/{id}/people", get(participants::page), false),
        ("/new", get(editor::create), false),
        ("/me/events", get(own_lists::events), false),
        ("/me/joins", get(own_lists::joins), false),
        ("/me/imports", get(imports::page), false),
        ("/me/imports/{id}", get(imports::progress_page), false),
        ("/moderation", get(moderation::page), false),
        ("/login", get(account::login), false),
        ("/register", get(account::register), false),
        ("/forgot-password", get(account::forgot), false),
        ("/profile", get(account::profile), false),
        ("/two-step", get(two_step::page), false),
        // Their queries contain one-time tokens.
        ("/verify-email", get(account::verify), true),
        ("/reset-password", get(account::reset), true),
        ("/fragments/feed", get(feed::fragment), false),
        ("/fragments/events/{id}", get(event::fragment), false),
        ("/fragments/events/{id}/edit", get(editor::fragment), false),
        (
            "/fragments/events/{id}/people",
            get(participants::fragment),
            false,
        ),
        (
            "/fragments/me/events",
            get(own_lists::events_fragment),
            false,
        ),
        ("/fragments/me/joins", get(own_lists::joins_fragment), false),
        ("/fragments/me/imports", get(imports::list_fragment), false),
        ("/fragments/me/imports/{id}", get(imports::fragment), false),
        ("/fragments/moderation", get(moderation::fragment), false),
    ];
    let pages = pages_and_fragments
        .into_iter()
        .fold(Routes::new(), |routes, (path, methods, is_sensitive)| {
            let methods = methods
                .layer(from_fn(set_headers.clone()))
                .layer(from_fn_with_state(limit.clone(), admit));
            let options = RouteOptions::new().access(Access::Optional);
            let options = match is_sensitive {
                true => options.sensitive_query(),
                false => options,
            };
            routes.route_with(path, methods, options)
        })
        .with_state(pages);
    pages.merge(plain).merge(assets::routes())
}

fn set_page_headers(policy: HeaderValue, mut response: Response) -> Response {
    // A page about an unavailable service has no internals. Extractors respond with plain text.
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        response.extensions_mut().insert(PublicErrorBody);
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
