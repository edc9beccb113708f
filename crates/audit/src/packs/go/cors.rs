//! CORS of Go routers other than gin and echo: gorilla/handlers (which Kratos uses), rs/cors,
//! go-chi/cors, fiber, go-zero, and the header itself.

use tree_sitter::Node;

use crate::model::facts::{Cors, CorsOrigins};
use crate::model::{FactSink, Resolution};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "CORS of Go routers",
    reader: Reader::Code(&[Language::Go], read),
};

const GORILLA: &str = "github.com/gorilla/handlers";
const RS: &str = "github.com/rs/cors";
const CHI: &str = "github.com/go-chi/cors";
const FIBER: &str = "github.com/gofiber/fiber";
const ZERO: &str = "github.com/zeromicro/go-zero/rest";
/// Modules that another pack reads.
const READ: &[&str] = &["github.com/gin-gonic/gin", "github.com/labstack/echo"];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for call in &code.calls {
        match (call.receiver, call.method) {
            (_, "AllowedOrigins") if code.imports_module(GORILLA) => {
                if let Some(list) = call.positional(0) {
                    add(
                        code,
                        call.node,
                        "gorilla/handlers",
                        origins(code, list),
                        facts,
                    );
                }
            }
            ("cors", "AllowAll" | "Default")
                if code.imports_module(RS) || code.imports_module(CHI) =>
            {
                let any = Resolution::Known(CorsOrigins::Any);
                add(code, call.node, "rs/cors", any, facts);
            }
            ("cors", "New") if code.imports_module(FIBER) && call.arguments.is_empty() => {
                let any = Resolution::Known(CorsOrigins::Any);
                add(code, call.node, "fiber CORS", any, facts);
            }
            ("rest", "WithCors") if code.imports_module(ZERO) => {
                let given = call.positional(0).map(|origin| code.string(origin));
                let origins = match given {
                    None => Resolution::Known(CorsOrigins::Any),
                    Some(origin) => origin.map(one),
                };
                add(code, call.node, "go-zero CORS", origins, facts);
            }
            (_, "Set" | "Add") if !READ.iter().any(|module| code.imports_module(module)) => {
                header(code, call, facts);
            }
            _ => {}
        }
    }
    for (name, node) in &code.composites {
        let library = match *name {
            "cors.Options" if code.imports_module(RS) => "rs/cors",
            "cors.Options" if code.imports_module(CHI) => "go-chi/cors",
            "cors.Config" if code.imports_module(FIBER) => "fiber CORS",
            _ => continue,
        };
        options(code, *node, library, facts);
    }
}

fn one(origin: String) -> CorsOrigins {
    if origin == "*" {
        CorsOrigins::Any
    } else {
        CorsOrigins::List(vec![origin])
    }
}

fn origins<'t>(code: &Code<'t>, list: Node<'t>) -> Resolution<CorsOrigins> {
    if let Resolution::Known(text) = code.string(list) {
        return Resolution::Known(one(text));
    }
    let known: Option<Vec<String>> = code.elements(list).and_then(|elements| {
        elements
            .into_iter()
            .map(|element| code.string(element).known().cloned())
            .collect()
    });
    match known {
        Some(list)
            if list
                .iter()
                .any(|origin| origin.contains('*') && origin.len() <= 9) =>
        {
            Resolution::Known(CorsOrigins::Any)
        }
        Some(list) => Resolution::Known(CorsOrigins::List(list)),
        None => Resolution::Unknown("the origins are not literals".to_owned()),
    }
}

fn options<'t>(code: &Code<'t>, node: Node<'t>, library: &'static str, facts: &mut FactSink<'_>) {
    let fields = code.fields(node).unwrap_or_default();
    let field = |names: &[&str]| {
        fields
            .iter()
            .find(|(key, _)| names.contains(key))
            .map(|(_, value)| *value)
    };
    let credentials =
        field(&["AllowCredentials"]).map_or(Resolution::Known(false), |value| code.boolean(value));
    let dynamic = field(&[
        "AllowOriginFunc",
        "AllowOriginRequestFunc",
        "AllowOriginsFunc",
    ]);
    let origins = match (field(&["AllowedOrigins", "AllowOrigins"]), dynamic) {
        (Some(list), _) => origins(code, list),
        (None, Some(_)) => Resolution::Unknown("a function selects the origins".to_owned()),
        // These libraries allow every origin by default.
        (None, None) => Resolution::Known(CorsOrigins::Any),
    };
    let origins = match (&origins, &credentials) {
        (Resolution::Known(CorsOrigins::Any), Resolution::Known(true))
            if library != "fiber CORS" =>
        {
            Resolution::Known(CorsOrigins::Reflected)
        }
        _ => origins,
    };
    facts.add(
        Cors {
            library,
            origins,
            credentials,
        },
        code.place(node),
    );
}

fn header(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let [name, value] = call.arguments.as_slice() else {
        return;
    };
    let is_origin = code
        .string(name.value)
        .known()
        .is_some_and(|name| name.eq_ignore_ascii_case("Access-Control-Allow-Origin"));
    if !is_origin {
        return;
    }
    let reflected = code
        .text(code.follow(value.value))
        .contains("Get(\"Origin\")");
    let origins = if reflected {
        Resolution::Known(CorsOrigins::Reflected)
    } else {
        code.string(value.value).map(one)
    };
    add(code, call.node, "header", origins, facts);
}

fn add<'t>(
    code: &Code<'t>,
    node: Node<'t>,
    library: &'static str,
    origins: Resolution<CorsOrigins>,
    facts: &mut FactSink<'_>,
) {
    let function = code
        .enclosing(node, &["function_declaration", "method_declaration"])
        .map_or("", |function| code.text(function));
    let credentials = function.contains("AllowCredentials()")
        || function.contains("Access-Control-Allow-Credentials");
    facts.add(
        Cors {
            library,
            origins,
            credentials: Resolution::Known(credentials),
        },
        code.place(node),
    );
}
