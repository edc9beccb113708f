//! Practices of Node.js code that one place shows.

mod exposure;
mod failure;
mod limits;
mod logs;
mod messages;
mod migration;
mod outside;
mod request;
mod state;
mod stop;
mod telemetry;

use super::LANGUAGES;
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::packs::practice::{LIMITER_WORDS, mentions, show};
use crate::packs::{Pack, Reader};
use crate::syntax::Code;
use exposure::{exposure, headers};
use failure::{limiter_failure, swallowed};
use limits::limits_of;
use logs::logs;
use messages::messages;
use migration::migration;
use outside::{error_handler, gives_up, senders, unread_json};
use request::{error, handler, sql};
use state::state;
use stop::{abort, drain};
use telemetry::telemetry;

pub(super) const PACK: Pack = Pack {
    name: "Node.js practices",
    reader: Reader::Code(LANGUAGES, read),
};

/// Files of additional programs in the repository of the service.
const AUXILIARY: &[&str] = &[
    "seed", "migrat", "script", "cli", "bin/", "config.", "webpack", "vite", "jest", "eslint",
    "gulp",
];
const LOGGERS: &[&str] = &[
    "console",
    "logger",
    "log",
    "this.logger",
    "req.log",
    "winston",
    "fastify.log",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let limits = mentions(code.file.name(), LIMITER_WORDS);
    for call in &code.calls {
        telemetry(code, call, facts);
        messages(code, call, facts);
        logs(code, call, facts);
        error(code, call, facts);
        sql(code, call, facts);
        handler(code, call, facts);
        limits_of(code, call, facts);
        migration(code, call, facts);
        exposure(code, call, facts);
        unread_json(code, call, facts);
        error_handler(code, call, facts);
        if call.is("credentials", "createInsecure") || call.is("grpc.credentials", "createInsecure")
        {
            show(
                code,
                facts,
                call.node,
                Practice::PlaintextGrpc,
                Verdict::LikelyBroken,
                "the gRPC connection is not encrypted",
            );
        }
        if call.method == "createSsl" {
            show(
                code,
                facts,
                call.node,
                Practice::PlaintextGrpc,
                Verdict::Kept,
                "the gRPC connection is encrypted",
            );
        }
        if call.method == "AbortController" {
            abort(code, call, facts);
        }
        if call.is("", "setTimeout") {
            drain(code, call, facts);
        }
    }
    headers(code, facts);
    senders(code, facts);
    state(code, facts);
    for node in code.find_all(code.root, &["pair", "method_definition"]) {
        gives_up(code, node, facts);
    }
    for caught in code.find_all(code.root, &["catch_clause"]) {
        if limits || mentions(code.name_around(caught), LIMITER_WORDS) {
            limiter_failure(code, caught, facts);
        }
        swallowed(code, caught, facts);
    }
}
