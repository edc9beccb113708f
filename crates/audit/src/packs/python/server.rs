//! Servers that Python code starts, and the signals it waits for.

use crate::model::facts::{Drain, Listener, Server, SignalHandling};
use crate::model::{FactSink, Resolution};
use crate::packs::address::{listener, listener_of};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Python servers",
    reader: Reader::Code(&[Language::Python], read),
};

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    facts.covers::<SignalHandling>();
    for call in &code.calls {
        match (call.receiver, call.method) {
            ("uvicorn", "run") => {
                started(code, call, "8000", facts);
                facts.add(
                    Server {
                        framework: "Uvicorn",
                        stops_by_itself: true,
                    },
                    code.place(call.node),
                );
                if let Some(time) = call.keyword("timeout_graceful_shutdown") {
                    let seconds = code.text(code.follow(time)).parse().map_or_else(
                        |_| Resolution::Unknown("the time is a setting".to_owned()),
                        Resolution::Known,
                    );
                    facts.add(Drain { seconds }, code.place(call.node));
                }
            }
            (application, "run")
                if code.imports_module("flask") && application.ends_with("app") =>
            {
                started(code, call, "5000", facts);
            }
            (_, "add_insecure_port" | "add_secure_port") if code.imports_module("grpc") => {
                if let Some(address) = call.positional(0) {
                    facts.add(listener(code.string(address)), code.place(call.node));
                }
                facts.add(
                    Server {
                        framework: "gRPC",
                        stops_by_itself: false,
                    },
                    code.place(call.node),
                );
            }
            ("signal", "signal") | (_, "add_signal_handler") => signal(code, call, facts),
            _ => {}
        }
    }
}

/// `signal.signal(signal.SIGTERM, stop)`, `loop.add_signal_handler(signal.SIGTERM, stop)`.
fn signal(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let name = call.positional(0).map_or("", |signal| code.text(signal));
    let signals = if name.contains("SIG") {
        vec![name.rsplit('.').next().unwrap_or(name).to_owned()]
    } else {
        Vec::new()
    };
    facts.add(SignalHandling { signals }, code.place(call.node));
}

/// The address of a server that this file starts. Under `if __name__ == "__main__"` another program
/// may start it instead.
fn started(code: &Code<'_>, call: &Call<'_>, default_port: &str, facts: &mut FactSink<'_>) {
    let host = call
        .keyword("host")
        .map_or(Resolution::Known("127.0.0.1".to_owned()), |host| {
            code.string(host)
        });
    let port = call
        .keyword("port")
        .map_or(Resolution::Known(default_port.to_owned()), |port| {
            let port = code.follow(port);
            if port.kind() == "integer" {
                Resolution::Known(code.text(port).to_owned())
            } else {
                Resolution::Unknown("the port is a setting".to_owned())
            }
        });
    facts.add(listener_of(host, port), code.place(call.node));
    let itself = code
        .enclosing(call.node, &["if_statement"])
        .and_then(|branch| branch.child_by_field_name("condition"))
        .is_some_and(|condition| code.text(condition).contains("__name__"));
    if itself {
        facts.gap::<Listener>(
            "another program may serve the application",
            code.place(call.node),
        );
    }
}
