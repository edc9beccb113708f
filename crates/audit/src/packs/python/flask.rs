//! Flask: routes, blueprints, flask-cors.

use crate::model::facts::{Cors, CorsOrigins, Mount, Route};
use crate::model::{FactSink, Resolution};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Flask",
    reader: Reader::Code(&[Language::Python], read),
};

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if !code.imports_module("flask") && !code.imports_module("flask_cors") {
        return;
    }
    facts.covers::<Route>();
    facts.covers::<Mount>();
    facts.covers::<Cors>();
    if let Some(other) = code.imports.iter().find(|import| {
        matches!(
            import.path,
            "flask_restful"
                | "flask_restx"
                | "flask_smorest"
                | "connexion"
                | "flask_appbuilder"
                | "flask_admin"
        )
    }) {
        facts.gap::<Route>(
            format!("routes of {} are not read", other.path),
            other.span.clone(),
        );
    }
    for call in &code.calls {
        let decorates = call
            .node
            .parent()
            .is_some_and(|parent| parent.kind() == "decorator");
        match call.method {
            "route" | "get" | "post" | "put" | "delete" | "patch" if decorates => {
                route(code, call, facts)
            }
            "add_url_rule" => route(code, call, facts),
            "Blueprint" | "register_blueprint" => {
                if let Some(prefix) = call.keyword("url_prefix") {
                    let target = call
                        .positional(0)
                        .map_or("", |target| code.text(target))
                        .to_owned();
                    facts.add(
                        Mount {
                            prefix: code.string(prefix),
                            target,
                        },
                        code.place(call.node),
                    );
                }
            }
            "CORS" if code.imports_module("flask_cors") => cors(code, call, facts),
            _ => {}
        }
    }
}

fn route(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let Some(path) = call.positional(0).or_else(|| call.keyword("rule")) else {
        return;
    };
    let application = code
        .binding(call.receiver)
        .is_some_and(|made| code.text(made).starts_with("Flask("));
    let method = if matches!(call.method, "route" | "add_url_rule") {
        "*".to_owned()
    } else {
        call.method.to_uppercase()
    };
    facts.add(
        Route {
            method,
            path: code.string(path),
            may_be_mounted: !application,
            handler: String::new(),
            pipeline: call.receiver.to_owned(),
        },
        code.place(call.node),
    );
}

/// `CORS(app)` allows every origin. With `supports_credentials` it returns the origin of the
/// request.
fn cors(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let credentials = call
        .keyword("supports_credentials")
        .map_or(Resolution::Known(false), |value| code.boolean(value));
    let open = if credentials == Resolution::Known(true) {
        CorsOrigins::Reflected
    } else {
        CorsOrigins::Any
    };
    let origins = match (call.keyword("origins"), call.keyword("resources")) {
        (Some(list), _) => match code.elements(list) {
            Some(elements) => {
                let known: Option<Vec<String>> = elements
                    .into_iter()
                    .map(|element| code.string(element).known().cloned())
                    .collect();
                known.map_or_else(
                    || Resolution::Unknown("the origins are not literals".to_owned()),
                    |list| {
                        Resolution::Known(if list.iter().any(|origin| origin == "*") {
                            open.clone()
                        } else {
                            CorsOrigins::List(list)
                        })
                    },
                )
            }
            None => code.string(list).map(|origin| {
                if origin == "*" {
                    open.clone()
                } else {
                    CorsOrigins::List(vec![origin])
                }
            }),
        },
        (None, Some(_)) => Resolution::Unknown("the origins differ per path".to_owned()),
        (None, None) => Resolution::Known(open),
    };
    facts.add(
        Cors {
            library: "flask-cors",
            origins,
            credentials,
        },
        code.place(call.node),
    );
}
