//! NestJS: controllers, the global prefix, CORS.

use tree_sitter::Node;

use super::LANGUAGES;
use crate::model::facts::{Cors, CorsOrigins, Mount, Route};
use crate::model::{FactSink, Resolution};
use crate::packs::{Pack, Reader};
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "NestJS",
    reader: Reader::Code(LANGUAGES, read),
};

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if !code
        .imports
        .iter()
        .any(|import| import.path.starts_with("@nestjs/"))
    {
        return;
    }
    facts.covers::<Cors>();
    for call in &code.calls {
        let decorates = call
            .node
            .parent()
            .is_some_and(|parent| parent.kind() == "decorator");
        match call.method {
            "Get" | "Post" | "Put" | "Delete" | "Patch" | "All" | "Head"
                if decorates && call.receiver.is_empty() =>
            {
                route(code, call, facts)
            }
            "setGlobalPrefix" => {
                if let Some(prefix) = call.positional(0) {
                    let prefix = code
                        .string(prefix)
                        .map(|prefix| format!("/{}", prefix.trim_matches('/')));
                    facts.add(
                        Mount {
                            prefix,
                            target: "application".to_owned(),
                        },
                        code.place(call.node),
                    );
                }
            }
            "enableVersioning" => {
                facts.gap::<Route>("paths carry a version", code.place(call.node))
            }
            "enableCors" => cors(code, call.node, "enableCors", call.positional(0), facts),
            "create" if call.receiver == "NestFactory" => created(code, call, facts),
            _ => {}
        }
    }
}

fn route(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    facts.covers::<Route>();
    let own = call
        .positional(0)
        .map_or(Resolution::Known(String::new()), |path| code.string(path));
    let path = match (controller(code, call.node), own) {
        (Resolution::Known(prefix), Resolution::Known(own)) => {
            let parts: Vec<&str> = [prefix.trim_matches('/'), own.trim_matches('/')]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect();
            Resolution::Known(format!("/{}", parts.join("/")))
        }
        _ => Resolution::Unknown("the path is not a literal".to_owned()),
    };
    let method = if call.method == "All" {
        "*".to_owned()
    } else {
        call.method.to_uppercase()
    };
    facts.add(
        Route {
            method,
            path,
            may_be_mounted: true,
            handler: String::new(),
            pipeline: "controller".to_owned(),
        },
        code.place(call.node),
    );
}

/// The path of the `@Controller` around a method.
fn controller<'t>(code: &Code<'t>, node: Node<'t>) -> Resolution<String> {
    let Some(class) = code.enclosing(node, &["class_declaration", "abstract_class_declaration"])
    else {
        return Resolution::Unknown("the class is not known".to_owned());
    };
    // `export` is between the decorator and the class.
    let end = class
        .child_by_field_name("body")
        .map_or(class.end_byte(), |body| body.start_byte());
    let found = code
        .calls
        .iter()
        .filter(|call| call.method == "Controller" && call.node.end_byte() <= end)
        .max_by_key(|call| call.node.start_byte());
    match found.map(|call| call.positional(0)) {
        Some(Some(path)) if path.kind() == "object" => {
            let fields = code.fields(path).unwrap_or_default();
            match fields.iter().find(|(key, _)| *key == "path") {
                Some((_, path)) => code.string(*path),
                None => Resolution::Unknown("the controller has settings".to_owned()),
            }
        }
        Some(Some(path)) => code.string(path),
        Some(None) => Resolution::Known(String::new()),
        None => Resolution::Unknown("the controller has no path".to_owned()),
    }
}

/// `NestFactory.create(Module, { cors: true })`, with the settings of `enableCors` in the place of
/// `true` or none.
fn created(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let settings = call
        .arguments
        .last()
        .and_then(|last| code.fields(code.follow(last.value)))
        .unwrap_or_default();
    let Some((_, value)) = settings.into_iter().find(|(key, _)| *key == "cors") else {
        return;
    };
    match code.boolean(value) {
        Resolution::Known(true) => cors(code, value, "NestFactory.create", None, facts),
        Resolution::Known(false) => {}
        _ => cors(
            code,
            value,
            "NestFactory.create",
            Some(code.follow(value)),
            facts,
        ),
    }
}

fn cors<'t>(
    code: &Code<'t>,
    at: Node<'t>,
    library: &'static str,
    settings: Option<Node<'t>>,
    facts: &mut FactSink<'_>,
) {
    let Some(settings) = settings else {
        let policy = Cors {
            library,
            origins: Resolution::Known(CorsOrigins::Any),
            credentials: Resolution::Known(false),
        };
        facts.add(policy, code.place(at));
        return;
    };
    let Some(fields) = code.fields(settings) else {
        let unknown = || "the CORS settings are defined elsewhere".to_owned();
        facts.add(
            Cors {
                library,
                origins: Resolution::Unknown(unknown()),
                credentials: Resolution::Unknown(unknown()),
            },
            code.place(at),
        );
        return;
    };
    let field = |name: &str| {
        fields
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| *value)
    };
    let origins = field("origin").map_or(Resolution::Known(CorsOrigins::Any), |origin| {
        super::express::origin_value(code, origin)
    });
    let credentials =
        field("credentials").map_or(Resolution::Known(false), |value| code.boolean(value));
    facts.add(
        Cors {
            library,
            origins,
            credentials,
        },
        code.place(at),
    );
}
