//! Practices of Python code that one place shows.

mod debug;
mod exposure;
mod failure;
mod logs;
mod messages;
mod request;
mod telemetry;

use crate::model::FactSink;
use crate::model::facts::{Migration, Practice, Verdict};
use crate::packs::practice::{LIMITER_WORDS, mentions, show};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::Code;
use debug::{debug, settings};
use exposure::{exposure, interrupted, returned, state};
use failure::{except, unused};
use logs::logs;
use messages::messages;
use request::{error, sql};
use telemetry::telemetry;

pub(super) const PACK: Pack = Pack {
    name: "Python practices",
    reader: Reader::Code(&[Language::Python], read),
};

const LOGGERS: &[&str] = &[
    "logging",
    "logger",
    "log",
    "self.logger",
    "_logger",
    "LOGGER",
    "LOG",
    "current_app.logger",
    "app.logger",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let limits = mentions(code.file.name(), LIMITER_WORDS);
    for call in &code.calls {
        debug(code, call, facts);
        logs(code, call, facts);
        messages(code, call, facts);
        telemetry(code, call, facts);
        sql(code, call, facts);
        error(code, call, facts);
        exposure(code, call, facts);
        unused(code, call, facts);
        if call.is("grpc", "insecure_channel") || call.is("grpc.aio", "insecure_channel") {
            let local = call.positional(0).is_some_and(|target| {
                mentions(code.text(target), &["localhost", "127.0.0.1", "unix:"])
            });
            if !local {
                show(
                    code,
                    facts,
                    call.node,
                    Practice::PlaintextGrpc,
                    Verdict::LikelyBroken,
                    "the gRPC connection is not encrypted",
                );
            }
        } else if call.method == "secure_channel" {
            show(
                code,
                facts,
                call.node,
                Practice::PlaintextGrpc,
                Verdict::Kept,
                "the gRPC connection is encrypted",
            );
        }
        if call.method == "create_all"
            && call.receiver.ends_with(".metadata")
            && !mentions(
                &code.file.path,
                &["migrat", "seed", "alembic", "script", "cli"],
            )
        {
            facts.add(
                Migration {
                    library: "SQLAlchemy create_all",
                    versioned: false,
                },
                code.place(call.node),
            );
        }
    }
    for caught in code.find_all(code.root, &["except_clause"]) {
        except(code, caught, limits, facts);
        interrupted(code, caught, facts);
    }
    for node in code.find_all(code.root, &["return_statement"]) {
        returned(code, node, facts);
    }
    state(code, facts);
    for decorator in code.find_all(code.root, &["decorator"]) {
        if code.text(decorator).ends_with(".before_first_request") {
            show(
                code,
                facts,
                decorator,
                Practice::LazyStart,
                Verdict::Broken,
                "the first request performs startup work",
            );
        }
    }
    settings(code, facts);
}
