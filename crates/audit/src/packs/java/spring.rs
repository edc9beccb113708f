//! Spring Boot in Java and Kotlin: controllers, clients, listeners, CORS.

use tree_sitter::Node;

use crate::model::facts::{
    Acknowledgement, Consumer, Cors, CorsOrigins, Import, OutboundCall, Practice, Route, Server,
    SignalHandling, Verdict,
};
use crate::model::{FactSink, Resolution};
use crate::packs::practice::{mentions, show};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Spring Boot",
    reader: Reader::Code(&[Language::Java, Language::Kotlin], read),
};

const MAPPINGS: &[(&str, &str)] = &[
    ("@GetMapping", "GET"),
    ("@PostMapping", "POST"),
    ("@PutMapping", "PUT"),
    ("@DeleteMapping", "DELETE"),
    ("@PatchMapping", "PATCH"),
    ("@RequestMapping", "*"),
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for import in &code.imports {
        facts.add(
            Import {
                path: import.path.to_owned(),
            },
            import.span.clone(),
        );
    }
    if code.imports_module("org.springframework")
        || code
            .imports
            .iter()
            .any(|import| import.path.starts_with("org.springframework"))
    {
        spring(code, facts);
    }
    clients(code, facts);
    for call in &code.calls {
        let prints = matches!(call.receiver, "System.out" | "System.err")
            && matches!(call.method, "println" | "print" | "printf");
        if prints || (call.method == "printStackTrace" && call.arguments.is_empty()) {
            show(
                code,
                facts,
                call.node,
                Practice::Print,
                Verdict::LikelyBroken,
                format!("`{}.{}`", call.receiver, call.method),
            );
        }
        secret(code, call, facts);
    }
}

fn spring(code: &Code<'_>, facts: &mut FactSink<'_>) {
    facts.covers::<Cors>();
    for call in &code.calls {
        if let Some((_, method)) = MAPPINGS.iter().find(|(name, _)| *name == call.method) {
            route(code, call, method, facts);
        }
        match call.method {
            "run" | "runApplication"
                if call.receiver == "SpringApplication" || call.method == "runApplication" =>
            {
                facts.add(
                    Server {
                        framework: "Spring Boot",
                        stops_by_itself: false,
                    },
                    code.place(call.node),
                );
                facts.gap::<SignalHandling>("Spring Boot closes its context on SIGTERM, and `server.shutdown` decides whether it drains", code.place(call.node));
                show(
                    code,
                    facts,
                    call.node,
                    Practice::ServerTimeouts,
                    Verdict::Kept,
                    "the embedded server limits the wait for a request (default 60 s)",
                );
                facts.gap::<Route>("Spring Boot starters add routes", code.place(call.node));
            }
            "@KafkaListener" | "@RabbitListener" | "@JmsListener" | "@SqsListener" => {
                let automatic = call
                    .keyword("ackMode")
                    .is_some_and(|mode| code.text(mode).contains("NONE"));
                if automatic {
                    show(
                        code,
                        facts,
                        call.node,
                        Practice::Acknowledgement,
                        Verdict::Broken,
                        "the acknowledgement mode is `NONE`, so the broker deletes messages before they are processed",
                    );
                }
                let acknowledgement = if automatic {
                    Acknowledgement::Automatic
                } else {
                    Acknowledgement::Manual
                };
                let consumer = Consumer {
                    library: "Spring",
                    topic: Resolution::Unknown("the topic is unknown".to_owned()),
                    acknowledgement: Resolution::Known(acknowledgement),
                };
                facts.add(consumer, code.place(call.node));
            }
            "@CrossOrigin" => cross_origin(code, call, facts),
            "allowedOrigins"
            | "setAllowedOrigins"
            | "allowedOriginPatterns"
            | "setAllowedOriginPatterns" => registry(code, call, facts),
            _ => {}
        }
    }
}

fn route(code: &Code<'_>, call: &Call<'_>, method: &str, facts: &mut FactSink<'_>) {
    // On a class it is a prefix.
    let Some(holder) = call.node.parent().and_then(|modifiers| modifiers.parent()) else {
        return;
    };
    if holder.kind().contains("class") || holder.kind().contains("interface") {
        return;
    }
    facts.covers::<Route>();
    let prefix = code
        .enclosing(call.node, &["class_declaration", "interface_declaration"])
        .and_then(|class| {
            code.calls.iter().find(|other| {
                other.method == "@RequestMapping"
                    && other
                        .node
                        .parent()
                        .and_then(|modifiers| modifiers.parent())
                        .is_some_and(|owner| owner.id() == class.id())
            })
        })
        .map_or(Resolution::Known(String::new()), |mapping| {
            path(code, mapping)
        });
    let whole = match (prefix, path(code, call)) {
        (Resolution::Known(prefix), Resolution::Known(own)) => {
            let parts: Vec<&str> = [prefix.trim_matches('/'), own.trim_matches('/')]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect();
            Resolution::Known(format!("/{}", parts.join("/")))
        }
        _ => Resolution::Unknown("the path is not a literal".to_owned()),
    };
    let route = Route {
        method: method.to_owned(),
        path: whole,
        may_be_mounted: true,
        handler: String::new(),
        pipeline: "controller".to_owned(),
    };
    facts.add(route, code.place(call.node));
}

fn path(code: &Code<'_>, mapping: &Call<'_>) -> Resolution<String> {
    let value = mapping
        .keyword("value")
        .or_else(|| mapping.keyword("path"))
        .or_else(|| mapping.positional(0));
    let Some(value) = value else {
        return Resolution::Known(String::new());
    };
    let first: Option<Node<'_>> = if value.kind().contains("array") {
        value.named_child(0)
    } else {
        Some(value)
    };
    first.map_or_else(
        || Resolution::Known(String::new()),
        |first| code.string(first),
    )
}

fn cross_origin(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let text = call
        .keyword("origins")
        .or_else(|| call.keyword("value"))
        .or_else(|| call.positional(0))
        .map(|origins| code.text(origins));
    let origins = match text {
        None if call.keyword("originPatterns").is_none() => Resolution::Known(CorsOrigins::Any),
        Some(text) if text.contains("\"*\"") => Resolution::Known(CorsOrigins::Any),
        Some(text) if text.contains('"') && !text.contains("${") => {
            Resolution::Known(CorsOrigins::List(vec![text.to_owned()]))
        }
        _ => Resolution::Unknown("the origins are not literals".to_owned()),
    };
    facts.add(
        Cors {
            library: "@CrossOrigin",
            origins,
            credentials: Resolution::Known(false),
        },
        code.place(call.node),
    );
}

fn registry(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let given = call
        .arguments
        .iter()
        .map(|argument| code.text(argument.value))
        .collect::<Vec<_>>()
        .join(", ");
    let around = code
        .function_around(call.node)
        .map_or("", |function| code.text(function));
    let credentials =
        around.contains("allowCredentials(true)") || around.contains("setAllowCredentials(true)");
    let origins = if given.contains("\"*\"") {
        Resolution::Known(if call.method.contains("Pattern") && credentials {
            CorsOrigins::Reflected
        } else {
            CorsOrigins::Any
        })
    } else if given.contains('"') {
        Resolution::Known(CorsOrigins::List(vec![given]))
    } else {
        Resolution::Unknown("the origins are not literals".to_owned())
    };
    facts.add(
        Cors {
            library: "CorsRegistry",
            origins,
            credentials: Resolution::Known(credentials),
        },
        code.place(call.node),
    );
}

fn clients(code: &Code<'_>, facts: &mut FactSink<'_>) {
    facts.covers::<OutboundCall>();
    let text: &str = &code.file.text;
    let set = mentions(
        text,
        &[
            "setconnecttimeout",
            "setreadtimeout",
            "connecttimeout(",
            "readtimeout(",
            ".timeout(",
            "responsetimeout",
        ],
    );
    for call in &code.calls {
        let (library, made) = match (call.receiver, call.method) {
            ("", "RestTemplate") => ("RestTemplate", call.arguments.is_empty()),
            ("HttpClient", "newHttpClient") => ("java.net.http", true),
            _ => continue,
        };
        let timeout = if set {
            Resolution::Known("set in this file".to_owned())
        } else if !made || text.contains("setRequestFactory") || text.contains("@LoadBalanced") {
            Resolution::Unknown("the request factory may set a timeout".to_owned())
        } else {
            Resolution::Absent
        };
        facts.add(OutboundCall { library, timeout }, code.place(call.node));
    }
}

fn secret(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let logs = matches!(call.receiver, "log" | "logger" | "LOG" | "LOGGER")
        && matches!(call.method, "info" | "debug" | "warn" | "error" | "trace");
    if !logs {
        return;
    }
    let named = call
        .arguments
        .iter()
        .map(|argument| argument.value)
        .find(|value| {
            let text = code.text(*value).to_lowercase();
            let last = text
                .rsplit('.')
                .next()
                .unwrap_or_default()
                .trim_end_matches("()")
                .trim_start_matches("get");
            matches!(
                value.kind(),
                "identifier" | "method_invocation" | "field_access"
            ) && matches!(
                last,
                "password"
                    | "accesstoken"
                    | "refreshtoken"
                    | "apikey"
                    | "clientsecret"
                    | "privatekey"
                    | "cvv"
                    | "cardnumber"
            )
        });
    if let Some(named) = named {
        show(
            code,
            facts,
            call.node,
            Practice::SecretLogged,
            Verdict::Broken,
            format!("`{}` is logged", code.text(named)),
        );
    }
}
