use axum::routing;

use super::*;

fn found(table: &Table, method: MethodLabel, path: &str) -> String {
    let id = table.find(path);
    match table.look(id, method) {
        Found::OtherMethods(allow) => allow.to_str().unwrap().to_owned(),
        Found::Route(_) | Found::Nothing => table.label(id).to_owned(),
    }
}

#[test]
fn every_path_and_method_is_known_at_build_time_obs_4() {
    let inner = Routes::new()
        .get("/", async || ())
        .route("/{id}", routing::get(async || ()).delete(async || ()));
    let routes = Routes::new()
        .nest("/things/v1", inner)
        .post("/echo", async || ());
    let listed: Vec<_> = routes
        .list()
        .into_iter()
        .map(|route| (route.path, route.methods))
        .collect();
    assert_eq!(
        listed,
        [
            ("/things/v1".to_owned(), vec!["GET", "HEAD"]),
            ("/things/v1/{id}".to_owned(), vec!["GET", "HEAD", "DELETE"]),
            ("/echo".to_owned(), vec!["POST"]),
        ]
    );
    let table = Table::new(routes).unwrap();
    assert_eq!(
        found(&table, MethodLabel::Get, "/things/v1/7"),
        "/things/v1/{id}"
    );
    assert_eq!(found(&table, MethodLabel::Head, "/things/v1"), "/things/v1");
    assert_eq!(
        found(&table, MethodLabel::Put, "/things/v1/7"),
        "GET, HEAD, DELETE, OPTIONS"
    );
    assert_eq!(found(&table, MethodLabel::Get, "/nothing"), "unmatched");
}

#[test]
fn a_route_may_know_no_head() {
    let options = RouteOptions::new().without_head();
    let routes = Routes::new().route_with("/", routing::get(async || ()), options);
    let table = Table::new(routes).unwrap();
    assert_eq!(found(&table, MethodLabel::Get, "/"), "/");
    assert_eq!(found(&table, MethodLabel::Head, "/"), "GET, OPTIONS");
}

#[test]
fn one_path_may_be_added_once_per_method_life_1() {
    let once = Routes::new().get("/", async || ()).post("/", async || ());
    assert!(Table::new(once.clone()).is_ok());
    assert_eq!(
        Table::new(once.get("/", async || ())).unwrap_err(),
        RouteError::Twice {
            path: "/".to_owned(),
            method: "GET"
        }
    );
}

#[test]
fn a_path_that_is_no_template_is_an_error_and_no_panic_life_1() {
    for path in ["", "x", "/:id", "/*rest", "/{id", "/{}", "/a{id}b{c}"] {
        let routes = Routes::new().get(path, async || ());
        assert!(
            matches!(Table::new(routes), Err(RouteError::Path { .. })),
            "{path}"
        );
    }
    let conflict = Routes::new()
        .get("/{a}", async || ())
        .get("/{b}", async || ());
    assert!(matches!(Table::new(conflict), Err(RouteError::Path { .. })));
}

#[test]
fn a_route_for_any_method_runs_no_handler_while_it_is_listed_life_1() {
    let routes = Routes::new().route("/", routing::any(async || -> () { panic!("must not run") }));
    assert!(routes.list()[0].methods.is_empty());
    let table = Table::new(routes).unwrap();
    assert_eq!(found(&table, MethodLabel::Other, "/"), "/");
}
