//! The stack's lookup and axum's dispatcher must lead to the same route. Otherwise the access of
//! one route would guard the handler of another.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::MatchedPath,
    routing::{self, MethodRouter},
};
use futures::FutureExt as _;
use http::{Request, Response, StatusCode, Uri};
use proptest::prelude::*;
use tower_service::Service as _;

use super::*;

/// Segments that overlap, contain escapes or are siblings of parameters.
const SEGMENTS: [&str; 12] = [
    "a",
    "b",
    "{id}",
    "{id}.json",
    "pre-{id}",
    "a:cancel",
    "{id}:cancel",
    "%61",
    "%2F",
    "",
    "~",
    "{*rest}",
];

type Make = fn(&str) -> MethodRouter;

fn methods() -> [(Method, Make); 4] {
    fn response(template: &str) -> impl Handler<((),), ()> {
        let template = template.to_owned();
        async move || template
    }
    [
        (Method::GET, |path| routing::get(response(path))),
        (Method::HEAD, |path| routing::head(response(path))),
        (Method::POST, |path| routing::post(response(path))),
        (Method::DELETE, |path| routing::delete(response(path))),
    ]
}

/// Generates a template of a few segments. Many are invalid or conflict. The table accepts the
/// others.
fn template() -> impl Strategy<Value = String> {
    let segment = prop::sample::select(&SEGMENTS[..]);
    prop::collection::vec(segment, 1..4).prop_map(|segments| format!("/{}", segments.join("/")))
}

/// Generates a path as a client can send it: segments like those of the templates, escapes, and any
/// byte that a URI admits.
fn path() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        4 => prop::sample::select(
            &["a", "b", "7", "a:cancel", "7:cancel", "7%3Acancel", "a%3acancel", "%61", "%2F",
              "%2f", "%00", "%ff", "%", "%zz", "..", ".", "", "~", "x.json", ".json", "pre-",
              "pre-7", "{id}", "{*rest}", "*", "é"][..]
        ).prop_map(str::to_owned),
        1 => "[!-\"$-;=@-~]{0,6}",
        1 => "\\PC{0,4}",
    ];
    prop::collection::vec(segment, 0..5).prop_map(|segments| format!("/{}", segments.join("/")))
}

fn now<F: Future>(future: F) -> F::Output {
    future.now_or_never().unwrap()
}

fn text(response: Response<Body>) -> String {
    let bytes = now(to_bytes(response.into_body(), 1024)).unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A handler that responds with its template and with the one that axum matched.
fn handler(template: &str) -> MethodRouter {
    let template = template.to_owned();
    routing::any(async move |matched: MatchedPath| format!("{template} {}", matched.as_str()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn lookup_and_axum_agree_on_any_path_auth_5(
        templates in prop::collection::vec(template(), 1..8),
        paths in prop::collection::vec(path(), 1..16),
    ) {
        let mut routes = Routes::new();
        let mut router = Router::new();
        for template in templates {
            let more = routes.clone().route(&template, handler(&template));
            // Skip routes that the table rejects, because a service cannot have them.
            if Table::new(more.clone()).is_ok() {
                routes = more;
                router = router.route(&template, handler(&template));
            }
        }
        let table = Table::new(routes).unwrap();
        for path in paths {
            let Ok(uri) = path.parse::<Uri>() else { continue };
            let request = || Request::get(uri.clone()).body(Body::empty()).unwrap();
            let target = table.find(&Method::GET, uri.path());
            let label = table.label(target.path).to_owned();
            let axum = now(router.call(request())).unwrap();
            match target.found {
                Found::Endpoint(endpoint) => {
                    let ours = now(endpoint.call(request())).unwrap();
                    prop_assert_eq!(ours.status(), StatusCode::OK, "{}", path);
                    prop_assert_eq!(text(ours), format!("{label} {label}"));
                    prop_assert_eq!(text(axum), format!("{label} {label}"), "{}", path);
                }
                Found::NoRoute => {
                    prop_assert_eq!(label, UNMATCHED);
                    prop_assert_eq!(axum.status(), StatusCode::NOT_FOUND, "{}", path);
                }
                Found::OtherMethods(_) => prop_assert!(false, "{path}"),
            }
        }
    }

    #[test]
    fn mount_serves_exactly_the_paths_of_lookup_auth_5(
        templates in prop::collection::vec(template(), 1..6),
        prefixes in prop::collection::vec(template(), 1..4),
        paths in prop::collection::vec(path(), 1..16),
    ) {
        let mut routes = Routes::new();
        let own = templates.iter().map(|path| Routes::new().route(path, handler(path)));
        let mounts = prefixes.iter().map(|prefix| {
            let response = format!("mounted {}", variant::mount_template(prefix));
            Routes::new().nest_service(prefix, Router::new().fallback(async move || response))
        });
        for added in own.chain(mounts) {
            let more = routes.clone().merge(added);
            if Table::new(more.clone()).is_ok() {
                routes = more;
            }
        }
        let table = Table::new(routes).unwrap();
        for path in paths {
            let Ok(uri) = path.parse::<Uri>() else { continue };
            let target = table.find(&Method::GET, uri.path());
            let Found::Endpoint(endpoint) = target.found else { continue };
            let label = table.label(target.path);
            let request = Request::get(uri.clone()).body(Body::empty()).unwrap();
            let response = text(now(endpoint.call(request)).unwrap());
            let expected = [format!("mounted {label}"), format!("{label} {label}")];
            prop_assert!(expected.contains(&response), "{}: {}", path, response);
        }
    }

    #[test]
    fn lookup_and_axum_agree_on_any_method_auth_5(
        chosen in prop::collection::vec((prop::sample::select(&["/a", "/{id}"][..]), 0_usize..4), 1..8),
        asked in "GET|HEAD|POST|PUT|DELETE|OPTIONS|TRACE|CONNECT|REPORT|get",
    ) {
        let asked = Method::from_bytes(asked.as_bytes()).unwrap();
        let mut routes = Routes::new();
        let mut router = Router::new();
        for (path, index) in chosen {
            let (method, make) = &methods()[index];
            let name = format!("{method} {path}");
            let options = RouteOptions::new().roles([name.as_str()]);
            let more = routes.clone().route_with(path, make(&name), options);
            if Table::new(more.clone()).is_ok() {
                routes = more;
                router = router.route(path, make(&name));
            }
        }
        let table = Table::new(routes).unwrap();
        for path in ["/a", "/7"] {
            let request = || Request::builder().method(asked.clone()).uri(path).body(Body::empty()).unwrap();
            let axum = now(router.call(request())).unwrap();
            match table.find(&asked, path).found {
                Found::Endpoint(endpoint) => {
                    prop_assert_eq!(axum.status(), StatusCode::OK);
                    let ours = now(endpoint.call(request())).unwrap();
                    let length = ours.headers()["content-length"].clone();
                    prop_assert_eq!(&axum.headers()["content-length"], &length);
                    // The response to HEAD has no body, but its length is that of the handler's
                    // name.
                    let needed = endpoint.options().required_roles().next().unwrap().to_owned();
                    prop_assert_eq!(length.to_str().unwrap(), needed.len().to_string());
                    if asked != Method::HEAD {
                        prop_assert_eq!(text(ours), needed.as_str());
                        prop_assert_eq!(text(axum), needed);
                    }
                }
                Found::OtherMethods(_) => {
                    prop_assert_eq!(axum.status(), StatusCode::METHOD_NOT_ALLOWED);
                }
                Found::NoRoute => prop_assert_eq!(axum.status(), StatusCode::NOT_FOUND),
            }
        }
    }
}
