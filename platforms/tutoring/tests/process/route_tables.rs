//! The tables of routes have every documented operation, and `schemathesis` checks that the
//! documents have every served one. So a route without a row fails a test.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;
use tutoring_gateway::PUBLIC_ROUTES;

use crate::{course_routes, later_routes, routes, schemathesis::services};

const PREFIX: &str = "/api/v1";
/// The role in the path of a row.
const ROLE: &str = "zone_admin";

/// Returns a path with parameters that have no name, and without its query.
fn shape(path: &str) -> String {
    let (path, _) = path.split_once('?').unwrap_or((path, ""));
    let segments = path.split('/').map(|segment| {
        let is_parameter = segment == ROLE || segment.starts_with('{');
        if is_parameter { "*" } else { segment }
    });
    segments.collect::<Vec<_>>().join("/")
}

#[test]
fn tables_have_every_documented_route_auth_5() {
    let listed = routes::listed()
        .chain(course_routes::listed())
        .chain(later_routes::listed())
        .chain(PUBLIC_ROUTES);
    let listed = listed.map(|(method, path)| (method.to_owned(), shape(path)));
    let listed: BTreeSet<_> = listed.collect();
    let mut missing = Vec::new();
    for service in services() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(service);
        let document = fs::read_to_string(folder.join("docs/openapi.json")).unwrap();
        let document: Value = serde_json::from_str(&document).unwrap();
        for (path, methods) in document["paths"].as_object().unwrap() {
            // The page of a certificate has a test of its own.
            let Some(path) = path.strip_prefix(PREFIX) else {
                continue;
            };
            for method in methods.as_object().unwrap().keys() {
                let route = (method.to_uppercase(), shape(path));
                if !listed.contains(&route) {
                    missing.push(route);
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
