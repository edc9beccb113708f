//! The pages for people.
//!
//! Everything that anybody may see is made here, on the server, and is there before any script runs. What is private comes as a piece of a page of its own
//! (`/fragments/…`), which the page's script asks for with the access token that it alone has: so no page with somebody's data in it can be kept by a cache, and there
//! is one place that makes markup.

mod account;
mod address;
mod art;
mod assets;
mod cards;
mod editor;
mod event;
mod event_id;
mod feed;
mod layout;
mod mine;
mod moderation;
mod people;
mod pictures;
mod words;

use std::sync::Arc;

use seaworthy::{
    axum::{
        extract::Request,
        http::{HeaderValue, header},
        middleware::{Next, from_fn, from_fn_with_state},
        response::Response,
        routing::{MethodRouter, get},
    },
    prelude::*,
};

use pictures::Pictures;

use crate::{
    limit::{CallerLimit, admit, harden},
    upstream::Upstreams,
};

/// The name of the only Trusted Types policy that the pages allow, as in `app.js`.
const TRUSTED_TYPES_POLICY: &str = "city-events";

/// What pages are made of.
#[derive(Clone)]
pub(crate) struct Pages {
    upstreams: Upstreams,
    pictures: Option<Arc<Pictures>>,
    policy: HeaderValue,
}

impl Pages {
    /// # Errors
    /// [`StartError`] if the address of the pictures is not a URL.
    pub(crate) fn new(upstreams: Upstreams, pictures: Option<&str>) -> Result<Self, StartError> {
        let pictures = pictures.map(Pictures::parse).transpose()?;
        let origin = pictures.as_ref().map(Pictures::origin).unwrap_or_default();
        // Nothing runs or paints but what this service sends itself; not a line of either stands in a page.
        // Only the policy of this name in the script turns text into markup.
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: {origin}; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types {TRUSTED_TYPES_POLICY}"
        );
        Ok(Self {
            upstreams,
            pictures: pictures.map(Arc::new),
            policy: HeaderValue::try_from(policy)
                .unwrap_or(HeaderValue::from_static("default-src 'none'")),
        })
    }
}

/// All pages, their pieces and what they load.
pub(crate) fn routes(pages: Pages, limit: &CallerLimit) -> Routes {
    let policy = pages.policy.clone();
    let secured = move |request: Request, next: Next| {
        let policy = policy.clone();
        async move { secure(policy, next.run(request).await) }
    };
    let listed: [(&str, MethodRouter<Pages>, bool); 21] = [
        ("/", get(feed::page), false),
        ("/events/{id}", get(event::page), false),
        ("/events/{id}/edit", get(editor::edit), false),
        ("/events/{id}/people", get(people::page), false),
        ("/new", get(editor::create), false),
        ("/me/events", get(mine::events), false),
        ("/me/joins", get(mine::joins), false),
        ("/moderation", get(moderation::page), false),
        ("/login", get(account::login), false),
        ("/register", get(account::register), false),
        ("/forgot-password", get(account::forgot), false),
        ("/profile", get(account::profile), false),
        // Links that are good once.
        ("/verify-email", get(account::verify), true),
        ("/reset-password", get(account::reset), true),
        ("/fragments/feed", get(feed::fragment), false),
        ("/fragments/events/{id}", get(event::fragment), false),
        ("/fragments/events/{id}/edit", get(editor::fragment), false),
        (
            "/fragments/events/{id}/people",
            get(people::fragment),
            false,
        ),
        ("/fragments/me/events", get(mine::events_fragment), false),
        ("/fragments/me/joins", get(mine::joins_fragment), false),
        ("/fragments/moderation", get(moderation::fragment), false),
    ];
    let pages = listed
        .into_iter()
        .fold(Routes::new(), |routes, (path, methods, is_sensitive)| {
            let methods = methods
                .layer(from_fn(secured.clone()))
                .layer(from_fn_with_state(limit.clone(), admit))
                .layer(from_fn(harden));
            let options = RouteOptions::new().access(Access::Optional);
            let options = match is_sensitive {
                true => options.sensitive_query(),
                false => options,
            };
            routes.route_with(path, methods, options)
        })
        .with_state(pages);
    pages.merge(assets::routes())
}

fn secure(policy: HeaderValue, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
