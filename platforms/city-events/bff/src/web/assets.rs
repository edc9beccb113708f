//! What pages load: small, written by hand, part of the program.

use seaworthy::{
    axum::{
        http::header,
        response::{IntoResponse, Response},
        routing::get,
    },
    prelude::{Access, RouteOptions, Routes},
};

const STYLE: &str = include_str!("assets/app.css");
const SCRIPT: &str = include_str!("assets/app.js");
const ICON: &str = include_str!("assets/icon.svg");

/// Changes whenever one of them does, so that browsers may keep them for ever.
pub(super) const VERSION: u64 = fingerprint(&[STYLE, SCRIPT, ICON]);

/// A year: the version is part of the address.
const KEEP: &str = "public, max-age=31536000, immutable";

/// FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo), at compile time.
const fn fingerprint(texts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut texts = texts;
    while let [text, others @ ..] = texts {
        let mut bytes = text.as_bytes();
        while let [byte, rest @ ..] = bytes {
            hash = (hash ^ *byte as u64).wrapping_mul(0x0100_0000_01b3);
            bytes = rest;
        }
        texts = others;
    }
    hash
}

pub(super) fn routes() -> Routes {
    [
        ("/assets/app.css", "text/css; charset=utf-8", STYLE),
        ("/assets/app.js", "text/javascript; charset=utf-8", SCRIPT),
        ("/assets/icon.svg", "image/svg+xml", ICON),
        ("/favicon.ico", "image/svg+xml", ICON),
    ]
    .into_iter()
    .fold(Routes::new(), |routes, (path, kind, text)| {
        let serve = move || async move { asset(kind, text) };
        let options = RouteOptions::new().access(Access::Public);
        routes.route_with(path, get(serve), options)
    })
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, KEEP)];
    (headers, text).into_response()
}
