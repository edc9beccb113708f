//! go-zero: routes, addresses of its settings, time limits, and the health route of its development
//! server.
//!
//! A go-zero server stops gracefully on SIGTERM without code of the service (`program`).

use tree_sitter::Node;

use crate::document::Yaml;
use crate::model::facts::{Observation, Practice, Route, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::address::{listener, listener_of};
use crate::packs::practice::show;
use crate::packs::{Pack, Reader};
use crate::source::{Language, SourceFile};
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "go-zero",
    reader: Reader::Code(&[Language::Go], read),
};

/// go-zero's generator writes the routes of an `.api` file.
pub(super) const GENERATED: Pack = Pack {
    name: "generated routes of go-zero",
    reader: Reader::GeneratedCode(is_generated, routes),
};

/// `etc/user-api.yaml`.
pub(super) const SETTINGS: Pack = Pack {
    name: "settings of go-zero",
    reader: Reader::Yaml(settings),
};

const REST: &str = "github.com/zeromicro/go-zero/rest";

fn is_generated(file: &SourceFile) -> bool {
    file.language == Language::Go && file.name() == "routes.go"
}

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if !code.imports_module(REST) {
        return;
    }
    routes(code, facts);
    for call in &code.calls {
        if !matches!(call.method, "MustNewServer" | "NewServer") || call.receiver != "rest" {
            continue;
        }
        show(
            code,
            facts,
            call.node,
            Practice::ServerTimeouts,
            Verdict::Kept,
            "go-zero limits reading and writing (`Timeout`, default 3 s)",
        );
        facts.add(
            listener(Resolution::Unknown(String::new())),
            code.place(call.node),
        );
        // Its second server is on unless the settings turn it off.
        facts.add(
            route(
                "GET".to_owned(),
                Resolution::Known("/healthz".to_owned()),
                "DevServer",
            ),
            code.place(call.node),
        );
    }
}

fn route(method: String, path: Resolution<String>, handler: &str) -> Route {
    Route {
        method,
        path,
        may_be_mounted: false,
        handler: handler.to_owned(),
        pipeline: "rest".to_owned(),
    }
}

/// `server.AddRoutes([]rest.Route{{Method: …, Path: …, Handler: …}}, rest.WithPrefix("/v1"))`.
fn routes(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if !code.imports_module(REST) {
        return;
    }
    facts.covers::<Route>();
    for call in code
        .calls
        .iter()
        .filter(|call| matches!(call.method, "AddRoutes" | "AddRoute"))
    {
        let prefix = code
            .calls_within(call.node)
            .find(|inner| inner.method == "WithPrefix")
            .and_then(|inner| inner.positional(0))
            .map_or(Resolution::Known(String::new()), |prefix| {
                code.string(prefix)
            });
        let found = given(code, call, &prefix, facts);
        if !found {
            facts.gap::<Route>("the routes are defined elsewhere", code.place(call.node));
        }
    }
}

fn given<'t>(
    code: &Code<'t>,
    call: &Call<'t>,
    prefix: &Resolution<String>,
    facts: &mut FactSink<'_>,
) -> bool {
    let lists: Vec<Node<'t>> = call
        .arguments
        .iter()
        .map(|argument| code.follow(argument.value))
        .collect();
    let mut found = false;
    for literal in lists
        .into_iter()
        .flat_map(|list| code.find_all(list, &["literal_value"]))
    {
        let Some(fields) = code.fields(literal) else {
            continue;
        };
        let field = |name: &str| {
            fields
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| *value)
        };
        let Some(path) = field("Path") else { continue };
        let path = match (prefix, code.string(path)) {
            (Resolution::Known(prefix), Resolution::Known(path)) => {
                Resolution::Known(format!("{}{path}", prefix.trim_end_matches('/')))
            }
            _ => Resolution::Unknown("the path is not a literal".to_owned()),
        };
        let method = field("Method").map_or("*", |method| code.text(method));
        let method = method
            .trim_start_matches("http.Method")
            .trim_matches('"')
            .to_uppercase();
        let handler = field("Handler").map_or("", |handler| code.text(handler));
        facts.add(route(method, path, handler), code.place(literal));
        found = true;
    }
    found
}

fn settings(file: &SourceFile, yaml: &Yaml, facts: &mut FactSink<'_>) {
    if !file.folder().split('/').any(|part| part == "etc") {
        return;
    }
    for document in yaml.documents() {
        if document.get("Name").is_none() {
            continue;
        }
        if let Some(address) = document.get("ListenOn") {
            facts.add(listener(address.text()), address.span());
        }
        if let Some(port) = document.get("Port") {
            let host = document
                .get("Host")
                .map_or(Resolution::Absent, |host| host.text());
            facts.add(listener_of(host, port.text()), port.span());
            if let Some(timeout) = document.get("Timeout")
                && timeout.text().known().is_some_and(|time| time == "0")
            {
                let unbounded = Observation {
                    practice: Practice::ServerTimeouts,
                    elsewhere: "",
                    verdict: Verdict::Broken,
                    evidence: "`Timeout: 0` disables the timeouts of go-zero".to_owned(),
                };
                facts.add(unbounded, timeout.span());
            }
        }
    }
}
