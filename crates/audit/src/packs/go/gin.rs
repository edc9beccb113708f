//! Gin and Echo, whose routers have the same shape: routes, groups, CORS.

use tree_sitter::Node;

use crate::model::facts::{Cors, CorsOrigins, Middleware, Practice, Route, Server, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::address::listener;
use crate::packs::practice::show;
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Gin",
    reader: Reader::Code(&[Language::Go], read),
};

const GIN: &str = "github.com/gin-gonic/gin";
const ECHO: &str = "github.com/labstack/echo";
const GIN_CORS: &str = "github.com/gin-contrib/cors";
/// The maximum depth of nested groups in real code. Deeper nesting is a loop of names.
const MAX_GROUPS: usize = 8;

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let echo = code.imports_module(ECHO);
    if !code.imports_module(GIN) && !echo {
        return;
    }
    facts.covers::<Route>();
    facts.covers::<Cors>();
    for call in &code.calls {
        match call.method {
            "GET" | "POST" | "PUT" | "DELETE" | "PATCH" | "HEAD" | "OPTIONS" | "Any"
                if call.arguments.len() >= 2 =>
            {
                route(code, call, facts)
            }
            "Run" | "RunTLS" if is_engine(code, call) => {
                facts.add(
                    Server {
                        framework: "Gin",
                        stops_by_itself: false,
                    },
                    code.place(call.node),
                );
                show(
                    code,
                    facts,
                    call.node,
                    Practice::ServerTimeouts,
                    Verdict::Broken,
                    format!("`{}` of Gin serves without timeouts", call.method),
                );
            }
            "Use" => {
                for argument in &call.arguments {
                    let name = code.text(argument.value).to_owned();
                    facts.add(
                        Middleware {
                            name,
                            pipeline: call.receiver.to_owned(),
                        },
                        code.place(argument.value),
                    );
                }
            }
            "Default" if call.receiver == "cors" && code.imports_module(GIN_CORS) => {
                let policy = Cors {
                    library: "gin-contrib/cors",
                    origins: Resolution::Known(CorsOrigins::Any),
                    credentials: Resolution::Known(false),
                };
                facts.add(policy, code.place(call.node));
            }
            "New" if call.receiver == "cors" && code.imports_module(GIN_CORS) => {
                cors(code, call, facts)
            }
            "Start" | "StartTLS"
                if echo
                    && (code
                        .binding(call.receiver)
                        .is_some_and(|made| code.text(made) == "echo.New()")
                        || is_echo_field(code, call.receiver)) =>
            {
                echo_server(code, call, facts);
            }
            "CORS" if echo && call.receiver == "middleware" => {
                let policy = Cors {
                    library: "Echo CORS",
                    origins: Resolution::Known(CorsOrigins::Any),
                    credentials: Resolution::Known(false),
                };
                facts.add(policy, code.place(call.node));
            }
            "CORSWithConfig" if echo => cors(code, call, facts),
            "Header" | "Set" => header(code, call, facts),
            _ => {}
        }
    }
}

/// Whether `s.app` is a field `app *echo.Echo` of this file.
fn is_echo_field(code: &Code<'_>, receiver: &str) -> bool {
    receiver.rsplit_once('.').is_some_and(|(_, field)| {
        code.file.text.lines().any(|line| {
            let mut words = line.split_whitespace();
            words.next() == Some(field) && words.next() == Some("*echo.Echo")
        })
    })
}

/// Echo serves with an `http.Server` of its own, which has limits by default since its fifth
/// version.
fn echo_server(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    facts.add(
        Server {
            framework: "Echo",
            stops_by_itself: false,
        },
        code.place(call.node),
    );
    let address = call
        .positional(0)
        .map_or(Resolution::Absent, |address| code.string(address));
    facts.add(listener(address), code.place(call.node));
    let bounded = code.imports_module("github.com/labstack/echo/v5")
        || ["ReadHeaderTimeout =", "ReadTimeout ="]
            .iter()
            .any(|field| code.file.text.contains(field));
    let (verdict, evidence) = if bounded {
        (Verdict::Kept, "the Echo server has read timeouts")
    } else {
        (
            Verdict::Broken,
            "`Start` of Echo serves without timeouts, because `e.Server.ReadHeaderTimeout` is not set",
        )
    };
    show(
        code,
        facts,
        call.node,
        Practice::ServerTimeouts,
        verdict,
        evidence,
    );
}

fn is_engine(code: &Code<'_>, call: &Call<'_>) -> bool {
    code.binding(call.receiver)
        .is_some_and(|value| matches!(code.text(value), "gin.Default()" | "gin.New()"))
}

fn route(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let Some(path) = call.positional(0) else {
        return;
    };
    let mut path = code.string(path);
    let mut receiver = call.receiver.to_owned();
    let mut may_be_mounted = true;
    for _ in 0..MAX_GROUPS {
        let Some(value) = code.binding(&receiver) else {
            break;
        };
        let Some(made_by) = code.call_at(value) else {
            break;
        };
        if made_by.method == "Group" {
            let prefix = made_by
                .positional(0)
                .map_or(Resolution::Absent, |prefix| code.string(prefix));
            path = match (prefix, path) {
                (Resolution::Known(prefix), Resolution::Known(path)) => {
                    Resolution::Known(prefix + &path)
                }
                (Resolution::Known(_), path) => path,
                (_, _) => {
                    Resolution::Unknown("the prefix of the group is not a literal".to_owned())
                }
            };
            made_by.receiver.clone_into(&mut receiver);
        } else {
            may_be_mounted = !matches!(made_by.receiver, "gin" | "echo");
            break;
        }
    }
    let handler = call
        .arguments
        .last()
        .map_or("", |handler| code.text(handler.value))
        .to_owned();
    let method = if call.method == "Any" {
        "*"
    } else {
        call.method
    };
    facts.add(
        Route {
            method: method.to_owned(),
            path,
            may_be_mounted,
            handler,
            pipeline: call.receiver.to_owned(),
        },
        code.place(call.node),
    );
}

fn cors(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let fields = call
        .positional(0)
        .and_then(|settings| code.fields(settings));
    let (origins, credentials) = match &fields {
        Some(fields) => {
            let field = |name: &str| {
                fields
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| *value)
            };
            let any = field("AllowAllOrigins")
                .is_some_and(|value| code.boolean(value) == Resolution::Known(true));
            let origins = if any {
                Resolution::Known(CorsOrigins::Any)
            } else if field("AllowOriginFunc").is_some() {
                Resolution::Unknown("a function selects the origins".to_owned())
            } else {
                field("AllowOrigins").map_or(Resolution::Absent, |list| origin_list(code, list))
            };
            (
                origins,
                field("AllowCredentials")
                    .map_or(Resolution::Known(false), |value| code.boolean(value)),
            )
        }
        None => (
            Resolution::Unknown("the CORS settings are defined elsewhere".to_owned()),
            Resolution::Unknown("the CORS settings are defined elsewhere".to_owned()),
        ),
    };
    facts.add(
        Cors {
            library: "gin-contrib/cors",
            origins,
            credentials,
        },
        code.place(call.node),
    );
}

fn origin_list<'t>(code: &Code<'t>, list: Node<'t>) -> Resolution<CorsOrigins> {
    let reason = || Resolution::Unknown("the origins are not literals".to_owned());
    let Some(elements) = code.elements(list) else {
        return reason();
    };
    let mut origins = Vec::new();
    for element in elements {
        match code.string(element) {
            Resolution::Known(origin) => origins.push(origin),
            _ => return reason(),
        }
    }
    if origins.iter().any(|origin| origin == "*") {
        Resolution::Known(CorsOrigins::Any)
    } else {
        Resolution::Known(CorsOrigins::List(origins))
    }
}

/// `c.Header("Access-Control-Allow-Origin", "*")` and `c.Writer.Header().Set(…)`.
fn header(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let [name, value] = call.arguments.as_slice() else {
        return;
    };
    if code
        .string(name.value)
        .known()
        .is_none_or(|name| !name.eq_ignore_ascii_case("Access-Control-Allow-Origin"))
    {
        return;
    }
    let origins = code.string(value.value).map(|origin| {
        if origin == "*" {
            CorsOrigins::Any
        } else {
            CorsOrigins::List(vec![origin])
        }
    });
    let credentials = Resolution::Unknown("the header of credentials is set elsewhere".to_owned());
    facts.add(
        Cors {
            library: "header",
            origins,
            credentials,
        },
        code.place(call.node),
    );
}
