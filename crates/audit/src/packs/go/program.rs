//! Facts of every Go program: imports, a `main`, servers, signals.

use tree_sitter::Node;

use crate::model::FactSink;
use crate::model::facts::{Entrypoint, Import, Practice, Server, SignalHandling, Verdict};
use crate::packs::practice::show;
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Go programs",
    reader: Reader::Code(&[Language::Go], read),
};

/// Frameworks that stop gracefully on SIGTERM by themselves once they run: import, receiver or
/// function, method.
const STOPS_BY_ITSELF: &[(&str, &str, &str)] = &[
    ("github.com/go-kratos/kratos", "kratos", "New"),
    ("github.com/zeromicro/go-zero/rest", "rest", "MustNewServer"),
    ("github.com/zeromicro/go-zero/zrpc", "zrpc", "MustNewServer"),
    ("go.uber.org/fx", "fx", "New"),
    (
        "sigs.k8s.io/controller-runtime",
        "ctrl",
        "SetupSignalHandler",
    ),
];
/// Libraries that wait for signals in a way this pack does not read.
const MAY_HANDLE_SIGNALS: &[&str] = &[
    "github.com/oklog/run",
    "github.com/tylerb/graceful",
    "github.com/ory/graceful",
    "github.com/judwhite/go-svc",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    facts.covers::<SignalHandling>();
    facts.covers::<Server>();
    for import in &code.imports {
        facts.add(
            Import {
                path: import.path.to_owned(),
            },
            import.span.clone(),
        );
        if MAY_HANDLE_SIGNALS
            .iter()
            .any(|library| import.path.starts_with(library))
        {
            facts.gap::<SignalHandling>(
                format!("{} may handle signals", import.path),
                import.span.clone(),
            );
        }
    }
    if let Some(main) = main_function(code) {
        let folder = code.file.folder();
        let name = folder.rsplit('/').next().unwrap_or_default().to_owned();
        facts.add(
            Entrypoint {
                name,
                folder: folder.to_owned(),
            },
            main,
        );
    }
    for call in &code.calls {
        if call.receiver == "signal" && matches!(call.method, "Notify" | "NotifyContext") {
            let signals = call
                .arguments
                .iter()
                .map(|argument| code.text(argument.value))
                .filter(|text| text.contains("SIG") || text.contains("Interrupt"));
            facts.add(
                SignalHandling {
                    signals: signals.map(str::to_owned).collect(),
                },
                code.place(call.node),
            );
        }
        for (library, receiver, method) in STOPS_BY_ITSELF {
            if call.is(receiver, method) && code.imports_module(library) {
                facts.add(
                    Server {
                        framework: library,
                        stops_by_itself: true,
                    },
                    code.place(call.node),
                );
            }
        }
        routes_elsewhere(code, call, facts);
        let serves = matches!(call.method, "ListenAndServe" | "ListenAndServeTLS")
            || (call.method == "Serve" && code.imports_module("google.golang.org/grpc"));
        if serves && !is_auxiliary(code, call.node) {
            facts.add(
                Server {
                    framework: "net/http or gRPC",
                    stops_by_itself: false,
                },
                code.place(call.node),
            );
        }
    }
}

/// `router.Run(":8080")` where another file made the router: gin and echo serve so.
fn routes_elsewhere(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let name = call
        .receiver
        .rsplit('.')
        .next()
        .unwrap_or(call.receiver)
        .to_lowercase();
    let (framework, module) = match (name.as_str(), call.method) {
        ("router" | "engine" | "r" | "ginengine" | "ginrouter", "Run" | "RunTLS") => {
            ("Gin", "github.com/gin-gonic/gin")
        }
        ("e" | "echo", "Start" | "StartTLS") => ("Echo", "github.com/labstack/echo"),
        _ => return,
    };
    let here = code.binding(call.receiver).is_some_and(|made| {
        let text = code.text(made);
        text.starts_with("gin.") || text.starts_with("echo.")
    });
    let address = call.positional(0).is_none_or(|address| {
        let text = code.text(address).to_lowercase();
        text.contains(':') || text.contains("port") || text.contains("addr")
    });
    if call.arguments.len() > 1 || !address || here && code.imports_module(module) {
        return;
    }
    facts.add(
        Server {
            framework,
            stops_by_itself: false,
        },
        code.place(call.node),
    );
    show(
        code,
        facts,
        call.node,
        Practice::ServerTimeouts,
        Verdict::LikelyBroken,
        format!("`{}` of {framework} serves without timeouts", call.method),
    );
}

/// An additional listener for profiles is not a service.
fn is_auxiliary<'t>(code: &Code<'t>, node: Node<'t>) -> bool {
    code.enclosing(node, &["go_statement"])
        .is_some_and(|around| {
            let text = code.text(around).to_lowercase();
            ["pprof", "profil", "6060", "metric", "debug"]
                .iter()
                .any(|word| text.contains(word))
        })
}

fn main_function(code: &Code<'_>) -> Option<std::ops::Range<usize>> {
    let mut cursor = code.root.walk();
    let mut package_main = false;
    for node in code.root.named_children(&mut cursor) {
        if node.kind() == "package_clause" {
            package_main = code.text(node).trim_start_matches("package").trim() == "main";
        }
        if package_main && node.kind() == "function_declaration" {
            let name = node.child_by_field_name("name")?;
            if code.text(name) == "main" {
                return Some(name.byte_range());
            }
        }
    }
    None
}
