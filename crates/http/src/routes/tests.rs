use axum::routing;
use seaworthy_core::Switch;

use super::*;

fn found(table: &Table, method: &Method, path: &str) -> String {
    let target = table.find(method, path);
    match target.found {
        Found::OtherMethods(allow) => allow.to_str().unwrap().to_owned(),
        Found::Endpoint(_) | Found::NoRoute => table.label(target.path).to_owned(),
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
        found(&table, &Method::GET, "/things/v1/7"),
        "/things/v1/{id}"
    );
    assert_eq!(found(&table, &Method::HEAD, "/things/v1"), "/things/v1");
    assert_eq!(
        found(&table, &Method::PUT, "/things/v1/7"),
        "GET, HEAD, DELETE, OPTIONS"
    );
    assert_eq!(found(&table, &Method::GET, "/nothing"), "unmatched");
}

#[test]
fn other_spelling_of_a_route_is_logged_by_its_template_obs_3() {
    let routes = Routes::new()
        .get("/locks/{username}", async || ())
        .get("/things/{id}", async || ())
        .nest_service("/files", axum::Router::new());
    let table = Table::new(routes).unwrap();
    for (path, logged) in [
        ("/locks/ada/", "/locks/{username}"),
        ("//locks/ada", "/locks/{username}"),
        ("/LOCKS/ada/more", "/LOCKS/{username}"),
        ("/l%6fcks%2fada", "/locks/{username}"),
        ("/v1/locks/ada", "/v1/locks/{username}"),
        ("/files/../locks/ada", "/locks/{username}"),
        ("/files/a//b", "/files/a//b"),
        ("/things/7/", "/things/7/"),
        ("/nothing/ada", "/nothing/ada"),
    ] {
        let target = table.find(&Method::GET, path);
        assert_eq!(table.logged_path(target.path, path), logged, "{path}");
    }
}

#[test]
fn a_route_may_know_no_head() {
    let options = RouteOptions::new().without_head();
    let routes = Routes::new().route_with("/", routing::get(async || ()), options);
    let table = Table::new(routes).unwrap();
    assert_eq!(found(&table, &Method::GET, "/"), "/");
    assert_eq!(found(&table, &Method::HEAD, "/"), "GET, OPTIONS");
}

#[test]
fn one_path_may_be_added_once_per_method_life_1() {
    let once = Routes::new().get("/", async || ()).post("/", async || ());
    assert!(Table::new(once.clone()).is_ok());
    assert_eq!(
        Table::new(once.get("/", async || ())).unwrap_err(),
        RouteError::Duplicate {
            path: "/".to_owned(),
            method: "GET"
        }
    );
}

#[test]
fn path_that_is_not_a_template_is_an_error_life_1() {
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
    assert_eq!(
        found(&table, &Method::from_bytes(b"REPORT").unwrap(), "/"),
        "/"
    );
}

#[test]
fn head_handler_keeps_its_own_access_in_any_order_auth_5() {
    let public = RouteOptions::new().access(Access::Public);
    let known = RouteOptions::new().access(Access::Authenticated);
    let get = || Routes::new().route_with("/", routing::get(async || ()), public.clone());
    let head = || Routes::new().route_with("/", routing::head(async || ()), known.clone());
    for routes in [get().merge(head()), head().merge(get())] {
        let table = Table::new(routes).unwrap();
        let access = |method| {
            let target = table.find(&method, "/");
            target.options().unwrap().declared_access()
        };
        assert_eq!(access(Method::HEAD), Access::Authenticated);
        assert_eq!(access(Method::GET), Access::Public);
    }
    assert!(matches!(
        Table::new(head().merge(head())),
        Err(RouteError::Duplicate { method: "HEAD", .. })
    ));
}

#[test]
fn variants_of_one_path_have_their_own_options_auth_5() {
    let variant = |template: &str, access| {
        let options = RouteOptions::new().access(access);
        Variant::new(template, routing::post(async || ()), options)
    };
    let routes = Routes::new().get("/{id}", async || ()).variants(
        "/{id}",
        |_, path| match path.rsplit_once(':') {
            Some((_, "cancel")) => VariantMatch::Variant(1),
            Some((_, "none")) => VariantMatch::NoMatch,
            Some((_, "other")) => VariantMatch::OtherMethods(vec![Method::PUT]),
            Some((_, "missing")) => VariantMatch::Variant(9),
            _ => VariantMatch::Variant(0),
        },
        [
            variant("/{id}", Access::Public),
            variant("/{id}:cancel", Access::Authenticated),
        ],
    );
    let listed: Vec<_> = routes
        .list()
        .into_iter()
        .map(|route| (route.path, route.access))
        .collect();
    assert_eq!(
        listed,
        [
            ("/{id}".to_owned(), Access::Undeclared),
            ("/{id}".to_owned(), Access::Public),
            ("/{id}:cancel".to_owned(), Access::Authenticated),
        ]
    );
    let table = Table::new(routes).unwrap();
    let access = |path| {
        let target = table.find(&Method::POST, path);
        target.options().map(RouteOptions::declared_access)
    };
    assert_eq!(access("/7"), Some(Access::Public));
    assert_eq!(access("/7:cancel"), Some(Access::Authenticated));
    let cancel = table.find(&Method::POST, "/7:cancel");
    assert_eq!(cancel.template(), Some("/{id}:cancel"));
    assert_eq!(access("/7:none"), None);
    assert_eq!(access("/7:missing"), None);
    assert_eq!(found(&table, &Method::POST, "/7:other"), "PUT, OPTIONS");
    assert_eq!(
        found(&table, &Method::PUT, "/7:cancel"),
        "GET, HEAD, POST, OPTIONS"
    );
}

#[test]
fn switched_off_routes_are_hidden_from_every_method_flag_1() {
    let (page, action, item) = (Switch::new(), Switch::new(), Switch::new());
    let off = |switch: &Switch| RouteOptions::new().switch(switch.clone());
    let variants = [
        Variant::new("/{id}:cancel", routing::post(async || ()), off(&page)),
        Variant::new("/{id}:cancel", routing::delete(async || ()), off(&action)),
        Variant::new("/{id}", routing::get(async || ()), off(&item)),
    ];
    let routes = Routes::new()
        .route_with("/page", routing::get(async || ()), off(&page))
        .route_with("/both", routing::get(async || ()), off(&page))
        .post("/both", async || ())
        .variants(
            "/{id}",
            |method, path| match (method.as_str(), path.ends_with(":cancel")) {
                ("POST", true) => VariantMatch::Variant(0),
                ("DELETE", true) => VariantMatch::Variant(1),
                (_, true) => VariantMatch::OtherMethods(vec![Method::POST, Method::DELETE]),
                _ => VariantMatch::Variant(2),
            },
            variants,
        );
    let table = Table::new(routes).unwrap();
    let response = |method: &Method, path| match table.find(method, path).found {
        Found::Endpoint(_) => "endpoint".to_owned(),
        Found::OtherMethods(allow) => allow.to_str().unwrap().to_owned(),
        Found::NoRoute => "no route".to_owned(),
    };
    assert_eq!(response(&Method::PUT, "/page"), "GET, HEAD, OPTIONS");
    assert_eq!(response(&Method::GET, "/7:cancel"), "POST, DELETE, OPTIONS");
    assert_eq!(response(&Method::PUT, "/both"), "GET, HEAD, POST, OPTIONS");
    page.set(false);
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::OPTIONS] {
        assert_eq!(response(&method, "/page"), "no route", "{method}");
    }
    assert_eq!(response(&Method::PUT, "/both"), "POST, OPTIONS");
    assert_eq!(response(&Method::POST, "/both"), "endpoint");
    assert_eq!(response(&Method::GET, "/7:cancel"), "DELETE, OPTIONS");
    action.set(false);
    for method in [Method::GET, Method::POST, Method::DELETE] {
        assert_eq!(response(&method, "/7:cancel"), "no route", "{method}");
    }
    page.set(true);
    assert_eq!(response(&Method::PUT, "/page"), "GET, HEAD, OPTIONS");
    item.set(false);
    assert_eq!(response(&Method::POST, "/7"), "no route");
}
