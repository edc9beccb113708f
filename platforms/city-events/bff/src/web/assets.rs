//! The style sheet, script and icon of the pages. They are part of the binary.

use seaworthy::{
    axum::{
        http::header,
        response::{IntoResponse, Response},
        routing::get,
    },
    prelude::{Access, RouteOptions, Routes},
};

const STYLE: &str = include_str!("assets/app.css");
/// The parts of the script share one scope.
const SCRIPT: &str = concat!(
    "\"use strict\";\n(() => {\n",
    include_str!("assets/app/request.js"),
    include_str!("assets/app/session.js"),
    include_str!("assets/app/api.js"),
    include_str!("assets/app/page.js"),
    include_str!("assets/app/action.js"),
    include_str!("assets/app/picture.js"),
    include_str!("assets/app/two_step.js"),
    include_str!("assets/app/form.js"),
    include_str!("assets/app/oauth.js"),
    include_str!("assets/app/start.js"),
    "})();\n"
);
const ICON: &str = include_str!("assets/icon.svg");

/// A hash of all assets. It is part of their URLs, so browsers can cache them.
pub(super) const VERSION: u64 = fingerprint(&[STYLE, SCRIPT, ICON]);

/// The `Cache-Control` of assets: one year, because their URLs contain a hash.
const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// FNV-1a hash (G. Fowler, L. C. Noll, K.-P. Vo), computed at compile time.
const fn fingerprint(texts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut texts = texts;
    while let [text, remaining @ ..] = texts {
        let mut bytes = text.as_bytes();
        while let [byte, rest @ ..] = bytes {
            hash = (hash ^ *byte as u64).wrapping_mul(0x0100_0000_01b3);
            bytes = rest;
        }
        texts = remaining;
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
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, CACHE_CONTROL),
    ];
    (headers, text).into_response()
}
